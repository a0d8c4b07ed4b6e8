/* state_memory_test - memory that runs out, here or within SQLite, changes nothing. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/state_box.h"

namespace
{

struct sqlite3_mem_methods usual;

void *sqlite_malloc(int size)
{
	return failing_malloc.fails() ? nullptr : usual.xMalloc(size);
}

void *sqlite_realloc(void *at, int size)
{
	return failing_malloc.fails() ? nullptr : usual.xRealloc(at, size);
}

/* With one failure, and with all allocations failing from some point on. */
class StateMemory : public testing::TestWithParam<bool>
{
      protected:
	static void SetUpTestSuite()
	{
		if (usual.xMalloc)
			return;
		ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual), SQLITE_OK);
		struct sqlite3_mem_methods ours = usual;
		ours.xMalloc = sqlite_malloc;
		ours.xRealloc = sqlite_realloc;
		ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
	}
	void SetUp() override
	{
		for (int i = 0; i < 20; i++)
			ASSERT_TRUE(box.put(
				{{"scope", "s" + std::to_string(i % 15), std::string(3000, 'x')}}))
				<< box.err;
		int64_t layer = box.layer();
		ASSERT_TRUE(box.add(layer, {{"scope", "s1", "layer"}, {"scope", "s2", ""}}));
		ASSERT_TRUE(box.commit(layer));
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
	}
	/* Does it with the n-th allocation failing (or all from there on), for growing n, until
	 * none fails. Gives how often it could not. */
	template <typename Try, typename Check> int until_done(Try attempt, Check check)
	{
		for (int n = 0, refusals = 0;; n += 1 + n / 100) {
			*box.err = 0;
			failing_malloc.reset(n, GetParam());
			bool done = attempt();
			long failed = failing_malloc.failed;
			failing_malloc.reset(-1);
			check(done);
			if (HasFailure() || (done && !failed))
				return refusals;
			refusals += !done;
			EXPECT_TRUE(done || says_why()) << n << ": " << box.err;
		}
	}
	/* SQLite's own check of all pages calls a page damaged for which it has no memory. */
	bool says_why() const
	{
		std::string err = box.err;
		return err.find("no memory") != std::string::npos ||
		       err.find("failed to get page") != std::string::npos ||
		       err.find("unable to get the page") != std::string::npos;
	}

	TemporaryFolder folder;
	std::string path = folder.file("state.db");
	StateBox box{path};
};

TEST_P(StateMemory, put)
{
	Rows before = box.read(), rows = {{"scope", "s1", std::string(5000, 'y')},
					  {"scope", "new", "z"},
					  {"cdn", "s1", ""}};
	auto made = c_rows(rows);
	int refusals = until_done(
		[&] {
			struct state_commit commit = {box.generation() + 1, 1, "x", "", 0, 0, 0};
			return !state_put(box.state, &commit, made.data(), made.size(), box.err,
					  sizeof(box.err));
		},
		[&](bool done) {
			Rows after = box.read();
			EXPECT_EQ(after.size(), before.size() + (done ? rows.size() : 0));
			EXPECT_EQ(box.history(0, 1).front(), box.generation());
			before = after;
		});
	EXPECT_GT(refusals, 0);
}

TEST_P(StateMemory, layers)
{
	Rows rows(200, {"scope", "many", std::string(500, 'y')});
	auto made = c_rows(rows);
	int64_t layer = 0;
	int begins = until_done(
		[&] { return !state_layer_begin(box.state, &layer, box.err, sizeof(box.err)); },
		[](bool) {});
	EXPECT_EQ(begins, 1);
	size_t added = 0;
	int adds = until_done(
		[&] {
			return !state_layer_add(box.state, layer, made.data(), made.size(), box.err,
						sizeof(box.err));
		},
		[&](bool done) { added += done ? rows.size() : 0; });
	EXPECT_GT(adds, 0);
	size_t before = box.read().size();
	uint64_t generation = box.generation();
	struct state_commit commit = {generation + 1, 1, "x", "", 0, 0, 0};
	bool committed = false;
	until_done(
		[&] {
			if (!committed)
				committed = !state_layer_commit(box.state, layer, &commit, box.err,
								sizeof(box.err));
			return committed;
		},
		[&](bool done) {
			EXPECT_EQ(box.read().size(), before + (done ? added : 0));
			EXPECT_EQ(box.generation(), generation + done);
		});
	EXPECT_TRUE(committed);
}

TEST_P(StateMemory, reading)
{
	size_t all = box.read().size(), rows, commits;
	auto count = [](void *n, const struct state_row *) {
		return ++*static_cast<size_t *>(n) > 0;
	};
	int refusals = until_done(
		[&] {
			rows = 0;
			return !state_read(box.state, 0, count, &rows, box.err, sizeof(box.err));
		},
		[&](bool done) { EXPECT_TRUE(!done || rows == all) << rows; });
	EXPECT_GT(refusals, 0);
	until_done(
		[&] {
			commits = 0;
			auto one = [](void *n, const struct state_commit *) {
				++*static_cast<size_t *>(n);
			};
			return !state_history(box.state, 0, 100, one, &commits, box.err,
					      sizeof(box.err));
		},
		[&](bool done) { EXPECT_TRUE(!done || commits == 21) << commits; });
}

TEST_P(StateMemory, opening)
{
	Rows before = box.read();
	int refusals = until_done([&] { return box.reopen(); },
				  [&](bool done) { EXPECT_TRUE(!done || box.read() == before); });
	EXPECT_GT(refusals, 100);
	EXPECT_EQ(box.read(), before);
}

TEST_P(StateMemory, making_a_new_one)
{
	std::string made = folder.file("made.db");
	struct state *state = nullptr;
	int refusals = until_done(
		[&] {
			return (state = state_open(made.c_str(), STATE_SYNC_NORMAL, box.err,
						   sizeof(box.err)));
		},
		[&](bool done) {
			state_close(state);
			EXPECT_TRUE(!done || StateBox(made).state);
		});
	EXPECT_GT(refusals, 100);
}

TEST_P(StateMemory, cleaning)
{
	Objects before = box.objects();
	for (int n = 0;; n++) {
		int64_t abandoned = box.layer();
		ASSERT_TRUE(box.add(abandoned, {{"scope", "s3", "abandoned"}}));
		ASSERT_TRUE(box.put({{"scope", "s4", std::string(3000, 'x')}})) << box.err;
		before = box.objects();
		ASSERT_TRUE(box.reopen());
		failing_malloc.reset(n, GetParam());
		while (state_clean(box.state, 7))
			;
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		ASSERT_EQ(box.objects(), before) << n;
		if (!failed)
			break;
	}
	EXPECT_EQ(box.read().size(), before.size());
}

TEST_P(StateMemory, checkpoints)
{
	Rows before = box.read();
	until_done([&] { return box.checkpoint(); }, [&](bool) { EXPECT_EQ(box.read(), before); });
}

INSTANTIATE_TEST_SUITE_P(failures, StateMemory, testing::Bool());

} // namespace
