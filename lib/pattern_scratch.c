/* pattern_scratch - the scratch spaces that Hyperscan needs to scan: one for each worker and one for the control thread. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern_scratch.h"

#include "view.h"

#include <numaif.h>
#include <stdlib.h>
#include <sys/mman.h>

/* The spaces are of one size; all are NULL when no set needs any. */
struct pattern_scratch {
	uint32_t refs;
	unsigned n_workers;
	hs_scratch_t *spaces[]; /* n_workers + 1 */
};

/* --- memory ----------------------------------------------------------------------------------------------------- */

/* Before each space, in a cache line of its own: how long the mapping is; 0: it is on the heap. */
enum { HEAD = 64 };

enum { NODES_MAX = 1024, WORD = 8 * sizeof(unsigned long) };

static int nodes[WORKERS_MAX]; /* and 1; 0: any */

/* Hyperscan does not say for whom it wants memory. */
static _Thread_local int wanted;

void pattern_scratch_node(unsigned worker, int node)
{
	nodes[worker] = node >= 0 && node < NODES_MAX ? node + 1 : 0;
}

static void *map_on_node(size_t size, int node)
{
	unsigned long mask[NODES_MAX / WORD] = {0};
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	mask[(unsigned)node / WORD] = 1UL << (unsigned)node % WORD;
	/* It is written to after this. Where it fails any node has to do. */
	(void)!mbind(at, size, MPOL_PREFERRED, mask, NODES_MAX + 1, 0);
	return at;
}

static void *space_alloc(size_t size)
{
	size_t whole = size + HEAD;
	void *at = wanted ? map_on_node(whole, wanted - 1) : malloc(whole);
	if (!at)
		return NULL;
	*(size_t *)at = wanted ? whole : 0;
	return (char *)at + HEAD;
}

static void space_free(void *space)
{
	if (!space)
		return;
	void *at = (char *)space - HEAD;
	size_t mapped = *(size_t *)at;
	if (mapped)
		munmap(at, mapped);
	else
		free(at);
}

/* --- spaces ----------------------------------------------------------------------------------------------------- */

static size_t size_of(const hs_scratch_t *space)
{
	size_t size = 0;
	if (space)
		hs_scratch_size(space, &size);
	return size;
}

static bool copy_space(const hs_scratch_t *space, hs_scratch_t **copy)
{
	return !space || hs_clone_scratch(space, copy) == HS_SUCCESS;
}

/* Takes the space of the control thread, and clones it for the workers. */
static struct pattern_scratch *scratch_of(hs_scratch_t *space, unsigned n_workers)
{
	struct pattern_scratch *scratch =
		calloc(1, sizeof(*scratch) + (n_workers + 1) * sizeof(scratch->spaces[0]));
	if (!scratch) {
		hs_free_scratch(space);
		return NULL;
	}
	scratch->refs = 1;
	scratch->n_workers = n_workers;
	scratch->spaces[n_workers] = space;
	bool done = true;
	for (unsigned i = 0; done && i < n_workers; i++) {
		wanted = nodes[i];
		done = copy_space(space, &scratch->spaces[i]);
	}
	wanted = 0;
	if (done)
		return scratch;
	pattern_scratch_release(scratch);
	return NULL;
}

struct pattern_scratch *pattern_scratch_fit(struct pattern_scratch *old,
					    const struct pattern_set *set, unsigned n_workers)
{
	const hs_scratch_t *before = old ? old->spaces[old->n_workers] : NULL;
	hs_scratch_t *space = NULL;
	hs_set_scratch_allocator(space_alloc, space_free);
	if (old && old->n_workers == n_workers && !pattern_set_needs_scratch(set)) {
		old->refs++;
		return old;
	}
	if (!copy_space(before, &space) || !pattern_set_grow_scratch(set, &space))
		return NULL;
	/* Each need of a set that is larger than before makes a space larger. */
	if (!old || old->n_workers != n_workers || size_of(space) != size_of(before))
		return scratch_of(space, n_workers);
	hs_free_scratch(space);
	old->refs++;
	return old;
}

void pattern_scratch_retain(struct pattern_scratch *scratch)
{
	if (scratch)
		scratch->refs++;
}

void pattern_scratch_release(struct pattern_scratch *scratch)
{
	if (!scratch || --scratch->refs)
		return;
	for (unsigned i = 0; i <= scratch->n_workers; i++)
		hs_free_scratch(scratch->spaces[i]);
	free(scratch);
}

hs_scratch_t *pattern_scratch_of(const struct pattern_scratch *scratch, unsigned worker)
{
	return scratch ? scratch->spaces[worker] : NULL;
}
