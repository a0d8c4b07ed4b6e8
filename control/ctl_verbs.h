/* ctl_verbs - the verbs of turnoutctl: how each is written, what it asks the daemon, how its answer is shown. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* What stands for a parameter. */
enum ctl_type {
	CTL_TEXT,
	CTL_NUMBER,
	CTL_FLAG,     /* no value follows */
	CTL_DEFAULT,  /* the same, for what is so anyway: nothing is sent */
	CTL_HEADER,   /* "Name: value", any number of times, a member of "headers" */
	CTL_FILE,     /* is sent as an absolute path */
	CTL_JSON,     /* one object, or "-": from standard input */
	CTL_REPLACED, /* a set that is replaced: "set" and "replace" */
	CTL_KIND,     /* of an object */
	CTL_OBJECT,   /* the name of one of the kind before it */
	CTL_CDN,
	CTL_NODE,
	CTL_SCOPE,
	CTL_STATE,
	CTL_PROTOCOL,
	CTL_PEER,
	CTL_ORDER,
};

struct ctl_param {
	const char *name;  /* its keyword, and the member that is sent */
	const char *value; /* "TEXT", for help; NULL: a flag */
	enum ctl_type type;
	bool needed;
};

/* How its answers come. */
enum ctl_way {
	CTL_LOOKS,   /* one; --watch may repeat it */
	CTL_CHANGES, /* one, perhaps with progress before it */
	CTL_PAGES,   /* of one text, each asked for with the offset that the one before it gave */
	CTL_STREAMS, /* records as they occur, then one */
};

struct ctl_verb {
	const char *words;                 /* "show scopes" */
	const char *method;                /* of the control socket */
	const struct ctl_param *positions; /* by position: those needed, then those not */
	const struct ctl_param *keywords;  /* behind their name; both lists end with name NULL */
	enum ctl_way way;
	void (*print)(const json_t *result); /* of a stream: a record */
	const char *help;                    /* sentences */
};

/* Ends with words NULL. */
extern const struct ctl_verb ctl_verbs[];

/* The verb that the words begin with; *used: how many they are. NULL: none. */
const struct ctl_verb *ctl_verb_find(int argc, char **argv, int *used);

/* The words that values of this type are; NULL: any. Ends with NULL. */
const char *const *ctl_verb_choices(enum ctl_type type);

/* The rest of the verb's words when the words given are their beginning, "" when they are all of
 * them; NULL: they are not. */
const char *ctl_verb_rest(const struct ctl_verb *verb, int argc, char **argv);

/* "show scopes [match TEXT] [limit N] [offset N]" */
void ctl_verb_usage(FILE *out, const struct ctl_verb *verb);

/* Its usage and help. */
void ctl_verb_describe(FILE *out, const struct ctl_verb *verb);

/* Usage and help of every verb that begins with the words given (none: all). false: there is
 * none. */
bool ctl_verb_help(FILE *out, int argc, char **argv);
