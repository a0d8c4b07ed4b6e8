/* trie_memory_test - a trie whose memory runs out at any moment still maps what it mapped before. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/trie_values.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace
{

const char *const keys[] = {"",      "abc",  "abcdef", "abcxyz", "abd",
			    "abcde", "abcd", "b",      "bcdefg", "bcdxyz"};

/* Does an edit with the n-th allocation failing, for all n, until it goes through. Gives how many failed. */
template <typename Edit>
int edit_until_done(struct trie_txn *txn, const struct trie_node *base, const TrieModel &before,
		    const TrieModel &after, Edit edit)
{
	TrieModel base_content = trie_content(base);
	for (int n = 0;; n++) {
		failing_malloc.reset(n);
		bool done = edit(txn);
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(trie_content(txn->root), done ? after : before) << n;
		EXPECT_EQ(trie_content(base), base_content) << n;
		if (done && !failed)
			return n;
		if (done) /* it could do without: begin again */
			return n + 1;
		EXPECT_EQ(failed, 1);
	}
}

class TrieMemory : public testing::TestWithParam<bool>
{
};

/* With the nodes shared with an older root, and with nodes of its own. */
TEST_P(TrieMemory, set_and_remove_change_all_or_nothing)
{
	bool shared = GetParam();
	TrieValues values;
	int failures = 0;
	for (unsigned round = 0; round < 200; round++) {
		std::mt19937 random(round);
		struct trie_txn txn;
		struct trie_node *base = nullptr;
		TrieModel model;
		trie_begin(&txn, nullptr, &trie_value_ops);
		for (int step = 0; step < 20; step++) {
			if (shared) {
				trie_release(base, &trie_value_ops);
				base = trie_commit(&txn);
				trie_begin(&txn, base, &trie_value_ops);
			}
			std::string key = keys[random() % (sizeof(keys) / sizeof(keys[0]))];
			TrieModel after = model;
			if (random() % 2) {
				void *value = after[key] = values.make();
				failures += edit_until_done(
					&txn, base, model, after, [&](struct trie_txn *t) {
						return trie_set_text(t, key, value);
					});
			} else {
				after.erase(key);
				failures += edit_until_done(&txn, base, model, after,
							    [&](struct trie_txn *t) {
								    return trie_remove_text(t, key);
							    });
			}
			model = after;
		}
		for (const char *key : keys)
			EXPECT_TRUE(trie_remove_text(&txn, key));
		EXPECT_EQ(txn.root, nullptr) << "no node stays behind without a key below it";
		trie_abort(&txn);
		trie_release(base, &trie_value_ops);
		ASSERT_EQ(values.refs(), 0);
		ASSERT_FALSE(values.negative());
		ASSERT_FALSE(HasFailure());
	}
	EXPECT_GT(failures, 1000);
}

INSTANTIATE_TEST_SUITE_P(nodes, TrieMemory, testing::Bool());

/* Two keys "ab" and "ac" in a common node: when one is removed, the join has no memory. */
TEST(trie_memory, a_join_that_fails_is_made_up_for_later)
{
	TrieValues values;
	struct trie_txn txn;
	trie_begin(&txn, nullptr, &trie_value_ops);
	ASSERT_TRUE(trie_set_text(&txn, "ab", values.make()));
	ASSERT_TRUE(trie_set_text(&txn, "ac", values.make()));
	failing_malloc.reset(0, true);
	EXPECT_TRUE(trie_remove_text(&txn, "ab"));
	EXPECT_GT(failing_malloc.failed, 0);
	EXPECT_TRUE(trie_remove_text(&txn, "ac")) << "removing from own nodes needs no memory";
	failing_malloc.reset(-1);
	EXPECT_EQ(txn.root, nullptr);
	EXPECT_EQ(values.refs(), 0);
}

} // namespace
