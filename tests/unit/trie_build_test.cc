/* trie_build_test - a trie made at once is the one that insertion makes; keys out of order are refused; memory may run out at any moment. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/trie_values.h"

extern "C" {
#include "lib/trie_build.h"
}

#include <gtest/gtest.h>
#include <random>

namespace
{

enum trie_build_result add(struct trie_build *build, const std::string &key, void *value)
{
	return trie_build_add(build, (const uint8_t *)key.data(), key.size(), value);
}

/* Keys that begin alike, end within each other, and have any octets. */
TrieModel random_model(std::mt19937 &random, TrieValues &values)
{
	static const char *const parts[] = {
		"a", "ab", "b", "abc", "/x/", "\xff", "longer than that"};
	TrieModel model;
	for (unsigned n = random() % 60; n > 0; n--) {
		std::string key;
		for (unsigned k = random() % 6; k > 0; k--)
			key += random() % 8 ? parts[random() % 7] : std::string(1, (char)random());
		model[key] = values.make();
	}
	return model;
}

TEST(trie_build, makes_what_insertion_makes)
{
	std::mt19937 random(1);
	TrieValues values;
	for (int round = 0; round < 2000; round++) {
		TrieModel model = random_model(random, values);
		struct trie_txn txn;
		struct trie_node *root;
		struct trie_build *build = trie_build_new(&trie_value_ops);
		trie_begin(&txn, nullptr, &trie_value_ops);
		for (const auto &[key, value] : model) {
			static_cast<TrieValue *>(value)->refs++; /* the builder's */
			ASSERT_EQ(add(build, key, value), TRIE_BUILD_ADDED);
			ASSERT_TRUE(trie_set_text(&txn, key, value));
		}
		ASSERT_TRUE(trie_build_finish(build, &root));
		trie_build_free(build);
		EXPECT_EQ(trie_content(root), model);
		struct trie_size made = trie_measure(root), wanted = trie_measure(txn.root);
		EXPECT_EQ(made.nodes, wanted.nodes);
		EXPECT_EQ(made.values, wanted.values);
		EXPECT_EQ(made.bytes, wanted.bytes);
		trie_abort(&txn);
		/* And it can be edited like any other. */
		trie_begin(&txn, root, &trie_value_ops);
		for (const auto &entry : model)
			ASSERT_TRUE(trie_remove_text(&txn, entry.first));
		EXPECT_EQ(txn.root, nullptr);
		trie_abort(&txn);
		EXPECT_EQ(trie_content(root), model);
		trie_release(root, &trie_value_ops);
		ASSERT_EQ(values.refs(), 0);
	}
}

TEST(trie_build, refuses_keys_out_of_order)
{
	const struct {
		const char *first, *second;
	} cases[] = {{"b", "a"}, {"ab", "a"}, {"a", "a"}, {"", ""}, {"abc", "ab"}, {"a\xff", "ab"}};
	for (const auto &c : cases) {
		TrieValue value;
		struct trie_build *build = trie_build_new(&trie_value_ops);
		value.refs = 1;
		EXPECT_EQ(add(build, c.first, &value), TRIE_BUILD_ADDED);
		EXPECT_EQ(add(build, c.second, &value), TRIE_BUILD_ORDER) << c.first << c.second;
		trie_build_free(build);
		EXPECT_EQ(value.refs, 0);
	}
}

TEST(trie_build, takes_keys_of_any_length)
{
	TrieValue value;
	struct trie_node *root;
	struct trie_build *build = trie_build_new(&trie_value_ops);
	std::string longest(TRIE_KEY_MAX, 'x');
	value.refs = 2;
	EXPECT_EQ(add(build, "", &value), TRIE_BUILD_ADDED);
	EXPECT_EQ(add(build, longest + "y", &value), TRIE_BUILD_ORDER);
	EXPECT_EQ(add(build, longest, &value), TRIE_BUILD_ADDED);
	ASSERT_TRUE(trie_build_finish(build, &root));
	trie_build_free(build);
	EXPECT_EQ(trie_get_text(root, longest), &value);
	trie_release(root, &trie_value_ops);
	EXPECT_EQ(value.refs, 0);
	build = trie_build_new(&trie_value_ops);
	ASSERT_TRUE(trie_build_finish(build, &root));
	EXPECT_EQ(root, nullptr) << "no keys";
	trie_build_free(build);
	trie_build_free(nullptr);
}

TEST(trie_build, loses_nothing_when_memory_runs_out)
{
	int failures = 0;
	for (unsigned seed = 0; seed < 30; seed++) {
		std::mt19937 random(seed);
		TrieValues values;
		TrieModel model = random_model(random, values);
		for (long n = 0;; n++) {
			struct trie_node *root = nullptr;
			failing_malloc.reset(n);
			struct trie_build *build = trie_build_new(&trie_value_ops);
			bool done = build;
			for (auto at = model.begin(); done && at != model.end(); ++at) {
				auto *value = static_cast<TrieValue *>(at->second);
				done = add(build, at->first, value) == TRIE_BUILD_ADDED;
				value->refs += done;
			}
			done = done && trie_build_finish(build, &root);
			long failed = failing_malloc.failed;
			failing_malloc.reset(-1);
			trie_build_free(build);
			EXPECT_EQ(done, !failed);
			EXPECT_EQ(values.refs(), done ? (long)model.size() : 0);
			trie_release(root, &trie_value_ops);
			EXPECT_EQ(values.refs(), 0);
			failures += !done;
			if (done)
				break;
		}
	}
	EXPECT_GT(failures, 300);
}

} // namespace
