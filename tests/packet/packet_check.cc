/* packet_check - reads frames strictly, with its own sums, and tells whether an answer is the right kind of answer to a
 * question. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_check.h"

#include "packet_builder.h"

#include <algorithm>
#include <stdexcept>

static void must(bool holds, const char *what)
{
	if (!holds)
		throw std::runtime_error(what);
}

unsigned internet_checksum(const Bytes &covered)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < covered.size(); i++)
		sum += i % 2 ? covered[i] : covered[i] * 256u;
	return 0xffff - static_cast<unsigned>(sum ? (sum - 1) % 0xffff + 1 : 0);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

namespace
{

struct Cursor {
	const Bytes &bytes;
	size_t at = 0;

	Bytes take(size_t n)
	{
		must(bytes.size() - at >= n, "ends early");
		at += n;
		return Bytes(bytes.data() + at - n, bytes.data() + at);
	}
	Bytes rest()
	{
		return take(bytes.size() - at);
	}
	uint32_t number(size_t n)
	{
		uint32_t value = 0;
		for (uint8_t octet : take(n))
			value = value << 8 | octet;
		return value;
	}
};

void check_l4_sum(const Packet &p, unsigned lax)
{
	DnsBuilder covered;
	if (p.protocol != 1)
		covered.raw(p.from)
			.raw(p.to)
			.u32(static_cast<uint32_t>(p.l4.size()))
			.u32(p.protocol);
	must(lax & LAX_SUMS || internet_checksum(covered.raw(p.l4).bytes) == 0,
	     "wrong L4 checksum");
}

void read_udp(Packet &p, unsigned lax)
{
	Cursor c{p.l4};
	p.source_port = c.number(2);
	p.port = c.number(2);
	size_t len = c.number(2), sum = c.number(2);
	must(len >= 8 && len <= p.l4.size(), "wrong UDP length");
	must(lax & LAX_PADDING || len == p.l4.size(), "octets behind UDP");
	p.l4.resize(len);
	p.payload.assign(p.l4.begin() + 8, p.l4.end());
	must(sum || (lax & LAX_UDP_ZERO && p.family == 4), "no UDP checksum");
	if (sum)
		check_l4_sum(p, lax);
}

void read_options(Packet &p, const Bytes &bytes)
{
	Cursor c{bytes};
	while (c.at < bytes.size()) {
		unsigned kind = c.number(1);
		if (kind == 0)
			return;
		if (kind == 1)
			continue;
		unsigned len = c.number(1);
		must(len >= 2, "wrong TCP option length");
		p.options.emplace_back(kind, c.take(len - 2));
	}
}

void read_tcp(Packet &p, unsigned lax)
{
	Cursor c{p.l4};
	p.source_port = c.number(2);
	p.port = c.number(2);
	p.seq = c.number(4);
	p.ack = c.number(4);
	unsigned word = c.number(2);
	p.flags = word & 0xff;
	p.window = c.number(2);
	c.number(2);
	p.urgent = c.number(2);
	unsigned header = (word >> 12) * 4;
	must(header >= 20, "wrong TCP header length");
	read_options(p, c.take(header - 20));
	p.payload = c.rest();
	check_l4_sum(p, lax);
}

void read_l4(Packet &p, unsigned lax)
{
	if (p.protocol == 17)
		read_udp(p, lax);
	else if (p.protocol == 6)
		read_tcp(p, lax);
	else {
		must(p.protocol == (p.family == 4 ? 1 : 58), "unknown protocol");
		must(p.l4.size() >= 8, "ICMP too short");
		check_l4_sum(p, p.family == 4 ? lax & ~LAX_SUMS : lax);
	}
}

void read_ip4(Packet &p, const Bytes &bytes, unsigned lax)
{
	Cursor c{bytes};
	must(c.number(1) == 0x45, "IPv4 version or header length");
	p.traffic_class = c.number(1);
	p.ip_len = c.number(2);
	p.id = c.number(2);
	p.fragment = c.number(2);
	p.hop_limit = c.number(1);
	p.protocol = c.number(1);
	c.number(2);
	p.from = c.take(4);
	p.to = c.take(4);
	must(lax & LAX_SUMS || internet_checksum(Bytes(bytes.begin(), bytes.begin() + 20)) == 0,
	     "wrong IPv4 checksum");
	must(p.ip_len >= 20, "wrong IPv4 length");
	p.l4 = c.take(p.ip_len - 20);
	must(lax & LAX_PADDING || c.at == bytes.size(), "octets behind IPv4");
}

void read_ip6(Packet &p, const Bytes &bytes, unsigned lax)
{
	Cursor c{bytes};
	uint32_t word = c.number(4);
	must(word >> 28 == 6, "IPv6 version");
	p.traffic_class = word >> 20 & 0xff;
	p.ip_len = 40 + c.number(2);
	p.protocol = c.number(1);
	p.hop_limit = c.number(1);
	p.from = c.take(16);
	p.to = c.take(16);
	p.l4 = c.take(p.ip_len - 40);
	must(lax & LAX_PADDING || c.at == bytes.size(), "octets behind IPv6");
}

} // namespace

Packet packet_parse(const Bytes &frame, unsigned lax)
{
	Packet p;
	Cursor c{frame};
	p.destination = c.take(6);
	p.source = c.take(6);
	p.type = c.number(2);
	if (p.type == 0x8100) {
		p.tci = static_cast<int>(c.number(2));
		p.type = c.number(2);
	}
	if (p.type == 0x0806) {
		p.l4 = c.take(28);
		must(lax & LAX_PADDING || c.at == frame.size(), "octets behind ARP");
		return p;
	}
	p.family = p.type == 0x0800 ? 4 : 6;
	if (p.type == 0x0800)
		read_ip4(p, c.rest(), lax);
	else if (p.type == 0x86dd)
		read_ip6(p, c.rest(), lax);
	else
		throw std::runtime_error("unknown Ethernet type");
	read_l4(p, lax);
	return p;
}

std::string Packet::text() const
{
	return std::string(payload.begin(), payload.end());
}

DnsMessage Packet::dns() const
{
	return DnsMessage(payload);
}

const Bytes *Packet::option(unsigned kind, size_t len) const
{
	const Bytes *found = nullptr;
	for (const auto &option : options)
		if (option.first == kind && option.second.size() == len)
			found = &option.second;
	return found;
}

uint32_t Packet::timestamp(unsigned at) const
{
	const Bytes *value = option(8, 8);
	must(value, "no timestamp option");
	Cursor c{*value, at};
	return c.number(4);
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

static void check_arp(const Packet &q, const Packet &a)
{
	Bytes expected = {0, 1, 8, 0, 6, 4, 0, 2};
	expected = expected + our_mac + Bytes(q.l4.begin() + 24, q.l4.end()) +
		   Bytes(q.l4.begin() + 8, q.l4.begin() + 18);
	must(a.l4 == expected, "wrong ARP reply");
}

static void check_advertisement(const Packet &q, const Packet &a)
{
	bool solicited = q.from != Bytes(16);
	Bytes target(q.l4.begin() + 8, q.l4.begin() + 24);
	Bytes expected =
		Bytes{136, 0, a.l4[2], a.l4[3], static_cast<uint8_t>(solicited ? 0x60 : 0x20),
		      0,   0, 0} +
		target + Bytes{2, 1} + our_mac;
	must(a.l4 == expected, "wrong neighbour advertisement");
	must(a.hop_limit == 255, "advertisement's hop limit is not 255");
	must(a.from == target && a.to == (solicited ? q.from : address("ff02::1")),
	     "wrong advertisement addresses");
}

static void check_icmp(const Packet &q, const Packet &a)
{
	if (q.l4[0] == 135 && q.family == 6) {
		check_advertisement(q, a);
		return;
	}
	must(q.l4[0] == (q.family == 4 ? 8 : 128) && q.l4[1] == 0,
	     "answered ICMP that is no echo request");
	Bytes expected = q.l4;
	expected[0] = q.family == 4 ? 0 : 129;
	expected[2] = a.l4[2];
	expected[3] = a.l4[3];
	must(a.l4 == expected, "wrong echo reply");
}

static void check_dns(const Packet &q, const Packet &a)
{
	must(q.port == 53 && q.source_port, "answered UDP that is not DNS");
	must(q.payload.size() >= 12 && !(q.payload[2] & 0x80), "answered DNS that is no query");
	DnsMessage message = a.dns();
	must(a.payload[0] == q.payload[0] && a.payload[1] == q.payload[1], "another DNS ID");
	must(message.flags & 0x8000 && (message.flags >> 8 & 0x78) == (q.payload[2] & 0x78),
	     "wrong DNS flags");
	must(!(message.flags & 0x00e0), "DNS bits that we never set");
	must(!(message.flags & 0x0200) || (message.answer.empty() && message.authority.empty()),
	     "DNS records with TC");
	must(a.payload.size() <= 1232, "DNS answer over 1232 octets");
	if (!message.questions)
		return;
	size_t len = 12;
	while (len < a.payload.size() && a.payload[len])
		len += a.payload[len] + 1u;
	len += 5;
	must(len <= q.payload.size() &&
		     std::equal(a.payload.begin() + 12, a.payload.begin() + static_cast<long>(len),
				q.payload.begin() + 12),
	     "another DNS question");
}

static bool is_plain(const std::string &line)
{
	return std::all_of(line.begin(), line.end(),
			   [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

/* A status line and fields, no content. */
static void check_http(const std::string &text)
{
	static const int known[] = {301, 302, 303, 307, 308, 400, 403,
				    404, 405, 414, 431, 501, 503, 505};
	must(text.size() >= 16 && text.compare(0, 9, "HTTP/1.1 ") == 0 && text[12] == ' ',
	     "no status line");
	int status = std::stoi(text.substr(9, 3)), lengths = 0, closes = 0, dates = 0,
	    locations = 0;
	must(std::count(std::begin(known), std::end(known), status), "unknown HTTP status");
	size_t at = text.find("\r\n") + 2;
	for (size_t end; (end = text.find("\r\n", at)) != at; at = end + 2) {
		must(end != std::string::npos, "HTTP answer without end");
		std::string line = text.substr(at, end - at);
		must(is_plain(line) && line.find(": ") != std::string::npos, "odd HTTP field");
		lengths += line == "Content-Length: 0";
		closes += line == "Connection: close";
		dates += line.compare(0, 6, "Date: ") == 0 && line.size() == 6 + 29;
		locations += line.compare(0, 10, "Location: ") == 0;
		must(line.find(' ', 10) == std::string::npos || line[0] != 'L',
		     "space in Location");
	}
	must(at + 2 == text.size(), "octets behind the HTTP head");
	must(lengths == 1 && closes == 1 && dates == 1 && locations == (status < 400),
	     "HTTP fields");
}

