/* json_arena - memory for JSON values that live only while one line is read: taken by moving on, given back at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_arena.h"

#include <jansson.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { ARENA_OCTETS = 1 << 18 };

static struct {
	alignas(max_align_t) char octets[ARENA_OCTETS];
	size_t used;
} arena;

/* Other threads that read JSON never see it. */
static _Thread_local bool arena_open;

static void *take(size_t size)
{
	size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!arena_open || need < size || need > ARENA_OCTETS - arena.used)
		return malloc(size);
	void *at = arena.octets + arena.used;
	arena.used += need;
	return at;
}

static void give_back(void *at)
{
	if ((char *)at < arena.octets || (char *)at >= arena.octets + ARENA_OCTETS)
		free(at);
}

void json_arena_init(void)
{
	json_set_alloc_funcs(take, give_back);
}

void json_arena_begin(void)
{
	arena.used = 0;
	arena_open = true;
}

void json_arena_end(void)
{
	arena_open = false;
}
