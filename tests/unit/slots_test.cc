/* slots_test - places, the shape of the array, versions that do not disturb each other, and memory that runs out. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/slots.h"
}
#include "tests/support/failing_malloc.h"
#include "tests/support/trie_values.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace
{

using Model = std::map<uint32_t, void *>;

/* Every place, found by walking the nodes; checks what each node says of those below it. */
void collect(const struct slots_node *node, uint32_t above, Model &out)
{
	bool empty = true;
	for (uint32_t i = 0; i < SLOTS_FAN; i++) {
		bool full = node->full >> i & 1;
		uint32_t place = above << SLOTS_BITS | i;
		if (node->at[i] && node->height) {
			auto child = static_cast<const struct slots_node *>(node->at[i]);
			EXPECT_EQ(child->height, node->height - 1);
			EXPECT_EQ(full, child->full == UINT64_MAX);
			collect(child, place, out);
		} else {
			EXPECT_EQ(full, node->at[i] != nullptr);
			if (node->at[i])
				out[place] = node->at[i];
		}
		empty = empty && !node->at[i];
	}
	EXPECT_FALSE(empty) << "an empty node stays behind";
}

Model content(const struct slots_node *root)
{
	Model out;
	if (root)
		collect(root, 0, out);
	return out;
}

uint32_t height_for(const Model &model)
{
	uint32_t height = 0;
	while ((uint64_t)model.rbegin()->first >> SLOTS_BITS * (height + 1))
		height++;
	return height;
}

/* The array against the map by every way of reading. */
void check(const struct slots_node *root, const Model &model)
{
	ASSERT_EQ(content(root), model);
	ASSERT_EQ(root != nullptr, !model.empty());
	if (root) {
		ASSERT_EQ(root->height, height_for(model));
	}
	uint32_t place = 0;
	for (const auto &[at, value] : model) {
		ASSERT_EQ(slots_get(root, at), value);
		ASSERT_EQ(slots_get(root, at + 1),
			  model.count(at + 1) ? model.at(at + 1) : nullptr);
		ASSERT_TRUE(slots_next(root, &place));
		ASSERT_EQ(place, at);
		place = at + 1;
	}
	if (model.empty() || place) {
		ASSERT_FALSE(slots_next(root, &place));
	}
}

uint32_t lowest_empty(const Model &model)
{
	uint32_t place = 0;
	for (const auto &item : model)
		if (item.first == place)
			place++;
	return place;
}

class Slots : public testing::Test
{
      protected:
	TrieValues values;
	struct slots_node *root = nullptr;
	struct slots_txn txn;
	Model model;

	void SetUp() override
	{
		slots_begin(&txn, nullptr, &trie_value_ops);
	}
	void TearDown() override
	{
		slots_abort(&txn);
		slots_release(root, &trie_value_ops);
		EXPECT_EQ(values.refs(), 0);
		EXPECT_FALSE(values.negative());
	}
	uint32_t add()
	{
		uint32_t place = UINT32_MAX;
		void *value = values.make();
		EXPECT_TRUE(slots_add(&txn, value, &place));
		model[place] = value;
		return place;
	}
	void set(uint32_t place)
	{
		EXPECT_TRUE(slots_set(&txn, place, model[place] = values.make()));
	}
	void empty(uint32_t place)
	{
		EXPECT_TRUE(slots_set(&txn, place, nullptr));
		model.erase(place);
	}
	void commit()
	{
		slots_release(root, &trie_value_ops);
		root = slots_commit(&txn);
		slots_begin(&txn, root, &trie_value_ops);
	}
};

TEST_F(Slots, nothing_in_it)
{
	check(nullptr, {});
	for (uint32_t place : {0u, 63u, 64u, UINT32_MAX}) {
		EXPECT_EQ(slots_get(nullptr, place), nullptr);
		empty(place);
		EXPECT_EQ(txn.root, nullptr);
	}
}

/* Across two changes of height, there and back. */
TEST_F(Slots, added_in_order_and_emptied)
{
	const uint32_t n = 64 * 64 + 70;
	for (uint32_t i = 0; i < n; i++)
		ASSERT_EQ(add(), i);
	check(txn.root, model);
	for (uint32_t place : {0u, 63u, 64u, 4095u, 4096u, n - 1}) {
		empty(place);
		ASSERT_EQ(add(), place) << "the lowest one";
	}
	for (uint32_t i = n; i-- > 0;) {
		empty(i);
		if (i % 61 == 0)
			check(txn.root, model);
	}
	EXPECT_EQ(txn.root, nullptr);
}

TEST_F(Slots, the_places_at_the_edges)
{
	for (uint32_t bits = 0; bits < 32; bits++)
		for (uint32_t place : {(1u << bits) - 1, 1u << bits, UINT32_MAX - (1u << bits) + 1})
			set(place);
	check(txn.root, model);
	uint32_t place = UINT32_MAX;
	EXPECT_TRUE(slots_next(txn.root, &place));
	EXPECT_EQ(place, UINT32_MAX);
	EXPECT_EQ(add(), 5u);
	while (!model.empty()) {
		empty(std::prev(model.end())->first);
		check(txn.root, model);
	}
}

/* The last of all 2^32 places is never given out twice: nodes are made to say that they are full. */
TEST_F(Slots, no_place_is_left)
{
	set(UINT32_MAX);
	for (unsigned i = 0; i < 4; i++)
		txn.root->full |= UINT64_C(1) << i;
	struct slots_node *before = txn.root;
	uint32_t place = 7;
	EXPECT_FALSE(slots_add(&txn, values.make(), &place));
	EXPECT_EQ(place, 7u);
	EXPECT_EQ(txn.root, before);
}

