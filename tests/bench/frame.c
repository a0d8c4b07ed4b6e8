/* frame - an Ethernet frame with UDP or TCP over IPv4 or IPv6: what is in one, and one with that in it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <rte_ip.h>

enum { MSS_OPTION = 4, MSS = 1440, WINDOW = 64240 };
enum { TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd };

/* --- Reading ---------------------------------------------------------------------------------------------------- */

/* Gives what is behind the header of IP. */
static struct reader read_ip(struct frame *frame, struct reader *r, uint16_t type)
{
	static const struct reader none = {.bad = true};
	const uint8_t *head = reader_take(r, type == TYPE_IP4 ? FRAME_IP4_LEN : FRAME_IP6_LEN);
	if (!head || (type != TYPE_IP4 && type != TYPE_IP6) ||
	    head[0] >> 4 != (type == TYPE_IP4 ? 4 : 6))
		return none;
	frame->family = head[0] >> 4;
	size_t len, address_len = frame->family == 4 ? 4 : 16;
	if (frame->family == 4) {
		size_t head_len = (head[0] & 15) * 4u, total = load_be16(head + 2);
		if (head_len < FRAME_IP4_LEN || total < head_len || load_be16(head + 6) & 0x3fff)
			return none;
		reader_take(r, head_len - FRAME_IP4_LEN);
		len = total - head_len;
	} else {
		len = load_be16(head + 4);
	}
	frame->protocol = head[frame->family == 4 ? 9 : 6];
	memcpy(frame->from, head + (frame->family == 4 ? 12 : 8), address_len);
	memcpy(frame->to, head + (frame->family == 4 ? 16 : 24), address_len);
	const uint8_t *content = reader_take(r, len);
	return content ? reader_of(content, len) : none;
}

static bool read_udp(struct frame *frame, struct reader *r)
{
	const uint8_t *head = reader_take(r, FRAME_UDP_LEN);
	if (!head || load_be16(head + 4) < FRAME_UDP_LEN ||
	    load_be16(head + 4) - FRAME_UDP_LEN > (int)reader_left(r))
		return false;
	frame->payload = (struct span){r->at, (uint32_t)load_be16(head + 4) - FRAME_UDP_LEN};
	return true;
}

static bool read_tcp(struct frame *frame, struct reader *r)
{
	const uint8_t *head = reader_take(r, FRAME_TCP_LEN);
	size_t head_len = head ? (head[12] >> 4) * 4u : 0;
	if (head_len < FRAME_TCP_LEN ||
	    (head_len > FRAME_TCP_LEN && !reader_take(r, head_len - FRAME_TCP_LEN)))
		return false;
	frame->seq = load_be32(head + 4);
	frame->ack = load_be32(head + 8);
	frame->flags = head[13];
	frame->payload = (struct span){r->at, (uint32_t)reader_left(r)};
	return true;
}

bool frame_read(struct frame *frame, const uint8_t *at, size_t len)
{
	struct reader r = reader_of(at, len);
	const uint8_t *head = reader_take(&r, FRAME_ETH_LEN);
	memset(frame, 0, sizeof(*frame));
	if (!head)
		return false;
	memcpy(frame->mac_to, head, 6);
	memcpy(frame->mac_from, head + 6, 6);
	struct reader content = read_ip(frame, &r, load_be16(head + 12));
	if (content.bad || reader_left(&content) < 4)
		return false;
	frame->port_from = load_be16(content.at);
	frame->port_to = load_be16(content.at + 2);
	if (frame->protocol == FRAME_UDP)
		return read_udp(frame, &content);
	return frame->protocol == FRAME_TCP && read_tcp(frame, &content);
}

/* --- Writing ---------------------------------------------------------------------------------------------------- */

static void write_ip4(const struct frame *frame, struct writer *w, size_t len)
{
	uint8_t *head = w->at;
	writer_u16(w, 0x4500);
	writer_u16(w, (uint16_t)(FRAME_IP4_LEN + len));
	writer_u32(w, 0x00004000); /* DF */
	writer_u8(w, 64);
	writer_u8(w, frame->protocol);
	writer_u16(w, 0);
	writer_bytes(w, frame->from, 4);
	writer_bytes(w, frame->to, 4);
	uint16_t sum = rte_ipv4_cksum((const struct rte_ipv4_hdr *)head);
	memcpy(head + 10, &sum, 2);
}

static void write_ip6(const struct frame *frame, struct writer *w, size_t len)
{
	writer_u32(w, 0x60000000);
	writer_u16(w, (uint16_t)len);
	writer_u8(w, frame->protocol);
	writer_u8(w, 64);
	writer_bytes(w, frame->from, 16);
	writer_bytes(w, frame->to, 16);
}

static void write_tcp(const struct frame *frame, struct writer *w)
{
	bool syn = frame->flags & FRAME_SYN;
	writer_u32(w, frame->seq);
	writer_u32(w, frame->ack);
	writer_u8(w, syn ? 0x60 : 0x50);
	writer_u8(w, frame->flags);
	writer_u16(w, WINDOW);
	writer_u32(w, 0);
	if (syn)
		writer_u32(w, 0x02040000 | MSS);
}

size_t frame_write(const struct frame *frame, uint8_t *at, size_t size)
{
	bool ip4 = frame->family == 4, udp = frame->protocol == FRAME_UDP;
	size_t head_len =
		udp ? FRAME_UDP_LEN : FRAME_TCP_LEN + (frame->flags & FRAME_SYN ? MSS_OPTION : 0);
	size_t len = head_len + frame->payload.len,
	       before = FRAME_ETH_LEN + (ip4 ? FRAME_IP4_LEN : FRAME_IP6_LEN);
	if (before + len > size)
		return 0;
	struct writer w = writer_of(at, size);
	writer_bytes(&w, frame->mac_to, 6);
	writer_bytes(&w, frame->mac_from, 6);
	writer_u16(&w, ip4 ? TYPE_IP4 : TYPE_IP6);
	(ip4 ? write_ip4 : write_ip6)(frame, &w, len);
	uint8_t *l4 = w.at, *ip = at + FRAME_ETH_LEN;
	writer_u16(&w, frame->port_from);
	writer_u16(&w, frame->port_to);
	if (udp)
		writer_u32(&w, (uint32_t)len << 16);
	else
		write_tcp(frame, &w);
	writer_bytes(&w, frame->payload.at, frame->payload.len);
	uint16_t sum = ip4 ? rte_ipv4_udptcp_cksum((const struct rte_ipv4_hdr *)ip, l4)
			   : rte_ipv6_udptcp_cksum((const struct rte_ipv6_hdr *)ip, l4);
	memcpy(l4 + (udp ? 6 : 16), &sum, 2);
	return before + len;
}
