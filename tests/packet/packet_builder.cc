/* packet_builder - frames for tests: a client's questions, layer by layer, and broken ones made from good ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_builder.h"

#include "packet_check.h"

#include <algorithm>
#include <arpa/inet.h>
#include <stdexcept>

const Bytes our_mac = {0x02, 0, 0, 0, 0, 0x01}, client_mac = {0x02, 0, 0, 0, 0, 0x99};

Bytes address(const std::string &text)
{
	Bytes bytes(text.find(':') == std::string::npos ? 4 : 16);
	if (inet_pton(bytes.size() == 4 ? AF_INET : AF_INET6, text.c_str(), bytes.data()) != 1)
		throw std::invalid_argument(text);
	return bytes;
}

Bytes octets(const std::string &text)
{
	return Bytes(text.begin(), text.end());
}

Bytes operator+(Bytes a, const Bytes &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

Path path4()
{
	return {4, address("198.51.100.7"), address("192.0.2.1")};
}

Path path6()
{
	return {6, address("2001:db8:1::7"), address("2001:db8::1")};
}

Path Path::tagged(unsigned value) const
{
	Path path = *this;
	path.tci = static_cast<int>(value);
	return path;
}

Path Path::from(const std::string &text) const
{
	Path path = *this;
	path.source = address(text);
	return path;
}

Path Path::to(const std::string &text) const
{
	Path path = *this;
	path.destination = address(text);
	return path;
}

Path Path::from_port(uint16_t number) const
{
	Path path = *this;
	path.port = number;
	return path;
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

Bytes packet_ethernet(const Path &path, unsigned type, const Bytes &payload)
{
	DnsBuilder b;
	b.raw(path.destination_mac).raw(path.source_mac);
	if (path.tci >= 0)
		b.u16(0x8100).u16(static_cast<unsigned>(path.tci));
	return b.u16(type).raw(payload).bytes;
}

Bytes packet_ip(const Path &path, unsigned protocol, const Bytes &l4)
{
	DnsBuilder b;
	unsigned header = 20 + static_cast<unsigned>(path.ip4_options.size());
	unsigned len = static_cast<unsigned>(l4.size());
	if (path.family == 4)
		b.u8(0x40 | header / 4)
			.u8(0)
			.u16(header + len)
			.u16(0x1234)
			.u16(0x4000)
			.u8(path.hop_limit)
			.u8(protocol)
			.u16(0);
	else
		b.u32(0x60012345).u16(len).u8(protocol).u8(path.hop_limit);
	b.raw(path.source).raw(path.destination).raw(path.ip4_options).raw(l4);
	Bytes frame = packet_ethernet(path, path.family == 4 ? 0x0800 : 0x86dd, b.bytes);
	packet_repair(frame);
	return frame;
}

Bytes packet_udp(const Path &path, const Bytes &payload, uint16_t port)
{
	DnsBuilder b;
	b.u16(path.port)
		.u16(port)
		.u16(static_cast<unsigned>(8 + payload.size()))
		.u16(0xffff)
		.raw(payload);
	return packet_ip(path, 17, b.bytes);
}

Bytes packet_tcp(const Path &path, const Tcp &tcp)
{
	DnsBuilder b;
	unsigned header = 20 + static_cast<unsigned>(tcp.options.size());
	b.u16(path.port)
		.u16(tcp.port)
		.u32(tcp.seq)
		.u32(tcp.ack)
		.u8(header / 4 << 4)
		.u8(tcp.flags)
		.u16(64240)
		.u16(0)
		.u16(0)
		.raw(tcp.options)
		.raw(tcp.payload);
	return packet_ip(path, 6, b.bytes);
}

Bytes packet_echo(const Path &path, size_t data_len)
{
	DnsBuilder b;
	b.u8(path.family == 4 ? 8 : 128).u8(0).u16(0).u16(0x4321).u16(7);
	for (size_t i = 0; i < data_len; i++)
		b.u8(static_cast<unsigned>(i * 7 + 1));
	return packet_ip(path, path.family == 4 ? 1 : 58, b.bytes);
}

Bytes packet_arp(const Path &path, unsigned operation)
{
	DnsBuilder b;
	b.u16(1).u16(0x0800).u8(6).u8(4).u16(operation).raw(path.source_mac).raw(path.source);
	b.raw(Bytes(6)).raw(path.destination);
	Path broadcast = path;
	broadcast.destination_mac = Bytes(6, 0xff);
	return packet_ethernet(broadcast, 0x0806, b.bytes);
}

Bytes solicited_node(const Bytes &target)
{
	Bytes group = address("ff02::1:ff00:0");
	std::copy(target.begin() + 13, target.end(), group.begin() + 13);
	return group;
}

Bytes solicit_option(unsigned type)
{
	return Bytes{static_cast<uint8_t>(type), 1} + client_mac;
}

Bytes packet_solicit(Path path, bool group, const Bytes &options)
{
	DnsBuilder b;
	b.u8(135).u8(0).u16(0).u32(0).raw(path.destination).raw(options);
	path.hop_limit = 255;
	if (group) {
		path.destination = solicited_node(path.destination);
		path.destination_mac = Bytes{0x33,
					     0x33,
					     0xff,
					     path.destination[13],
					     path.destination[14],
					     path.destination[15]};
	}
	return packet_ip(path, 58, b.bytes);
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

Bytes dns_query(const std::string &name, unsigned type, unsigned size, const Bytes &options)
{
	DnsBuilder b;
	b.header(0x0100, 1, 0, 0, size ? 1 : 0).question(name, type);
	if (size)
		b.opt(options, size);
	return b.bytes;
}

Bytes packet_dns(const Path &path, const std::string &name, unsigned type)
{
	return packet_udp(path, dns_query(name, type));
}

Bytes http_request(const std::string &host, const std::string &target, const std::string &method,
		   const std::string &fields)
{
	return octets(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields +
		      "\r\n");
}

Bytes option_mss(unsigned mss)
{
	return DnsBuilder().u8(2).u8(4).u16(mss).bytes;
}

Bytes option_timestamp(uint32_t value, uint32_t echo)
{
	return DnsBuilder().u8(1).u8(1).u8(8).u8(10).u32(value).u32(echo).bytes;
}

/* --- repair ------------------------------------------------------------------------------------------------------- */

