/* history - the commits of this process, and the last of its views, which rollback and diff can reach. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/view.h"
#include "state.h"

/* Views are kept as long as they are among the last HISTORY_VIEWS, and the commits between them changed or removed at most HISTORY_OBJECTS
 * objects: so many are kept in memory that are no longer in use. The newest one always is. */
enum { HISTORY_COMMITS = 1024, HISTORY_VIEWS = 64, HISTORY_OBJECTS = 1000000, HISTORY_TEXT = 256 };

struct history_commit {
	struct state_commit commit; /* its texts are those below */
	char origin[HISTORY_TEXT], text[HISTORY_TEXT];
	struct view *view; /* NULL: no longer kept */
};

/* All zero is empty. Control thread. */
struct history {
	size_t n; /* commits so far; commit i is at ring[i % HISTORY_COMMITS] */
	struct history_commit *ring;
	size_t first_view; /* the oldest commit whose view is kept */
	uint64_t objects;  /* changed in the kept ones but the oldest */
};

/* Takes a reference on the view. false: no memory. */
bool history_add(struct history *history, const struct state_commit *commit, struct view *view);
void history_clear(struct history *history);

/* The view of a generation, or NULL. */
struct view *history_view(const struct history *history, uint64_t generation);

/* The i-th newest commit of this process, or NULL. */
const struct history_commit *history_at(const struct history *history, uint64_t i);
