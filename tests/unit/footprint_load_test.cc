/* footprint_load_test - a table made of canonical lists at once is the one that they were taken from, and what is not canonical is refused. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/footprint_model.h"

extern "C" {
#include "lib/footprint_load.h"
#include "lib/footprint_table.h"
}

#include <map>
#include <memory>

namespace
{

struct Free {
	void operator()(footprint_load *load) const
	{
		footprint_load_free(load);
	}
};
using Load = std::unique_ptr<footprint_load, Free>;

/* What a table holds, by id. */
struct Row {
	bool named;
	uint32_t uses;
	List list;
};
using Rows = std::map<uint32_t, Row>;

/* Loads the lists of a table; ids: the new ones by the old ones. */
footprint_table *load_all(const footprint_table *from, footprint_geo *geo, const Rows &rows,
			  std::map<uint32_t, uint32_t> &ids)
{
	Load load(footprint_load_new(geo));
	bool done = load != nullptr;
	for (auto row = rows.begin(); done && row != rows.end(); ++row) {
		span all = footprint_list_content(footprint_table_list(from, row->first));
		uint32_t id = 0;
		done = footprint_load_add(load.get(), all.at, all.len, row->second.named, &id) ==
		       FOOTPRINT_LOADED;
		if (done)
			ids[row->first] = id;
	}
	done = done && footprint_load_build(load.get());
	for (auto row = rows.begin(); done && row != rows.end(); ++row)
		if (row->second.uses > 1)
			done = footprint_load_uses(load.get(), ids[row->first], row->second.uses);
	return done ? footprint_load_finish(load.release()) : nullptr;
}

Rows random_rows(FootprintWorld &world, Table &table, unsigned n)
{
	Rows rows;
	for (; n > 0; n--) {
		bool named = world.random() % 3 == 0;
		List list = world.random() % 4 || rows.empty() ? world.list()
							       : rows.begin()->second.list;
		Added added = named ? table.add(list) : table.take(list);
		EXPECT_EQ(added.status, 0) << added.err;
		Row &row = rows[added.id];
		row = {named, row.uses + 1, list};
	}
	table.commit();
	return rows;
}

/* When all lists are dropped, nothing stays behind. */
void expect_no_rest(footprint_table *table, const Rows &rows, std::map<uint32_t, uint32_t> &ids)
{
	footprint_txn *txn = footprint_begin(table);
	for (const auto &[id, row] : rows) {
		EXPECT_EQ(footprint_uses(txn, ids[id]), row.uses);
		for (uint32_t i = 0; i < row.uses; i++)
			EXPECT_TRUE(footprint_drop(txn, ids[id]));
	}
	footprint_table *empty = footprint_commit(txn);
	for (const footprint_node *root : empty->roots)
		EXPECT_EQ(root, nullptr);
	EXPECT_EQ(empty->lists, nullptr);
	EXPECT_EQ(empty->uses, nullptr);
	EXPECT_EQ(footprint_table_size(empty).prefixes, 0u);
	EXPECT_EQ(empty->n_geo, 0u);
	footprint_table_release(empty);
}

TEST(footprint_load, makes_the_table_again)
{
	FootprintWorld world;
	world.random.seed(5);
	TestFile city, as;
	world.make_places(city, as, 40);
	Geo geo({city.path(), as.path()});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	size_t looks = 0, inside = 0;
	for (unsigned round = 0; round < 30; round++) {
		Table table(geo.geo);
		Rows rows = random_rows(world, table, 1 + world.random() % 30);
		std::map<uint32_t, uint32_t> ids;
		footprint_table *loaded = load_all(table.table, geo.geo, rows, ids);
		ASSERT_NE(loaded, nullptr);
		EXPECT_EQ(footprint_table_size(loaded).footprints, rows.size());
		EXPECT_EQ(footprint_table_size(loaded).prefixes,
			  footprint_table_size(table.table).prefixes);
		EXPECT_EQ(loaded->n_geo, table.table->n_geo);
		for (int i = 0; i < 100; i++) {
			ip_addr addr = world.prefix(i % 2 ? 4 : 6).addr;
			footprint_client client, other;
			footprint_find(loaded, &addr, &client);
			footprint_find(table.table, &addr, &other);
			for (const auto &row : rows) {
				bool in = footprint_has(&other, row.first);
				ASSERT_EQ(footprint_has(&client, ids[row.first]), in);
				ASSERT_EQ(footprint_scope_len(loaded, &addr, &ids[row.first], 1),
					  footprint_scope_len(table.table, &addr, &row.first, 1));
				inside += in;
			}
		}
		/* Equal lists are found. */
		footprint_txn *txn = footprint_begin(loaded);
		for (const auto &[id, row] : rows) {
			looks += id & 1;
			if (row.named)
				continue;
			CList c(row.list);
			uint32_t again = 0;
			uint8_t rank;
			char err[128];
			ASSERT_EQ(footprint_take(txn, c.objects.data(), c.objects.size(), &again,
						 &rank, err, sizeof(err)),
				  0);
			EXPECT_EQ(again, ids[id]);
		}
		footprint_abort(txn);
		expect_no_rest(loaded, rows, ids);
		footprint_table_release(loaded);
	}
	EXPECT_GT(looks, 100u);
	EXPECT_GT(inside, 1000u);
}

