/* syn_cookie - the sequence number of a SYN-ACK as proof that the client got it, so that a SYN
 * leaves no state behind. RFC 4987 §3.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/* key[0] makes cookies, the first n are accepted: n is 1, or 2 while keys are being changed.
 * Appliances with the same keys and clocks less than a slot apart take each other's cookies. */
struct syn_cookie_keys {
	unsigned n;
	uint8_t key[2][16];
};

/* As the client sees it: source is the client, destination we. Addresses in network byte order,
 * ports in host order. */
struct syn_tuple {
	const uint8_t *source, *destination;
	uint8_t address_len; /* 4 or 16 */
	uint16_t source_port, destination_port;
};

/* From the top: 2 bits of the time slot's number, 3 bits of MSS index, 27 bits of SipHash-2-4 over
 * addresses, ports, the client's initial sequence number, the slot's whole number and the MSS
 * index. */
enum { SYN_COOKIE_SLOT_SECONDS = 64, SYN_COOKIE_MSS_MIN = 128 };

/* The sequence number for our SYN-ACK. client_isn is the SYN's sequence number, mss what its option
 * says (without it 536 for IPv4, 1220 for IPv6: RFC 9293 §3.7.1), now in seconds since 1970-01-01
 * UTC. Any thread. */
uint32_t syn_cookie_make(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t client_isn, uint16_t mss, uint64_t now);

/* For the ACK that ends the handshake: client_isn is its sequence number less one, cookie its
 * acknowledgement number less one (each also less what data was sent before). Gives the MSS of the
 * SYN, rounded down to one of eight values, or 0 when the cookie is not valid. An mss under
 * SYN_COOKIE_MSS_MIN is taken for that: every host takes far larger datagrams (RFC 1122 §3.3.2),
 * and it is room for every error answer. Good in the slot it was made in and in the next one, and
 * in the one before for clocks that are behind: for 64 to 128 seconds, never more than 192. Any
 * thread. */
uint16_t syn_cookie_check(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			  uint32_t client_isn, uint32_t cookie, uint64_t now);
