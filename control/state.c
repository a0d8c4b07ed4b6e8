/* state - what was set at run time, in one SQLite file (WAL), so that it outlives the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t state_generation(const struct state *state)
{
	return state->generation;
}

static bool bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool insert(struct state *state, bool layered, int64_t id, uint64_t generation,
		   const struct state_row *row)
{
	sqlite3_stmt *insert = state_db_bind(state, STATE_DB_INSERT + layered, 2,
					     (int64_t[]){id, (int64_t)generation});
	sqlite3_bind_int64(insert, 6, row->line);
	sqlite3_bind_int64(insert, 7, row->keep);
	return bind_text(insert, 3, row->kind) && bind_text(insert, 4, row->name) &&
	       bind_text(insert, 5, row->set) && bind_text(insert, 8, row->json) &&
	       state_db_run(insert);
}

static bool insert_all(struct state *state, bool layered, int64_t id, uint64_t generation,
		       const struct state_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!insert(state, layered, id + (int64_t)i, generation, &rows[i]))
			return false;
	return true;
}

static bool add_history(struct state *state, const struct state_commit *commit)
{
	int64_t values[] = {(int64_t)commit->generation, (int64_t)commit->time_ns, commit->added,
			    commit->changed, commit->removed};
	sqlite3_stmt *add = state_db_bind(state, STATE_DB_HISTORY_ADD, 5, values);
	return bind_text(add, 6, commit->origin) && bind_text(add, 7, commit->text) &&
	       state_db_run(add);
}

/* What counts only later need not be on the disk before. */
static bool set_sync(struct state *state, enum state_sync sync, char *err, size_t err_len)
{
	const char *sql =
		sync == STATE_SYNC_FULL ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL";
	if (state->sync == STATE_SYNC_NORMAL || state->sync_now == sync)
		return true;
	if (sqlite3_exec(state->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return state_db_explain(state->db, state->path, err, err_len);
	state->sync_now = sync;
	return true;
}

static bool begin_commit(struct state *state, const struct state_commit *commit, char *err,
			 size_t err_len)
{
	if (commit->generation <= state->generation || commit->generation > INT64_MAX) {
		snprintf(err, err_len, "generation %" PRIu64 " cannot follow %" PRIu64 " in %s",
			 commit->generation, state->generation, state->path);
		return false;
	}
	return set_sync(state, STATE_SYNC_FULL, err, err_len) &&
	       state_db_begin(state, err, err_len);
}

static void committed(struct state *state, const struct state_commit *commit, uint64_t rows)
{
	state->generation = commit->generation;
	state->commits++;
	state->fresh += rows;
}

int state_put(struct state *state, const struct state_commit *commit, const struct state_row *rows,
	      size_t n, char *err, size_t err_len)
{
	if (!begin_commit(state, commit, err, err_len))
		return -1;
	bool ok = insert_all(state, false, state->next_direct, commit->generation, rows, n) &&
		  add_history(state, commit);
	if (!state_db_end(state, ok, err, err_len))
		return -1;
	state->next_direct += (int64_t)n;
	committed(state, commit, n);
	return 0;
}

int state_layer_begin(struct state *state, int64_t *layer, char *err, size_t err_len)
{
	struct state_db_layer *made = calloc(1, sizeof(*made));
	if (!made || state->next_layer > STATE_DB_LAYER_MAX) {
		snprintf(err, err_len,
			 made ? "%s holds too many layers" : "no memory for a layer of %s",
			 state->path);
		free(made);
		return -1;
	}
	made->layer = *layer = state->next_layer++;
	made->next = state->layers;
	state->layers = made;
	return 0;
}

/* Where the pointer to the layer is; the last one, which is NULL, if it is not open. */
static struct state_db_layer **find(struct state *state, int64_t layer)
{
	struct state_db_layer **at = &state->layers;
	while (*at && (*at)->layer != layer)
		at = &(*at)->next;
	return at;
}

static struct state_db_layer *find_open(struct state *state, int64_t layer, char *err,
					size_t err_len)
{
	struct state_db_layer *found = *find(state, layer);
	if (!found)
		snprintf(err, err_len, "layer %" PRId64 " of %s is not open", layer, state->path);
	return found;
}

static void close_layer(struct state *state, int64_t layer)
{
	struct state_db_layer **at = find(state, layer), *closed = *at;
	if (closed)
		*at = closed->next;
	free(closed);
}

int state_layer_add(struct state *state, int64_t layer, const struct state_row *rows, size_t n,
		    char *err, size_t err_len)
{
	struct state_db_layer *open = find_open(state, layer, err, err_len);
	if (!open)
		return -1;
	if (n > UINT32_MAX - (uint64_t)open->rows) {
		snprintf(err, err_len, "a layer of %s takes at most %u rows", state->path,
			 UINT32_MAX);
		return -1;
	}
	int64_t id = (layer << STATE_DB_LAYER_SHIFT) + open->rows;
	bool ok = set_sync(state, STATE_SYNC_NORMAL, err, err_len) &&
		  state_db_begin(state, err, err_len) &&
		  state_db_end(state, insert_all(state, true, id, 0, rows, n), err, err_len);
	open->rows += ok ? (int64_t)n : 0;
	return ok ? 0 : -1;
}

int state_layer_commit(struct state *state, int64_t layer, const struct state_commit *commit,
		       char *err, size_t err_len)
{
	struct state_db_layer *open = find_open(state, layer, err, err_len);
	if (!open || !begin_commit(state, commit, err, err_len))
		return -1;
	int64_t values[] = {layer, (int64_t)commit->generation};
	bool ok = state_db_run(state_db_bind(state, STATE_DB_LAYER_ADD, 2, values)) &&
		  add_history(state, commit);
	if (!state_db_end(state, ok, err, err_len))
		return -1;
	committed(state, commit, (uint64_t)open->rows);
	close_layer(state, layer);
	return 0;
}

void state_layer_abort(struct state *state, int64_t layer)
{
	close_layer(state, layer);
	state->dead_layers = true;
}

uint64_t state_wal_octets(const struct state *state)
{
	sqlite3_file *wal = NULL;
	sqlite3_int64 octets = 0;
	sqlite3_file_control(state->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (wal && wal->pMethods && wal->pMethods->xFileSize(wal, &octets) != SQLITE_OK)
		octets = 0;
	/* A WAL that began anew keeps its size; what a checkpoint cut off is not in use. */
	uint64_t used = state->wal_pages * (state->page_octets + 24);
	return used < (uint64_t)octets ? used : (uint64_t)octets;
}
