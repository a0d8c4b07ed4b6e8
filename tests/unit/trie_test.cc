/* trie_test - set, get, remove, the shape of the trie, and versions that do not disturb each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/trie_values.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace
{

/* A transaction on a root of its own; checks that all is released in the end. */
class Trie : public testing::Test
{
      protected:
	TrieValues values;
	struct trie_node *root = nullptr;
	struct trie_txn txn;

	void SetUp() override
	{
		trie_begin(&txn, nullptr, &trie_value_ops);
	}
	void TearDown() override
	{
		trie_abort(&txn);
		trie_release(root, &trie_value_ops);
		EXPECT_EQ(values.refs(), 0);
		EXPECT_FALSE(values.negative());
	}
	TrieValue *set(const std::string &key)
	{
		TrieValue *value = values.make();
		EXPECT_TRUE(trie_set_text(&txn, key, value)) << key;
		return value;
	}
	void remove(const std::string &key)
	{
		EXPECT_TRUE(trie_remove_text(&txn, key)) << key;
	}
	void *get(const std::string &key)
	{
		return trie_get_text(txn.root, key);
	}
	/* The transaction becomes `root`, and the next one begins on it. */
	void commit()
	{
		trie_release(root, &trie_value_ops);
		root = trie_commit(&txn);
		trie_begin(&txn, root, &trie_value_ops);
	}
	size_t nodes()
	{
		return trie_measure(txn.root).nodes;
	}
};

TEST_F(Trie, empty_map_has_nothing)
{
	EXPECT_EQ(get(""), nullptr);
	EXPECT_EQ(get("a"), nullptr);
	EXPECT_EQ(nodes(), 0u);
	remove("");
	remove("a");
	EXPECT_EQ(txn.root, nullptr);
	EXPECT_EQ(trie_get(nullptr, nullptr, 0), nullptr);
}

TEST_F(Trie, exactly_the_key_is_found)
{
	TrieValue *value = set("abc");
	EXPECT_EQ(get("abc"), value);
	for (const char *other : {"", "a", "ab", "abd", "abcd", "bc", "ABC"})
		EXPECT_EQ(get(other), nullptr) << other;
	EXPECT_EQ(value->refs, 1);
}

TEST_F(Trie, empty_key)
{
	TrieValue *empty = set(""), *a = set("a");
	EXPECT_EQ(get(""), empty);
	EXPECT_EQ(get("a"), a);
	remove("");
	EXPECT_EQ(get(""), nullptr);
	EXPECT_EQ(get("a"), a);
	EXPECT_EQ(nodes(), 1u) << "what is left is joined";
	empty = set("");
	EXPECT_EQ(get(""), empty);
	EXPECT_EQ(get("a"), a);
}

TEST_F(Trie, set_again_replaces_and_releases)
{
	TrieValue *first = set("k"), *second = set("k");
	EXPECT_EQ(get("k"), second);
	EXPECT_EQ(first->refs, 0);
	EXPECT_EQ(second->refs, 1);
	EXPECT_TRUE(trie_set_text(&txn, "k", second));
	EXPECT_EQ(second->refs, 1) << "the same value once more";
}

TEST_F(Trie, one_value_at_many_keys)
{
	TrieValue *value = values.make();
	for (const char *key : {"a", "ab", "b"})
		EXPECT_TRUE(trie_set_text(&txn, key, value));
	EXPECT_EQ(value->refs, 3);
	remove("ab");
	EXPECT_EQ(value->refs, 2);
}

/* A split at each place of a skip, and the join that undoes it. */
TEST_F(Trie, splits_and_joins_at_every_place)
{
	const std::string key = "0123456789";
	TrieValue *whole = set(key);
	for (size_t at = 0; at <= key.size(); at++) {
		std::string fork =
			key.substr(0, at) + "x" + (at < key.size() ? key.substr(at + 1) : "");
		TrieValue *other = set(fork);
		EXPECT_EQ(get(key), whole) << at;
		EXPECT_EQ(get(fork), other) << at;
		EXPECT_EQ(nodes(), at < key.size() ? 3u : 2u) << at;
		EXPECT_EQ(trie_content(txn.root), (TrieModel{{key, whole}, {fork, other}}));
		remove(fork);
		EXPECT_EQ(get(key), whole) << at;
		EXPECT_EQ(nodes(), 1u) << at;
	}
}

