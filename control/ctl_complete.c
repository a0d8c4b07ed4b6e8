/* ctl_complete - what the word at the end of a command may become. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_complete.h"

#include "ctl_link.h"
#include "ctl_params.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

struct finder {
	struct ctl_candidates *found;
	const char *begun; /* the word to complete, as far as it is there */
	struct ctl_options options;
};

/* prefix and name, of at most len octets, when the word begun leads to them. */
static void add(struct finder *finder, const char *prefix, const char *name, size_t len)
{
	struct ctl_candidates *found = finder->found;
	char *text = malloc(strlen(prefix) + len + 1);
	if (found->n == found->room) {
		size_t room = 2 * found->room + 64;
		char **list = text ? realloc(found->list, room * sizeof(*list)) : NULL;
		found->list = list ? list : found->list;
		found->room = list ? room : found->room;
	}
	if (!text || found->n == found->room) {
		free(text);
		return;
	}
	sprintf(text, "%s%.*s", prefix, (int)len, name);
	bool fits = !strncmp(text, finder->begun, strlen(finder->begun));
	for (const char *at = text; *at; at++)
		fits &= (unsigned char)*at >= ' ' && *at != 0x7f;
	if (fits)
		found->list[found->n++] = text;
	else
		free(text);
}

static void add_words(struct finder *finder, const char *const *words)
{
	for (; *words; words++)
		add(finder, "", *words, strlen(*words));
}

/* --- Names ---------------------------------------------------------------------------------- */

/* Where names of objects come from. */
static const struct source {
	const char *kind, *prefix, *method, *list;
} sources[] = {
	{"cdn", "", "show.cdns", "cdns"},        {"node", "", "show.nodes", "nodes"},
	{"scope", "", "show.scopes", "scopes"},  {"footprint", "", "show.footprints", "footprints"},
	{"zone", "", "show.zones", "zones"},     {"dri", "cdn/", "show.cdns", "cdns"},
	{"dri", "node/", "show.nodes", "nodes"}, {"advert", "", "show.adverts", "adverts"},
	{"state", "cdn/", "show.cdns", "cdns"},  {"state", "node/", "show.nodes", "nodes"},
	{"peer", "", "show.peers", "peers"},
};

/* Takes params over; NULL: there is no result. */
static json_t *ask(struct ctl_link *link, const char *method, json_t *params)
{
	char err[256];
	json_t *answer = ctl_link_ask(link, method, params, NULL, NULL, CTL_COMPLETE_WAIT_MS, err,
				      sizeof(err));
	json_t *result = json_incref(json_object_get(answer, "result"));
	json_decref(params);
	json_decref(answer);
	return result;
}

static void add_source(struct finder *finder, struct ctl_link *link, const struct source *source)
{
	size_t prefix_len = strlen(source->prefix), i;
	bool within = !strncmp(finder->begun, source->prefix, prefix_len);
	const char *match = within ? finder->begun + prefix_len : "";
	json_t *one;
	/* A list that is long enough to keep the daemon busy is not searched. */
	json_t *size = ask(link, source->method, json_pack("{s:i}", "limit", 1));
	bool small = size &&
		     json_integer_value(json_object_get(size, "total")) <= CTL_COMPLETE_NAMES_MAX;
	json_decref(size);
	if (!small)
		return;
	json_t *all = ask(link, source->method,
			  json_pack("{s:s*, s:i}", "match", *match ? match : NULL, "limit",
				    CTL_COMPLETE_NAMES_MAX));
	json_array_foreach (json_object_get(all, source->list), i, one) {
		const json_t *scope = json_object_get(one, "scope");
		const char *name = json_string_value(json_object_get(scope ? scope : one, "name"));
		if (name)
			add(finder, source->prefix, name, strlen(name));
	}
	json_decref(all);
}

static void add_names(struct finder *finder, const char *kind)
{
	char err[256];
	struct ctl_link link;
	if (!ctl_link_open(&link, finder->options.socket, err, sizeof(err)))
		return;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (!strcmp(kind, sources[i].kind))
			add_source(finder, &link, &sources[i]);
	ctl_link_close(&link);
	if (!strcmp(kind, "fallback"))
		add(finder, "", "all", 3);
}

static void add_files(struct finder *finder)
{
	char *pattern = malloc(2 * strlen(finder->begun) + 2), *to = pattern;
	glob_t paths = {0};
	for (const char *at = finder->begun; pattern && *at; at++) {
		if (strchr("*?[\\", *at))
			*to++ = '\\';
		*to++ = *at;
	}
	if (pattern)
		strcpy(to, "*");
	if (pattern && !glob(pattern, GLOB_MARK | GLOB_TILDE, NULL, &paths)) {
		const char *begun = finder->begun;
		finder->begun = ""; /* '~' became a folder */
		for (size_t i = 0; i < paths.gl_pathc; i++)
			add(finder, "", paths.gl_pathv[i], strlen(paths.gl_pathv[i]));
		finder->begun = begun;
	}
	globfree(&paths);
	free(pattern);
}

