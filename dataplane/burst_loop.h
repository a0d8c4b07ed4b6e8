/* burst_loop - a worker's life: take bursts, run the stages, send, until told to stop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "burst.h"

/* A worker on the memory of its NUMA node, its counters hung into the plane. NULL: no memory. Control thread. */
struct worker *worker_new(struct plane *plane, unsigned id, int socket);
void worker_free(struct worker *worker);

/* For rte_eal_remote_launch: arg is a struct worker. Returns 0 after plane->stop. */
int burst_loop(void *arg);
