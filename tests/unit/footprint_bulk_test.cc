/* footprint_bulk_test - a million prefixes in a footprint table: how long it takes, and how much memory. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/footprint_list.h"

#include <algorithm>
#include <chrono>
#include <malloc.h>
#include <random>

namespace
{

struct Timer {
	std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
	double seconds()
	{
		auto then = start;
		start = std::chrono::steady_clock::now();
		return std::chrono::duration<double>(start - then).count();
	}
};

double megabytes()
{
	struct mallinfo2 info = mallinfo2();
	return static_cast<double>(info.uordblks + info.hblkhd) / 1e6;
}

struct Shape {
	const char *name;
	unsigned min4, max4, min6, max6;
};

/* One prefix for each: different ones, of both families unless there is none of IPv6. */
std::vector<ip_prefix> make_prefixes(size_t n, const Shape &shape)
{
	std::mt19937 random(5);
	std::vector<ip_prefix> prefixes(n);
	for (size_t i = 0; i < n; i++) {
		ip_prefix p = {};
		p.addr.family = i % 4 || !shape.max6 ? 4 : 6;
		unsigned min = p.addr.family == 4 ? shape.min4 : shape.min6,
			 max = p.addr.family == 4 ? shape.max4 : shape.max6;
		p.len = static_cast<uint8_t>(min + random() % (max - min + 1));
		for (unsigned k = 0; k < ip_bits(&p.addr) / 8; k++)
			p.addr.bytes[k] = static_cast<uint8_t>(random());
		if (p.addr.family == 6)
			p.addr.bytes[0] = 0x20 | (p.addr.bytes[0] & 0x0f);
		ip_addr_mask(&p.addr, p.len);
		prefixes[i] = p;
	}
	return prefixes;
}

/* Takes a list of texts[from] to texts[to - 1] in. */
uint32_t take_part(const Table &t, const std::vector<ip_prefix> &prefixes,
		   std::vector<std::string> &texts, size_t from, size_t to)
{
	std::vector<char *> values[2];
	for (size_t i = from; i < to; i++)
		values[prefixes[i].addr.family == 6].push_back(&texts[i][0]);
	footprint members[2] = {}, all = {};
	for (int f = 0; f < 2; f++) {
		if (values[f].empty())
			continue;
		footprint &m = members[all.n_members++];
		m.type = f ? FOOTPRINT_IPV6CIDR : FOOTPRINT_IPV4CIDR;
		m.values = values[f].data();
		m.n_values = values[f].size();
	}
	all.type = FOOTPRINT_UNION;
	all.members = members;
	uint32_t id = UINT32_MAX;
	uint8_t rank;
	char err[256] = "";
	EXPECT_EQ(footprint_take(t.txn, &all, 1, &id, &rank, err, sizeof(err)), 0) << err;
	return id;
}

/* ns per footprint_find and footprint_has; each address in its list. */
double look_up(const Table &t, const std::vector<ip_prefix> &prefixes,
	       const std::vector<uint32_t> &ids, const std::vector<uint32_t> &order)
{
	size_t missed = 0;
	Timer timer;
	for (uint32_t i : order) {
		footprint_client client;
		footprint_find(t.table, &prefixes[i].addr, &client);
		missed += !footprint_has(&client, ids[i]);
	}
	double s = timer.seconds();
	EXPECT_EQ(missed, 0u);
	return s / static_cast<double>(order.size()) * 1e9;
}

/* Times and bytes are printed, not judged. */
TEST(FootprintBulk, TakesAMillionPrefixes)
{
	/* A sanitizer's malloc tells nothing and takes long. */
	const size_t n = megabytes() > 0 ? 1000000 : 100000;
	for (const Shape &shape : {Shape{"/24", 24, 24, 0, 0}, Shape{"mixed", 12, 32, 24, 64}}) {
		std::vector<ip_prefix> prefixes = make_prefixes(n, shape);
		std::vector<std::string> texts;
		for (const auto &p : prefixes) {
			char text[IP_TEXT_MAX];
			texts.emplace_back(ip_prefix_text(&p, text));
		}
		std::vector<uint32_t> order(n), warm(n);
		for (size_t i = 0; i < n; i++) {
			order[i] = static_cast<uint32_t>(i);
			warm[i] = static_cast<uint32_t>(i % 100);
		}
		std::shuffle(order.begin(), order.end(), std::mt19937(1));
		for (size_t n_lists : {size_t(1000), n}) {
			Table t;
			std::vector<uint32_t> ids(n);
			double before = megabytes();
			Timer timer;
			for (size_t l = 0, per = n / n_lists; l < n_lists; l++) {
				uint32_t id = take_part(t, prefixes, texts, l * per, (l + 1) * per);
				std::fill_n(ids.begin() + static_cast<long>(l * per), per, id);
			}
			t.commit();
			double load = timer.seconds(), size = megabytes() - before;
			double random_ns = look_up(t, prefixes, ids, order);
			double warm_ns = look_up(t, prefixes, ids, warm);

			timer.seconds();
			const int changes = 2000;
			for (int i = 0; i < changes; i++) {
				ASSERT_TRUE(
					footprint_drop(t.txn, t.take({v4({"192.0.2.0/32"})}).id));
				t.commit();
			}
			double change = timer.seconds() / changes * 1e6;
			printf("%zu lists, %zu %s prefixes: load %.2f s, %.1f MB; find %.0f ns "
			       "(random), %.0f ns (warm); take, drop and commit %.1f us\n",
			       n_lists, footprint_table_size(t.table).prefixes, shape.name, load,
			       size, random_ns, warm_ns, change);
		}
	}
}

} // namespace
