/* frame - an Ethernet frame with UDP or TCP over IPv4 or IPv6: what is in one, and one with that in it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/bytes.h"

#include <stddef.h>

enum { FRAME_UDP = 17, FRAME_TCP = 6, FRAME_MAX = 1514, FRAME_HEADS_MAX = 14 + 40 + 20 };
/* Octets of headers without options. */
enum {
	FRAME_ETH_LEN = 14,
	FRAME_IP4_LEN = 20,
	FRAME_IP6_LEN = 40,
	FRAME_UDP_LEN = 8,
	FRAME_TCP_LEN = 20
};
enum { FRAME_FIN = 1, FRAME_SYN = 2, FRAME_RST = 4, FRAME_PSH = 8, FRAME_ACK = 16 };

struct frame {
	uint8_t mac_to[6], mac_from[6];
	uint8_t family;           /* 4 or 6 */
	uint8_t from[16], to[16]; /* an IPv4 address is in the first 4 octets */
	uint8_t protocol;         /* FRAME_UDP or FRAME_TCP */
	uint16_t port_from, port_to;
	uint32_t seq, ack; /* TCP alone, and so the flags */
	uint8_t flags;
	struct span payload; /* points into the frame that was read */
};

/* False: it is none of those, it is cut off, or a fragment. Checksums are not looked at. */
bool frame_read(struct frame *frame, const uint8_t *at, size_t len);

/* Writes it with its checksums; a SYN has the option MSS. Gives its length, 0 when size octets are too few. */
size_t frame_write(const struct frame *frame, uint8_t *at, size_t size);
