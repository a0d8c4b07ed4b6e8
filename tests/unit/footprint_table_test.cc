/* footprint_table_test - random changes of a footprint table, each version against a naive model for as long as it is kept. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/footprint_model.h"

#include <malloc.h>
#include <map>

namespace
{

struct Entry {
	List list;
	unsigned uses;
};
using Model = std::map<uint32_t, Entry>;

struct Version {
	footprint_table *table;
	Model model;
};

class FootprintTable : public testing::Test
{
      protected:
	void SetUp() override
	{
		world.random.seed(3);
		world.make_places(city, as, 60);
		for (const auto &place : world.places)
			FootprintWorld::add_edges(place.prefix, addrs);
		for (int i = 0; i < 60; i++)
			addrs.push_back(world.prefix(i & 1 ? 4 : 6).addr);
	}

	void expect_equal(const footprint_table *table, const Model &model, size_t n_addrs)
	{
		EXPECT_EQ(footprint_table_size(table).footprints, model.size());
		for (size_t i = 0; i < n_addrs; i++) {
			const ip_addr &addr = addrs[world.random() % addrs.size()];
			footprint_client client;
			footprint_find(table, &addr, &client);
			for (const auto &entry : model) {
				bool in = world.in_list(addr, entry.second.list);
				char text[IP_TEXT_MAX];
				ASSERT_EQ(footprint_has(&client, entry.first), in)
					<< ip_addr_text(&addr, text) << " list " << entry.first;
				members += in;
			}
		}
	}

	void edit(const Table &t, Model &model)
	{
		unsigned what = world.random() % 8;
		auto some = model.begin();
		if (model.empty())
			what %= 3;
		else
			std::advance(some, world.random() % model.size());
		if (what < 3) {
			List list = world.list();
			bool is_take = what < 2;
			Added added = is_take ? t.take(list) : t.add(list);
			ASSERT_EQ(added.status, 0) << added.err;
			auto at = model.find(added.id);
			if (at == model.end()) {
				model[added.id] = {list, 1};
				(is_take ? taken : own).insert(added.id);
			} else {
				ASSERT_TRUE(is_take && taken.count(added.id));
				at->second.uses++;
				repeated++;
			}
		} else if (what == 3) {
			/* an equal one */
			Added added = t.take(some->second.list);
			ASSERT_EQ(added.status, 0);
			if (taken.count(some->first)) {
				ASSERT_EQ(added.id, some->first);
			}
			auto at = model.emplace(added.id, Entry{some->second.list, 0}).first;
			taken.insert(added.id);
			at->second.uses++;
		} else if (what == 4) {
			ASSERT_TRUE(footprint_use(t.txn, some->first));
			some->second.uses++;
		} else if (what == 5 && own.count(some->first)) {
			List list = world.list();
			if (world.random() % 2)
				list.push_back(some->second.list[0]);
			ASSERT_EQ(t.replace(some->first, list).status, 0);
			some->second.list = list;
		} else {
			ASSERT_TRUE(footprint_drop(t.txn, some->first));
			if (--some->second.uses == 0) {
				taken.erase(some->first);
				own.erase(some->first);
				model.erase(some);
			}
		}
	}

	FootprintWorld world;
	TestFile city, as;
	std::vector<ip_addr> addrs;
	std::set<uint32_t> taken, own;
	size_t members = 0, repeated = 0;
};

TEST_F(FootprintTable, VersionsStayAsTheyWere)
{
	Geo geo({city.path(), as.path()});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	Table t(geo.geo);
	Model model;
	std::vector<Version> older;
	for (unsigned round = 0; round < 150; round++) {
		Model before = model;
		auto taken_before = taken, own_before = own;
		for (unsigned n = world.random() % 8; n && !HasFatalFailure(); n--)
			edit(t, model);
		ASSERT_FALSE(HasFailure());
		if (world.random() % 4 == 0) {
			t.abort();
			model = before;
			taken = taken_before;
			own = own_before;
		} else {
			older.push_back({t.commit_and_keep(), before});
		}
		expect_equal(t.table, model, 8);
		if (older.size() > 6) {
			size_t i = world.random() % older.size();
			expect_equal(older[i].table, older[i].model, 8);
			footprint_table_release(older[i].table);
			older.erase(older.begin() + static_cast<long>(i));
		}
		ASSERT_FALSE(HasFailure()) << round;
	}
	for (const auto &version : older) {
		expect_equal(version.table, version.model, 20);
		footprint_table_release(version.table);
	}
	EXPECT_GT(members, 1000u);
	EXPECT_GT(model.size(), 10u);
	for (const auto &entry : model) {
		for (unsigned i = 0; i < entry.second.uses; i++)
			ASSERT_TRUE(footprint_drop(t.txn, entry.first));
	}
	t.commit();
	EXPECT_EQ(footprint_table_size(t.table).footprints, 0u);
	EXPECT_EQ(footprint_table_size(t.table).prefixes, 0u);
}

