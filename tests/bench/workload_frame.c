/* workload_frame - frames with DNS queries, with the segment that ends a handshake and brings a GET, with a SYN. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"
#include "workload.h"

#include <string.h>

enum { TCP_OPTIONS = 20, SEGMENT_MSS = 1460, NAME_MAX = 64 };

/* Where a frame goes to and from. */
struct way {
	bool ipv6;
	uint8_t client[16];
	const uint8_t *us;
	uint8_t address_len;
	uint16_t port;
};

static struct way draw_way(struct workload *load)
{
	struct way way = {.ipv6 = draw_percent(&load->draw, load->ipv6)};
	uint32_t net = draw_below(&load->draw, WORKLOAD_NETS),
		 host = draw_below(&load->draw, 1 << 24);
	way.us = way.ipv6 ? load->address6 : load->address4;
	way.address_len = way.ipv6 ? 16 : 4;
	way.port = (uint16_t)(1024 + draw_below(&load->draw, 64000));
	if (way.ipv6) {
		store_be32(way.client, 0x20010db8);
		store_be32(way.client + 4, net << 8);
		store_be32(way.client + 12, host | 1 << 24);
	} else {
		store_be32(way.client,
			   load->n_prefixes ? 0x10000000 | net << 8 | 1 : 0x0a000000 | host | 1);
	}
	return way;
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

static size_t head_len(const struct way *way)
{
	return (size_t)FRAME_ETH_LEN + (way->ipv6 ? FRAME_IP6_LEN : FRAME_IP4_LEN);
}

static uint32_t add_words(uint32_t sum, const uint8_t *at, size_t len)
{
	for (; len > 1; len -= 2, at += 2)
		sum += load_be16(at);
	return len ? sum + (uint32_t)(at[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void write_ip(struct writer *w, const struct way *way, uint8_t protocol, size_t l4_len)
{
	if (way->ipv6) {
		writer_u32(w, 0x60000000);
		writer_u16(w, (uint16_t)l4_len);
		writer_u8(w, protocol);
		writer_u8(w, 64);
	} else {
		writer_u16(w, 0x4500);
		writer_u16(w, (uint16_t)(FRAME_IP4_LEN + l4_len));
		writer_u32(w, 0x00004000); /* DF */
		writer_u8(w, 64);
		writer_u8(w, protocol);
		writer_u16(w, 0);
	}
	writer_bytes(w, way->client, way->address_len);
	writer_bytes(w, way->us, way->address_len);
}

/* Ethernet and IP in front of l4_len octets that stand there already; the checksum of those goes to checksum_at. */
static size_t finish(uint8_t *frame, const struct workload *load, const struct way *way,
		     uint8_t protocol, size_t l4_len, size_t checksum_at)
{
	static const uint8_t client_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
	uint8_t *ip = frame + FRAME_ETH_LEN, *l4 = frame + head_len(way);
	struct writer w = writer_of(frame, head_len(way));
	writer_bytes(&w, load->mac, 6);
	writer_bytes(&w, client_mac, 6);
	writer_u16(&w, way->ipv6 ? 0x86dd : 0x0800);
	write_ip(&w, way, protocol, l4_len);
	if (!way->ipv6)
		store_be16(ip + 10, fold(add_words(0, ip, FRAME_IP4_LEN)));
	store_be16(l4 + checksum_at, 0);
	size_t addresses = 2 * (size_t)way->address_len;
	uint32_t pseudo = add_words(protocol + (uint32_t)l4_len, l4 - addresses, addresses);
	uint16_t sum = fold(add_words(pseudo, l4, l4_len));
	store_be16(l4 + checksum_at, protocol == FRAME_UDP && !sum ? 0xffff : sum);
	return head_len(way) + l4_len;
}

static struct writer write_tcp(uint8_t *frame, const struct way *way, uint32_t seq, uint32_t ack,
			       uint16_t flags)
{
	struct writer w = writer_of(frame + head_len(way), WORKLOAD_FRAME_MAX - head_len(way));
	writer_u16(&w, way->port);
	writer_u16(&w, 80);
	writer_u32(&w, seq);
	writer_u32(&w, ack);
	writer_u16(&w, flags);
	writer_u16(&w, 64240);
	writer_u32(&w, 0);
	return w;
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* One that has a scope, by name or below a wildcard; or one that misses: half of them in the zone, half elsewhere. */
static void draw_name(char name[NAME_MAX], struct workload *load, uint32_t *host)
{
	struct draw *draw = &load->draw;
	if (draw_percent(draw, load->misses)) {
		const char *zone = draw_percent(draw, 50) ? "cdn.example" : "elsewhere.example";
		snprintf(name, NAME_MAX, "n%u.%s", *host, zone);
	} else if (draw_percent(draw, load->wildcards)) {
		uint32_t near = *host - *host % 100 + draw_below(draw, load->wildcards);
		*host = near < load->n_hosts ? near : 0;
		snprintf(name, NAME_MAX, "a%u.h%u.cdn.example", draw_below(draw, 1000), *host);
	} else {
		snprintf(name, NAME_MAX, "h%u.cdn.example", *host);
	}
}

static void write_name(struct writer *w, const char *name)
{
	for (size_t len; (len = strcspn(name, ".")); name += len + (name[len] == '.')) {
		writer_u8(w, (uint8_t)len);
		writer_bytes(w, name, len);
	}
	writer_u8(w, 0);
}

/* An OPT record: for 1232 octets, with the client's subnet (RFC 7871) and a client cookie (RFC 7873) as drawn. */
static void write_opt(struct writer *w, struct workload *load, const struct way *way)
{
	bool ecs = draw_percent(&load->draw, load->ecs),
	     cookie = draw_percent(&load->draw, load->dns_cookies);
	uint8_t subnet_len = way->ipv6 ? 7 : 3;
	writer_bytes(w, "\0\0\51\4\320\0\0\0\0", 9);
	writer_u16(w, (uint16_t)((ecs ? 8 + subnet_len : 0) + (cookie ? 12 : 0)));
	if (ecs) {
		writer_u16(w, 8);
		writer_u16(w, (uint16_t)(4 + subnet_len));
		writer_u16(w, way->ipv6 ? 2 : 1);
		writer_u16(w, (uint16_t)(subnet_len * 8 << 8));
		writer_bytes(w, way->client, subnet_len);
	}
	if (cookie) {
		writer_u32(w, 10 << 16 | 8);
		writer_u32(w, draw_below(&load->draw, UINT32_MAX));
		writer_u32(w, draw_below(&load->draw, UINT32_MAX));
	}
}

static size_t make_dns(uint8_t *frame, struct workload *load, uint32_t host)
{
	struct way way = draw_way(load);
	uint8_t *udp = frame + head_len(&way);
	struct writer w = writer_of(udp, WORKLOAD_FRAME_MAX - head_len(&way));
	char name[NAME_MAX];
	bool edns = draw_percent(&load->draw, load->edns);
	draw_name(name, load, &host);
	writer_u16(&w, way.port);
	writer_u16(&w, 53);
	writer_u32(&w, 0);
	writer_u16(&w, (uint16_t)draw_below(&load->draw, 65536));
	writer_u16(&w, 0x0100); /* RD */
	writer_u32(&w, 0x00010000);
	writer_u32(&w, edns);
	write_name(&w, name);
	writer_u16(&w, draw_percent(&load->draw, load->aaaa) ? 28 : 1);
	writer_u16(&w, 1);
	if (edns)
		write_opt(&w, load, &way);
	size_t len = (size_t)(w.at - udp);
	store_be16(udp + 4, (uint16_t)len);
	return finish(frame, load, &way, FRAME_UDP, len, 6);
}

/* The segment that ends the handshake and brings the whole request. */
static size_t make_http(uint8_t *frame, struct workload *load, uint32_t host)
{
	struct way way = draw_way(load);
	struct syn_tuple tuple = {way.client, way.us, way.address_len, way.port, 80};
	uint32_t isn = draw_below(&load->draw, UINT32_MAX);
	uint32_t cookie = syn_cookie_make(&load->keys, &tuple, isn, SEGMENT_MSS, load->now);
	struct writer w = write_tcp(frame, &way, isn + 1, cookie + 1, 0x5018); /* ACK, PSH */
	char name[NAME_MAX];
	draw_name(name, load, &host);
	size_t len = workload_get((char *)w.at, (size_t)(w.end - w.at), load, name, host);
	return len ? finish(frame, load, &way, FRAME_TCP, FRAME_TCP_LEN + len, 16) : 0;
}

/* With the options that Linux sends: maximum segment size, SACK, timestamps, window scale. */
static size_t make_syn(uint8_t *frame, struct workload *load)
{
	struct way way = draw_way(load);
	struct writer w = write_tcp(frame, &way, draw_below(&load->draw, UINT32_MAX), 0, 0xa002);
	writer_u32(&w, 0x02040000 | SEGMENT_MSS);
	writer_u32(&w, 0x0402080a);
	writer_u32(&w, draw_below(&load->draw, UINT32_MAX));
	writer_u32(&w, 0);
	writer_u32(&w, 0x01030307);
	return finish(frame, load, &way, FRAME_TCP, FRAME_TCP_LEN + TCP_OPTIONS, 16);
}

size_t workload_frame(uint8_t *frame, enum workload_frame kind, struct workload *load,
		      uint32_t host)
{
	if (kind == WORKLOAD_SYN ||
	    (load->spoofed_syns && draw_percent(&load->draw, load->spoofed_syns)))
		return make_syn(frame, load);
	return kind == WORKLOAD_DNS ? make_dns(frame, load, host) : make_http(frame, load, host);
}
