/* cycles - what a worker's bursts cost: cycles of each stage, summed over those that are sampled. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "trace.h"

#include <rte_common.h>

/* Written by its worker alone, read by control at any time without a lock (each is a 64-bit word). */
struct cycles {
	uint64_t bursts, packets; /* sampled ones */
	uint64_t stages[TRACE_STAGES];
} __rte_cache_aligned;
