/* stats - the counters of the workers, named and added up. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats.h"

#include <stdio.h>
#include <unistd.h>

#include <stddef.h>

#define COUNTER(name)                                                                              \
	{                                                                                          \
#name, offsetof(struct worker_stats, name)                                         \
	}
const struct stats_counter stats_counters[] = {
	COUNTER(rx_packets),     COUNTER(rx_bytes),      COUNTER(tx_packets),
	COUNTER(tx_bytes),       COUNTER(polls),         COUNTER(empty_polls),
	COUNTER(sleeps),         COUNTER(arp),           COUNTER(nd),
	COUNTER(echo),           COUNTER(syns),          COUNTER(fins),
	COUNTER(dns_requests),   COUNTER(http_requests), COUNTER(dns_redirects),
	COUNTER(http_redirects), COUNTER(dns_zone),      COUNTER(fallbacks),
	COUNTER(unstacked),      COUNTER(dri_hits),      COUNTER(parked),
	COUNTER(park_full),      COUNTER(unanswered),    COUNTER(tcp_opened),
	COUNTER(tcp_closed),     COUNTER(tcp_evicted),   COUNTER(tcp_given_up),
	COUNTER(tcp_sent_again),
};
#undef COUNTER
const unsigned stats_n_counters = RTE_DIM(stats_counters);

static_assert(RTE_DIM(stats_counters) * sizeof(uint64_t) == offsetof(struct worker_stats, drops),
	      "each counter has its line");

static uint64_t word(const struct worker_stats *stats, size_t offset)
{
	return stats ? __atomic_load_n((const uint64_t *)((const char *)stats + offset),
				       __ATOMIC_RELAXED)
		     : 0;
}

uint64_t stats_counter(const struct plane *plane, unsigned worker, unsigned counter)
{
	return word(plane->stats[worker], stats_counters[counter].offset);
}

uint64_t stats_counter_total(const struct plane *plane, unsigned counter)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < plane->n_workers; i++)
		total += stats_counter(plane, i, counter);
	return total;
}

static uint64_t worker_drop(const struct plane *plane, unsigned worker, enum drop_reason reason)
{
	return word(plane->stats[worker],
		    offsetof(struct worker_stats, drops) + reason * sizeof(uint64_t));
}

uint64_t stats_drop(const struct plane *plane, enum drop_reason reason)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < plane->n_workers; i++)
		total += worker_drop(plane, i, reason);
	return total;
}

uint64_t stats_worker_drops(const struct plane *plane, unsigned worker)
{
	uint64_t total = 0;
	for (unsigned i = DROP_none + 1; i < DROP__COUNT; i++)
		total += worker_drop(plane, worker, i);
	return total;
}

uint64_t stats_all_drops(const struct plane *plane)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < plane->n_workers; i++)
		total += stats_worker_drops(plane, i);
	return total;
}

const char *stats_step_name(unsigned step)
{
	return step == CYCLES_RX   ? "rx"
	       : step == CYCLES_TX ? "tx"
				   : trace_stage_name((enum trace_stage)(step - CYCLES_STAGES));
}

struct cycles stats_cycles(const struct plane *plane)
{
	struct cycles all = {0};
	for (unsigned i = 0; i < plane->n_workers; i++)
		if (plane->cycles[i])
			cycles_add(&all, plane->cycles[i]);
	return all;
}

uint64_t stats_memory(void)
{
	unsigned long all, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	fclose(file);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