TEST_F(Slots, a_change_copies_one_way_and_only_once)
{
	for (uint32_t i = 0; i < 64 * 64; i++)
		add();
	commit();
	set(130);
	EXPECT_NE(txn.root, root);
	for (unsigned i = 0; i < SLOTS_FAN; i++)
		EXPECT_EQ(txn.root->at[i] == root->at[i], i != 2) << i;
	struct slots_node *owned = txn.root;
	void *leaf = owned->at[2];
	set(131);
	EXPECT_EQ(txn.root, owned);
	EXPECT_EQ(txn.root->at[2], leaf);
	EXPECT_NE(slots_get(root, 130), model[130]);
}

TEST_F(Slots, what_changes_nothing_copies_nothing)
{
	add();
	commit();
	EXPECT_TRUE(slots_set(&txn, 0, model[0]));
	empty(1);
	empty(64);
	EXPECT_EQ(txn.root, root);
	EXPECT_EQ(static_cast<TrieValue *>(model[0])->refs, 1);
}

TEST_F(Slots, abort_leaves_the_root_untouched)
{
	for (uint32_t i = 0; i < 100; i++)
		add();
	commit();
	Model before = model;
	for (uint32_t i = 0; i < 100; i += 2)
		empty(i);
	set(100000);
	check(txn.root, model);
	check(root, before);
	slots_abort(&txn);
	check(root, before);
	EXPECT_EQ(values.refs(), 100);
}

struct Version {
	struct slots_node *root;
	Model model;
};

/* One edit of a change and of its model; false when there was no memory. */
bool edit(std::mt19937 &random, struct slots_txn *txn, TrieValues &values, Model &model)
{
	const uint32_t reach[] = {10, 70, 200, 5000, 300000, UINT32_MAX};
	uint32_t below = reach[random() % 6], place = (uint32_t)random() % below;
	void *value = random() % 9 < 4 + 2 * (model.size() < 200) ? values.make() : nullptr;
	if (value && random() % 2) {
		uint32_t lowest = lowest_empty(model);
		if (!slots_add(txn, value, &place))
			return false;
		EXPECT_EQ(place, lowest);
	} else {
		if (!value && !model.empty() && random() % 4)
			place = std::next(model.begin(), (long)(random() % model.size()))->first;
		if (!slots_set(txn, place, value))
			return false;
	}
	if (value)
		model[place] = value;
	else
		model.erase(place);
	return true;
}

TEST(slots_model, random_changes_agree_with_a_map)
{
	std::mt19937 random(7);
	TrieValues values;
	std::vector<Version> versions(1, Version{nullptr, {}});
	size_t largest = 0;
	for (int i = 0; i < 3000; i++) {
		const Version &from = versions[random() % versions.size()];
		struct slots_txn txn;
		Model model = from.model;
		slots_begin(&txn, from.root, &trie_value_ops);
		for (unsigned edits = random() % 30; edits > 0; edits--)
			ASSERT_TRUE(edit(random, &txn, values, model));
		if (random() % 4 == 0) {
			check(txn.root, model);
			slots_abort(&txn);
		} else {
			versions.push_back({slots_commit(&txn), std::move(model)});
			largest = std::max(largest, versions.back().model.size());
		}
		check(versions.back().root, versions.back().model);
		const Version &other = versions[random() % versions.size()];
		check(other.root, other.model);
		ASSERT_FALSE(testing::Test::HasFailure()) << i;
		if (versions.size() > 12) {
			size_t gone = random() % versions.size();
			slots_release(versions[gone].root, &trie_value_ops);
			versions.erase(versions.begin() + (long)gone);
		}
	}
	EXPECT_GT(largest, 150u);
	for (Version &version : versions)
		slots_release(version.root, &trie_value_ops);
	EXPECT_EQ(values.refs(), 0);
	EXPECT_FALSE(values.negative());
}

/* Each edit with its n-th allocation failing, for all n, until it goes through; on shared nodes and on its own ones. */
TEST(slots_memory, all_or_nothing)
{
	long failures = 0;
	for (unsigned round = 0; round < 400; round++) {
		std::mt19937 random(round);
		TrieValues values;
		struct slots_txn txn;
		struct slots_node *base = nullptr;
		Model model, base_model;
		slots_begin(&txn, nullptr, &trie_value_ops);
		for (int step = 0; step < 20; step++) {
			if (round % 2) {
				slots_release(base, &trie_value_ops);
				base = slots_commit(&txn);
				base_model = model;
				slots_begin(&txn, base, &trie_value_ops);
			}
			bool done = false;
			for (long n = 0; !done; n++) {
				std::mt19937 again = random;
				failing_malloc.reset(n);
				done = edit(again, &txn, values, model);
				long failed = failing_malloc.failed;
				failing_malloc.reset(-1);
				EXPECT_EQ(failed, !done);
				failures += failed;
				check(txn.root, model);
				check(base, base_model);
				ASSERT_FALSE(testing::Test::HasFailure()) << round << " " << n;
			}
			random.discard(5);
		}
		slots_abort(&txn);
		slots_release(base, &trie_value_ops);
		ASSERT_EQ(values.refs(), 0);
		ASSERT_FALSE(values.negative());
	}
	EXPECT_GT(failures, 5000);
}

} // namespace
