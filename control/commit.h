/* commit - one change of the tables, from its request to the published view, in portions that leave the event loop its time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"

#include <jansson.h>

struct control;

struct commit_progress {
	const char *phase; /* "reading", "compiling", "storing", "publishing" */
	uint64_t lines, octets, octets_total, refused;
};

struct commit_result {
	bool done;           /* false: refused; faults say why, and nothing was changed */
	const char *why;     /* refused: why, when that is none of the faults; or NULL */
	uint64_t generation; /* of the tables as they are now */
	struct compiler_counts counts;
	double seconds;
	const struct faults *faults; /* also of what was left out, when it is done */
	json_t *differences;         /* of a dry run, or NULL; borrowed */
	bool more_differences;
};

/* What is asked for. Texts are copied. */
struct commit_plan {
	const char *origin, *text; /* for the history; text may be NULL */
	struct compiler_source source;
	bool from_nothing; /* begins with empty tables */
	struct view *from; /* begins with these, before the first view is published; or NULL */
	struct footprint_geo *geo; /* with from_nothing; or NULL */
	bool keep_going;           /* what is refused is left out; else it refuses the whole */
	bool dry_run;
	bool strict; /* refused when another commit changes one of the same objects while it is under way */
	bool store; /* its objects go into the state file */

	/* Gives objects to the compiler for at most about `budget` of them; true: there is more. */
	bool (*step)(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget);
	/* Fills in how far it is; NULL: not told. */
	void (*progress)(void *arg, struct commit_progress *progress);
	/* Told about twice a second; NULL: nobody wants to know. */
	void (*tell)(void *arg, const struct commit_progress *progress);
	/* The last call, perhaps from within commit_start. */
	void (*done)(void *arg, const struct commit_result *result);
	void *arg;
};

/* What fits into a few milliseconds is done when it returns; the rest goes on in the event loop. NULL: it is over. Control thread. */
struct commit *commit_start(struct control *control, const struct commit_plan *plan);

/* Ends it without done. */
void commit_cancel(struct commit *commit);

/* Refuses all that are under way. After helper_free. */
void commit_cancel_all(struct control *control);

/* Runs the event loop until no commit is under way (start, checks). */
void commit_wait(struct control *control);

/* The differences of two versions as PROTOCOL.md's diff says, at most `limit`; *more: there are others. NULL: no memory. */
json_t *commit_differences(const struct trie_node *before, const struct trie_node *after,
			   size_t limit, bool *more);
