/* ctl_verbs - the verbs of turnoutctl: how each is written, what it asks the daemon, how its answer is shown. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdio.h>

struct ctl_verb {
	const char *words;     /* "show scopes" */
	const char *arguments; /* "NAME TYPE from ADDRESS", for help */
	const char *help;      /* one sentence */
	const char *method;    /* of the control socket */
	/* Parameters by position, all of which have to be there: "name type". */
	const char *positions;
	/* Parameters behind their own name: "match limit# offset# all?". '#': a number, '?': no value
	 * follows, '!': has to be there, '*': "Name: value", any number of times. */
	const char *keywords;
	void (*print)(const json_t *result);
};

/* Ends with words NULL. */
extern const struct ctl_verb ctl_verbs[];

/* The verb that the words begin with; *used: how many they are. NULL: none. */
const struct ctl_verb *ctl_verb_find(int argc, char **argv, int *used);

/* The parameters out of the words behind the verb. NULL: they do not fit; err says how. */
json_t *ctl_verb_params(const struct ctl_verb *verb, int argc, char **argv, char *err,
			size_t err_len);

/* Usage and help of every verb that begins with the words given (none: all). false: there is
 * none. */
int ctl_verb_help(FILE *out, int argc, char **argv);
