/* footprint_memory_test - footprint tables and geolocation when memory runs out at any moment: nothing has changed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/footprint_model.h"

#include <functional>
#include <map>

extern "C" {
#include "lib/footprint_table.h"
}

namespace
{

using Model = std::map<uint32_t, List>;

struct Memory : testing::Test {
	FootprintWorld world;
	std::vector<ip_addr> addrs;
	footprint_table *base = footprint_table_new(nullptr);
	Model model;
	int failures = 0;

	void SetUp() override
	{
		world.random.seed(17);
		for (int i = 0; i < 8; i++)
			addrs.push_back(world.prefix(i & 1 ? 4 : 6).addr);
		addrs.push_back(addr_of("32.32.32.32"));
	}
	void TearDown() override
	{
		footprint_table_release(base);
	}

	void expect_equal(const footprint_table *table, const Model &want)
	{
		EXPECT_EQ(footprint_table_size(table).footprints, want.size());
		for (const auto &addr : addrs) {
			footprint_client client;
			footprint_find(table, &addr, &client);
			for (const auto &entry : want)
				ASSERT_EQ(footprint_has(&client, entry.first),
					  world.in_list(addr, entry.second));
		}
	}

	/* When all lists are dropped, nothing stays behind. */
	static void expect_no_rest(footprint_table *table, const Model &lists)
	{
		footprint_txn *txn = footprint_begin(table);
		for (const auto &entry : lists) {
			for (int uses = 0; uses < 3; uses++)
				EXPECT_TRUE(footprint_drop(txn, entry.first));
		}
		footprint_table *empty = footprint_commit(txn);
		for (const footprint_node *root : empty->roots)
			EXPECT_EQ(root, nullptr);
		EXPECT_EQ(empty->lists, nullptr);
		EXPECT_EQ(empty->uses, nullptr);
		EXPECT_EQ(empty->size.prefixes, 0u);
		footprint_table_release(empty);
	}

	/* A change of its own on the base, with an edit that shares nodes with it or not, in which the n-th allocation
	 * fails, and perhaps all later ones; for all n, until the edit goes through. It tells the model what it did. */
	using Edit = std::function<bool(footprint_txn *, Model &)>;
	void edit_until_done(const Edit &edit)
	{
		List first = world.list();
		bool with_first = world.random() % 3 == 0, stay = world.random() % 2;
		for (int n = 0;; n++) {
			Model after = model;
			footprint_txn *txn = footprint_begin(base);
			if (with_first)
				put(txn, first, after);
			failing_malloc.reset(n, stay);
			bool done = edit(txn, after);
			long failed = failing_malloc.failed;
			failing_malloc.reset(-1);
			failures += failed > 0;
			footprint_table *version = footprint_commit(txn);
			expect_equal(version, after);
			expect_no_rest(version, after);
			expect_equal(base, model);
			if (HasFailure() || (done && !failed)) {
				footprint_table_release(base);
				base = version;
				model = after;
				return;
			}
			footprint_table_release(version);
		}
	}
	static void put(footprint_txn *txn, const List &list, Model &into)
	{
		CList c(list);
		uint32_t id;
		uint8_t rank;
		char err[256] = "";
		ASSERT_EQ(footprint_add(txn, c.objects.data(), c.objects.size(), &id, &rank, err,
					sizeof(err)),
			  0);
		into[id] = list;
	}
};