/* Nothing but our own MSS in a SYN-ACK, and timestamps to who sent one. */
static void check_options(const Packet &q, const Packet &a, unsigned mtu)
{
	bool syn = a.flags & SYN, rst = a.flags & RST;
	bool stamps = q.option(8, 8) && !rst;
	must(a.options.size() == static_cast<size_t>(syn) + stamps, "wrong TCP options");
	if (stamps)
		must(a.timestamp(4) == q.timestamp(0), "timestamp");
	if (!syn)
		return;
	unsigned mss = mtu - (q.family == 4 ? 40 : 60);
	const Bytes *said = a.option(2, 2);
	must(said && (*said)[0] * 256u + (*said)[1] == mss, "wrong MSS option");
}

static void check_tcp_numbers(const Packet &q, const Packet &a)
{
	uint32_t len =
		static_cast<uint32_t>(q.payload.size()) + !!(q.flags & SYN) + !!(q.flags & FIN);
	switch (a.flags) {
	case SYN | ACK:
		must(q.port == 80 && (q.flags & (SYN | ACK | FIN | RST)) == SYN,
		     "SYN-ACK to no SYN");
		must(a.ack == q.seq + 1, "SYN-ACK's acknowledgement");
		return;
	case RST:
		must(q.flags & ACK && a.seq == q.ack && a.ack == 0, "reset's numbers");
		return;
	case RST | ACK:
		must(!(q.flags & ACK) && a.seq == 0 && a.ack == q.seq + len, "reset's numbers");
		return;
	case ACK | PSH | FIN:
		must(!q.payload.empty() && !a.payload.empty(), "data without data");
		break;
	case ACK | FIN:
	case ACK:
		must(q.flags & FIN && q.payload.empty() && a.payload.empty(),
		     "acknowledgement without FIN");
		break;
	default:
		throw std::runtime_error("TCP flags that we never send");
	}
	must(q.port == 80 && (q.flags & (SYN | RST | ACK)) == ACK,
	     "answered a segment with these flags");
	must(a.seq == q.ack && a.ack == q.seq + len, "sequence numbers");
}