TEST_F(Trie, prefixes_of_each_other)
{
	const std::string key = "abcdefgh";
	std::vector<TrieValue *> at(key.size() + 1);
	for (size_t len : {3u, 8u, 0u, 5u, 4u, 1u, 7u, 2u, 6u})
		at[len] = set(key.substr(0, len));
	for (size_t len = 0; len <= key.size(); len++)
		EXPECT_EQ(get(key.substr(0, len)), at[len]) << len;
	EXPECT_EQ(nodes(), 9u);
	for (size_t len : {4u, 0u, 8u, 2u, 7u, 1u, 5u, 3u}) {
		remove(key.substr(0, len));
		at[len] = nullptr;
		for (size_t i = 0; i <= key.size(); i++)
			EXPECT_EQ(get(key.substr(0, i)), at[i]) << len << " " << i;
	}
	EXPECT_EQ(nodes(), 1u);
	remove(key.substr(0, 6));
	EXPECT_EQ(txn.root, nullptr);
}

TEST_F(Trie, every_byte_is_a_key_byte)
{
	TrieModel model;
	std::mt19937 random(1);
	std::vector<std::string> keys;
	for (unsigned byte = 0; byte < 256; byte++) {
		keys.push_back({(char)byte});
		keys.push_back({'p', (char)byte, (char)0xff});
		keys.push_back({(char)byte, 0, (char)byte});
	}
	std::shuffle(keys.begin(), keys.end(), random);
	for (const std::string &key : keys)
		model[key] = set(key);
	EXPECT_EQ(trie_content(txn.root), model);
	EXPECT_EQ(model.size(), 256u * 3);
	std::shuffle(keys.begin(), keys.end(), random);
	for (const std::string &key : keys) {
		EXPECT_EQ(get(key), model[key]);
		remove(key);
		EXPECT_EQ(get(key), nullptr);
		model.erase(key);
		ASSERT_EQ(trie_content(txn.root), model);
	}
	EXPECT_EQ(txn.root, nullptr);
}

TEST_F(Trie, nul_bytes_do_not_end_a_key)
{
	using std::string_literals::operator""s;
	TrieValue *none = set(""), *one = set("\0"s), *two = set("\0\0"s), *odd = set("\0\xff"s);
	EXPECT_EQ(get(""), none);
	EXPECT_EQ(get("\0"s), one);
	EXPECT_EQ(get("\0\0"s), two);
	EXPECT_EQ(get("\0\xff"s), odd);
	EXPECT_EQ(get("\0\0\0"s), nullptr);
}

TEST_F(Trie, longest_keys)
{
	std::string longest(TRIE_KEY_MAX, 'k');
	TrieValue *value = set(longest);
	EXPECT_EQ(get(longest), value);
	EXPECT_EQ(get(longest.substr(1)), nullptr);
	EXPECT_EQ(get(longest + "k"), nullptr);
	EXPECT_FALSE(trie_set_text(&txn, longest + "k", value));
	EXPECT_EQ(value->refs, 1);

	std::string fork = longest;
	fork[30000] = 'x';
	TrieValue *other = set(fork);
	EXPECT_EQ(get(longest), value);
	EXPECT_EQ(get(fork), other);
	remove(longest);
	EXPECT_EQ(get(fork), other);
	EXPECT_EQ(nodes(), 1u);
}

TEST_F(Trie, deep_tries)
{
	std::string key;
	TrieModel model;
	for (int i = 0; i < 2500; i++) {
		key += 'a';
		model[key] = set(key);
	}
	EXPECT_EQ(trie_content(txn.root), model);
	EXPECT_EQ(nodes(), 2500u);
	while (!key.empty()) {
		remove(key);
		key.pop_back();
	}
	EXPECT_EQ(txn.root, nullptr);
}

TEST_F(Trie, remove_of_what_is_not_there_changes_nothing)
{
	set("abc");
	set("abd");
	commit();
	for (const char *key : {"", "a", "ab", "abe", "abcd", "x"}) {
		remove(key);
		EXPECT_EQ(txn.root, root) << key << ": not even a copy is made";
	}
}

/* --- versions -------------------------------------------------------------------------------------------------- */

TEST_F(Trie, abort_leaves_the_root_untouched)
{
	const char *keys[] = {"", "abc", "abcd", "abd", "b"};
	for (const char *key : keys)
		set(key);
	commit();
	TrieModel before = trie_content(root);
	struct trie_size size = trie_measure(root);
	for (const char *key : keys) {
		set(key);
		remove(key);
		set(std::string(key) + "x");
		set(std::string("ab") + key);
		EXPECT_NE(trie_content(txn.root), before);
		EXPECT_EQ(trie_content(root), before);
		trie_abort(&txn);
		EXPECT_EQ(txn.root, nullptr);
		EXPECT_EQ(trie_content(root), before);
		trie_begin(&txn, root, &trie_value_ops);
	}
	EXPECT_EQ(trie_measure(root).nodes, size.nodes);
	EXPECT_EQ(trie_measure(root).bytes, size.bytes);
	EXPECT_EQ(values.refs(), (long)before.size());
}

