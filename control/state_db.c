/* state_db - the open database that the files of state share: statements, errors, spans. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A commit's errno is known only to the file of the WAL. */
static int system_error(sqlite3 *db)
{
	sqlite3_file *wal = NULL;
	int code = 0;
	sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (wal && wal->pMethods)
		wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &code);
	return code ? code : sqlite3_system_errno(db);
}

bool state_db_explain(sqlite3 *db, const char *path, char *err, size_t err_len)
{
	int full_code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
	int code = full_code & 0xff, system = code == SQLITE_IOERR ? system_error(db) : 0;
	if (code == SQLITE_NOMEM || full_code == SQLITE_IOERR_NOMEM)
		snprintf(err, err_len, "no memory to work on %s", path);
	else if (code == SQLITE_FULL || system == ENOSPC || system == EDQUOT || system == EFBIG)
		snprintf(err, err_len, "no space left on the disk of %s: make room there", path);
	else if (code == SQLITE_IOERR)
		snprintf(err, err_len, "%s cannot be read or written: %s (SQLite error %d)", path,
			 strerror(system), full_code);
	else if (code == SQLITE_CANTOPEN)
		snprintf(err, err_len, "%s, or its -wal file, cannot be opened: %s", path,
			 strerror(sqlite3_system_errno(db)));
	else if (code == SQLITE_READONLY)
		snprintf(err, err_len,
			 "%s cannot be written: give turnoutd the right to write it and its folder",
			 path);
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		snprintf(err, err_len, "%s is held by another program: find and end that", path);
	else if (code == SQLITE_NOTADB)
		snprintf(err, err_len,
			 "%s is not an SQLite database: name another file, or move it away", path);
	else if (code == SQLITE_CORRUPT)
		snprintf(err, err_len,
			 "%s is damaged: restore it, or move it and its -wal file away to start "
			 "without what was set at run time",
			 path);
	else if (code == SQLITE_TOOBIG)
		snprintf(err, err_len, "%s takes no object of more than %d octets", path,
			 STATE_DB_OBJECT_MAX);
	else
		snprintf(err, err_len, "%s: %s (SQLite error %d)", path, sqlite3_errmsg(db),
			 full_code);
	return false;
}

sqlite3_stmt *state_db_bind(struct state *state, unsigned sql, size_t n, const int64_t *values)
{
	sqlite3_stmt *statement = state->statements[sql];
	for (size_t i = 0; i < n; i++)
		sqlite3_bind_int64(statement, (int)i + 1, values[i]);
	return statement;
}

bool state_db_run(sqlite3_stmt *statement)
{
	bool done = sqlite3_step(statement) == SQLITE_DONE;
	return sqlite3_reset(statement) == SQLITE_OK && done;
}

bool state_db_begin(struct state *state, char *err, size_t err_len)
{
	return state_db_run(state->statements[STATE_DB_BEGIN]) ||
	       state_db_explain(state->db, state->path, err, err_len);
}

bool state_db_end(struct state *state, bool ok, char *err, size_t err_len)
{
	if (ok && state_db_run(state->statements[STATE_DB_COMMIT]))
		return true;
	state_db_explain(state->db, state->path, err, err_len);
	/* After some errors SQLite has done so by itself. */
	if (!sqlite3_get_autocommit(state->db))
		state_db_run(state->statements[STATE_DB_ROLLBACK]);
	return false;
}

/* The id in direct from where on all rows are later than the generation, in *id. */
static bool first_later(struct state *state, uint64_t generation, int64_t *id, char *err,
			size_t err_len)
{
	int64_t low = 1, high = state->next_direct;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		sqlite3_stmt *first = state_db_bind(state, STATE_DB_FIRST, 1, &middle);
		bool row = sqlite3_step(first) == SQLITE_ROW;
		int64_t found = row ? sqlite3_column_int64(first, 0) : high;
		bool later = row && (uint64_t)sqlite3_column_int64(first, 1) > generation;
		if (sqlite3_reset(first) != SQLITE_OK)
			return state_db_explain(state->db, state->path, err, err_len);
		if (found >= high || later)
			high = middle;
		else
			low = found + 1;
	}
	*id = low;
	return true;
}

struct spans {
	struct state_db_span *list;
	size_t n, cap;
	int64_t direct; /* where the next span in direct begins */
};

/* A span of direct, up to what is later than the generation, and room for one more. */
static bool add_direct(struct state *state, struct spans *spans, uint64_t generation, char *err,
		       size_t err_len)
{
	int64_t low = spans->direct;
	if (!first_later(state, generation, &spans->direct, err, err_len))
		return false;
	if (spans->cap - spans->n < 2) {
		size_t cap = spans->cap * 2 + 16;
		void *list = realloc(spans->list, cap * sizeof(*spans->list));
		if (!list) {
			snprintf(err, err_len, "no memory to read %s", state->path);
			return false;
		}
		spans->list = list;
		spans->cap = cap;
	}
	spans->list[spans->n++] = (struct state_db_span){.low = low, .high = spans->direct};
	return true;
}

struct state_db_span *state_db_spans(struct state *state, uint64_t after, size_t *n, char *err,
				     size_t err_len)
{
	struct spans spans = {0};
	int64_t from = after < INT64_MAX ? (int64_t)after : INT64_MAX;
	sqlite3_stmt *layers = state_db_bind(state, STATE_DB_LAYER_LIST, 1, &from);
	bool ok = first_later(state, after, &spans.direct, err, err_len);
	while (ok && sqlite3_step(layers) == SQLITE_ROW) {
		int64_t layer = sqlite3_column_int64(layers, 0);
		uint64_t generation = (uint64_t)sqlite3_column_int64(layers, 1);
		ok = add_direct(state, &spans, generation, err, err_len);
		if (ok)
			spans.list[spans.n++] = (struct state_db_span){
				.low = layer << STATE_DB_LAYER_SHIFT,
				.high = (layer + 1) << STATE_DB_LAYER_SHIFT,
				.generation = generation,
				.layered = true,
			};
	}
	if (sqlite3_reset(layers) != SQLITE_OK)
		ok = state_db_explain(state->db, state->path, err, err_len);
	ok = ok && add_direct(state, &spans, UINT64_MAX, err, err_len);
	*n = spans.n;
	if (ok)
		return spans.list;
	free(spans.list);
	return NULL;
}
