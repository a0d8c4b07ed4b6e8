/* packet_lines_test - no cache line has two writers: what workers and control write, and where it lies. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

extern "C" {
#include "dataplane/boot.h"
#include "lib/hits.h"
}

#include <gtest/gtest.h>
#include <rte_malloc.h>
#include <set>

enum : size_t { LINE = RTE_CACHE_LINE_SIZE };

template <typename T> static constexpr bool whole_lines()
{
	return alignof(T) % LINE == 0 && sizeof(T) % LINE == 0;
}

static_assert(whole_lines<struct plane>(), "what stands behind it is on another line");
static_assert(whole_lines<struct worker_stats>(), "one worker writes its lines");
static_assert(whole_lines<struct cycles>(), "one worker writes its lines");
static_assert(sizeof(struct rte_rcu_qsbr_cnt) % LINE == 0, "each worker has its counter");
static_assert(offsetof(struct rte_rcu_qsbr, qsbr_cnt) % LINE == 0, "and control its token");
static_assert(offsetof(struct trace_ring, tail) / LINE !=
			      offsetof(struct trace_ring, head) / LINE &&
		      offsetof(struct trace_ring, records) / LINE !=
			      offsetof(struct trace_ring, tail) / LINE,
	      "the worker's end, control's end");

/* Each of them is written while workers run, and read by each worker for each burst, with the same miss. */
static_assert(offsetof(struct plane, view) / LINE == 0 &&
		      offsetof(struct plane, trace) / LINE == 0 &&
		      offsetof(struct plane, unix_ns_at_tsc0) / LINE == 0 &&
		      offsetof(struct plane, draining) / LINE == 0 &&
		      offsetof(struct plane, stop) / LINE == 0,
	      "what changes");
static_assert(offsetof(struct plane, ports) / LINE > 0, "what does not");

/* All lines of a block of rte_malloc. */
static void add_lines(std::set<uintptr_t> &lines, const void *block)
{
	size_t size = 0;
	ASSERT_EQ(rte_malloc_validate(block, &size), 0);
	auto begin = reinterpret_cast<uintptr_t>(block);
	ASSERT_EQ(begin % LINE, 0u);
	for (uintptr_t line = begin / LINE; line <= (begin + size - 1) / LINE; line++)
		lines.insert(line);
}

static std::set<uintptr_t> lines_of(const struct worker *worker)
{
	std::set<uintptr_t> lines;
	for (const void *block :
	     {static_cast<const void *>(worker), static_cast<const void *>(worker->stats),
	      static_cast<const void *>(worker->cycles), static_cast<const void *>(worker->top),
	      static_cast<const void *>(worker->trace), static_cast<const void *>(worker->park),
	      static_cast<const void *>(worker->connections),
	      static_cast<const void *>(worker->dns_rate),
	      static_cast<const void *>(worker->fragments)})
		if (block)
			add_lines(lines, block);
	return lines;
}

TEST(PacketLinesTest, NoTwoWorkersShareALine)
{
	World world;
	world.settings.recursion.parked = 16;
	world.settings.tcp = {16, 16, 2048, 1000};
	world.settings.dns.rate.per_second = 100;
	world.settings.dns.rate.table = 64;
	std::vector<std::unique_ptr<struct worker, void (*)(struct worker *)>> workers;
	std::set<uintptr_t> all;
	size_t sum = 0;
	for (unsigned id = 1; id < 5; id++) {
		workers.emplace_back(worker_new(&world.plane, id, SOCKET_ID_ANY), worker_free);
		ASSERT_TRUE(workers.back());
		std::set<uintptr_t> lines = lines_of(workers.back().get());
		EXPECT_GT(lines.size() * LINE, sizeof(struct worker) + sizeof(struct top));
		sum += lines.size();
		all.insert(lines.begin(), lines.end());
	}
	EXPECT_EQ(all.size(), sum);
}

TEST(PacketLinesTest, WordsOfHitsAreOnLinesOfTheirOwn)
{
	EXPECT_EQ(reinterpret_cast<uintptr_t>(hits_chunks) % LINE, 0u);
	EXPECT_EQ(sizeof(hits_chunks[0]) % LINE, 0u);
}

TEST(PacketLinesTest, WorkersOnOtherNodesThanAPort)
{
	World world;
	struct port_info port = {};
	world.plane.n_workers = 4;
	int nodes[] = {0, 1, SOCKET_ID_ANY, 1};
	std::copy(nodes, nodes + 4, world.plane.sockets);
	EXPECT_EQ(boot_workers_far(&world.plane, &port), 2u);
	port.socket = 1;
	EXPECT_EQ(boot_workers_far(&world.plane, &port), 1u);
	port.socket = SOCKET_ID_ANY;
	EXPECT_EQ(boot_workers_far(&world.plane, &port), 0u);
	world.plane.n_workers = 1;
}
