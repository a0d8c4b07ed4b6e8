/* dns_redirect_test - every answer that is written directly is the one that lib/dns_answer writes, octet for octet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_exchange.h"
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <random>

extern "C" {
#include "lib/dns_redirect.h"
}

namespace
{

/* Few labels, so that names have ends in common; some differ by case, some have odd octets. */
const char *const LABELS[] = {"example", "com",  "Example", "COM",    "cdn", "a",
			      "b",       "edge", "net",     "o\\.dd", "x",   "exampl"};

struct Random {
	std::mt19937 bits{7};
	unsigned below(unsigned n)
	{
		return bits() % n;
	}
	std::string name()
	{
		std::string text;
		for (unsigned n = 1 + below(4); n; n--)
			text += (below(20) ? LABELS[below(12)] : std::string(63, 'l')) + ".";
		return text;
	}
	std::string name_in_zone()
	{
		std::string in = below(8) ? name() : "";
		return in + (below(2) ? "example.com." : "eXample.com.");
	}
	Bytes octets(size_t n)
	{
		Bytes out(n);
		for (uint8_t &o : out)
			o = (uint8_t)bits();
		return out;
	}
	Bytes options()
	{
		Bytes all;
		if (below(2)) {
			unsigned v6 = below(2), source = below(5) * 8;
			Bytes data = {0, (uint8_t)(1 + v6), (uint8_t)source, 0};
			for (uint8_t o : octets(source / 8))
				data.push_back(o);
			Bytes option = dns_option(DNS_OPTION_ECS, data);
			all.insert(all.end(), option.begin(), option.end());
		}
		for (unsigned code : {(unsigned)DNS_OPTION_COOKIE, (unsigned)DNS_OPTION_NSID}) {
			if (below(3))
				continue;
			Bytes option = dns_option(code, octets(code == DNS_OPTION_NSID ? 0 : 8));
			all.insert(all.end(), option.begin(), option.end());
		}
		return all;
	}
	Bytes query()
	{
		static const unsigned types[] = {DNS_A,   DNS_AAAA, DNS_CNAME,
						 DNS_TXT, DNS_NS,   DNS_ANY};
		unsigned edns = below(4);
		DnsBuilder b;
		b.header(below(2) ? DNS_RD : DNS_CD | DNS_AD, 1, 0, 0, edns ? 1 : 0);
		b.question(name_in_zone(), types[below(below(3) ? 2 : 6)]);
		if (edns)
			b.opt(options(), 512 + below(1000), 0, below(2) ? 0x8000 : 0);
		return b.bytes;
	}
};

struct Dri {
	dri d = {};

	explicit Dri(Random &random)
	{
		d.ttl = random.bits();
		d.n_v4 = (uint8_t)random.below(4);
		d.n_v6 = (uint8_t)random.below(17);
		for (auto &address : d.v4)
			memcpy(address, random.octets(4).data(), 4);
		for (auto &address : d.v6)
			memcpy(address, random.octets(16).data(), 16);
		dns_name name;
		std::string text = random.below(4) ? random.name_in_zone() : random.name();
		if (random.below(2) && dns_name_from_text(text.c_str(), &name)) {
			EXPECT_TRUE(dri_set_cname(&d, name.wire, name.len));
		}
	}
	~Dri()
	{
		free(d.cname_key);
	}
	Dri(const Dri &) = delete;
	Dri &operator=(const Dri &) = delete;
};

TEST(dns_redirect, as_the_whole_writer)
{
	Random random;
	DnsExchange x;
	unsigned direct = 0, all = 0;
	for (unsigned i = 0; i < 60000; i++) {
		Bytes query = random.query();
		Dri to(random);
		x.cap = random.below(4) ? 1232 : DNS_HEADER_LEN + random.below(300);
		x.wanted.dri = &to.d;
		x.wanted.ecs_scope = (uint8_t)random.below(33);
		x.wanted.stale = !random.below(16);
		Bytes whole = x.octets(query);
		if (x.parsed != DROP_none)
			continue;
		all++;
		/* As large as the query is, or as it may be used. */
		size_t room = std::max(x.cap, query.size());
		GuardPage page(query.data(), query.size(), room);
		Bytes before(page.data(), page.data() + room);
		size_t len = dns_redirect_write(page.data(), x.cap, &x.req, &x.wanted, 0);
		if (!len) {
			ASSERT_TRUE(std::equal(before.begin(), before.end(), page.data()));
			continue;
		}
		direct++;
		ASSERT_EQ(Bytes(page.data(), page.data() + len), whole) << "query " << i;
		ASSERT_EQ(x.result.reason, DROP_none);
		ASSERT_FALSE(x.result.zone_data);
		ASSERT_TRUE(std::equal(before.begin() + (long)x.cap, before.end(),
				       page.data() + x.cap));
	}
	EXPECT_GT(direct, all / 3);
	EXPECT_LT(direct, all);
}

TEST(dns_redirect, addresses_take_turns)
{
	DnsExchange x;
	x.addresses.n_v4 = 3;
	for (uint8_t i = 0; i < 3; i++)
		x.addresses.v4[i][3] = i;
	Bytes query =
		DnsBuilder().header(DNS_RD, 1, 0, 0, 0).question("v.example.com", DNS_A).bytes;
	for (uint32_t turn = 0; turn < 7; turn++) {
		x.octets(query);
		Bytes room = query, other = query;
		room.resize(1232);
		other.resize(1232);
		size_t len = dns_redirect_write(room.data(), 1232, &x.req, &x.wanted, turn);
		dns_answer answer =
			dns_answer_write(other.data(), 1232, &x.req, &x.wanted, &x.settings, turn);
		ASSERT_EQ(len, answer.len);
		EXPECT_TRUE(std::equal(room.begin(), room.begin() + (long)len, other.begin()));
	}
}

} // namespace
