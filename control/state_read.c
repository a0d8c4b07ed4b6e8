/* state_read - rows in the order of generations, and the history. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

/* The row that the statement stands on. false: no memory for it. */
static bool take_row(sqlite3_stmt *read, const struct state_db_span *span, struct state_row *row)
{
	*row = (struct state_row){
		.generation =
			span->layered ? span->generation : (uint64_t)sqlite3_column_int64(read, 1),
		.kind = text(read, 2),
		.name = text(read, 3),
		.set = text(read, 4),
		.line = (uint32_t)sqlite3_column_int64(read, 5),
		.keep = sqlite3_column_int64(read, 6) != 0,
		.json = text(read, 7),
	};
	return row->kind && row->name && row->set &&
	       (row->json || sqlite3_column_type(read, 7) == SQLITE_NULL);
}

enum go_on { GO_ON, ENOUGH, FAILED };

static enum go_on read_span(struct state *state, const struct state_db_span *span,
			    state_read_row *take, void *arg, char *err, size_t err_len)
{
	enum go_on go_on = GO_ON;
	struct state_row row;
	sqlite3_stmt *read = state_db_bind(state, STATE_DB_READ + span->layered, 2,
					   (int64_t[]){span->low, span->high});
	while (go_on == GO_ON && sqlite3_step(read) == SQLITE_ROW) {
		if (!take_row(read, span, &row))
			go_on = FAILED;
		else if (!take(arg, &row))
			go_on = ENOUGH;
	}
	if (go_on == FAILED)
		snprintf(err, err_len, "no memory to read %s", state->path);
	if (sqlite3_reset(read) != SQLITE_OK && go_on == GO_ON) {
		state_db_explain(state->db, state->path, err, err_len);
		go_on = FAILED;
	}
	return go_on;
}

int state_read(struct state *state, uint64_t after, state_read_row *read, void *arg, char *err,
	       size_t err_len)
{
	if (after && after < state->forgotten) {
		snprintf(err, err_len,
			 "%s no longer knows all that was removed since generation %" PRIu64
			 ": read it from the beginning",
			 state->path, after);
		return -1;
	}
	size_t n;
	enum go_on go_on = GO_ON;
	struct state_db_span *spans = state_db_spans(state, after, &n, err, err_len);
	if (!spans)
		return -1;
	for (size_t i = 0; i < n && go_on == GO_ON; i++)
		go_on = read_span(state, &spans[i], read, arg, err, err_len);
	free(spans);
	return go_on == FAILED ? -1 : 0;
}

uint64_t state_forgotten(const struct state *state)
{
	return state->forgotten;
}

static int64_t clamp(uint64_t number)
{
	return number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

int state_history(struct state *state, uint64_t offset, uint64_t limit, state_read_commit *read,
		  void *arg, char *err, size_t err_len)
{
	bool memory = true;
	sqlite3_stmt *list = state_db_bind(state, STATE_DB_HISTORY_LIST, 2,
					   (int64_t[]){clamp(limit), clamp(offset)});
	while (memory && sqlite3_step(list) == SQLITE_ROW) {
		struct state_commit commit = {
			.generation = (uint64_t)sqlite3_column_int64(list, 0),
			.time_ns = (uint64_t)sqlite3_column_int64(list, 1),
			.added = (uint32_t)sqlite3_column_int64(list, 2),
			.changed = (uint32_t)sqlite3_column_int64(list, 3),
			.removed = (uint32_t)sqlite3_column_int64(list, 4),
			.origin = text(list, 5),
			.text = text(list, 6),
		};
		memory = commit.origin && commit.text;
		if (memory)
			read(arg, &commit);
	}
	if (!memory)
		snprintf(err, err_len, "no memory to read %s", state->path);
	if (sqlite3_reset(list) == SQLITE_OK)
		return memory ? 0 : -1;
	if (memory)
		state_db_explain(state->db, state->path, err, err_len);
	return -1;
}
