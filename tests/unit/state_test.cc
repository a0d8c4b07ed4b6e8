/* state_test - what was put is read back, layers count once committed, what is void goes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/state_box.h"

#include <random>
#include <thread>

namespace
{

Row scope(const std::string &name, const std::string &json)
{
	return {"scope", name, json};
}

Row removed(const std::string &name, bool keep)
{
	return {"scope", name, "", keep};
}

std::vector<std::string> names(const Rows &rows)
{
	std::vector<std::string> list;
	for (const Row &row : rows)
		list.push_back(row.name);
	return list;
}

/* n rows of a layer, from the first name on. */
Rows many(size_t first, size_t n, const std::string &json)
{
	Rows rows;
	for (size_t i = first; i < first + n; i++)
		rows.push_back(
			{"scope", "s" + std::to_string(i), json, false, "file", (uint32_t)i + 1});
	return rows;
}

class State : public testing::Test
{
      protected:
	TemporaryFolder folder;
	std::string path = folder.file("state.db");
	StateBox box{path};

	void SetUp() override
	{
		ASSERT_TRUE(box.state) << box.err;
	}
	int64_t count(const char *sql)
	{
		sqlite3 *db;
		sqlite3_stmt *query;
		EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
		EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &query, nullptr), SQLITE_OK) << sql;
		EXPECT_EQ(sqlite3_step(query), SQLITE_ROW);
		int64_t n = sqlite3_column_int64(query, 0);
		sqlite3_finalize(query);
		sqlite3_close(db);
		return n;
	}
};

TEST_F(State, begins_empty)
{
	EXPECT_EQ(box.generation(), 0u);
	EXPECT_TRUE(box.read().empty());
	EXPECT_TRUE(box.history().empty());
	EXPECT_FALSE(state_clean(box.state, 100) && state_clean(box.state, 100));
	EXPECT_EQ(state_forgotten(box.state), 0u);
}

TEST_F(State, rows_come_back_as_they_were)
{
	Rows rows = {
		{"scope", "vod", R"({"name":"vod"})", false, "set-a", 4294967295u, 7},
		{"cdn", "", "\xc3\xa4 '\"; DROP TABLE direct; --\x01\xff", false, "", 1, 7},
		{"node", std::string(5000, 'n'), std::string(1 << 20, 'j'), false, "x", 0, 7},
		{"dri", "gone", "", true, "x", 0, 7},
		{"dri", "may go", "", false, "x", 0, 7},
	};
	ASSERT_TRUE(box.put(7, rows)) << box.err;
	EXPECT_EQ(box.read(), rows);
	ASSERT_TRUE(box.reopen()) << box.err;
	EXPECT_EQ(box.read(), rows);
	EXPECT_EQ(box.generation(), 7u);
}

TEST_F(State, a_commit_may_have_no_rows)
{
	ASSERT_TRUE(box.put(1, {}));
	EXPECT_EQ(box.generation(), 1u);
	EXPECT_EQ(box.history(), std::vector<uint64_t>{1});
	EXPECT_TRUE(box.read().empty());
}

TEST_F(State, generations_only_rise)
{
	ASSERT_TRUE(box.put(5, {scope("a", "1")}));
	EXPECT_FALSE(box.put(5, {scope("a", "2")}));
	EXPECT_NE(std::string(box.err).find("generation 5 cannot follow 5"), std::string::npos)
		<< box.err;
	EXPECT_FALSE(box.put(4, {scope("a", "2")}));
	EXPECT_FALSE(box.put(0, {}));
	EXPECT_FALSE(box.put(UINT64_MAX, {}));
	EXPECT_TRUE(box.put(INT64_MAX, {scope("a", "3")})) << "generations may leave gaps";
	EXPECT_EQ(box.objects().begin()->second.json, "3");
}

TEST_F(State, history_has_the_newest_first)
{
	struct state_commit commit = {9, 1700000000123456789, "file /x/y.jsonl", "a note", 1,
				      2, 4294967295u};
	ASSERT_EQ(state_put(box.state, &commit, nullptr, 0, box.err, sizeof(box.err)), 0);
	for (uint64_t generation : {10, 12, 15})
		ASSERT_TRUE(box.put(generation, {}));
	using List = std::vector<uint64_t>;
	EXPECT_EQ(box.history(), (List{15, 12, 10, 9}));
	EXPECT_EQ(box.history(1, 2), (List{12, 10}));
	EXPECT_EQ(box.history(3, 100), (List{9}));
	EXPECT_EQ(box.history(UINT64_MAX, 1), List{});
	EXPECT_EQ(box.history(0, 0), List{});
	auto check = [](void *arg, const struct state_commit *read) {
		const auto *wrote = static_cast<struct state_commit *>(arg);
		EXPECT_EQ(read->generation, wrote->generation);
		EXPECT_EQ(read->time_ns, wrote->time_ns);
		EXPECT_STREQ(read->origin, wrote->origin);
		EXPECT_STREQ(read->text, wrote->text);
		EXPECT_EQ(read->added, wrote->added);
		EXPECT_EQ(read->changed, wrote->changed);
		EXPECT_EQ(read->removed, wrote->removed);
	};
	EXPECT_EQ(state_history(box.state, 3, 1, check, &commit, box.err, sizeof(box.err)), 0);
}