static unsigned get16(const Bytes &frame, size_t at)
{
	return static_cast<unsigned>(frame[at] << 8 | frame[at + 1]);
}

static void put16(Bytes &frame, size_t at, size_t value)
{
	frame[at] = static_cast<uint8_t>(value >> 8);
	frame[at + 1] = static_cast<uint8_t>(value);
}

size_t packet_l3(const Bytes &frame)
{
	if (frame.size() < 18)
		return 0;
	return get16(frame, 12) == 0x8100 ? 18 : 14;
}

size_t packet_l4(const Bytes &frame)
{
	size_t l3 = packet_l3(frame);
	if (!l3 || frame.size() < l3 + 20)
		return 0;
	unsigned type = get16(frame, l3 - 2);
	size_t len = type == 0x0800 ? (frame[l3] & 15) * 4u : type == 0x86dd ? 40 : 0;
	return len >= 20 && frame.size() >= l3 + len ? l3 + len : 0;
}

static void repair_l4(Bytes &frame, size_t l3, size_t l4, size_t l4_len)
{
	bool is_ip4 = get16(frame, l3 - 2) == 0x0800;
	unsigned protocol = frame[l3 + (is_ip4 ? 9 : 6)];
	size_t field = protocol == 17 ? 6 : protocol == 6 ? 16 : 2;
	if (protocol != 17 && protocol != 6 && protocol != (is_ip4 ? 1 : 58))
		return;
	if (l4_len < field + 2 || (protocol == 17 && get16(frame, l4 + 6) == 0))
		return;
	if (protocol == 17 && get16(frame, l4 + 4) >= 8 && get16(frame, l4 + 4) <= l4_len)
		l4_len = get16(frame, l4 + 4);
	put16(frame, l4 + field, 0);
	DnsBuilder covered;
	const uint8_t *ip = frame.data() + l3;
	if (protocol != 1)
		covered.raw(is_ip4 ? Bytes(ip + 12, ip + 20) : Bytes(ip + 8, ip + 40))
			.u32(static_cast<uint32_t>(l4_len))
			.u32(protocol);
	covered.raw(Bytes(frame.data() + l4, frame.data() + l4 + l4_len));
	unsigned sum = internet_checksum(covered.bytes);
	put16(frame, l4 + field, sum == 0 && protocol == 17 ? 0xffff : sum);
}

void packet_repair(Bytes &frame, bool lengths)
{
	size_t l3 = packet_l3(frame), l4 = packet_l4(frame);
	if (!l4)
		return;
	bool is_ip4 = get16(frame, l3 - 2) == 0x0800;
	size_t left = frame.size() - l4;
	if (lengths) {
		put16(frame, l3 + (is_ip4 ? 2 : 4), is_ip4 ? frame.size() - l3 : left);
		if (frame[l3 + (is_ip4 ? 9 : 6)] == 17 && left >= 6)
			put16(frame, l4 + 4, left);
	}
	size_t said = is_ip4 ? get16(frame, l3 + 2) : get16(frame, l3 + 4) + 40u;
	if (said >= l4 - l3 && said <= frame.size() - l3)
		left = said - (l4 - l3);
	repair_l4(frame, l3, l4, left);
	if (is_ip4) {
		put16(frame, l3 + 10, 0);
		put16(frame, l3 + 10,
		      internet_checksum(Bytes(frame.data() + l3, frame.data() + l4)));
	}
}
