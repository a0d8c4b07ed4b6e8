/* ctl_params - the words of a command as a request: its verb, the parameters to send, and options. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ctl_options.h"
#include "ctl_verbs.h"

struct ctl_request {
	const struct ctl_verb *verb; /* NULL: none was found */
	json_t *params;
	struct ctl_options options;
};

enum { CTL_PARAMS_INPUT_MAX = 1 << 20 }; /* octets of JSON on standard input */

/* Options may stand before the verb, and those with two dashes behind it too. false: err says what
 * does not fit, and there are no params. */
bool ctl_params_read(struct ctl_request *request, const struct ctl_options *options, int argc,
		     char **argv, char *err, size_t err_len);

/* --- What the words behind a verb are ------------------------------------------------------- */

struct ctl_walk {
	const struct ctl_verb *verb;
	const struct ctl_param *position; /* the next one */
	const struct ctl_param *awaits;   /* a keyword whose value comes next, or NULL */
};

void ctl_walk_begin(struct ctl_walk *walk, const struct ctl_verb *verb);

/* Keywords may have two dashes, and then may stand before positions. CTL_WALK_VALUE: the word is
 * the value of *param, or the flag itself. */
enum ctl_walk_is { CTL_WALK_UNKNOWN, CTL_WALK_KEYWORD, CTL_WALK_VALUE };
enum ctl_walk_is ctl_walk_step(struct ctl_walk *walk, const char *word,
			       const struct ctl_param **param);
