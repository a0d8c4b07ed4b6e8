/* trie_walk_test - walks and differences against std::map, begun and gone on with at every key. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/trie_values.h"

#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace
{

using Values = std::pair<void *, void *>;
using Found = std::vector<std::pair<std::string, Values>>;

/* What a walk or a diff was called with; it stops at `limit` keys. */
struct Visits {
	Found found;
	size_t limit;
};

bool visit_two(void *arg, const uint8_t *key, size_t len, void *before, void *after)
{
	Visits *visits = static_cast<Visits *>(arg);
	visits->found.push_back({std::string((const char *)key, len), {before, after}});
	return visits->found.size() < visits->limit;
}

bool visit_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	return visit_two(arg, key, len, nullptr, value);
}

Found walk(const struct trie_node *root, const std::string &from, size_t limit = SIZE_MAX)
{
	Visits visits = {{}, limit};
	bool whole = trie_walk(root, (const uint8_t *)from.data(), from.size(), visit_one, &visits);
	EXPECT_EQ(whole, visits.found.size() < limit);
	return visits.found;
}

Found diff(const struct trie_node *before, const struct trie_node *after, const std::string &from,
	   size_t limit = SIZE_MAX)
{
	Visits visits = {{}, limit};
	bool whole = trie_diff(before, after, (const uint8_t *)from.data(), from.size(), visit_two,
			       &visits);
	EXPECT_EQ(whole, visits.found.size() < limit);
	return visits.found;
}

/* The same from maps. std::string compares as unsigned octets. */
Found model_diff(const TrieModel &before, const TrieModel &after)
{
	std::map<std::string, Values> all;
	for (const auto &[key, value] : before)
		all[key].first = value;
	for (const auto &[key, value] : after)
		all[key].second = value;
	Found found;
	for (const auto &[key, values] : all)
		if (values.first != values.second)
			found.push_back({key, values});
	return found;
}

Found since(const Found &all, const std::string &from)
{
	Found found;
	for (const auto &item : all)
		if (item.first >= from)
			found.push_back(item);
	return found;
}

struct Version {
	struct trie_node *root;
	TrieModel model;
};

/* A difference (a walk: from an empty trie) from the start, from each key, from just behind it and from near it, and in
 * portions. */
void check(const Version &before, const Version &after, std::mt19937 &random)
{
	Found all = model_diff(before.model, after.model);
	ASSERT_EQ(diff(before.root, after.root, ""), all);
	for (const TrieModel *model : {&before.model, &after.model}) {
		for (const auto &[key, value] : *model) {
			std::string cut = key.substr(0, random() % (key.size() + 1));
			for (const std::string &from : {key, key + '\0', key + '\xff', cut,
							cut + '\0', cut + 'a', cut + '\xff'})
				ASSERT_EQ(diff(before.root, after.root, from), since(all, from))
					<< from;
		}
	}
	Found portions, portion;
	std::string from;
	do {
		portion = diff(before.root, after.root, from, 1 + random() % 3);
		for (const auto &item : portion)
			portions.push_back(item);
		from = portions.empty() ? "" : portions.back().first + '\0';
	} while (!portion.empty());
	ASSERT_EQ(portions, all);
}

struct trie_node *build(const TrieModel &model)
{
	struct trie_txn txn;
	trie_begin(&txn, nullptr, &trie_value_ops);
	for (const auto &[key, value] : model)
		EXPECT_TRUE(trie_set_text(&txn, key, value));
	return trie_commit(&txn);
}

class TrieWalkModel : public testing::TestWithParam<std::string>
{
};

TEST_P(TrieWalkModel, agrees_with_a_map)
{
	const std::string alphabet = GetParam();
	std::mt19937 random(11);
	TrieValues values;
	const Version nothing = {nullptr, {}};
	std::vector<Version> versions(1, nothing);
	size_t largest = 0;
	for (int i = 0; i < 150; i++) {
		const Version &from = versions[random() % versions.size()];
		Version next = from;
		struct trie_txn txn;
		trie_begin(&txn, from.root, &trie_value_ops);
		for (unsigned edits = random() % 8; edits > 0; edits--) {
			std::string key(random() % 7, ' ');
			for (char &c : key)
				c = alphabet[random() % alphabet.size()];
			if (random() % 4) {
				next.model[key] = values.make();
				ASSERT_TRUE(trie_set_text(&txn, key, next.model[key]));
			} else {
				next.model.erase(key);
				ASSERT_TRUE(trie_remove_text(&txn, key));
			}
		}
		next.root = trie_commit(&txn);
		largest = std::max(largest, next.model.size());
		versions.push_back(next);

		const Version &other = versions[random() % versions.size()];
		Version rebuilt = {build(other.model), other.model};
		check(next, other, random);
		check(other, next, random);
		check(next, rebuilt, random);
		check(nothing, next, random);
		check(next, nothing, random);
		ASSERT_EQ(diff(other.root, rebuilt.root, ""), Found());
		ASSERT_EQ(walk(next.root, ""), model_diff({}, next.model));
		ASSERT_FALSE(HasFailure()) << i;
		trie_release(rebuilt.root, &trie_value_ops);
		if (versions.size() > 10) {
			size_t gone = random() % versions.size();
			trie_release(versions[gone].root, &trie_value_ops);
			versions.erase(versions.begin() + (long)gone);
		}
	}
	EXPECT_GT(largest, 15u);
	for (Version &version : versions)
		trie_release(version.root, &trie_value_ops);
	EXPECT_EQ(values.refs(), 0);
}

