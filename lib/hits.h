/* hits - how often each scope won and each of its candidates was taken, counted by worker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "prefetch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A scope with n candidates has n + 2 words of 64 bits in a row: the second of its last hit (since
 * 1970-01-01 UTC), the hits of each candidate, and those that no candidate took (denied, sent to a
 * fallback, nothing usable). Its place is the number of the first of them, the same for every
 * worker. A worker writes its own words; control reads all. Up to 8 words lie in one cache line.
 * Place 0 is that of everything that is not counted.
 *
 * Words come in chunks that control allocates for all workers when they are first needed; they
 * never move and are bounded: 2^26 words, or 512 MiB a worker. A place takes 4 words, or a multiple
 * of 8. */
enum {
	HITS_WORKERS_MAX = 64,
	HITS_CHUNK_BITS = 18, /* 2 MiB: one huge page, as most hits would miss the TLB else */
	HITS_CHUNK_WORDS = 1 << HITS_CHUNK_BITS,
	HITS_CHUNKS_MAX = 256,
	HITS_WORDS_MAX = 72, /* of one place */
};

extern uint64_t *hits_chunks[HITS_WORKERS_MAX][HITS_CHUNKS_MAX];

static inline uint64_t *hits_words(unsigned worker, uint32_t place)
{
	return hits_chunks[worker][place >> HITS_CHUNK_BITS] + (place & (HITS_CHUNK_WORDS - 1));
}

/* --- Control thread ------------------------------------------------------------------------------------------- */

/* Before the workers start. false: more workers than HITS_WORKERS_MAX. Until then nothing can be counted. */
bool hits_init(unsigned n_workers);

/* Frees all. No worker runs; places are not valid any more. */
void hits_finish(void);

/* A place for n_words words, which are all 0. Workers learn it through something that is published
 * with release. false: no memory, too many words, or the bound is reached; *place is then 0, which
 * may be used all the same. */
bool hits_take(unsigned n_words, uint32_t *place);

/* n_words as it was taken; place 0 is passed over. Only when no worker can count there any more. */
void hits_give_back(uint32_t place, unsigned n_words);

/* words[0] becomes the last hit's second among all workers (0: none yet), every other word the sum.
 * Place 0: all 0. */
void hits_read(uint32_t place, unsigned n_words, uint64_t *words);

/* Octets of all chunks. */
size_t hits_memory(void);

/* --- Worker --------------------------------------------------------------------------------------------------- */

static inline void hits_prefetch(unsigned worker, uint32_t place)
{
	if (place)
		prefetch_to_write(hits_words(worker, place));
}

/* what: the candidate's index, or the number of candidates when none was taken. now: seconds since
 * 1970-01-01 UTC. */
static inline void hits_count(unsigned worker, uint32_t place, unsigned what, uint64_t now)
{
	if (!place)
		return;
	uint64_t *words = hits_words(worker, place), *counter = words + 1 + what;
	__atomic_store_n(words, now, __ATOMIC_RELAXED);
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}
