/* syn_cookie - the sequence number of a SYN-ACK as proof that the client got it, so that a SYN
 * leaves no state behind. RFC 4987 §3.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
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

/* From the top: 2 bits of the time slot's number, 3 bits of MSS index, 27 bits of the client's initial
 * sequence number plus SipHash-2-4 over addresses, ports, the slot's whole number and the MSS index. So
 * the client's number can be found from any segment: what a blind attacker can hope for is 1 in 2^27 for
 * the first octets, 1 in 2^13 for later ones, which are only kept until the first ones come. */
enum {
	SYN_COOKIE_SLOT_SECONDS = 64,
	SYN_COOKIE_MSS_MIN = 128,
	SYN_COOKIE_WINDOW = 1 << 14,
	SYN_COOKIE_USE_MAX = 1 << 16,
};

/* The sequence number for our SYN-ACK. client_isn is the SYN's sequence number, mss what its option
 * says (without it 536 for IPv4, 1220 for IPv6: RFC 9293 §3.7.1), now in seconds since 1970-01-01
 * UTC. Any thread. */
uint32_t syn_cookie_make(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t client_isn, uint16_t mss, uint64_t now);

/* For a segment that acknowledges nothing but our SYN-ACK: seq is its sequence number, cookie its acknowledgement number
 * less one. Gives the MSS of the SYN, rounded down to one of eight values, and how many octets the client had sent before,
 * less than SYN_COOKIE_WINDOW; or 0 when the cookie is not valid. An mss under SYN_COOKIE_MSS_MIN is taken for that: every
 * host takes far larger datagrams (RFC 1122 §3.3.2), and it is room for every error answer. Good in the slot it was made in
 * and in the next one, and in the one before for clocks that are behind: for 64 to 128 seconds, never more than 192. Any
 * thread. */
uint16_t syn_cookie_find(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t seq, uint32_t cookie, uint64_t now, uint32_t *sent);

/* The same for the first segment: its sequence number less one is client_isn. */
uint16_t syn_cookie_check(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			  uint32_t client_isn, uint32_t cookie, uint64_t now);

/* Is it a segment of a connection that was answered and forgotten? Then each side has sent at most SYN_COOKIE_USE_MAX octets
 * since the handshake. For segments that harm nobody: 1 of 1024 that are not looks so. Any thread. */
bool syn_cookie_was_used(const struct syn_cookie_keys *keys, const struct syn_tuple *tuple,
			 uint32_t seq, uint32_t ack, uint64_t now);
