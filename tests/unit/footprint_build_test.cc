/* footprint_build_test - a trie of prefixes made at once is the one that adding makes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

extern "C" {
#include "lib/footprint.h"
#include "lib/footprint_build.h"
}

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <tuple>
#include <vector>

namespace
{

using Prefixes = std::vector<footprint_prefix>;

/* Many of one prefix at times. */
Prefixes random_prefixes(std::mt19937 &random, unsigned max)
{
	std::set<std::tuple<ip_number, uint32_t, uint32_t>> all;
	for (unsigned n = random() % max; n > 0; n--) {
		static const uint32_t lens[] = {0, 1, 5, 6, 7, 8, 12, 13, 32, 48, 64, 127, 128};
		uint32_t len = lens[random() % 13];
		ip_number key = 0;
		for (unsigned at : {0, 5, 7, 30, 31, 64, 120, 127})
			key |= (ip_number)(random() % 3 == 0) << (127 - at);
		unsigned terms = random() % 20 ? 1 + random() % 3 : 100;
		for (unsigned k = 0; k < terms; k++)
			all.insert({key & ip_number_mask(len), len, random() % 0x3fffffff});
	}
	Prefixes list;
	for (const auto &[key, len, term] : all)
		list.push_back({key, len, term});
	std::shuffle(list.begin(), list.end(), random);
	return list;
}

TEST(footprint_build, makes_what_adding_makes)
{
	std::mt19937 random(1);
	size_t tries = 0;
	for (int round = 0; round < 150; round++) {
		Prefixes list = random_prefixes(random, 300);
		footprint_node *root, *added = nullptr;
		for (const auto &p : list)
			ASSERT_TRUE(footprint_trie_add(&added, p.key, p.len, p.term));
		Prefixes copy = list;
		ASSERT_TRUE(footprint_build(copy.data(), copy.size(), &root));
		for (const auto &p : list) {
			footprint_set set = footprint_trie_get(root, p.key, p.len),
				      other = footprint_trie_get(added, p.key, p.len);
			ASSERT_TRUE(footprint_set_has(set, p.term));
			uint32_t one, n, other_one, other_n;
			const uint32_t *terms = footprint_set_terms(set, &one, &n),
				       *wanted = footprint_set_terms(other, &other_one, &other_n);
			ASSERT_EQ(!terms, !wanted);
			tries += !terms;
			if (terms) {
				ASSERT_EQ(std::vector<uint32_t>(terms, terms + n),
					  std::vector<uint32_t>(wanted, wanted + other_n));
			}
			const void *sets[FOOTPRINT_STEPS_MAX], *others[FOOTPRINT_STEPS_MAX];
			ip_number address = p.key | (ip_number)random();
			ASSERT_EQ(footprint_trie_find(root, address, sets),
				  footprint_trie_find(added, address, others));
		}
		/* Nothing more is in it, and it can be edited. */
		for (const auto &p : list) {
			ASSERT_TRUE(footprint_trie_own(&root, p.key, p.len, p.term));
			ASSERT_TRUE(footprint_trie_remove(&root, p.key, p.len, p.term));
		}
		ASSERT_EQ(root, nullptr);
		footprint_trie_release(added);
	}
	EXPECT_GT(tries, 500u) << "prefixes with many terms";
}

TEST(footprint_build, loses_nothing_when_memory_runs_out)
{
	int failures = 0;
	for (unsigned seed = 0; seed < 5; seed++) {
		std::mt19937 random(seed);
		Prefixes list = random_prefixes(random, 60);
		for (long n = 0;; n++) {
			footprint_node *root;
			Prefixes copy = list;
			failing_malloc.reset(n);
			bool done = footprint_build(copy.data(), copy.size(), &root);
			long failed = failing_malloc.failed;
			failing_malloc.reset(-1);
			EXPECT_EQ(done, !failed);
			EXPECT_TRUE(done || !root);
			footprint_trie_release(root);
			failures += !done;
			if (done)
				break;
		}
	}
	EXPECT_GT(failures, 300);
}

} // namespace