TEST(FootprintTableEdits, UsesAreCounted)
{
	Table t;
	List list = {v4({"10.0.0.0/8"})};
	uint32_t id = t.take(list).id;
	EXPECT_EQ(t.take(list).id, id);
	ASSERT_TRUE(footprint_use(t.txn, id));
	t.commit();
	ip_addr addr = addr_of("10.1.1.1");
	auto is_in = [&](uint32_t which) {
		footprint_client client;
		footprint_find(t.table, &addr, &client);
		return footprint_has(&client, which);
	};
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(is_in(id));
		EXPECT_EQ(footprint_table_size(t.table).footprints, 1u);
		ASSERT_TRUE(footprint_drop(t.txn, id));
		t.commit();
	}
	EXPECT_FALSE(is_in(id));
	ASSERT_TRUE(footprint_drop(t.txn, id)) << "it is gone already";
	EXPECT_EQ(footprint_table_size(t.table).footprints, 0u);
	EXPECT_EQ(footprint_table_size(t.table).prefixes, 0u);

	uint32_t own = t.add(list).id, other = t.add(list).id;
	EXPECT_NE(own, other);
	EXPECT_EQ(t.replace(own, {v4({"11.0.0.0/8", "12.0.0.0/8"})}).rank, 108);
	t.commit();
	EXPECT_FALSE(is_in(own));
	EXPECT_TRUE(is_in(other));
	EXPECT_EQ(footprint_table_size(t.table).prefixes, 3u);
	Added bad = t.replace(own, {v4({"11.0.0.1/8"})});
	EXPECT_EQ(bad.status, -1);
	EXPECT_NE(bad.err.find("\"11.0.0.1/8\""), std::string::npos);
	EXPECT_NE(t.replace(12345, list).err.find("12345"), std::string::npos);
}

/* 200 lists that all have one prefix are a large set there; they leave it in another order. */
TEST(FootprintTableEdits, ManyListsMayShareAPrefix)
{
	Table t;
	std::vector<uint32_t> ids;
	for (int i = 0; i < 200; i++)
		ids.push_back(
			t.take({v4({"10.0.0.0/8", "192.0.2." + std::to_string(i) + "/32"})}).id);
	t.commit();
	std::mt19937 random(1);
	std::shuffle(ids.begin(), ids.end(), random);
	ip_addr addr = addr_of("10.1.1.1");
	for (size_t gone = 0; gone <= ids.size(); gone += 20) {
		footprint_client client;
		footprint_find(t.table, &addr, &client);
		for (size_t i = 0; i < ids.size(); i++)
			ASSERT_EQ(footprint_has(&client, ids[i]), i >= gone);
		for (size_t i = gone; i < gone + 20 && i < ids.size(); i++)
			ASSERT_TRUE(footprint_drop(t.txn, ids[i]));
		t.commit();
	}
}

/* A million edits in many versions. Chunks that malloc keeps for later are counted as used: 64 sizes, seven of each. */
TEST(FootprintTableEdits, GiveAllMemoryBack)
{
	auto used = [] {
		struct mallinfo2 info = mallinfo2();
		return info.uordblks + info.hblkhd;
	};
	Table t;
	std::mt19937 random(9);
	const unsigned n = 1000, rounds = used() ? 334 : 34;
	std::vector<List> lists;
	for (unsigned i = 0; i < 2 * n; i++)
		lists.push_back({v4(
			{"10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24",
			 "192.0." + std::to_string(random() % 256) + ".0/24"})});
	std::vector<uint32_t> ids;
	unsigned edits = 0;
	auto edited = [&] {
		if (++edits % 7 == 0)
			t.commit();
	};
	size_t before = used(), most = 0;
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < n; i++, edited())
			ids.push_back(t.add(lists[i]).id);
		for (unsigned i = 0; i < n; i++, edited())
			ASSERT_EQ(t.replace(ids[i], lists[n + i]).status, 0);
		most = std::max(most, used());
		std::shuffle(ids.begin(), ids.end(), random);
		for (uint32_t id : ids) {
			ASSERT_TRUE(footprint_drop(t.txn, id));
			edited();
		}
		ids.clear();
	}
	t.commit();
	size_t after = used();
	printf("%u edits: %zu bytes before, at most %zu, %zu after\n", edits, before, most, after);
	EXPECT_EQ(footprint_table_size(t.table).footprints, 0u);
	EXPECT_LE(after, before + 256 * 1024) << "a byte lost by four edits is seen";
	/* A sanitizer's malloc tells nothing, but finds leaks itself. */
	EXPECT_TRUE(most == 0 || most > before + n * 32);
}

} // namespace
