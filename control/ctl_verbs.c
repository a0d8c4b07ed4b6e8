/* ctl_verbs - the verbs of turnoutctl: how each is written, what it asks the daemon, how its answer is shown. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_verbs.h"

#include "ctl_print.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ARGUMENTS "[match TEXT] [limit N] [offset N]"
#define PAGE_KEYWORDS  "match limit# offset#"

const struct ctl_verb ctl_verbs[] = {
	{"status", "", "What runs, since when, with which tables.", "status", "", "",
	 ctl_print_status},
	{"show ports", "", "Ports, their links and counters.", "show.ports", "", "",
	 ctl_print_ports},
	{"show workers", "", "Counters of each worker.", "show.workers", "", "", ctl_print_workers},
	{"show drops", "[all]",
	 "Packets dropped or refused, by reason; all: also the reasons that never occurred.",
	 "show.drops", "", "all?", ctl_print_drops},
	{"show scopes", PAGE_ARGUMENTS, "Content request scopes; match: any part of one.",
	 "show.scopes", "", PAGE_KEYWORDS, ctl_print_scopes},
	{"show cdns", PAGE_ARGUMENTS, "Downstream CDNs and their states.", "show.cdns", "",
	 PAGE_KEYWORDS, ctl_print_targets},
	{"show nodes", PAGE_ARGUMENTS, "Own delivery nodes and their states.", "show.nodes", "",
	 PAGE_KEYWORDS, ctl_print_targets},
	{"show dris", PAGE_ARGUMENTS, "Delivery resource identifiers: how requests are sent on.",
	 "show.dris", "", PAGE_KEYWORDS, ctl_print_dris},
	{"show footprints", PAGE_ARGUMENTS, "Named footprints, and the size of the table.",
	 "show.footprints", "", PAGE_KEYWORDS, ctl_print_footprints},
	{"show zones", PAGE_ARGUMENTS, "DNS zones.", "show.zones", "", PAGE_KEYWORDS,
	 ctl_print_zones},
	{"explain dns", "NAME TYPE from ADDRESS [subnet PREFIX]",
	 "What a DNS query from ADDRESS would be answered, and why; subnet: with this client "
	 "subnet.",
	 "explain.dns", "name type", "from! subnet", ctl_print_explain},
	{"explain http", "URL from ADDRESS [method METHOD] [header \"NAME: VALUE\"]...",
	 "What an HTTP request from ADDRESS would be answered, and why.", "explain.http", "url",
	 "from! method header*", ctl_print_explain},
	{"cdn", "NAME up|drain|down",
	 "Sets the state of a CDN until the daemon ends: up: used; drain: only when nothing up is "
	 "left; "
	 "down: never.",
	 "cdn.set", "name state", "", ctl_print_set},
	{"node", "NAME up|drain|down", "The same for an own delivery node.", "node.set",
	 "name state", "", ctl_print_set},
	{"reload", "", "Reads the configuration and its table files again; all or nothing.",
	 "reload", "", "", ctl_print_reload},
	{0},
};

/* The number of words at the front of argv that are those of the verb; 0 when not all of them are
 * there. */
static int words_match(const char *words, int argc, char **argv)
{
	int used = 0;
	while (*words) {
		size_t len = strcspn(words, " ");
		if (used == argc || strlen(argv[used]) != len ||
		    memcmp(argv[used], words, len) != 0)
			return 0;
		used++;
		words += len;
		words += strspn(words, " ");
	}
	return used;
}

const struct ctl_verb *ctl_verb_find(int argc, char **argv, int *used)
{
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		*used = words_match(verb->words, argc, argv);
		if (*used)
			return verb;
	}
	return NULL;
}

/* Finds a word in a list as "match limit# all?"; gives its mark, ' ' for none, 0 when it is not
 * there. */
static char keyword_mark(const char *keywords, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = keywords; *at;) {
		size_t key_len = strcspn(at, " #?!*");
		char mark = at[key_len];
		if (key_len == len && len && !memcmp(at, word, len))
			return mark ? mark : ' ';
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return '\0';
}

static bool set_number(json_t *params, const char *key, const char *text)
{
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return end != text && !*end && !errno &&
	       !json_object_set_new(params, key, json_integer(number));
}

static bool add_header(json_t *params, const char *text)
{
	const char *colon = strchr(text, ':');
	json_t *headers = json_object_get(params, "headers");
	char *name = colon ? strndup(text, (size_t)(colon - text)) : NULL;
	if (!headers) {
		headers = json_object();
		json_object_set_new(params, "headers", headers);
	}
	bool added = name && !json_object_set_new(headers, name,
						  json_string(colon + 1 + strspn(colon + 1, " ")));
	free(name);
	return added;
}

static bool set_keyword(json_t *params, const char *key, char mark, const char *value)
{
	switch (mark) {
	case '?':
		return !json_object_set_new(params, key, json_true());
	case '#':
		return set_number(params, key, value);
	case '*':
		return add_header(params, value);
	default:
		return !json_object_set_new(params, key, json_string(value));
	}
}

/* The words by position; gives how many were used, -1 when one is missing. */
static int take_positions(const struct ctl_verb *verb, json_t *params, int argc, char **argv,
			  char *err, size_t err_len)
{
	char key[32];
	int used = 0;
	for (const char *at = verb->positions; *at; used++) {
		int len = (int)strcspn(at, " ");
		snprintf(key, sizeof(key), "%.*s", len, at);
		if (used == argc || json_object_set_new(params, key, json_string(argv[used]))) {
			snprintf(err, err_len, "'%s' needs a %s", verb->words, key);
			return -1;
		}
		at += len;
		at += strspn(at, " ");
	}
	return used;
}

static bool take_keywords(const struct ctl_verb *verb, json_t *params, int argc, char **argv,
			  char *err, size_t err_len)
{
	for (int i = 0; i < argc; i++) {
		const char *key = argv[i];
		char mark = keyword_mark(verb->keywords, key);
		if (!mark) {
			snprintf(err, err_len, "'%s' does not take '%s'", verb->words, key);
			return false;
		}
		if (mark != '?' && ++i == argc) {
			snprintf(err, err_len, "a value is missing behind '%s'", key);
			return false;
		}
		if (!set_keyword(params, key, mark, argv[i])) {
			snprintf(err, err_len, "'%s' is not a value for '%s'", argv[i], key);
			return false;
		}
	}
	if (!strchr(verb->keywords, '!') || json_object_get(params, "from"))
		return true;
	snprintf(err, err_len, "'%s' needs 'from' and the address of a client", verb->words);
	return false;
}

json_t *ctl_verb_params(const struct ctl_verb *verb, int argc, char **argv, char *err,
			size_t err_len)
{
	json_t *params = json_object();
	int used = take_positions(verb, params, argc, argv, err, err_len);
	if (used >= 0 && take_keywords(verb, params, argc - used, argv + used, err, err_len))
		return params;
	json_decref(params);
	return NULL;
}

static bool begins_with(const char *words, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		size_t len = strcspn(words, " ");
		if (strlen(argv[i]) != len || memcmp(words, argv[i], len) != 0)
			return false;
		words += len;
		words += strspn(words, " ");
	}
	return true;
}

int ctl_verb_help(FILE *out, int argc, char **argv)
{
	int found = 0;
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		if (!begins_with(verb->words, argc, argv))
			continue;
		fprintf(out, "  %s%s%s\n      %s\n", verb->words, verb->arguments[0] ? " " : "",
			verb->arguments, verb->help);
		found = 1;
	}
	return found;
}