TEST_F(Trie, a_change_copies_the_path_and_shares_the_rest)
{
	for (char a = 'a'; a <= 'z'; a++)
		for (char b = 'a'; b <= 'z'; b++)
			set({a, b});
	commit();
	set("mm");
	const struct trie_node *old_m = trie_child(root, 'm'), *new_m = trie_child(txn.root, 'm');
	EXPECT_NE(txn.root, root);
	EXPECT_NE(new_m, old_m);
	EXPECT_NE(trie_child(new_m, 'm'), trie_child(old_m, 'm'));
	EXPECT_EQ(trie_child(new_m, 'n'), trie_child(old_m, 'n'));
	EXPECT_EQ(trie_child(txn.root, 'n'), trie_child(root, 'n'));

	const struct trie_node *owned = txn.root;
	set("mn");
	EXPECT_EQ(txn.root, owned) << "a second change in the same place is made in place";
	EXPECT_EQ(trie_child(txn.root, 'm'), new_m);
}

TEST_F(Trie, commit_without_a_change_is_the_same_root)
{
	set("a");
	commit();
	struct trie_node *before = root;
	commit();
	EXPECT_EQ(root, before);
	EXPECT_EQ(root->refs, 2u) << "the caller's and the transaction's";
}

TEST_F(Trie, two_transactions_on_one_root)
{
	TrieValue *base = set("base");
	commit();
	struct trie_txn other;
	trie_begin(&other, root, &trie_value_ops);
	TrieValue *here = set("here"), *there = values.make();
	EXPECT_TRUE(trie_set_text(&other, "there", there));
	EXPECT_TRUE(trie_remove_text(&other, "base"));
	EXPECT_EQ(trie_content(root), (TrieModel{{"base", base}}));
	EXPECT_EQ(trie_content(txn.root), (TrieModel{{"base", base}, {"here", here}}));
	EXPECT_EQ(trie_content(other.root), (TrieModel{{"there", there}}));
	trie_abort(&other);
	EXPECT_EQ(trie_content(txn.root), (TrieModel{{"base", base}, {"here", here}}));
}

TEST_F(Trie, versions_are_released_in_any_order)
{
	std::vector<struct trie_node *> roots;
	std::vector<TrieModel> models;
	TrieModel model;
	for (int i = 0; i < 30; i++) {
		std::string key(1 + i % 5, (char)('a' + i % 3));
		model[key] = set(key);
		commit();
		trie_retain(root);
		roots.push_back(root);
		models.push_back(model);
	}
	for (size_t gone : {7u, 0u, 29u, 3u, 28u, 15u}) {
		trie_release(roots[gone], &trie_value_ops);
		roots[gone] = nullptr;
		for (size_t i = 0; i < roots.size(); i++)
			EXPECT_EQ(trie_content(roots[i]), roots[i] ? models[i] : TrieModel());
	}
	for (struct trie_node *left : roots)
		trie_release(left, &trie_value_ops);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

TEST_F(Trie, read_goes_on_from_any_place)
{
	for (const char *key : {"com.example.vod/live", "com.example.vod/lost", "com.example/"})
		set(key);
	for (const auto &item : trie_content(txn.root)) {
		const std::string &key = item.first;
		const uint8_t *bytes = (const uint8_t *)key.data();
		for (size_t cut = 0; cut <= key.size(); cut++) {
			struct trie_place place = trie_read({txn.root, 0}, bytes, cut);
			ASSERT_NE(place.node, nullptr);
			struct trie_place end = trie_read(place, bytes + cut, key.size() - cut);
			ASSERT_NE(end.node, nullptr);
			EXPECT_EQ(end.node->value, item.second);
			EXPECT_EQ(end.skip, end.node->skip_len);
			EXPECT_EQ(trie_read(place, (const uint8_t *)"\1", 1).node, nullptr);
		}
		EXPECT_EQ(trie_read({txn.root, 0}, (const uint8_t *)(key + "\1").data(),
				    key.size() + 1)
				  .node,
			  nullptr);
	}
	EXPECT_EQ(trie_read({nullptr, 0}, (const uint8_t *)"a", 1).node, nullptr);
}

TEST_F(Trie, measure)
{
	EXPECT_EQ(trie_measure(nullptr).bytes, 0u);
	set("abc");
	set("abd");
	set("ab");
	struct trie_size size = trie_measure(txn.root);
	EXPECT_EQ(size.nodes, 3u);
	EXPECT_EQ(size.values, 3u);
	EXPECT_EQ(size.bytes, 3 * sizeof(struct trie_node) + 2 * sizeof(void *) + 2);
}

} // namespace