static void add_values(struct finder *finder, enum ctl_type type, const char *kind)
{
	static const char *const kinds[] = {
		[CTL_CDN] = "cdn", [CTL_NODE] = "node", [CTL_SCOPE] = "scope", [CTL_PEER] = "peer"};
	if (ctl_verb_choices(type))
		add_words(finder, ctl_verb_choices(type));
	else if (type == CTL_FILE)
		add_files(finder);
	else if (type == CTL_OBJECT)
		add_names(finder, kind);
	else if (type < sizeof(kinds) / sizeof(kinds[0]) && kinds[type])
		add_names(finder, kinds[type]);
}

/* --- Words ---------------------------------------------------------------------------------- */

/* The words that may follow those of a verb's beginning. */
static void add_verbs(struct finder *finder, int argc, char **argv)
{
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		const char *rest = ctl_verb_rest(verb, argc, argv);
		if (rest && *rest)
			add(finder, "", rest, strcspn(rest, " "));
	}
}

static void add_keywords(struct finder *finder, const struct ctl_verb *verb)
{
	const char *dashes = finder->begun[0] == '-' ? "--" : "";
	for (const struct ctl_param *param = verb->keywords; param->name; param++)
		add(finder, dashes, param->name, strlen(param->name));
	if (!dashes[0])
		return;
	add(finder, "", "--json", 6);
	if (verb->way == CTL_LOOKS)
		add(finder, "", "--watch", 7);
}

/* Behind the words of a verb. */
static void add_parameters(struct finder *finder, const struct ctl_verb *verb, int argc,
			   char **argv)
{
	struct ctl_walk walk;
	const struct ctl_param *param;
	const char *kind = "";
	char err[256];
	ctl_walk_begin(&walk, verb);
	for (int i = 0, n; i<argc; i += n> 0 ? n : 1) {
		n = walk.awaits ? 0
				: ctl_options_take(&finder->options, argc - i, argv + i, err,
						   sizeof(err));
		if (!n && ctl_walk_step(&walk, argv[i], &param) == CTL_WALK_VALUE &&
		    param->type == CTL_KIND)
			kind = argv[i];
	}
	bool dashed = finder->begun[0] == '-';
	if (walk.awaits)
		add_values(finder, walk.awaits->type, kind);
	else if (walk.position->name && !dashed)
		add_values(finder, walk.position->type, kind);
	if (!walk.awaits && (dashed || !walk.position->name || !walk.position->needed))
		add_keywords(finder, verb);
}

static void add_command(struct finder *finder, int argc, char **argv)
{
	static const char *const options[] = {"--help",  "--json",    "--socket",
					      "--watch", "--version", NULL};
	static const char *const others[] = {"completion", "help", NULL};
	static const char *const shells[] = {"bash", "zsh", NULL};
	char err[256];
	int used, n;
	while ((n = ctl_options_take(&finder->options, argc, argv, err, sizeof(err))) > 0) {
		argc -= n;
		argv += n;
	}
	const struct ctl_verb *verb = ctl_verb_find(argc, argv, &used);
	bool help = argc && !strcmp(argv[0], "help");
	if (n < 0) {
		add_files(finder); /* the socket */
	} else if (verb) {
		add_parameters(finder, verb, argc - used, argv + used);
	} else if (argc == 1 && !strcmp(argv[0], "completion")) {
		add_words(finder, shells);
	} else {
		add_verbs(finder, argc - help, argv + help);
		if (!argc)
			add_words(finder, others);
		if (!argc && finder->begun[0] == '-')
			add_words(finder, options);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void ctl_complete(struct ctl_candidates *found, const struct ctl_options *options,
		  const struct ctl_words *words)
{
	*found = (struct ctl_candidates){0};
	struct finder finder = {.found = found, .begun = "", .options = *options};
	int n = words->n;
	if (!words->behind)
		finder.begun = words->list[--n];
	add_command(&finder, n, words->list);
	if (found->n)
		qsort(found->list, found->n, sizeof(*found->list), compare);
	size_t kept = 0;
	for (size_t i = 0; i < found->n; i++) {
		if (kept && !strcmp(found->list[i], found->list[kept - 1]))
			free(found->list[i]);
		else
			found->list[kept++] = found->list[i];
	}
	found->n = kept;
}

void ctl_candidates_clear(struct ctl_candidates *found)
{
	for (size_t i = 0; i < found->n; i++)
		free(found->list[i]);
	free(found->list);
	*found = (struct ctl_candidates){0};
}

bool ctl_complete_print(FILE *out, const struct ctl_options *options, const char *line)
{
	struct ctl_candidates found;
	struct ctl_words words;
	if (!ctl_words_split(&words, line))
		return false;
	struct ctl_words command = words;
	if (words.n > !words.behind) {
		command.list++;
		command.n--;
		ctl_complete(&found, options, &command);
		for (size_t i = 0; i < found.n; i++)
			fprintf(out, "%s\n", found.list[i]);
		ctl_candidates_clear(&found);
	}
	ctl_words_clear(&words);
	return true;
}
