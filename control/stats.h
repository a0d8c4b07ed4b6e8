/* stats - the counters of the workers, named and added up. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/plane.h"

#ifndef TURNOUT_VERSION
#define TURNOUT_VERSION "0.1.0"
#endif

/* All of struct worker_stats but its drops. */
struct stats_counter {
	const char *name;
	size_t offset;
};
extern const struct stats_counter stats_counters[];
extern const unsigned stats_n_counters;

/* Any thread. Workers that are not there yet count nothing. */
uint64_t stats_counter(const struct plane *plane, unsigned worker, unsigned counter);
uint64_t stats_counter_total(const struct plane *plane, unsigned counter);
uint64_t stats_drop(const struct plane *plane, enum drop_reason reason);
uint64_t stats_worker_drops(const struct plane *plane, unsigned worker);
uint64_t stats_all_drops(const struct plane *plane);

/* Step of a burst: rx, the stages, tx. */
const char *stats_step_name(unsigned step);
/* What all workers sampled until now; any thread. */
struct cycles stats_cycles(const struct plane *plane);

/* Octets of memory that the process has now (resident). */
uint64_t stats_memory(void);
