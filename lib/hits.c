/* hits - how often each scope won and each of its candidates was taken, counted by worker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "hits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Sizes of places: 4 words, 8, 16, ... 72. None of the first two straddles a cache line. */
enum { SMALL = 4, STEP = 8, SIZES = HITS_WORDS_MAX / STEP + 1 };

/* Not beside what control writes. */
uint64_t *hits_chunks[HITS_WORKERS_MAX][HITS_CHUNKS_MAX] __attribute__((aligned(64)));

static struct {
	unsigned n_workers;
	unsigned n_chunks;
	/* Places given back, by size: the first one, or 0. Its first word, of worker 0, is the next one. */
	uint32_t given_back[SIZES];
	uint32_t fresh, fresh_end; /* words that nobody had yet */
	void *blocks[HITS_CHUNKS_MAX];
} hits;

static unsigned size_index(unsigned n_words)
{
	return n_words <= SMALL ? 0 : (n_words + STEP - 1) / STEP;
}

static unsigned size_words(unsigned index)
{
	return index ? index * STEP : SMALL;
}

bool hits_init(unsigned n_workers)
{
	if (n_workers > HITS_WORKERS_MAX)
		return false;
	hits.n_workers = n_workers;
	return true;
}

void hits_finish(void)
{
	for (unsigned i = 0; i < hits.n_chunks; i++)
		free(hits.blocks[i]);
	memset(&hits, 0, sizeof(hits));
	memset(hits_chunks, 0, sizeof(hits_chunks));
}

/* One block for all workers; pages are not touched here, so that they become the workers' own. Where the kernel has no huge
 * pages to give, smaller ones do. */
static bool add_chunk(void)
{
	const size_t chunk = HITS_CHUNK_WORDS * sizeof(uint64_t);
	if (hits.n_chunks == HITS_CHUNKS_MAX || hits.n_workers == 0)
		return false;
	uint8_t *block = (uint8_t *)calloc(1, (hits.n_workers + 1) * chunk);
	if (!block)
		return false;
	hits.blocks[hits.n_chunks] = block;
	block += chunk - (uintptr_t)block % chunk;
	madvise(block, hits.n_workers * chunk, MADV_HUGEPAGE);
	for (unsigned i = 0; i < hits.n_workers; i++)
		hits_chunks[i][hits.n_chunks] = (uint64_t *)(void *)(block + i * chunk);
	hits.fresh = hits.n_chunks << HITS_CHUNK_BITS;
	hits.fresh_end = hits.fresh + HITS_CHUNK_WORDS;
	if (hits.n_chunks == 0)
		hits.fresh += STEP;
	hits.n_chunks++;
	return true;
}

static void put_back(uint32_t place, unsigned index)
{
	__atomic_store_n(hits_words(0, place), hits.given_back[index], __ATOMIC_RELAXED);
	hits.given_back[index] = place;
}

static uint32_t take_again(unsigned index)
{
	uint32_t place = hits.given_back[index];
	if (!place)
		return 0;
	hits.given_back[index] = (uint32_t)*hits_words(0, place);
	for (unsigned i = 0; i < hits.n_workers; i++)
		for (unsigned k = 0; k < size_words(index); k++)
			__atomic_store_n(hits_words(i, place) + k, 0, __ATOMIC_RELAXED);
	return place;
}

/* What is left over, before a whole line or at a chunk's end, is a place of another size. */
static uint32_t take_fresh(unsigned index)
{
	unsigned size = size_words(index);
	if (size > SMALL && hits.fresh % STEP) {
		put_back(hits.fresh, 0);
		hits.fresh += SMALL;
	}
	unsigned left = hits.fresh_end - hits.fresh;
	if (left < size) {
		if (left)
			put_back(hits.fresh, size_index(left));
		hits.fresh = hits.fresh_end;
		if (!add_chunk())
			return 0;
	}
	uint32_t place = hits.fresh;
	hits.fresh += size;
	return place;
}

bool hits_take(unsigned n_words, uint32_t *place)
{
	*place = 0;
	if (n_words > HITS_WORDS_MAX)
		return false;
	unsigned index = size_index(n_words);
	*place = take_again(index);
	if (!*place)
		*place = take_fresh(index);
	return *place != 0;
}

void hits_give_back(uint32_t place, unsigned n_words)
{
	if (place)
		put_back(place, size_index(n_words));
}

void hits_read(uint32_t place, unsigned n_words, uint64_t *words)
{
	memset(words, 0, n_words * sizeof(*words));
	for (unsigned i = 0; place && i < hits.n_workers; i++)
		for (unsigned k = 0; k < n_words; k++) {
			uint64_t word = __atomic_load_n(hits_words(i, place) + k, __ATOMIC_RELAXED);
			if (k)
				words[k] += word;
			else if (word > words[0])
				words[0] = word;
		}
}

size_t hits_memory(void)
{
	return (size_t)hits.n_chunks * hits.n_workers * HITS_CHUNK_WORDS * sizeof(uint64_t);
}