/* Contents: slots, terms, then by slot how many values, and the values. */
std::vector<uint8_t> content(uint16_t slots, uint8_t terms, const std::vector<uint8_t> &bytes)
{
	std::vector<uint8_t> all = {(uint8_t)slots, (uint8_t)(slots >> 8), terms};
	for (uint8_t byte : bytes)
		all.push_back(byte);
	return all;
}

TEST(footprint_load, refuses_what_is_not_canonical)
{
	Load load(footprint_load_new(nullptr));
	const struct {
		const char *what;
		std::vector<uint8_t> all;
		bool good;
	} cases[] = {
		{"one prefix", content(1, 1, {1, 0, 0, 0, 10, 0, 0, 0, 8}), true},
		{"two prefixes", content(1, 1, {2, 0, 0, 0, 10, 0, 0, 0, 8, 11, 0, 0, 0, 8}), true},
		{"a union", content(1 << 5, 1 << 5, {1, 0, 0, 0, 10, 0, 0, 0, 8}), true},
		{"nothing", {}, false},
		{"no slot", content(0, 0, {0, 0, 0, 0}), false},
		{"an unknown slot", content(1 << 10, 1, {1, 0, 0, 0, 10, 0, 0, 0, 8}), false},
		{"a slot that is not there", content(3, 3, {1, 0, 0, 0, 10, 0, 0, 0, 8}), false},
		{"wrong terms", content(1, 2, {1, 0, 0, 0, 10, 0, 0, 0, 8}), false},
		{"no values", content(1, 1, {0, 0, 0, 0}), false},
		{"too few values", content(1, 1, {2, 0, 0, 0, 10, 0, 0, 0, 8}), false},
		{"too many values", content(1, 1, {1, 0, 0, 0, 10, 0, 0, 0, 8, 0}), false},
		{"values without end", content(1, 1, {255, 255, 255, 255, 10, 0, 0, 0, 8}), false},
		{"bits past the length", content(1, 1, {1, 0, 0, 0, 10, 0, 0, 1, 8}), false},
		{"a length too long", content(1, 1, {1, 0, 0, 0, 10, 0, 0, 0, 33}), false},
		{"out of order", content(1, 1, {2, 0, 0, 0, 11, 0, 0, 0, 8, 10, 0, 0, 0, 8}),
		 false},
		{"twice", content(1, 1, {2, 0, 0, 0, 10, 0, 0, 0, 8, 10, 0, 0, 0, 8}), false},
		{"one inside another", content(1, 1, {2, 0, 0, 0, 10, 0, 0, 0, 8, 10, 1, 0, 0, 16}),
		 false},
		{"geographic", content(4, 4, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 251, 240}), false},
	};
	for (const auto &c : cases) {
		uint32_t id;
		std::unique_ptr<uint8_t[]> exact(new uint8_t[c.all.size()]);
		std::copy(c.all.begin(), c.all.end(), exact.get());
		EXPECT_EQ(footprint_load_add(load.get(), exact.get(), c.all.size(), false, &id),
			  c.good ? FOOTPRINT_LOADED : FOOTPRINT_LOAD_DAMAGED)
			<< c.what;
	}
}

TEST(footprint_load, loses_nothing_when_memory_runs_out)
{
	FootprintWorld world;
	world.random.seed(6);
	Table table;
	Rows rows = random_rows(world, table, 150);
	for (int i = 0; i < 70; i++) /* more terms than an array takes */
		rows[table.add({v4({"32.0.0.0/8"})}).id] = {true, 1, {v4({"32.0.0.0/8"})}};
	table.commit();
	int failures = 0;
	for (long n = 0;; n++) {
		std::map<uint32_t, uint32_t> ids;
		failing_malloc.reset(n);
		footprint_table *loaded = load_all(table.table, nullptr, rows, ids);
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(loaded != nullptr, !failed);
		failures += !loaded;
		if (!loaded)
			continue;
		expect_no_rest(loaded, rows, ids);
		footprint_table_release(loaded);
		break;
	}
	EXPECT_GT(failures, 300);
}

} // namespace
