/* footprint_trie_test - the trie of prefixes and their terms, against a plain map, with older versions kept. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <vector>

extern "C" {
#include "lib/footprint_trie.h"
}

namespace
{

struct Prefix {
	ip_number key;
	unsigned len;
	bool operator<(const Prefix &other) const
	{
		return key != other.key ? key < other.key : len < other.len;
	}
};
using Model = std::map<Prefix, std::set<uint32_t>>;

/* Prefixes that meet each other, with gaps of any length between their bits. */
Prefix random_prefix(std::mt19937 &random)
{
	ip_number key = 0;
	for (unsigned at : {0, 7, 12, 40, 63, 64, 90, 120, 127})
		key |= (ip_number)(random() % 4 == 0) << (127 - at);
	static const unsigned lens[] = {0, 1, 5, 6, 7, 12, 13, 32, 48, 64, 65, 126, 127, 128};
	unsigned len = lens[random() % (sizeof(lens) / sizeof(lens[0]))];
	return {key & ip_number_mask(len), len};
}

std::set<uint32_t> terms_of(footprint_set set, uint32_t max)
{
	std::set<uint32_t> terms;
	for (uint32_t term = 0; term < max; term++) {
		if (footprint_set_has(set, term))
			terms.insert(term);
	}
	return terms;
}

void expect_equal(const footprint_node *root, const Model &model, uint32_t max)
{
	std::set<uint32_t> few;
	for (const auto &entry : model) {
		footprint_set set = footprint_trie_get(root, entry.first.key, entry.first.len);
		ASSERT_EQ(terms_of(set, max), entry.second) << entry.first.len;
		uint32_t one, n;
		const uint32_t *terms = footprint_set_terms(set, &one, &n);
		if (entry.second.size() <= FOOTPRINT_SET_SMALL && terms) {
			ASSERT_EQ(std::vector<uint32_t>(terms, terms + n),
				  std::vector<uint32_t>(entry.second.begin(), entry.second.end()));
		}
		const void *sets[129];
		unsigned found = footprint_trie_find(root, entry.first.key, sets), i = 0;
		for (unsigned len = 0; len <= 128; len++) {
			auto around = model.find({entry.first.key & ip_number_mask(len), len});
			if (around == model.end() || around->second.empty())
				continue;
			ASSERT_LT(i, found);
			ASSERT_EQ(terms_of(*static_cast<const footprint_set *>(sets[i++]), max),
				  around->second);
		}
		ASSERT_EQ(i, found);
	}
}

class FootprintTrie : public testing::TestWithParam<uint32_t>
{
};

/* Few terms: many sets. Many terms: large sets. */
TEST_P(FootprintTrie, AgreesWithAMapWhileOlderVersionsStay)
{
	const uint32_t max = GetParam();
	for (unsigned round = 0; round < 12; round++) {
		std::mt19937 random(round);
		std::vector<Prefix> prefixes;
		for (int i = 0; i < (max > 10 ? 4 : 60); i++)
			prefixes.push_back(random_prefix(random));
		footprint_node *root = nullptr;
		Model model;
		std::vector<std::pair<footprint_node *, Model>> older;
		for (unsigned step = 0; step < 1500; step++) {
			Prefix p = prefixes[random() % prefixes.size()];
			uint32_t term = random() % max;
			bool there = model[p].count(term);
			/* grows for a while, then shrinks */
			if (random() % 8 < (step < 1000 ? 5 : 2)) {
				ASSERT_TRUE(footprint_trie_add(&root, p.key, p.len, term));
				model[p].insert(term);
			} else if (there) {
				ASSERT_TRUE(footprint_trie_own(&root, p.key, p.len, term));
				ASSERT_TRUE(footprint_trie_remove(&root, p.key, p.len, term));
				model[p].erase(term);
			}
			if (random() % 100 == 0) {
				footprint_trie_retain(root);
				older.emplace_back(root, model);
			}
			if (older.size() > 5) {
				size_t i = random() % older.size();
				expect_equal(older[i].first, older[i].second, max);
				footprint_trie_release(older[i].first);
				older.erase(older.begin() + static_cast<long>(i));
			}
		}
		expect_equal(root, model, max);
		for (const auto &version : older) {
			expect_equal(version.first, version.second, max);
			footprint_trie_release(version.first);
		}
		for (const auto &entry : model) {
			for (uint32_t term : entry.second) {
				ASSERT_TRUE(footprint_trie_own(&root, entry.first.key,
							       entry.first.len, term));
				footprint_trie_remove(&root, entry.first.key, entry.first.len,
						      term);
			}
		}
		ASSERT_EQ(root, nullptr) << "nothing stays behind";
	}
}

INSTANTIATE_TEST_SUITE_P(Terms, FootprintTrie, testing::Values(4u, 300u));

TEST(FootprintTrie, FindsAllLengthsAroundAnAddress)
{
	footprint_node *root = nullptr;
	ip_number address = IP_NUMBER_MAX / 3;
	for (unsigned len = 0; len <= 128; len++) {
		unsigned l = (len * 50) % 129;
		ASSERT_TRUE(footprint_trie_add(&root, address & ip_number_mask(l), l, l));
	}
	const void *sets[129];
	ASSERT_EQ(footprint_trie_find(root, address, sets), 129u);
	for (uint32_t len = 0; len <= 128; len++)
		EXPECT_TRUE(footprint_set_has(*static_cast<const footprint_set *>(sets[len]), len));
	EXPECT_EQ(footprint_trie_find(root, ~address, sets), 1u);
	EXPECT_EQ(footprint_trie_find(nullptr, address, sets), 0u);
	EXPECT_EQ(footprint_trie_get(nullptr, address, 128), 0u);
	footprint_trie_release(root);
}

TEST(FootprintTrie, HoldsTheLargestTerms)
{
	footprint_node *root = nullptr;
	for (uint32_t i = 0; i < 200; i++)
		ASSERT_TRUE(footprint_trie_add(&root, 0, 0, UINT32_MAX - 3 * i));
	footprint_set set = footprint_trie_get(root, 0, 0);
	for (uint32_t i = 0; i < 600; i++)
		EXPECT_EQ(footprint_set_has(set, UINT32_MAX - i), i % 3 == 0);
	footprint_trie_release(root);
}

} // namespace
