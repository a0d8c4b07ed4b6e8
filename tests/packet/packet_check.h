/* packet_check - reads frames strictly, with its own sums, and tells whether an answer is the right kind of answer to a
 * question. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/dns_message.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/* RFC 1071: the complement of the sum, as the field would have it. */
unsigned internet_checksum(const Bytes &covered);

/* Of a frame that is right from end to end. Numbers in host order. */
struct Packet {
	Bytes destination, source; /* MAC */
	int tci = -1;
	unsigned type = 0;
	int family = 0;    /* 4, 6; 0: ARP */
	size_t ip_len = 0; /* header and payload */
	Bytes from, to;    /* IP */
	unsigned traffic_class = 0, hop_limit = 0, protocol = 0, id = 0, fragment = 0;
	Bytes l4; /* ARP: the whole packet */
	unsigned source_port = 0, port = 0;
	Bytes payload; /* of UDP and TCP */
	uint32_t seq = 0, ack = 0;
	unsigned flags = 0, window = 0, urgent = 0;
	std::vector<std::pair<unsigned, Bytes>>
		options; /* TCP: kind and value; NOP and end are left out */

	std::string text() const; /* the payload */
	DnsMessage dns() const;
	const Bytes *option(unsigned kind, size_t len) const; /* the last one; len: of the value */
	uint32_t timestamp(unsigned at) const; /* 0: the sender's value, 4: the echoed one */
};

/* What a question may have and an answer may not. */
enum {
	LAX_PADDING = 1,  /* octets behind the IP packet, or behind the UDP datagram in it */
	LAX_UDP_ZERO = 2, /* no checksum in UDP over IPv4 */
	LAX_SUMS = 4,     /* wrong checksums: the device vouches for them */
	LAX_QUESTION = LAX_PADDING | LAX_UDP_ZERO,
};

/* std::runtime_error: what is wrong. */
Packet packet_parse(const Bytes &frame, unsigned lax = 0);

/* std::runtime_error: the question should not have been answered, or the answer is not one to it. Frame, addresses,
 * ports, numbers and lengths are judged, and the form of the message; not what it says. */
void packet_check_answer(const Bytes &question, const Bytes &answer, unsigned mtu,
			 unsigned lax = LAX_QUESTION);
