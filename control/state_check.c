/* state_check - the check of the whole file of state at the start, on a thread of its own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong, as one line of text; "": nothing. */
static void check(const struct state *state, char *wrong, size_t wrong_len)
{
	sqlite3_stmt *check = NULL;
	sqlite3 *db = state_db_connect(state->path, wrong, wrong_len);
	if (!db)
		return;
	bool row = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL) == SQLITE_OK &&
		   sqlite3_step(check) == SQLITE_ROW;
	const char *text = row ? (const char *)sqlite3_column_text(check, 0) : NULL;
	/* The last line says it; the one before only that this is the main database. */
	const char *line = text ? strrchr(text, '\n') : NULL;
	wrong[0] = '\0';
	if (!text)
		state_db_explain(db, state->path, wrong, wrong_len);
	else if (strcmp(text, "ok") != 0)
		snprintf(wrong, wrong_len, "%s is damaged (%.100s): %s", state->path,
			 line ? line + 1 : text, state_db_afresh);
	sqlite3_finalize(check);
	sqlite3_close(db);
}

static void *run(void *arg)
{
	struct state *state = arg;
	check(state, state->wrong, sizeof(state->wrong));
	return NULL;
}

void state_check_start(struct state *state)
{
	state->checking = pthread_create(&state->checker, NULL, run, state) == 0;
	if (!state->checking)
		run(state);
}

bool state_check(struct state *state, char *err, size_t err_len)
{
	if (state->checking)
		pthread_join(state->checker, NULL);
	state->checking = false;
	snprintf(err, err_len, "%s", state->wrong);
	return !state->wrong[0];
}
