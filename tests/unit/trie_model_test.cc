/* trie_model_test - random transactions on the trie and on std::map, with many versions alive at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/trie_values.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace
{

enum { TRANSACTIONS = 4000 };

struct version {
	struct trie_node *root;
	TrieModel model;
};

/* The shape that follows from the keys alone: no node without a value has fewer than two children, so there is exactly
 * one trie for a map. */
void check_shape(const struct trie_node *node)
{
	ASSERT_TRUE(node->value || node->n_children > 1);
	unsigned bits = 0;
	for (uint64_t word : node->map)
		bits += (unsigned)__builtin_popcountll(word);
	ASSERT_EQ(bits, node->n_children);
	for (unsigned i = 0; i < node->n_children; i++)
		check_shape(node->children[i]);
}

void check(const version &v, const std::vector<std::string> &asked)
{
	ASSERT_EQ(trie_content(v.root), v.model);
	if (v.root)
		check_shape(v.root);
	for (const std::string &key : asked) {
		auto at = v.model.find(key);
		ASSERT_EQ(trie_get_text(v.root, key), at == v.model.end() ? nullptr : at->second);
	}
}

class TrieModelTest : public testing::TestWithParam<std::string>
{
};

TEST_P(TrieModelTest, agrees_with_a_map)
{
	const std::string alphabet = GetParam();
	std::mt19937 random(42);
	TrieValues values;
	std::vector<version> versions(1, version{nullptr, {}});
	size_t largest = 0;

	auto key = [&] {
		std::string text(random() % 7, ' ');
		for (char &c : text)
			c = alphabet[random() % alphabet.size()];
		return text;
	};
	for (int i = 0; i < TRANSACTIONS; i++) {
		const version &from = versions[random() % versions.size()];
		struct trie_txn txn;
		TrieModel model = from.model;
		trie_begin(&txn, from.root, &trie_value_ops);
		unsigned grow = random() % 3; /* some shrink the map */
		for (unsigned edits = random() % 12; edits > 0; edits--) {
			std::string k = key();
			if (random() % 4 <= grow) {
				void *value = values.make();
				ASSERT_TRUE(trie_set_text(&txn, k, value));
				model[k] = value;
			} else {
				ASSERT_TRUE(trie_remove_text(&txn, k));
				model.erase(k);
			}
		}
		if (random() % 4 == 0) {
			trie_abort(&txn);
		} else {
			versions.push_back({trie_commit(&txn), std::move(model)});
			largest = std::max(largest, versions.back().model.size());
		}
		std::vector<std::string> asked;
		for (int k = 0; k < 8; k++)
			asked.push_back(key());
		check(versions[random() % versions.size()], asked);
		check(versions.back(), asked);
		ASSERT_FALSE(HasFatalFailure()) << i;
		if (versions.size() > 20) {
			size_t gone = random() % versions.size();
			trie_release(versions[gone].root, &trie_value_ops);
			versions.erase(versions.begin() + (long)gone);
		}
	}
	EXPECT_GT(largest, alphabet.size() < 3 ? 15u : 30u);
	for (version &v : versions) {
		check(v, {});
		trie_release(v.root, &trie_value_ops);
	}
	EXPECT_EQ(values.refs(), 0);
	EXPECT_FALSE(values.negative());
}

INSTANTIATE_TEST_SUITE_P(alphabets, TrieModelTest,
			 testing::Values("ab", std::string("a.\0\xff", 4), "com./*0123456789-_xyz"),
			 [](const testing::TestParamInfo<std::string> &letters) {
				 return "letters" + std::to_string(letters.param.size());
			 });

} // namespace