TEST_F(Memory, EditsChangeAllOrNothing)
{
	for (int step = 0; step < 200 && !HasFailure(); step++) {
		List list = world.list();
		CList c(list);
		unsigned what = model.empty()       ? 0
				: model.size() > 12 ? 2 + world.random() % 2
						    : world.random() % 4;
		auto some = model.begin();
		if (!model.empty())
			std::advance(some, world.random() % model.size());
		uint32_t chosen = model.empty() ? 0 : some->first;
		edit_until_done([&](footprint_txn *txn, Model &into) {
			uint32_t id = chosen;
			uint8_t rank;
			char err[256] = "";
			if (what == 3) {
				bool done = footprint_drop(txn, id);
				if (done)
					into.erase(id);
				return done;
			}
			int status =
				what == 2 ? footprint_replace(txn, id, c.objects.data(),
							      c.objects.size(), &rank, err,
							      sizeof(err))
					  : footprint_add(txn, c.objects.data(), c.objects.size(),
							  &id, &rank, err, sizeof(err));
			if (status == 0)
				into[id] = list;
			else
				EXPECT_STREQ(err, "no memory");
			return status == 0;
		});
	}
	EXPECT_GT(failures, 1000);
	EXPECT_FALSE(model.empty());
}

/* A list that is there already, one that is not, one use less and the last one. */
TEST_F(Memory, UsesChangeAllOrNothing)
{
	List list = {v4({"32.32.32.0/24", "32.32.32.7/32"}), v4({"0.0.0.0/8"})};
	CList c(list);
	uint32_t taken = UINT32_MAX;
	auto take = [&](footprint_txn *txn, Model &into) {
		uint8_t rank;
		uint32_t id;
		char err[256];
		bool done = footprint_take(txn, c.objects.data(), c.objects.size(), &id, &rank, err,
					   sizeof(err)) == 0;
		if (done) {
			into[id] = list;
			taken = id;
		}
		return done;
	};
	edit_until_done(take);
	edit_until_done(take);
	edit_until_done([&](footprint_txn *txn, Model &) { return footprint_use(txn, taken); });
	for (int uses = 3; uses; uses--)
		edit_until_done([&](footprint_txn *txn, Model &into) {
			bool done = footprint_drop(txn, taken);
			if (done && uses == 1)
				into.erase(taken);
			return done;
		});
	EXPECT_EQ(model.count(taken), 0u);
	EXPECT_GT(failures, 10);
}

/* More lists at one prefix than an array holds; then they go again. */
TEST_F(Memory, LargeSetsChangeAllOrNothing)
{
	std::vector<uint32_t> ids;
	for (int i = 0; i < 70; i++) {
		List list = {v4({"32.32.32.0/24"})};
		CList c(list);
		uint32_t added = UINT32_MAX;
		edit_until_done([&](footprint_txn *txn, Model &into) {
			uint8_t rank;
			uint32_t id;
			char err[256];
			bool done = footprint_add(txn, c.objects.data(), c.objects.size(), &id,
						  &rank, err, sizeof(err)) == 0;
			if (done) {
				into[id] = list;
				added = id;
			}
			return done;
		});
		ids.push_back(added);
	}
	for (uint32_t id : ids)
		edit_until_done([&](footprint_txn *txn, Model &into) {
			bool done = footprint_drop(txn, id);
			if (done)
				into.erase(id);
			return done;
		});
	EXPECT_GT(failures, 500);
}

TEST(FootprintMemory, NewTablesAndChangesAreNull)
{
	footprint_table *table = footprint_table_new(nullptr);
	failing_malloc.reset(0, true);
	EXPECT_EQ(footprint_table_new(nullptr), nullptr);
	EXPECT_EQ(footprint_begin(table), nullptr);
	failing_malloc.reset(-1);
	footprint_table_release(table);
}

TEST(FootprintMemory, GeolocationIsLoadedOrNot)
{
	TestFile city, as;
	make_mmdb(city, "city", geo_list);
	make_mmdb(as, "asn", geo_list);
	const char *paths[] = {city.path(), as.path()};
	for (int n = 0;; n++) {
		char err[256] = "";
		failing_malloc.reset(n);
		footprint_geo *geo = footprint_geo_load(paths, 2, err, sizeof(err));
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		footprint_geo_release(geo);
		if (geo && !failed) {
			EXPECT_GT(n, 20);
			break;
		}
		if (!geo) {
			EXPECT_STREQ(err, "no memory") << n;
		}
	}
}

} // namespace