TEST_F(State, history_is_bounded)
{
	for (int i = 1; i <= STATE_HISTORY_MAX + 500; i++)
		ASSERT_TRUE(box.put({}));
	box.clean();
	auto left = box.history();
	EXPECT_EQ(left.size(), (size_t)STATE_HISTORY_MAX);
	EXPECT_EQ(left.front(), STATE_HISTORY_MAX + 500u);
	EXPECT_EQ(left.back(), 501u);
	ASSERT_TRUE(box.reopen());
	EXPECT_EQ(box.generation(), STATE_HISTORY_MAX + 500u);
}

TEST_F(State, a_layer_counts_from_its_commit_on)
{
	int64_t layer = box.layer();
	ASSERT_TRUE(box.add(layer, {scope("a", "layer"), scope("b", "layer")}));
	EXPECT_TRUE(box.read().empty());
	ASSERT_TRUE(box.put({scope("a", "direct")}));
	ASSERT_TRUE(box.add(layer, {scope("c", "layer")}));
	EXPECT_EQ(names(box.read()), (std::vector<std::string>{"a"}));
	ASSERT_TRUE(box.commit(layer));
	EXPECT_EQ(box.generation(), 2u);
	EXPECT_EQ(names(box.read()), (std::vector<std::string>{"a", "a", "b", "c"}));
	EXPECT_EQ((box.objects()[{"scope", "a"}].json), "layer") << "the layer was committed later";
	ASSERT_TRUE(box.put({scope("a", "direct again")}));
	EXPECT_EQ((box.objects()[{"scope", "a"}].json), "direct again");
	EXPECT_EQ(names(box.read(1)), (std::vector<std::string>{"a", "b", "c", "a"}));
	EXPECT_EQ(names(box.read(2)), (std::vector<std::string>{"a"}));
	EXPECT_TRUE(box.read(3).empty());
	EXPECT_TRUE(box.read(UINT64_MAX).empty());
	EXPECT_FALSE(box.add(layer, {scope("d", "late")})) << "it is closed";
	EXPECT_FALSE(box.commit(layer));
}

TEST_F(State, reading_stops_when_told)
{
	ASSERT_TRUE(box.put({scope("a", "1"), scope("b", "1")}));
	ASSERT_TRUE(box.put({scope("c", "1")}));
	int calls = 0;
	auto once = [](void *arg, const struct state_row *) {
		return ++*static_cast<int *>(arg) < 2;
	};
	EXPECT_EQ(state_read(box.state, 0, once, &calls, box.err, sizeof(box.err)), 0);
	EXPECT_EQ(calls, 2);
}

TEST_F(State, layers_side_by_side)
{
	int64_t one = box.layer(), two = box.layer(), three = box.layer();
	for (size_t i = 0; i < 3; i++) {
		ASSERT_TRUE(box.add(one, many(i * 10, 10, "one")));
		ASSERT_TRUE(box.add(two, many(i * 10, 10, "two")));
		ASSERT_TRUE(box.add(three, many(i * 10, 10, "three")));
	}
	ASSERT_TRUE(box.commit(three));
	ASSERT_TRUE(box.commit(one));
	state_layer_abort(box.state, two);
	EXPECT_FALSE(box.commit(two));
	EXPECT_NE(std::string(box.err).find("is not open"), std::string::npos) << box.err;
	Rows rows = box.read();
	ASSERT_EQ(rows.size(), 60u);
	EXPECT_EQ(rows[0].json, "three");
	EXPECT_EQ(rows[59].json, "one");
	EXPECT_EQ(rows[59].line, 30u);
	EXPECT_EQ(count("SELECT count(*) FROM layered"), 90);
	box.clean();
	EXPECT_EQ(count("SELECT count(*) FROM layered WHERE id >> 32 = 2"), 0);
}

TEST_F(State, an_open_layer_is_not_cleaned_away)
{
	int64_t dead = box.layer(), layer = box.layer();
	ASSERT_TRUE(box.add(dead, many(0, 1000, "dead")));
	ASSERT_TRUE(box.add(layer, many(0, 1000, "open")));
	state_layer_abort(box.state, dead);
	EXPECT_GE(box.clean(100), 10) << "each call does a bounded part";
	EXPECT_EQ(count("SELECT count(*) FROM layered"), 1000);
	ASSERT_TRUE(box.commit(layer));
	box.clean();
	EXPECT_EQ(box.objects().size(), 1000u);
}

