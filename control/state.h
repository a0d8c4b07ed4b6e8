/* state - what was set at run time, in one SQLite file (WAL), so that it outlives the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One object as it was set; texts are not copied. Objects are told apart by kind and name; of
 * several rows the one with the highest generation counts. */
struct state_row {
	const char *kind, *name; /* "scope", "vod" */
	const char *set;         /* "operator", or the name of a set that came together */
	const char *json;        /* in canonical form; NULL: the object is removed */
	uint64_t generation;     /* of the commit that set it; only read, never written */
	uint32_t line;           /* in the file it came from, or 0 */
	bool keep;               /* json NULL: keep the row, the configuration has such an object */
};

/* What show history tells of a commit. */
struct state_commit {
	uint64_t generation; /* higher than all before */
	uint64_t time_ns;    /* since 1970-01-01 UTC */
	const char *origin;  /* "operator uid 0", "file /x/y.jsonl", "peer b", "configuration" */
	const char *text;    /* a note, or "" */
	uint32_t added, changed, removed;
};

/* A commit outlives the process in any case. */
enum state_sync {
	STATE_SYNC_NORMAL, /* the last commits may be lost with the machine's power */
	STATE_SYNC_FULL,   /* none is: one fsync for each commit */
};

enum { STATE_HISTORY_MAX = 10000 };

struct state;

/* Opens or makes the file (mode 0600, its folder too, 0755), locks it against a second daemon,
 * checks it (PRAGMA quick_check, the version of its schema), and takes away layers that were never
 * committed. NULL: err is a sentence that names the file, what is wrong and what can be done (as:
 * move it away to start without it). Until state_close the process must not open the file in any
 * other way, since closing that would end SQLite's locks. Control thread, as all functions but
 * state_checkpoint. */
struct state *state_open(const char *path, enum state_sync sync, char *err, size_t err_len);

/* The same, but PRAGMA quick_check goes on meanwhile, on a thread of its own: before anything that was read is relied upon, state_check
 * waits for it. false: err says what is wrong. */
struct state *state_open_unchecked(const char *path, enum state_sync sync, char *err,
				   size_t err_len);
bool state_check(struct state *state, char *err, size_t err_len);
void state_close(struct state *state); /* NULL is fine */

/* Of the last commit; 0: none yet. */
uint64_t state_generation(const struct state *state);

/* Records a commit with its rows: all of it or nothing (-1, reason in err, as "no space left on the
 * disk of FILE"). After 0 it survives kill -9. */
int state_put(struct state *state, const struct state_commit *commit, const struct state_row *rows,
	      size_t n, char *err, size_t err_len);

/* A commit with very many rows is written ahead, in portions, as a layer that counts for nothing
 * until it is committed. Other commits may come in between. Abort returns quickly: the rows go with
 * state_clean. */
int state_layer_begin(struct state *state, int64_t *layer, char *err, size_t err_len);
int state_layer_add(struct state *state, int64_t layer, const struct state_row *rows, size_t n,
		    char *err, size_t err_len);
int state_layer_commit(struct state *state, int64_t layer, const struct state_commit *commit,
		       char *err, size_t err_len);
void state_layer_abort(struct state *state, int64_t layer);

/* All rows of commits later than `after`, in the order of generations (in one commit: as they were
 * added), but rows that a later one of the same object made void may be left out. read gives false
 * to stop. 0, or -1 with err. */
typedef bool state_read_row(void *arg, const struct state_row *row);
int state_read(struct state *state, uint64_t after, state_read_row *read, void *arg, char *err,
	       size_t err_len);

/* Removals without keep leave nothing behind once state_clean has passed, but those later than
 * `after` stay, for a state_read from there on: a snapshot's generation. At first: none stay. */
void state_keep_removals(struct state *state, uint64_t after);

/* state_read's after has to be 0 or at least this: earlier removals are no longer known. */
uint64_t state_forgotten(const struct state *state);

/* The newest commits first, at most limit after the first offset ones. */
typedef void state_read_commit(void *arg, const struct state_commit *commit);
int state_history(struct state *state, uint64_t offset, uint64_t limit, state_read_commit *read,
		  void *arg, char *err, size_t err_len);

/* Deletes a bounded number (about max) of rows that no longer count: of aborted layers, of objects
 * that have a later row, of history past STATE_HISTORY_MAX. It looks for the second kind after each
 * start, and when enough rows came. true: there may be more. Called again and again while the loop
 * is idle. */
bool state_clean(struct state *state, unsigned max);

/* Moves what the WAL holds into the file, on a connection of its own, and empties it. Commits wait
 * at most for the last part of that. Any thread; automatic checkpoints are off but for a bound on
 * the WAL's size (64 MiB). 0, or -1 with err. */
int state_checkpoint(const char *path, char *err, size_t err_len);

/* Octets of the WAL, to know when a checkpoint is worth it. */
uint64_t state_wal_octets(const struct state *state);