INSTANTIATE_TEST_SUITE_P(alphabets, TrieWalkModel,
			 testing::Values("ab", std::string("a.\0\xff", 4), "com./*0123456789-_xyz"),
			 [](const testing::TestParamInfo<std::string> &letters) {
				 return "letters" + std::to_string(letters.param.size());
			 });

TEST(trie_walk, nothing_in_it)
{
	EXPECT_TRUE(trie_walk(nullptr, nullptr, 0, visit_one, nullptr));
	EXPECT_TRUE(trie_diff(nullptr, nullptr, nullptr, 0, visit_two, nullptr));
	EXPECT_TRUE(walk(nullptr, "abc").empty());
}

/* The same keys from here on, with one more that splits a skip at each place. */
TEST(trie_walk, split_at_every_place)
{
	TrieValues values;
	const std::string key = "0123456789";
	TrieModel model = {
		{key, values.make()}, {key + "a", values.make()}, {key + "b", values.make()}};
	struct trie_node *before = build(model);
	for (size_t at = 0; at <= key.size(); at++) {
		for (const std::string &fork : {key.substr(0, at), key.substr(0, at) + "x"}) {
			TrieValue *value = values.make();
			struct trie_txn txn;
			trie_begin(&txn, before, &trie_value_ops);
			ASSERT_TRUE(trie_set_text(&txn, fork, value));
			void *was = fork == key ? model[key] : nullptr;
			EXPECT_EQ(diff(before, txn.root, ""), (Found{{fork, {was, value}}}));
			EXPECT_EQ(diff(txn.root, before, ""), (Found{{fork, {value, was}}}));
			trie_abort(&txn);
		}
	}
	trie_release(before, &trie_value_ops);
}

TEST(trie_walk, longest_keys)
{
	TrieValues values;
	const std::string longest(TRIE_KEY_MAX, 'k');
	std::string fork = longest;
	fork.back() = 'x';
	TrieModel model;
	for (size_t len = 0; len < 3000; len++)
		model[longest.substr(0, len)] = values.make();
	model[longest] = values.make();
	model[fork] = values.make();
	struct trie_node *root = build(model);
	Found all = model_diff({}, model);
	EXPECT_TRUE(walk(root, "") == all);
	EXPECT_TRUE(walk(root, longest) == since(all, longest));
	EXPECT_TRUE(walk(root, longest + '\0') == since(all, fork)) << "longer than any key";
	EXPECT_TRUE(walk(root, fork + '\0').empty());
	trie_release(root, &trie_value_ops);
}

TEST(trie_walk, needs_no_memory)
{
	TrieValues values;
	struct trie_node *root = build({{"a", values.make()}, {"ab", values.make()}});
	Visits visits = {{}, SIZE_MAX};
	failing_malloc.reset(0, true);
	EXPECT_TRUE(trie_walk(root, nullptr, 0, visit_one, &visits));
	EXPECT_TRUE(trie_diff(root, nullptr, nullptr, 0, visit_two, &visits));
	EXPECT_EQ(failing_malloc.calls, 0);
	failing_malloc.reset(-1);
	EXPECT_EQ(visits.found.size(), 4u);
	trie_release(root, &trie_value_ops);
}

/* Seconds for `times` calls. */
template <typename Call> double seconds(int times, Call call)
{
	auto start = std::chrono::steady_clock::now();
	for (int i = 0; i < times; i++)
		call();
	return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/* A walk of 100 000 keys takes longer than a hundred differences of one key, and than a hundred walks that are gone on with for
 * one key more; in truth it takes as long as thousands. */
TEST(trie_walk, cost_goes_with_what_is_found)
{
	TrieValues values;
	std::mt19937 random(3);
	TrieModel model;
	while (model.size() < 100000)
		model["com.example" + std::to_string(random() % 5000) + "/" +
		      std::to_string(random())] = values.make();
	struct trie_node *before = build(model);
	std::string key = std::next(model.begin(), 77777)->first;
	struct trie_txn txn;
	trie_begin(&txn, before, &trie_value_ops);
	TrieValue *value = values.make();
	ASSERT_TRUE(trie_set_text(&txn, key, value));

	double whole = seconds(1, [&] { EXPECT_EQ(walk(before, "").size(), model.size()); });
	EXPECT_LT(seconds(100,
			  [&] {
				  EXPECT_EQ(diff(before, txn.root, ""),
					    (Found{{key, {model[key], value}}}));
			  }),
		  whole);
	EXPECT_LT(seconds(100, [&] { EXPECT_EQ(walk(before, key + '\0', 1).size(), 1u); }), whole);
	trie_abort(&txn);
	trie_release(before, &trie_value_ops);
}

} // namespace
