/* pattern_set - the patterns of one place in the scope trie, compiled with Hyperscan. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern_set.h"

#include "http_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All patterns over one thing: the path, the query, or one header. */
struct group {
	enum pattern_field field;
	char *header;
	size_t header_len;
	hs_database_t *database;
};

struct pattern_set {
	size_t n, n_groups;
	struct group groups[];
};

static bool same_field(const struct pattern *a, const struct pattern *b)
{
	return a->field == b->field &&
	       (a->field != PATTERN_HEADER || strcmp(a->header, b->header) == 0);
}

/* Compiler's input: the patterns of a group, and their indexes. */
struct batch {
	unsigned n;
	const char *regexes[PATTERN_SET_MAX];
	unsigned flags[PATTERN_SET_MAX], ids[PATTERN_SET_MAX];
};

static void batch_fill(struct batch *batch, const struct pattern *patterns, size_t n, size_t first)
{
	batch->n = 0;
	for (size_t i = first; i < n; i++) {
		if (!same_field(&patterns[i], &patterns[first]))
			continue;
		batch->regexes[batch->n] = patterns[i].regex;
		batch->flags[batch->n] = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_DOTALL |
					 (patterns[i].caseless ? HS_FLAG_CASELESS : 0);
		batch->ids[batch->n++] = (unsigned)i;
	}
}

/* What the compiler takes: err and *bad are the caller's, *bad is n already. */
struct fault_out {
	char *err;
	size_t err_len, *bad;
};

static bool group_compile(struct group *group, const struct batch *batch, struct fault_out out)
{
	hs_compile_error_t *error = NULL;
	if (hs_compile_multi(batch->regexes, batch->flags, batch->ids, batch->n, HS_MODE_BLOCK,
			     NULL, &group->database, &error) == HS_SUCCESS)
		return true;
	const char *why = error ? error->message : "no memory";
	if (error && error->expression >= 0 && (unsigned)error->expression < batch->n) {
		*out.bad = batch->ids[error->expression];
		snprintf(out.err, out.err_len, "regex \"%s\": %s",
			 batch->regexes[error->expression], why);
	} else {
		snprintf(out.err, out.err_len, "%s", why);
	}
	hs_free_compile_error(error);
	return false;
}

static bool seen_before(const struct pattern *patterns, size_t i)
{
	for (size_t before = 0; before < i; before++) {
		if (same_field(&patterns[before], &patterns[i]))
			return true;
	}
	return false;
}

static bool compile_groups(struct pattern_set *set, const struct pattern *patterns,
			   struct batch *batch, struct fault_out out)
{
	for (size_t i = 0; i < set->n; i++) {
		if (seen_before(patterns, i))
			continue;
		struct group *group = &set->groups[set->n_groups++];
		group->field = patterns[i].field;
		if (group->field == PATTERN_HEADER) {
			group->header = strdup(patterns[i].header);
			if (!group->header) {
				snprintf(out.err, out.err_len, "no memory");
				return false;
			}
			group->header_len = strlen(group->header);
		}
		batch_fill(batch, patterns, set->n, i);
		if (!group_compile(group, batch, out))
			return false;
	}
	return true;
}

static bool check_sizes(const struct pattern *patterns, size_t n, struct fault_out out)
{
	if (n > PATTERN_SET_MAX) {
		snprintf(out.err, out.err_len,
			 "%zu patterns at one place of the table; at most %d are taken", n,
			 PATTERN_SET_MAX);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (strnlen(patterns[i].regex, PATTERN_REGEX_MAX) < PATTERN_REGEX_MAX)
			continue;
		*out.bad = i;
		snprintf(out.err, out.err_len, "regex \"%.64s...\" is longer than %d octets",
			 patterns[i].regex, PATTERN_REGEX_MAX - 1);
		return false;
	}
	return true;
}

struct pattern_set *pattern_set_compile(const struct pattern *patterns, size_t n, char *err,
					size_t err_len, size_t *bad)
{
	struct fault_out out = {err, err_len, bad};
	*bad = n;
	if (!check_sizes(patterns, n, out))
		return NULL;
	struct pattern_set *set = calloc(1, sizeof(*set) + n * sizeof(set->groups[0]));
	struct batch *batch = malloc(sizeof(*batch));
	bool ok = false;
	if (set && batch) {
		set->n = n;
		ok = compile_groups(set, patterns, batch, out);
	} else {
		snprintf(err, err_len, "no memory");
	}
	free(batch);
	if (ok)
		return set;
	pattern_set_free(set);
	return NULL;
}

void pattern_set_free(struct pattern_set *set)
{
	for (size_t i = 0; set && i < set->n_groups; i++) {
		free(set->groups[i].header);
		hs_free_database(set->groups[i].database);
	}
	free(set);
}

bool pattern_set_grow_scratch(const struct pattern_set *set, hs_scratch_t **scratch)
{
	for (size_t i = 0; i < set->n_groups; i++) {
		if (hs_alloc_scratch(set->groups[i].database, scratch) != HS_SUCCESS)
			return false;
	}
	return true;
}

/* at is NULL when the request has no such thing; an empty one is matched all the same. */
static struct span group_text(const struct group *group, const struct request *req)
{
	static const uint8_t nothing[1];
	if (group->field == PATTERN_PATH)
		return (struct span){req->key + req->host_len,
				     (uint32_t)(req->key_len - req->host_len)};
	if (req->protocol == PROTOCOL_DNS)
		return (struct span){NULL, 0};
	if (group->field == PATTERN_HEADER)
		return http_request_header(req, group->header, group->header_len);
	if (req->http.query.len == 0)
		return (struct span){nothing, 0};
	return (struct span){req->http.query.at + 1, req->http.query.len - 1};
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *arg)
{
	(void)from, (void)to, (void)flags;
	struct pattern_matches *matches = arg;
	matches->bits[id / 64] |= UINT64_C(1) << id % 64;
	return 0;
}

void pattern_set_scan(const struct pattern_set *set, const struct request *req,
		      hs_scratch_t *scratch, struct pattern_matches *matches)
{
	memset(matches->bits, 0, (set->n + 63) / 64 * sizeof(matches->bits[0]));
	for (size_t i = 0; i < set->n_groups; i++) {
		struct span text = group_text(&set->groups[i], req);
		if (text.at)
			hs_scan(set->groups[i].database, (const char *)text.at, text.len, 0,
				scratch, on_match, matches);
	}
}
