/* dns_exchange - a query parsed and answered as the packet path does, without a frame around it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "dns_message.h"
#include "zone_box.h"

#include <cstring>

extern "C" {
#include "lib/dns_answer.h"
#include "lib/dns_name.h"
#include "lib/dns_query.h"
#include "lib/dns_wire.h"
}

/* As configured when nothing is said. */
inline dns_settings dns_defaults()
{
	dns_settings settings = {};
	settings.udp_size = 1232;
	settings.client_subnet = true;
	settings.cookies = DNS_COOKIES_ANSWERED;
	settings.n_secrets = 1;
	memset(settings.secrets[0], 0x5e, 16);
	return settings;
}

/* A zone "example.com"; the name "vod" in it has the address 192.0.2.80. */
struct DnsExchange {
	dns_settings settings = dns_defaults();
	ZoneBox box{"example.com",
		    "@ 60 SOA ns ns 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 192.0.2.53\n"};
	scope denied = {};
	dri addresses = {};
	verdict wanted = {}; /* when the query is good */
	ip_addr peer = {{198, 51, 100, 53}, 4};
	uint64_t now = 1559731985;
	bool tcp = false;
	size_t cap = 1232;

	request req = {};
	drop_reason parsed = DROP_none;
	dns_answer result = {};

	DnsExchange()
	{
		addresses.ttl = 20;
		addresses.n_v4 = 1;
		memcpy(addresses.v4[0], "\xc0\x00\x02\x50", 4);
		wanted.outcome = VERDICT_REDIRECT;
		wanted.zone = box.zone;
		wanted.scope = &denied;
		wanted.dri = &addresses;
	}
	Bytes octets(const Bytes &query)
	{
		req = {};
		req.client = peer;
		req.client_len = static_cast<uint8_t>(ip_bits(&peer));
		req.now = now;
		req.dns.tcp = tcp;
		parsed = dns_query_parse(query.data(), query.size(), &settings, &req);
		verdict v = wanted;
		if (parsed != DROP_none)
			v = {};
		if (parsed != DROP_none)
			v.outcome = VERDICT_ERROR;
		Bytes room = query;
		room.resize(std::max(cap, query.size()));
		result = dns_answer_write(room.data(), cap, &req, &v, &settings, 0);
		room.resize(result.len);
		return room;
	}
	DnsMessage ask(const Bytes &query)
	{
		return DnsMessage(octets(query));
	}
	/* The reason's name and the whole return code: "dns_badvers 16". */
	std::string outcome(const Bytes &query)
	{
		DnsMessage m = ask(query);
		unsigned high = m.opt() ? m.opt()->ttl >> 24 : 0;
		return std::string(drop_reason_name(result.reason)) + " " +
		       std::to_string(high << 4 | m.rcode());
	}
	/* The data of the OPT record; throws when there is none. */
	Bytes options(const Bytes &query)
	{
		DnsMessage m = ask(query);
		if (!m.opt())
			throw std::runtime_error("no OPT record");
		return m.opt()->data;
	}
};

inline Bytes dns_option(unsigned code, const Bytes &data)
{
	return DnsBuilder().u16(code).u16(static_cast<unsigned>(data.size())).raw(data).bytes;
}

/* "vod.example.com", type A, with an OPT record. */
inline Bytes dns_with(const Bytes &options, const std::string &name = "vod.example.com",
		      unsigned type = DNS_A)
{
	return DnsBuilder().header(DNS_RD, 1, 0, 0, 1).question(name, type).opt(options).bytes;
}
