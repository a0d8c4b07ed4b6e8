/* replay - what was set at run time, taken in again: from the state file commit by commit, or from a version of the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "state.h"

/* Objects that were set at run time come after all others: their order is at least this. */
extern const uint64_t replay_order;

/* Takes in the rows of commits later than `after`; the compiler has all that the configuration says. What does not fit any
 * more is logged and left out, and stays in the state file. 0, or -1 with err: it cannot be read. Control thread. */
int replay_rows(struct state *state, uint64_t after, struct compiler *compiler, char *err,
		size_t err_len);

/* The same with an object of a version of the tables. One that was not set at run time is passed over. */
void replay_object(struct compiler *compiler, const struct object *object);
