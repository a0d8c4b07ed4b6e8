/* model_json_scope - a content request scope from JSON, and its canonical form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/http_field.h"
#include "lib/request.h"
#include "model_json.h"
#include "qtype.h"
#include "sign_policy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_CONTROL_MAX = 128 };

/* As the enums in lib/scope.h. */
static const char *const actions[] = {"redirect", "deny", "pass", NULL};
static const char *const policies[] = {"ordered",     "weighted", "hash",
				       "round-robin", "random",   NULL};

static void read_protocols(struct json_in *in, struct model_scope *scope)
{
	static const char *const protocols[] = {"dns", "http", "https",
						NULL}; /* bits in this order */
	json_t *list = json_in_list(in, "protocols");
	for (size_t i = 0; i < json_array_size(list); i++) {
		int bit = json_in_choice_of(in, json_array_get(list, i), "protocols", protocols, 0);
		scope->protocols |= (uint8_t)(1 << bit);
	}
}

static void read_pattern(struct json_in *outer, json_t *json, struct model_pattern *pattern)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "pattern");
	pattern->pattern = json_in_text(&in, "pattern", JSON_IN_NEEDED);
	pattern->case_sensitive = json_in_flag(&in, "case-sensitive", false);
	if (json_in_end(&in) && !pattern->case_sensitive)
		json_in_drop(&in, json, "case-sensitive");
}

static void read_header(struct json_in *outer, json_t *json, struct model_header *header)
{
	char lower[65];
	size_t len = 0;
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "header");
	const char *name = json_in_text(&in, "name", JSON_IN_NEEDED);
	header->regex = json_in_text(&in, "regex", JSON_IN_NEEDED);
	/* A token, RFC 9110 §5.6.2. */
	while (name && len < sizeof(lower) - 1 && name[len] &&
	       (isalnum((unsigned char)name[len]) || strchr("!#$%&'*+-.^_`|~", name[len]))) {
		lower[len] = (char)tolower((unsigned char)name[len]);
		len++;
	}
	json_t *value = json_object_get(in.object, "name");
	if (name && name[len])
		json_in_fault(&in, value,
			      "name: expected the name of a header field of at most %zu octets",
			      sizeof(lower) - 1);
	/* From here on the old name is gone. */
	lower[len] = '\0';
	if (json_in_end(&in) && strcmp(name, lower) != 0) {
		if (json_string_setn(value, lower, len))
			json_in_fault(&in, value, "no memory");
		if (in.source->rewritten)
			*in.source->rewritten = true;
	}
	header->name = json_string_value(value);
}

static void read_qtypes(struct json_in *in, struct model_scope *scope)
{
	json_t *list = json_in_list(in, "qtypes");
	scope->qtypes = json_in_room(in, list, sizeof(*scope->qtypes), &scope->n_qtypes);
	for (size_t i = 0; i < scope->n_qtypes; i++) {
		json_t *value = json_array_get(list, i);
		const char *text = json_in_text_of(in, value, "qtypes");
		if (text && !qtype_parse(text, &scope->qtypes[i]))
			json_in_fault(
				in, value,
				"qtypes: '%.64s' is not a DNS record type; expected a name as A or "
				"AAAA, or TYPEnnn",
				text);
	}
}

static void read_time(struct json_in *outer, json_t *json, struct scope_time *time)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "time");
	time->start = (uint64_t)json_in_integer(&in, "start", 0, INT64_MAX, 0);
	time->end = (uint64_t)json_in_integer(&in, "end", 0, INT64_MAX, INT64_MAX);
	if (json_in_end(&in) && time->start >= time->end)
		json_in_fault(&in, NULL, "start has to be before end");
}

static void read_candidate(struct json_in *outer, json_t *json, struct model_target_ref *candidate)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "candidate");
	candidate->name = model_json_target_name(&in, &candidate->kind);
	candidate->weight = (uint32_t)json_in_integer(&in, "weight", 1, UINT16_MAX, 1);
	if (json_in_end(&in) && candidate->weight == 1)
		json_in_drop(&in, json, "weight");
}

/* Where the scope hangs and what narrows it. */
static void read_key(struct json_in *in, struct model_scope *scope)
{
	read_protocols(in, scope);
	scope->hosts = json_in_texts(in, "hosts", &scope->n_hosts);
	scope->paths = json_in_texts(in, "paths", &scope->n_paths);
	json_t *list = json_in_list(in, "patterns");
	scope->patterns = json_in_room(in, list, sizeof(*scope->patterns), &scope->n_patterns);
	for (size_t i = 0; i < scope->n_patterns; i++)
		read_pattern(in, json_array_get(list, i), &scope->patterns[i]);
	scope->regexes = json_in_texts(in, "regexes", &scope->n_regexes);
	scope->query_regex = json_in_text(in, "query-regex", JSON_IN_OPTIONAL);
	list = json_in_list(in, "headers");
	scope->headers = json_in_room(in, list, sizeof(*scope->headers), &scope->n_headers);
	for (size_t i = 0; i < scope->n_headers; i++)
		read_header(in, json_array_get(list, i), &scope->headers[i]);
	read_qtypes(in, scope);
	model_json_footprints(in, true, &scope->footprints);
	list = json_in_list(in, "times");
	scope->times = json_in_room(in, list, sizeof(*scope->times), &scope->n_times);
	for (size_t i = 0; i < scope->n_times; i++)
		read_time(in, json_array_get(list, i), &scope->times[i]);
}

