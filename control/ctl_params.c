/* ctl_params - the words of a command as a request: its verb, the parameters to send, and options. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ctl_walk_begin(struct ctl_walk *walk, const struct ctl_verb *verb)
{
	*walk = (struct ctl_walk){.verb = verb, .position = verb->positions};
}

static const struct ctl_param *find_keyword(const struct ctl_verb *verb, const char *word)
{
	for (const struct ctl_param *param = verb->keywords; param->name; param++)
		if (!strcmp(param->name, word))
			return param;
	return NULL;
}

enum ctl_walk_is ctl_walk_step(struct ctl_walk *walk, const char *word,
			       const struct ctl_param **param)
{
	bool dashed = !strncmp(word, "--", 2);
	*param = walk->awaits;
	walk->awaits = NULL;
	if (*param)
		return CTL_WALK_VALUE;
	if (walk->position->name && walk->position->needed && !dashed) {
		*param = walk->position++;
		return CTL_WALK_VALUE;
	}
	*param = find_keyword(walk->verb, dashed ? word + 2 : word);
	if (*param && (*param)->value) {
		walk->awaits = *param;
		return CTL_WALK_KEYWORD;
	}
	if (!*param && walk->position->name && !dashed)
		*param = walk->position++;
	return *param ? CTL_WALK_VALUE : CTL_WALK_UNKNOWN;
}

/* --- Values --------------------------------------------------------------------------------- */

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

static bool set_file(json_t *params, const char *key, const char *path)
{
	char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);
	json_t *value = folder ? json_sprintf("%s/%s", folder, path) : json_string(path);
	bool relative = path[0] != '/' && !folder;
	free(folder);
	return !json_object_set_new(params, key, value) && path[0] && !relative;
}

static json_t *read_input(FILE *input, json_error_t *parse)
{
	char *text = malloc(CTL_PARAMS_INPUT_MAX + 1);
	size_t len = text ? fread(text, 1, CTL_PARAMS_INPUT_MAX + 1, input) : 0;
	json_t *value = NULL;
	clearerr(input);
	if (len <= CTL_PARAMS_INPUT_MAX)
		value = json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, parse);
	else
		snprintf(parse->text, sizeof(parse->text), "it is longer than 1 MiB");
	free(text);
	return value;
}

static bool set_json(json_t *params, const char *key, const char *text, FILE *input, char *err,
		     size_t err_len)
{
	json_error_t parse = {.text = "expected an object"};
	bool from_input = !strcmp(text, "-");
	if (from_input && !input) {
		snprintf(err, err_len, "'-' cannot be read: the commands come from standard input");
		return false;
	}
	json_t *value = from_input ? read_input(input, &parse)
				   : json_loads(text, JSON_REJECT_DUPLICATES, &parse);
	if (json_is_object(value))
		return !json_object_set_new(params, key, value);
	snprintf(err, err_len, "the %s is not a JSON object: %s", key,
		 value ? "it is a list" : parse.text);
	json_decref(value);
	return false;
}

/* false: err says why, or is empty. */
static bool set_value(struct ctl_request *request, const struct ctl_param *param, const char *word,
		      char *err, size_t err_len)
{
	json_t *params = request->params;
	switch (param->type) {
	case CTL_FLAG:
		return !json_object_set_new(params, param->name, json_true());
	case CTL_DEFAULT:
		return true;
	case CTL_NUMBER:
		return set_number(params, param->name, word);
	case CTL_HEADER:
		return add_header(params, word);
	case CTL_FILE:
		return set_file(params, param->name, word);
	case CTL_JSON:
		return set_json(params, param->name, word, request->options.input, err, err_len);
	case CTL_REPLACED:
		return !json_object_set_new(params, "set", json_string(word)) &&
		       !json_object_set_new(params, param->name, json_true());
	default:
		return !json_object_set_new(params, param->name, json_string(word));
	}
}

/* --- The whole ------------------------------------------------------------------------------ */

/* The options at the front; -1: err says what is wrong. */
static int take_options(struct ctl_request *request, int argc, char **argv, char *err,
			size_t err_len)
{
	int used = 0, n;
	while ((n = ctl_options_take(&request->options, argc - used, argv + used, err, err_len)) >
	       0)
		used += n;
	return n < 0 ? n : used;
}

static bool take_words(struct ctl_request *request, struct ctl_walk *walk, int argc, char **argv,
		       char *err, size_t err_len)
{
	const struct ctl_verb *verb = walk->verb;
	const struct ctl_param *param;
	for (int i = 0, n; i < argc; i += n) {
		bool option = !walk->awaits && !strncmp(argv[i], "--", 2) &&
			      !find_keyword(verb, argv[i] + 2);
		n = option ? ctl_options_take(&request->options, argc - i, argv + i, err, err_len)
			   : 0;
		if (n < 0)
			return false;
		if (n)
			continue;
		n = 1;
		enum ctl_walk_is is = ctl_walk_step(walk, argv[i], &param);
		if (is == CTL_WALK_UNKNOWN) {
			snprintf(err, err_len, "'%s' does not take '%s'", verb->words, argv[i]);
			return false;
		}
		err[0] = '\0';
		if (is == CTL_WALK_VALUE && !set_value(request, param, argv[i], err, err_len)) {
			if (!err[0])
				snprintf(err, err_len, "'%s' is not a value for '%s'", argv[i],
					 param->name);
			return false;
		}
	}
	return true;
}

/* Everything that has to be there is there. */
static bool is_whole(const struct ctl_request *request, const struct ctl_walk *walk, char *err,
		     size_t err_len)
{
	const char *words = walk->verb->words;
	if (request->options.help)
		return true;
	if (walk->awaits) {
		snprintf(err, err_len, "a value is missing behind '%s'", walk->awaits->name);
		return false;
	}
	if (walk->position->name && walk->position->needed) {
		const char *name = walk->position->name;
		snprintf(err, err_len, "'%s' needs a%s %s", words,
			 strchr("aeiou", name[0]) ? "n" : "", name);
		return false;
	}
	for (const struct ctl_param *param = walk->verb->keywords; param->name; param++)
		if (param->needed && !json_object_get(request->params, param->name)) {
			snprintf(err, err_len, "'%s' needs '%s %s'", words, param->name,
				 param->value);
			return false;
		}
	if (request->options.watch <= 0 || walk->verb->way == CTL_LOOKS)
		return true;
	snprintf(err, err_len, "'%s' is not repeated; --watch is for verbs that look at tables",
		 words);
	return false;
}

bool ctl_params_read(struct ctl_request *request, const struct ctl_options *options, int argc,
		     char **argv, char *err, size_t err_len)
{
	*request = (struct ctl_request){.options = *options};
	int used = take_options(request, argc, argv, err, err_len), verb_used;
	if (used < 0)
		return false;
	request->verb = ctl_verb_find(argc - used, argv + used, &verb_used);
	if (!request->verb) {
		snprintf(err, err_len, "there is no verb '%s%s%s'; 'help' lists them",
			 used < argc ? argv[used] : "", used + 1 < argc ? " " : "",
			 used + 1 < argc ? argv[used + 1] : "");
		return false;
	}
	used += verb_used;
	request->params = json_object();
	struct ctl_walk walk;
	ctl_walk_begin(&walk, request->verb);
	if (request->params && take_words(request, &walk, argc - used, argv + used, err, err_len) &&
	    is_whole(request, &walk, err, err_len))
		return true;
	if (!request->params)
		snprintf(err, err_len, "no memory");
	json_decref(request->params);
	request->params = NULL;
	return false;
}