TEST_F(State, layers_that_were_never_committed_go_after_a_restart)
{
	int64_t layer = box.layer();
	ASSERT_TRUE(box.add(layer, many(0, 1000, "x")));
	ASSERT_TRUE(box.reopen());
	EXPECT_TRUE(box.read().empty());
	int64_t next = box.layer();
	ASSERT_TRUE(box.add(next, {scope("new", "1")})) << box.err;
	ASSERT_TRUE(box.commit(next));
	EXPECT_EQ(names(box.read()), std::vector<std::string>{"new"})
		<< "nothing of the old layer in the new one";
	box.clean();
	EXPECT_EQ(count("SELECT count(*) FROM layered"), 1);
}

TEST_F(State, void_rows_go)
{
	for (int i = 0; i < 3; i++) {
		int64_t layer = box.layer();
		ASSERT_TRUE(box.add(layer, many(0, 2000, std::to_string(i))));
		ASSERT_TRUE(box.commit(layer));
	}
	for (size_t i = 0; i < 500; i++)
		ASSERT_TRUE(box.put(many(i % 250, 1, "direct")));
	ASSERT_TRUE(box.put(
		{removed("s1000", false), removed("s1001", true), removed("never was", false)}));
	Objects before = box.objects();
	EXPECT_EQ(before.size(), 1999u);
	ASSERT_TRUE(box.reopen());
	EXPECT_GE(box.clean(100), 60);
	EXPECT_EQ(box.objects(), before);
	EXPECT_EQ(box.read().size(), before.size())
		<< "one row for each object, none for what was removed";
	EXPECT_EQ(count("SELECT count(*) FROM layer"), 1);
	ASSERT_TRUE(box.reopen());
	EXPECT_EQ(box.objects(), before);
}

/* Without a restart the walk begins by itself when there is enough to find. */
TEST_F(State, a_flapping_object_does_not_fill_the_disk)
{
	ASSERT_TRUE(box.put(many(0, 100, "base")));
	size_t most = 0;
	for (size_t i = 0; i < 60000; i++) {
		ASSERT_TRUE(box.put({scope("s7", std::to_string(i))}));
		if (i % 50 == 0)
			state_clean(box.state, 200);
		if (i % 10000 == 9999)
			most = std::max(most, box.read().size());
	}
	EXPECT_LT(most, 40000u);
	EXPECT_EQ((box.objects()[{"scope", "s7"}].json), "59999");
	EXPECT_EQ(box.objects().size(), 100u);
}

TEST_F(State, removals_are_told_to_who_has_a_snapshot)
{
	ASSERT_TRUE(box.put(many(0, 10, "x")));
	ASSERT_TRUE(box.put({removed("s1", false)}));
	state_keep_removals(box.state, 2);
	ASSERT_TRUE(box.put({removed("s2", false)}));
	ASSERT_TRUE(box.put({removed("s3", true)}));
	box.clean();
	EXPECT_EQ(state_forgotten(box.state), 2u);
	EXPECT_EQ(names(box.read(2)), (std::vector<std::string>{"s2", "s3"}));
	EXPECT_EQ(box.read().size(), 9u) << "s1 is gone; s2 and s3 are told to be";
	Rows none;
	EXPECT_EQ(state_read(box.state, 1, nullptr, nullptr, box.err, sizeof(box.err)), -1);
	EXPECT_NE(std::string(box.err).find("read it from the beginning"), std::string::npos)
		<< box.err;
	ASSERT_TRUE(box.reopen());
	EXPECT_EQ(state_forgotten(box.state), 2u) << "known after a restart too";
	box.clean();
	EXPECT_EQ(state_forgotten(box.state), 3u) << "nobody asked to keep it any more";
	EXPECT_EQ(box.objects().size(), 8u);
	EXPECT_EQ(box.read().size(), 8u);
}