static void read_status(struct json_in *in, struct model_scope *scope)
{
	int64_t status = json_in_integer(in, "http-status", 301, 308, 302);
	if (status > 303 && status < 307)
		json_in_fault(in, json_object_get(in->object, "http-status"),
			      "http-status: expected 301, 302, 303, 307 or 308");
	scope->http_status = (uint16_t)status;
}

/* cache-directive: token [ "=" ( token / quoted-string ) ] (RFC 9111 §5.2). */
static bool is_directive(struct span directive)
{
	struct span name = span_cut(&directive, '=');
	bool quoted = directive.len > 1 && directive.at[0] == '"' &&
		      directive.at[directive.len - 1] == '"';
	const bool has_value = directive.at != name.at + name.len;
	for (uint32_t i = 0; i < name.len; i++)
		if (!(octet_class[name.at[i]] & OCTET_TOKEN))
			return false;
	for (uint32_t i = quoted; i + quoted < directive.len; i++)
		if (!(octet_class[directive.at[i]] & (quoted ? OCTET_VALUE : OCTET_TOKEN)) ||
		    (quoted && (directive.at[i] == '"' || directive.at[i] == '\\')))
			return false;
	return name.len && (!has_value || directive.len);
}

static bool are_directives(const char *text)
{
	struct span list = {(const uint8_t *)text, (uint32_t)strlen(text)}, directive;
	bool good = list.len <= CACHE_CONTROL_MAX;
	while (good && list.len) {
		directive = span_trim(span_cut(&list, ','));
		good = is_directive(directive);
	}
	return good;
}

/* A number of seconds is short for max-age. */
static void read_cache_control(struct json_in *in, struct model_scope *scope)
{
	char text[32];
	json_t *value = json_object_get(in->object, "cache-control");
	const char *said = text;
	if (json_is_integer(value))
		snprintf(text, sizeof(text), "max-age=%d",
			 (int)json_in_integer(in, "cache-control", 0, INT32_MAX, 0));
	else
		said = json_in_text(in, "cache-control", JSON_IN_OPTIONAL);
	if (said && !are_directives(said))
		json_in_fault(
			in, value,
			"cache-control: expected seconds, or directives as \"no-store\", of at "
			"most %d octets",
			CACHE_CONTROL_MAX);
	else if (said && !(scope->cache_control = strdup(said)))
		json_in_fault(in, value, "no memory");
}

/* What is done with its requests. */
static void read_decision(struct json_in *in, struct model_scope *scope)
{
	static const char *const denials[] = {"refused", "nxdomain", NULL};
	scope->action = (enum scope_action)json_in_choice(in, "action", actions, SCOPE_REDIRECT);
	scope->policy = (enum scope_policy)json_in_choice(in, "policy", policies, POLICY_ORDERED);
	json_t *list = json_in_list(in, "candidates");
	scope->candidates =
		json_in_room(in, list, sizeof(*scope->candidates), &scope->n_candidates);
	for (size_t i = 0; i < scope->n_candidates; i++)
		read_candidate(in, json_array_get(list, i), &scope->candidates[i]);
	model_json_target_ref(in, "fallback", &scope->fallback);
	scope->priority = (int16_t)json_in_integer(in, "priority", INT16_MIN, INT16_MAX, 0);
	read_status(in, scope);
	scope->deny_nxdomain = json_in_choice(in, "dns-deny", denials, 0);
	scope->metadata = model_json_offers(in, "requires", ADVERT_METADATA, false);
	read_cache_control(in, scope);
	sign_policy_read(in, &scope->signing);
}

/* Takes out what says nothing: defaults and empty lists. */
static void drop_defaults(const struct json_in *in, json_t *json, const struct model_scope *scope)
{
	const struct {
		const char *key;
		bool is_default;
	} members[] = {
		{"protocols", !scope->protocols},
		{"paths", !scope->n_paths},
		{"patterns", !scope->n_patterns},
		{"regexes", !scope->n_regexes},
		{"headers", !scope->n_headers},
		{"qtypes", !scope->n_qtypes},
		{"footprints", !scope->footprints.n && !scope->footprints.n_names},
		{"times", !scope->n_times},
		{"action", scope->action == SCOPE_REDIRECT},
		{"policy", scope->policy == POLICY_ORDERED},
		{"candidates", !scope->n_candidates},
		{"priority", !scope->priority},
		{"http-status", scope->http_status == 302},
		{"dns-deny", !scope->deny_nxdomain},
		{"requires", !scope->metadata},
	};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (members[i].is_default)
			json_in_drop(in, json, members[i].key);
}

bool model_json_scope(const struct json_source *source, json_t *json, struct model_scope *scope)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "scope");
	*scope = (struct model_scope){0};
	scope->name = json_in_text(&in, "name", JSON_IN_NEEDED);
	read_key(&in, scope);
	read_decision(&in, scope);
	json_in_not_empty(&in, "hosts", "host (\"*\" is any)");
	if (!json_in_end(&in))
		return false;
	drop_defaults(&in, json, scope);
	return true;
}

void model_json_scope_clear(struct model_scope *scope)
{
	free(scope->hosts);
	free(scope->paths);
	free(scope->patterns);
	free(scope->regexes);
	free(scope->headers);
	free(scope->qtypes);
	model_json_footprints_clear(&scope->footprints);
	free(scope->times);
	free(scope->candidates);
	free(scope->cache_control);
	free(scope->signing);
	*scope = (struct model_scope){0};
}
