/* history - the commits of this process, and the last of its views, which rollback and diff can reach. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>

static struct history_commit *at(const struct history *history, size_t i)
{
	return &history->ring[i % HISTORY_COMMITS];
}

/* What only the view before it keeps alive. */
static uint64_t weight(const struct history_commit *commit)
{
	return (uint64_t)commit->commit.changed + commit->commit.removed;
}

static void drop_oldest(struct history *history)
{
	struct history_commit *oldest = at(history, history->first_view++);
	view_release(oldest->view);
	oldest->view = NULL;
	history->objects -= weight(at(history, history->first_view));
}

bool history_add(struct history *history, const struct state_commit *commit, struct view *view)
{
	if (!history->ring)
		history->ring = calloc(HISTORY_COMMITS, sizeof(*history->ring));
	if (!history->ring)
		return false;
	struct history_commit *added = at(history, history->n);
	added->commit = *commit;
	snprintf(added->origin, sizeof(added->origin), "%s", commit->origin);
	snprintf(added->text, sizeof(added->text), "%s", commit->text);
	added->commit.origin = added->origin;
	added->commit.text = added->text;
	added->view = view;
	view_retain(view);
	if (history->n++ > history->first_view)
		history->objects += weight(added);
	while (history->n - history->first_view > 1 &&
	       (history->n - history->first_view > HISTORY_VIEWS ||
		history->objects > HISTORY_OBJECTS))
		drop_oldest(history);
	return true;
}

void history_clear(struct history *history)
{
	for (size_t i = history->first_view; i < history->n; i++)
		view_release(at(history, i)->view);
	free(history->ring);
	*history = (struct history){0};
}

struct view *history_view(const struct history *history, uint64_t generation)
{
	for (size_t i = history->first_view; i < history->n; i++)
		if (at(history, i)->commit.generation == generation)
			return at(history, i)->view;
	return NULL;
}

const struct history_commit *history_at(const struct history *history, uint64_t i)
{
	if (i >= history->n || i >= HISTORY_COMMITS)
		return NULL;
	return at(history, history->n - 1 - (size_t)i);
}