/* Random commits, layers, removals, cleaning, checkpoints and restarts, against a map. */
TEST_F(State, agrees_with_a_map)
{
	std::mt19937 random(1);
	std::vector<Objects> versions(1); /* by generation */
	std::map<int64_t, Rows> layers;
	auto some_rows = [&](size_t most) {
		Rows rows;
		for (size_t n = random() % (most + 1); n; n--) {
			Row row = {random() % 4 ? "scope" : "cdn", std::to_string(random() % 60),
				   random() % 3 ? std::to_string(random()) : ""};
			row.keep = row.json.empty() && random() % 2;
			row.line = random() % 100;
			rows.push_back(row);
		}
		return rows;
	};
	auto committed = [&](const Rows &rows) {
		versions.push_back(versions.back());
		for (Row row : rows) {
			row.generation = versions.size() - 1;
			take_in(versions.back(), row);
		}
	};
	for (int step = 0; step < 3000; step++) {
		unsigned what = random() % 100;
		auto layer = layers.begin();
		if (what < 50) {
			Rows rows = some_rows(3);
			ASSERT_TRUE(box.put(rows)) << box.err;
			committed(rows);
		} else if (what < 55) {
			layers[box.layer()];
		} else if (what < 70 && layer != layers.end()) {
			Rows rows = some_rows(30);
			ASSERT_TRUE(box.add(layer->first, rows)) << box.err;
			layer->second.insert(layer->second.end(), rows.begin(), rows.end());
		} else if (what < 74 && layer != layers.end()) {
			ASSERT_TRUE(box.commit(layer->first)) << box.err;
			committed(layer->second);
			layers.erase(layer);
		} else if (what < 75 && layer != layers.end()) {
			state_layer_abort(box.state, layer->first);
			layers.erase(layer);
		} else if (what < 90) {
			state_clean(box.state, random() % 40);
		} else if (what < 91) {
			ASSERT_TRUE(box.checkpoint()) << box.err;
		} else if (what < 94) {
			ASSERT_TRUE(box.reopen()) << box.err;
			state_keep_removals(box.state,
					    random() % 2 ? UINT64_MAX : random() % versions.size());
			layers.clear();
		} else {
			uint64_t after = random() % versions.size();
			if (after && after < state_forgotten(box.state))
				continue;
			Objects objects = versions[after];
			uint64_t last = after;
			for (const Row &row : box.read(after)) {
				ASSERT_GE(row.generation, last);
				ASSERT_GT(row.generation, after);
				last = row.generation;
				take_in(objects, row);
			}
			ASSERT_EQ(objects, versions.back())
				<< "step " << step << " after " << after;
		}
		ASSERT_EQ(box.generation(), versions.size() - 1);
	}
	ASSERT_TRUE(box.reopen());
	box.clean();
	EXPECT_EQ(box.read().size(), versions.back().size());
	EXPECT_EQ(box.objects(), versions.back());
}

TEST_F(State, a_checkpoint_empties_the_wal)
{
	for (size_t i = 0; i < 500; i++)
		ASSERT_TRUE(box.put(many(i, 1, std::string(1000, 'x'))));
	EXPECT_GT(state_wal_octets(box.state), 500u << 11);
	ASSERT_TRUE(box.checkpoint()) << box.err;
	EXPECT_EQ(state_wal_octets(box.state), 0u);
	ASSERT_TRUE(box.put({scope("a", "1")}));
	EXPECT_GT(state_wal_octets(box.state), 0u);
	EXPECT_LT(state_wal_octets(box.state), 100u << 10);
	EXPECT_EQ(box.objects().size(), 501u);
}

TEST_F(State, the_wal_is_bounded_without_checkpoints)
{
	uint64_t most = 0;
	for (size_t i = 0; i < 130; i++) {
		ASSERT_TRUE(box.put({scope("a", std::string(1 << 20, 'x'))})) << box.err;
		most = std::max(most, state_wal_octets(box.state));
	}
	EXPECT_GT(most, 60u << 20);
	EXPECT_LT(most, 70u << 20);
}

TEST_F(State, checkpoints_beside_commits)
{
	bool stop = false, ok = true;
	std::thread helper([&] {
		char err[512];
		while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
			ok = !state_checkpoint(path.c_str(), err, sizeof(err)) && ok;
	});
	for (size_t i = 0; i < 3000 && !HasFailure(); i++)
		EXPECT_TRUE(box.put(many(i % 300, 2, std::to_string(i)))) << box.err;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	helper.join();
	EXPECT_TRUE(ok);
	EXPECT_EQ(box.objects().size(), 301u);
	EXPECT_EQ((box.objects()[{"scope", "s299"}].json), "2999");
}

TEST(state, full_sync_works_the_same)
{
	TemporaryFolder folder;
	StateBox box(folder.file("state.db"), STATE_SYNC_FULL);
	ASSERT_TRUE(box.put({scope("a", "1")})) << box.err;
	int64_t layer = box.layer();
	for (size_t i = 0; i < 20; i++)
		ASSERT_TRUE(box.add(layer, many(i * 100, 100, "x"))) << box.err;
	ASSERT_TRUE(box.commit(layer)) << box.err;
	ASSERT_TRUE(box.reopen());
	EXPECT_EQ(box.objects().size(), 2001u);
}

} // namespace
