/* state_kill_test - after kill -9 every acknowledged commit is there, and no half one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/state_box.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <random>
#include <sys/wait.h>
#include <thread>

namespace
{

enum { PAIRS = 40, LAYER_ROWS = 300, PORTION = 50 };

/* Which commits the child makes; their number is their generation. */
bool is_layer(uint64_t generation)
{
	return generation % 25 == 0;
}

bool removes(uint64_t generation)
{
	return generation % 7 == 3;
}

Rows rows_of(uint64_t generation)
{
	Rows rows;
	std::string json = removes(generation) ? ""
					       : std::to_string(generation) +
							 std::string(generation % 11 * 90, 'x');
	auto add = [&](const char *name, uint64_t n) {
		rows.push_back({"scope", name + std::to_string(n), json});
		rows.back().generation = generation;
	};
	if (is_layer(generation)) {
		for (uint64_t i = 0; i < LAYER_ROWS; i++)
			add("l", i);
	} else {
		add("a", generation * 2654435761u % PAIRS);
		add("b", generation * 2654435761u % PAIRS);
	}
	return rows;
}

bool commit(StateBox &box, uint64_t generation)
{
	if (!is_layer(generation))
		return box.put(generation, rows_of(generation));
	int64_t abandoned = box.layer(), layer = box.layer();
	Rows rows = rows_of(generation);
	for (size_t i = 0; i < rows.size(); i += PORTION) {
		Rows portion(rows.begin() + (long)i, rows.begin() + (long)i + PORTION);
		if (!box.add(layer, portion) || !box.add(abandoned, portion))
			return false;
		if (i == 2 * PORTION)
			state_layer_abort(box.state, abandoned), abandoned = box.layer();
	}
	return box.commit(layer);
}

/* Commits and tells of each one, until it is killed; a helper thread does checkpoints. */
[[noreturn]] void commit_until_killed(const std::string &path, int report)
{
	StateBox box(path);
	if (!box.state)
		_exit(1);
	std::thread helper([&] {
		char err[512];
		while (!state_checkpoint(path.c_str(), err, sizeof(err)))
			usleep(3000);
		_exit(2);
	});
	for (uint64_t next = box.generation() + 1;; next++) {
		if (!commit(box, next))
			_exit(3);
		if (write(report, &next, sizeof(next)) != sizeof(next))
			_exit(4);
		state_clean(box.state, 50);
	}
}

/* Lets the child work for a while, from its start or from its first commit on. Gives the last
 * generation that it told of. */
uint64_t run_and_kill(const std::string &path, bool after_commit, unsigned us)
{
	int report[2];
	uint64_t told = 0, next;
	if (pipe(report))
		return 0;
	pid_t child = fork();
	if (!child)
		commit_until_killed(path, report[1]);
	close(report[1]);
	auto listen = [&] {
		bool heard = read(report[0], &next, sizeof(next)) == sizeof(next);
		told = heard ? next : told;
		return heard;
	};
	if (after_commit)
		listen();
	std::thread killer([&] {
		usleep(us);
		kill(child, SIGKILL);
	});
	while (listen())
		;
	killer.join();
	close(report[0]);
	int status;
	waitpid(child, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		<< "the child gave up at step " << WEXITSTATUS(status);
	return told;
}

TEST(state_kill, what_was_acknowledged_is_there)
{
	TemporaryFolder folder;
	std::string path = folder.file("state.db");
	std::mt19937 random(std::random_device{}());
	Objects expected;
	uint64_t generation = 0;
	auto end = std::chrono::steady_clock::now() + std::chrono::seconds(4);
	auto go_on = [&](int rounds) {
		return rounds < 100 && (rounds < 20 || std::chrono::steady_clock::now() < end);
	};
	int rounds = 0;
	for (; go_on(rounds) && !HasFailure(); rounds++) {
		uint64_t told = run_and_kill(path, rounds % 4, random() % 30000);
		StateBox box(path);
		ASSERT_TRUE(box.state) << box.err;
		ASSERT_GE(box.generation(), std::max(generation, told))
			<< "an acknowledged commit is lost";
		ASSERT_LE(box.generation(), std::max(generation, told) + 1)
			<< "one at most was under way";
		while (generation < box.generation())
			for (const Row &row : rows_of(++generation))
				take_in(expected, row);
		ASSERT_EQ(box.objects(), expected) << "round " << rounds;
		ASSERT_EQ(box.history(0, 1),
			  generation ? std::vector<uint64_t>{generation} : std::vector<uint64_t>{});
	}
	EXPECT_GE(generation, 15u);
	RecordProperty("rounds", rounds);
	RecordProperty("commits", (int)generation);
	StateBox box(path);
	box.clean();
	EXPECT_EQ(box.objects(), expected);
	EXPECT_EQ(box.read().size(), expected.size());
}

} // namespace
