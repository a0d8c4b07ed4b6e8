/* helper - one thread beside the control thread that does what takes long: compiling patterns, reading geolocation files,
 * writing snapshots. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <event2/event.h>
#include <stdbool.h>

struct helper;

/* work runs on the helper thread; afterwards done runs on the control thread, from its event loop. */
struct helper_job {
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

/* The thread starts with the first job, with low scheduling priority (SCHED_BATCH, nice 10), all signals blocked, and on
 * the CPU `cpu` unless that is -1. NULL: no memory, or no eventfd. Control thread, as all else. */
struct helper *helper_new(struct event_base *base, int cpu);

/* In order, one at a time. false: no memory or no thread; nothing will run. */
bool helper_run(struct helper *helper, const struct helper_job *job);

/* Jobs that are not done yet. */
unsigned helper_pending(const struct helper *helper);

/* Waits for the job that runs; its done and those of all that wait are called without their work having run; a job
 * whose work ran sees that by itself. */
void helper_free(struct helper *helper); /* not from within done; NULL is fine */
