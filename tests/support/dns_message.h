/* dns_message - DNS messages for tests: a builder of queries, a strict reader of answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

using Bytes = std::vector<uint8_t>;

/* Appends numbers and names in network form. */
struct DnsBuilder {
	Bytes bytes;

	DnsBuilder &u8(unsigned v)
	{
		bytes.push_back(static_cast<uint8_t>(v));
		return *this;
	}
	DnsBuilder &u16(unsigned v)
	{
		return u8(v >> 8).u8(v);
	}
	DnsBuilder &u32(uint32_t v)
	{
		return u16(v >> 16).u16(v);
	}
	DnsBuilder &raw(const Bytes &more)
	{
		bytes.insert(bytes.end(), more.begin(), more.end());
		return *this;
	}
	/* "www.example.com", no escapes; "" is the root. */
	DnsBuilder &name(const std::string &text)
	{
		for (size_t at = 0; at < text.size();) {
			size_t dot = text.find('.', at);
			size_t len = (dot == std::string::npos ? text.size() : dot) - at;
			u8(static_cast<unsigned>(len));
			for (size_t i = 0; i < len; i++)
				u8(static_cast<uint8_t>(text[at + i]));
			at += len + 1;
		}
		return u8(0);
	}
	DnsBuilder &header(unsigned flags, unsigned qd, unsigned an, unsigned ns, unsigned ar)
	{
		return u16(0xbeef).u16(flags).u16(qd).u16(an).u16(ns).u16(ar);
	}
	DnsBuilder &question(const std::string &qname, unsigned type, unsigned cls = 1)
	{
		return name(qname).u16(type).u16(cls);
	}
	DnsBuilder &opt(const Bytes &options = {}, unsigned size = 1232, unsigned version = 0,
			unsigned flags = 0)
	{
		return u8(0)
			.u16(41)
			.u16(size)
			.u8(0)
			.u8(version)
			.u16(flags)
			.u16(static_cast<unsigned>(options.size()))
			.raw(options);
	}
};

inline Bytes dns_ecs(unsigned family, unsigned source, unsigned scope, const Bytes &address)
{
	DnsBuilder b;
	b.u16(8).u16(static_cast<unsigned>(4 + address.size())).u16(family).u8(source).u8(scope);
	return b.raw(address).bytes;
}

struct DnsRecord {
	std::string name; /* lower case, "." for the root */
	unsigned type, cls;
	uint32_t ttl;
	Bytes data;       /* as it stands */
	std::string text; /* names and numbers; hex for addresses and OPT */
};

/* Throws std::runtime_error at the first thing that is not as RFC 1035 wants it, octets behind the
 * message included. */
struct DnsMessage {
	unsigned id, flags;
	std::string qname;
	unsigned questions = 0, qtype = 0, qclass = 0;
	std::vector<DnsRecord> answer, authority, additional;

	explicit DnsMessage(const Bytes &message) : m(message)
	{
		id = u16();
		flags = u16();
		unsigned counts[4];
		for (unsigned &count : counts)
			count = u16();
		questions = counts[0];
		if (questions > 1)
			throw std::runtime_error("more than one question");
		if (questions) {
			qname = read_name();
			qtype = u16();
			qclass = u16();
		}
		records(answer, counts[1]);
		records(authority, counts[2]);
		records(additional, counts[3]);
		if (at != m.size())
			throw std::runtime_error("octets behind the message");
	}
	unsigned rcode() const
	{
		return flags & 15;
	}
	const DnsRecord *opt() const
	{
		const DnsRecord *found = nullptr;
		for (const DnsRecord &r : additional) {
			if (r.type != 41)
				continue;
			if (found || r.name != ".")
				throw std::runtime_error("bad OPT");
			found = &r;
		}
		return found;
	}

      private:
	Bytes m;
	size_t at = 0;

	unsigned u8()
	{
		if (at >= m.size())
			throw std::runtime_error("message ends early");
		return m[at++];
	}
	unsigned u16()
	{
		unsigned high = u8();
		return high << 8 | u8();
	}
	uint32_t u32()
	{
		uint32_t high = u16();
		return high << 16 | u16();
	}
	std::string read_name()
	{
		std::string text;
		size_t back = 0, limit = at, octets = 1;
		for (unsigned len; (len = u8());) {
			if (len >= 0xc0) {
				size_t to = (len & 0x3f) << 8 | u8();
				if (to >= limit || to < 12)
					throw std::runtime_error("pointer does not point back");
				if (!back)
					back = at;
				limit = at = to;
				continue;
			}
			if (len > 63 || (octets += len + 1) > 255)
				throw std::runtime_error("label or name too long");
			if (!text.empty())
				text += '.';
			while (len--)
				text += static_cast<char>(tolower(static_cast<int>(u8())));
		}
		if (back)
			at = back;
		return text.empty() ? "." : text;
	}
	void records(std::vector<DnsRecord> &list, unsigned n)
	{
		while (n--) {
			DnsRecord r;
			r.name = read_name();
			r.type = u16();
			r.cls = u16();
			r.ttl = u32();
			size_t len = u16(), end = at + len;
			if (end > m.size())
				throw std::runtime_error("record ends early");
			r.data.assign(m.begin() + static_cast<long>(at),
				      m.begin() + static_cast<long>(end));
			r.text = text_of(r, end);
			if (at != end)
				throw std::runtime_error("data length is wrong");
			list.push_back(r);
		}
	}
	std::string text_of(const DnsRecord &r, size_t end)
	{
		static const char hex[] = "0123456789abcdef";
		std::string text;
		if (r.type == 2 || r.type == 5)
			return read_name();
		if (r.type == 6) {
			text = read_name() + " ";
			text += read_name();
			for (int i = 0; i < 5; i++)
				text += " " + std::to_string(u32());
			return text;
		}
		if ((r.type == 1 && r.data.size() != 4) || (r.type == 28 && r.data.size() != 16))
			throw std::runtime_error("address has the wrong length");
		while (at < end) {
			unsigned octet = u8();
			text += hex[octet >> 4];
			text += hex[octet & 15];
		}
		return text;
	}
};
