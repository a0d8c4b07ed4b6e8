/* state_db - the open database that the files of state share: statements, errors, spans. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "state.h"
#include "state_seen.h"

#include <pthread.h>
#include <sqlite3.h>

/* Rows of direct commits are in the table direct, those of layers in layered, both in the order in
 * which they came; none is changed in place. A row of direct has its generation. One of layered
 * counts once its layer is in the table layer, which has the generation. */

enum {
	STATE_DB_APPLICATION = 0x74726e74, /* "trnt", PRAGMA application_id */
	STATE_DB_SCHEMA = 1,               /* PRAGMA user_version */
	STATE_DB_OBJECT_MAX = 64 << 20,    /* octets of a row */
	STATE_DB_BUSY_MS = 10000,          /* commits wait for the end of a checkpoint */
	STATE_DB_WAL_PAGES = 32768,        /* 64 MiB */
	STATE_DB_LAYER_SHIFT = 32,         /* id in layered: layer << 32 | number within it */
	STATE_DB_LAYER_MAX = 0x3fffffff,
};

/* Of pairs that differ in the table, the second is [FIRST + layered]. */
enum state_db_sql {
	STATE_DB_BEGIN,
	STATE_DB_COMMIT,
	STATE_DB_ROLLBACK,
	STATE_DB_INSERT, /* id, generation, kind, name, set, line, keep, json */
	STATE_DB_INSERT_LAYERED,
	STATE_DB_READ, /* the same columns; ids from ?1 to below ?2 */
	STATE_DB_READ_LAYERED,
	STATE_DB_BACK, /* id, generation, kind, name, may go; at most ?3 from the end back */
	STATE_DB_BACK_LAYERED,
	STATE_DB_DELETE, /* ids from ?1 to below ?2 */
	STATE_DB_DELETE_LAYERED,
	STATE_DB_FIRST, /* id, generation: the first one from ?1 */
	STATE_DB_FIRST_LAYERED,
	STATE_DB_LAYER_ADD, /* layer, generation */
	STATE_DB_LAYER_HAS,
	STATE_DB_LAYER_LIST,  /* layer, generation: those later than ?1, in their order */
	STATE_DB_LAYER_TRIM,  /* those without rows */
	STATE_DB_HISTORY_ADD, /* generation, time, added, changed, removed, origin, text */
	STATE_DB_HISTORY_LIST,
	STATE_DB_HISTORY_TRIM, /* the ?1 oldest */
	STATE_DB_FORGET,       /* removals up to ?1 */
	STATE_DB_STATEMENTS,
};

/* A layer that is being written. */
struct state_db_layer {
	struct state_db_layer *next;
	int64_t layer, rows;
};

/* Rows that follow each other in both generation and id. */
struct state_db_span {
	int64_t low, high;   /* ids from low to below high */
	uint64_t generation; /* of a layer */
	bool layered;
};

/* A walk over all rows that count, from the newest back: one of an object seen before is void. */
struct state_db_sweep {
	bool running;
	struct state_db_span *spans;
	size_t n_spans;
	int64_t before; /* in the last span; ids from here on are done */
	struct state_seen seen;
	struct state_db_gone { /* a removal that goes once no older row of its object is left */
		int64_t id;
		bool layered;
	} * gone;
	size_t n_gone, cap_gone;
	uint64_t forget; /* generation of the newest of them */
};

struct state {
	sqlite3 *db;
	sqlite3_stmt *statements[STATE_DB_STATEMENTS];
	char *path;
	int lock;
	enum state_sync sync, sync_now;
	uint64_t generation, commits; /* of the history: the highest, how many */
	uint64_t forgotten;           /* removals up to this generation may be gone */
	uint64_t keep_after;          /* later ones stay */
	int64_t next_direct, next_layer;
	struct state_db_layer *layers;
	bool dead_layers; /* there may be rows of layers that are neither open nor committed */
	uint64_t fresh;   /* rows since the last sweep began */
	uint64_t live;    /* rows that the last sweep left */
	uint64_t page_octets;
	uint64_t wal_pages;     /* as of the last commit */
	uint64_t checkpoint_at; /* when a commit finds so many, it does a checkpoint */
	struct state_db_sweep sweep;
	pthread_t checker;
	bool checking;
	char wrong[512]; /* what it found, once it has ended */
};

/* What can be done with a file that is damaged. */
extern const char state_db_afresh[];

/* A connection of its own. NULL: err says why. */
sqlite3 *state_db_connect(const char *path, char *err, size_t err_len);

/* Begins what state_check waits for. */
void state_check_start(struct state *state);

/* What SQLite's last error on db means for the file, in one sentence. Gives false. */
bool state_db_explain(sqlite3 *db, const char *path, char *err, size_t err_len);

/* A statement, with integers bound to its first parameters. */
sqlite3_stmt *state_db_bind(struct state *state, unsigned sql, size_t n, const int64_t *values);

/* Steps a statement that gives no rows to its end, and resets it. */
bool state_db_run(sqlite3_stmt *statement);

/* Begins a transaction that writes. */
bool state_db_begin(struct state *state, char *err, size_t err_len);

/* Commits it if ok, and gives true; else rolls it back, and err says what SQLite's last error is. */
bool state_db_end(struct state *state, bool ok, char *err, size_t err_len);

/* Rows later than `after`, in the order of generations, as spans to be freed. NULL: see err. */
struct state_db_span *state_db_spans(struct state *state, uint64_t after, size_t *n, char *err,
				     size_t err_len);

/* Gives up the sweep that runs, if one does. */
void state_db_sweep_stop(struct state *state);