static void check_tcp(const Packet &q, const Packet &a, unsigned mtu)
{
	must(!(q.flags & RST) && q.source_port, "answered a reset, or port 0");
	must(a.urgent == 0 && a.window == (a.flags & RST ? 0 : 65535), "window or urgent pointer");
	check_tcp_numbers(q, a);
	check_options(q, a, mtu);
	if (a.flags & PSH)
		check_http(a.text());
	else
		must(a.payload.empty(), "payload");
}

static void check_ip(const Packet &q, const Packet &a, unsigned mtu)
{
	must(a.ip_len <= mtu, "larger than the MTU");
	must(a.traffic_class == 0 && a.protocol == q.protocol, "traffic class or protocol");
	if (a.family == 4)
		must(a.id == 0 && a.fragment == 0x4000, "IPv4 fragment fields");
	if (q.family == 6 && q.protocol == 58 && q.l4[0] == 135)
		return;
	must(a.hop_limit == 64, "hop limit");
	must(a.from == q.to && a.to == q.from, "addresses");
}

void packet_check_answer(const Bytes &question, const Bytes &answer, unsigned mtu, unsigned lax)
{
	Packet q = packet_parse(question, lax), a = packet_parse(answer);
	bool to_all = q.family == 6 && q.from == Bytes(16);
	must(a.destination == (to_all ? Bytes{0x33, 0x33, 0, 0, 0, 1} : q.source),
	     "destination MAC");
	must(a.source == our_mac && a.tci == q.tci && a.type == q.type, "source MAC, tag or type");
	must(!(a.destination[0] & 1) || to_all, "answered to a group");
	if (q.family == 0) {
		check_arp(q, a);
		return;
	}
	check_ip(q, a, mtu);
	if (q.protocol == 6 || q.protocol == 17)
		must(a.source_port == q.port && a.port == q.source_port, "ports");
	if (q.protocol == 6)
		check_tcp(q, a, mtu);
	else if (q.protocol == 17)
		check_dns(q, a);
	else
		check_icmp(q, a);
}
