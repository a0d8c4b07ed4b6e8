/* packet_builder - frames for tests: a client's questions, layer by layer, and broken ones made from good ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/dns_message.h"

#include <cstdint>
#include <string>

extern const Bytes our_mac, client_mac;

/* Octets of an address in text form, or of any text. */
Bytes address(const std::string &text);
Bytes octets(const std::string &text);
Bytes operator+(Bytes a, const Bytes &b);

/* The way of a packet: all that stands in front of TCP, UDP and ICMP. */
struct Path {
	int family;
	Bytes source, destination; /* IP */
	int tci = -1;              /* of a VLAN tag; -1: none */
	uint16_t port = 40000;     /* the client's */
	Bytes source_mac = client_mac, destination_mac = our_mac;
	uint8_t hop_limit = 61;
	Bytes ip4_options = {}; /* a multiple of 4 octets */
	Path tagged(unsigned value) const;
	Path from(const std::string &text) const;
	Path to(const std::string &text) const;
	Path from_port(uint16_t number) const;
};
Path path4(); /* 198.51.100.7 to 192.0.2.1 */
Path path6(); /* 2001:db8:1::7 to 2001:db8::1 */

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128 };

struct Tcp {
	unsigned flags;
	uint32_t seq = 1000, ack = 0;
	Bytes payload = {}, options = {}; /* a multiple of 4 octets */
	uint16_t port = 80;
};

Bytes packet_ethernet(const Path &path, unsigned type, const Bytes &payload);
Bytes packet_ip(const Path &path, unsigned protocol, const Bytes &l4);
Bytes packet_udp(const Path &path, const Bytes &payload, uint16_t port = 53);
Bytes packet_tcp(const Path &path, const Tcp &tcp);
Bytes packet_echo(const Path &path, size_t data_len);
Bytes packet_arp(const Path &path, unsigned operation = 1);

/* A neighbour solicitation for path.destination, sent to its solicited-node group when `group`. */
Bytes packet_solicit(Path path, bool group, const Bytes &options);
Bytes solicit_option(unsigned type = 1);

/* The group of an IPv6 address: ff02::1:ffXX:XXXX. */
Bytes solicited_node(const Bytes &target);

/* A query for name and type; ecs: options of an OPT record, which is there when size is not 0. */
Bytes dns_query(const std::string &name, unsigned type, unsigned size = 0,
		const Bytes &options = {});
Bytes packet_dns(const Path &path, const std::string &name, unsigned type = 1);
Bytes http_request(const std::string &host, const std::string &target = "/",
		   const std::string &method = "GET", const std::string &fields = "");

Bytes option_mss(unsigned mss);
Bytes option_timestamp(uint32_t value, uint32_t echo); /* with two NOPs: 12 octets */

/* Makes the checksums of a frame right; and its IP and UDP lengths, when asked for. What is not there is left alone. */
void packet_repair(Bytes &frame, bool lengths = false);

/* Where the IP header and what follows it stand; 0: nowhere. */
size_t packet_l3(const Bytes &frame);
size_t packet_l4(const Bytes &frame);
