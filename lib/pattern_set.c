/* pattern_set - the patterns of one place in the scope trie, compiled with Hyperscan. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern_set.h"

#include "http_request.h"
#include "pattern_glob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The globs of a set may cost so much together, in steps for each octet of the text; else Hyperscan, which takes all patterns at
 * once, gets them too. */
enum { GLOB_COST_MAX = 16 };

/* All patterns over one thing: the path, the query, or one header. */
struct group {
	const struct pattern *first;
	hs_database_t *database;
};

struct pattern_set {
	uint32_t refs;
	uint32_t n, n_groups;
	struct group *groups;
	char **globs; /* by pattern: a code of pattern_glob; NULL: it is in a group */
	void (*idle)(void *arg);
	void *idle_arg;
	struct pattern patterns[]; /* their strings are behind the last one */
};

static bool same_field(const struct pattern *a, const struct pattern *b)
{
	return a->field == b->field &&
	       (a->field != PATTERN_HEADER || strcmp(a->header, b->header) == 0);
}

bool pattern_equal(const struct pattern *a, const struct pattern *b)
{
	return same_field(a, b) && a->caseless == b->caseless && strcmp(a->regex, b->regex) == 0;
}

/* --- compiling -------------------------------------------------------------------------------------------------- */

/* Where the caller wants to read why; *bad is n already. */
struct fault_out {
	char *err;
	size_t err_len, *bad;
};

static bool refuse(struct fault_out out, const char *why)
{
	snprintf(out.err, out.err_len, "%s", why);
	return false;
}

static bool refuse_regex(struct fault_out out, const struct pattern *patterns, size_t bad,
			 const char *why)
{
	enum { SHOWN = 64 };
	const char *regex = patterns[bad].regex;
	*out.bad = bad;
	snprintf(out.err, out.err_len, "regex \"%.*s%s\": %s", SHOWN, regex,
		 strnlen(regex, SHOWN + 1) > SHOWN ? "..." : "", why);
	return false;
}

static bool check_sizes(const struct pattern *patterns, size_t n, struct fault_out out)
{
	char why[96];
	if (n > PATTERN_SET_MAX) {
		snprintf(why, sizeof(why),
			 "%zu patterns at one place of the table; at most %d are taken", n,
			 PATTERN_SET_MAX);
		return refuse(out, why);
	}
	for (size_t i = 0; i < n; i++) {
		if (strnlen(patterns[i].regex, PATTERN_REGEX_MAX) < PATTERN_REGEX_MAX)
			continue;
		snprintf(why, sizeof(why), "it is longer than %d octets", PATTERN_REGEX_MAX - 1);
		return refuse_regex(out, patterns, i, why);
	}
	return true;
}

static size_t text_size(const struct pattern *pattern)
{
	return strlen(pattern->regex) + 1 +
	       (pattern->field == PATTERN_HEADER ? strlen(pattern->header) + 1 : 0);
}

static const char *copy_text(char **to, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(*to, text, size);
	*to += size;
	return copy;
}

/* A set that is not compiled yet. NULL: no memory. */
static struct pattern_set *set_of(const struct pattern *patterns, size_t n)
{
	size_t size = 0; /* of the strings */
	for (size_t i = 0; i < n; i++)
		size += text_size(&patterns[i]);
	struct pattern_set *set = calloc(1, sizeof(*set) + n * sizeof(set->patterns[0]) + size);
	if (!set)
		return NULL;
	set->refs = 1;
	set->n = (uint32_t)n;
	char *text = (char *)&set->patterns[n];
	for (size_t i = 0; i < n; i++) {
		struct pattern *copy = &set->patterns[i];
		*copy = patterns[i];
		copy->regex = copy_text(&text, patterns[i].regex);
		copy->header = patterns[i].field == PATTERN_HEADER
				       ? copy_text(&text, patterns[i].header)
				       : NULL;
	}
	return set;
}

static void free_globs(struct pattern_set *set)
{
	for (uint32_t i = 0; i < set->n; i++)
		free(set->globs[i]);
	memset(set->globs, 0, set->n * sizeof(set->globs[0]));
}

static bool compile_globs(struct pattern_set *set)
{
	char code[PATTERN_REGEX_MAX];
	unsigned sum = 0;
	set->globs = calloc(set->n ? set->n : 1, sizeof(set->globs[0]));
	if (!set->globs)
		return false;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct pattern *pattern = &set->patterns[i];
		unsigned cost =
			pattern->field == PATTERN_PATH
				? pattern_glob_compile(pattern->regex, pattern->caseless, code)
				: 0;
		if (!cost)
			continue;
		sum += cost;
		if (sum > GLOB_COST_MAX) {
			free_globs(set);
			return true;
		}
		set->globs[i] = strdup(code);
		if (!set->globs[i])
			return false;
	}
	return true;
}

/* The compiler's input: the patterns of a group, and their indexes. */
struct batch {
	unsigned n;
	const char *regexes[PATTERN_SET_MAX];
	unsigned flags[PATTERN_SET_MAX], ids[PATTERN_SET_MAX];
};

static void batch_fill(struct batch *batch, const struct pattern_set *set, uint32_t first)
{
	batch->n = 0;
	for (uint32_t i = first; i < set->n; i++) {
		const struct pattern *pattern = &set->patterns[i];
		if (set->globs[i] || !same_field(pattern, &set->patterns[first]))
			continue;
		batch->regexes[batch->n] = pattern->regex;
		batch->flags[batch->n] = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_DOTALL |
					 (pattern->caseless ? HS_FLAG_CASELESS : 0);
		batch->ids[batch->n++] = i;
	}
}

/* Asking the processor takes a tenth of a compilation on a virtual machine. NULL: not known. */
static const hs_platform_info_t *this_machine(void)
{
	static _Thread_local hs_platform_info_t platform;
	static _Thread_local bool known;
	if (!known)
		known = hs_populate_platform(&platform) == HS_SUCCESS;
	return known ? &platform : NULL;
}

static bool group_compile(struct pattern_set *set, struct group *group, const struct batch *batch,
			  struct fault_out out)
{
	hs_compile_error_t *error = NULL;
	if (hs_compile_multi(batch->regexes, batch->flags, batch->ids, batch->n, HS_MODE_BLOCK,
			     this_machine(), &group->database, &error) == HS_SUCCESS)
		return true;
	const char *why = error ? error->message : "no memory";
	if (error && error->expression >= 0 && (unsigned)error->expression < batch->n)
		refuse_regex(out, set->patterns, batch->ids[error->expression], why);
	else
		refuse(out, why);
	hs_free_compile_error(error);
	return false;
}

/* *size is what the groups before have; a pattern that is alone in its group can be told to be the one at fault. */
static bool check_cost(const struct pattern_set *set, const struct group *group,
		       const struct batch *batch, size_t *size, struct fault_out out)
{
	size_t more = 0;
	char why[160];
	hs_database_size(group->database, &more);
	*size += more;
	if (*size <= PATTERN_SET_SIZE_MAX)
		return true;
	bool alone = batch->n == 1 && more > PATTERN_SET_SIZE_MAX;
	snprintf(why, sizeof(why),
		 "%s too costly: %zu KiB when compiled, at most %d KiB are taken; make %s",
		 alone ? "it is" : "the patterns of one place of the table are together",
		 *size / 1024, PATTERN_SET_SIZE_MAX / 1024, alone ? "it simpler" : "them simpler");
	return alone ? refuse_regex(out, set->patterns, batch->ids[0], why) : refuse(out, why);
}

static bool has_group(const struct pattern_set *set, const struct pattern *pattern)
{
	for (uint32_t i = 0; i < set->n_groups; i++) {
		if (same_field(set->groups[i].first, pattern))
			return true;
	}
	return false;
}

static bool compile_groups(struct pattern_set *set, struct batch *batch, struct fault_out out)
{
	size_t size = 0;
	for (uint32_t i = 0; i < set->n; i++) {
		if (set->globs[i] || has_group(set, &set->patterns[i]))
			continue;
		struct group *group = &set->groups[set->n_groups++];
		group->first = &set->patterns[i];
		batch_fill(batch, set, i);
		if (!group_compile(set, group, batch, out) ||
		    !check_cost(set, group, batch, &size, out))
			return false;
	}
	return true;
}

static bool compile(struct pattern_set *set, struct fault_out out)
{
	struct batch *batch = malloc(sizeof(*batch));
	bool ok = batch ? compile_groups(set, batch, out) : refuse(out, "no memory");
	free(batch);
	return ok;
}

/* A set with its globs, and room for groups of all other patterns. NULL: refused. */
static struct pattern_set *set_begin(const struct pattern *patterns, size_t n, size_t *n_grouped,
				     struct fault_out out)
{
	*out.bad = n;
	if (!check_sizes(patterns, n, out))
		return NULL;
	struct pattern_set *set = set_of(patterns, n);
	bool ok = set && compile_globs(set);
	*n_grouped = 0;
	for (size_t i = 0; ok && i < n; i++)
		*n_grouped += !set->globs[i];
	if (ok && *n_grouped) {
		set->groups = calloc(*n_grouped, sizeof(set->groups[0]));
		ok = set->groups;
	}
	if (ok)
		return set;
	refuse(out, "no memory");
	pattern_set_release(set);
	return NULL;
}

struct pattern_set *pattern_set_compile(const struct pattern *patterns, size_t n, char *err,
					size_t err_len, size_t *bad)
{
	struct fault_out out = {err, err_len, bad};
	size_t n_grouped;
	struct pattern_set *set = set_begin(patterns, n, &n_grouped, out);
	if (!set || !n_grouped || compile(set, out))
		return set;
	pattern_set_release(set);
	return NULL;
}

/* --- databases that were compiled before ------------------------------------------------------------------------ */

void pattern_set_compiler(char *name, size_t cap)
{
	const hs_platform_info_t *machine = this_machine();
	snprintf(name, cap, "Hyperscan %s, processor %u, features %llx", hs_version(),
		 machine ? machine->tune : 0, machine ? machine->cpu_features : 0);
}

/* Its length and what Hyperscan says, after what is there already. */
static bool append(const hs_database_t *database, uint8_t **bytes, size_t *len)
{
	char *from = NULL;
	size_t from_len = 0;
	if (hs_serialize_database(database, &from, &from_len) != HS_SUCCESS)
		return false;
	uint32_t head = (uint32_t)from_len;
	uint8_t *grown = realloc(*bytes, *len + sizeof(head) + from_len);
	if (grown) {
		memcpy(grown + *len, &head, sizeof(head));
		memcpy(grown + *len + sizeof(head), from, from_len);
		*bytes = grown;
		*len += sizeof(head) + from_len;
	}
	free(from);
	return grown;
}

bool pattern_set_save(const struct pattern_set *set, uint8_t **bytes, size_t *len)
{
	*bytes = NULL;
	*len = 0;
	for (uint32_t i = 0; i < set->n_groups; i++) {
		if (append(set->groups[i].database, bytes, len))
			continue;
		free(*bytes);
		*bytes = NULL;
		return false;
	}
	return true;
}

static bool is_for_blocks(const hs_database_t *database)
{
	char *info = NULL;
	bool is = hs_database_info(database, &info) == HS_SUCCESS && strstr(info, "Mode: BLOCK");
	free(info);
	return is;
}

/* *saved moves behind it. */
static bool load(struct span *saved, hs_database_t **database)
{
	uint32_t len;
	if (saved->len < sizeof(len))
		return false;
	memcpy(&len, saved->at, sizeof(len));
	if (len > saved->len - sizeof(len))
		return false;
	const char *from = (const char *)saved->at + sizeof(len);
	*saved = (struct span){saved->at + sizeof(len) + len,
			       saved->len - (uint32_t)sizeof(len) - len};
	return hs_deserialize_database(from, len, database) == HS_SUCCESS &&
	       is_for_blocks(*database);
}

/* Groups come in the order of their first patterns, as they do from the compiler. */
static bool load_groups(struct pattern_set *set, struct span saved)
{
	for (uint32_t i = 0; i < set->n; i++) {
		if (set->globs[i] || has_group(set, &set->patterns[i]))
			continue;
		struct group *group = &set->groups[set->n_groups++];
		group->first = &set->patterns[i];
		if (!load(&saved, &group->database))
			return false;
	}
	return saved.len == 0;
}

struct pattern_set *pattern_set_load(const struct pattern *patterns, size_t n, struct span saved)
{
	char err[256];
	size_t bad, n_grouped;
	struct fault_out out = {err, sizeof(err), &bad};
	struct pattern_set *set = set_begin(patterns, n, &n_grouped, out);
	if (!set || load_groups(set, saved))
		return set;
	pattern_set_release(set);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------- */

void pattern_set_retain(struct pattern_set *set)
{
	set->refs++;
}

void pattern_set_release(struct pattern_set *set)
{
	if (!set)
		return;
	if (--set->refs) {
		if (set->refs == 1 && set->idle)
			set->idle(set->idle_arg);
		return;
	}
	for (uint32_t i = 0; i < set->n_groups; i++)
		hs_free_database(set->groups[i].database);
	free(set->groups);
	if (set->globs)
		free_globs(set);
	free(set->globs);
	free(set);
}

const struct pattern *pattern_set_patterns(const struct pattern_set *set, size_t *n)
{
	*n = set->n;
	return set->patterns;
}

void pattern_set_watch(struct pattern_set *set, void (*idle)(void *arg), void *arg)
{
	set->idle = idle;
	set->idle_arg = arg;
}

/* --- scanning --------------------------------------------------------------------------------------------------- */

bool pattern_set_needs_scratch(const struct pattern_set *set)
{
	return set->n_groups > 0;
}

bool pattern_set_grow_scratch(const struct pattern_set *set, hs_scratch_t **scratch)
{
	for (uint32_t i = 0; i < set->n_groups; i++) {
		if (hs_alloc_scratch(set->groups[i].database, scratch) != HS_SUCCESS)
			return false;
	}
	return true;
}

static struct span path_text(const struct request *req)
{
	return (struct span){req->key + req->host_len, (uint32_t)(req->key_len - req->host_len)};
}

/* at is NULL when the request has no such thing; an empty one is matched all the same. */
static struct span field_text(const struct pattern *pattern, const struct request *req)
{
	static const uint8_t nothing[1];
	if (pattern->field == PATTERN_PATH)
		return path_text(req);
	if (req->protocol == PROTOCOL_DNS)
		return (struct span){NULL, 0};
	if (pattern->field == PATTERN_HEADER)
		return http_request_header(req, pattern->header, strlen(pattern->header));
	if (req->http.query.len == 0)
		return (struct span){nothing, 0};
	return (struct span){req->http.query.at + 1, req->http.query.len - 1};
}

static void set_bit(struct pattern_matches *matches, uint32_t i)
{
	matches->bits[i / 64] |= UINT64_C(1) << i % 64;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *arg)
{
	(void)from, (void)to, (void)flags;
	set_bit(arg, id);
	return 0;
}

void pattern_set_scan(const struct pattern_set *set, const struct request *req,
		      hs_scratch_t *scratch, struct pattern_matches *matches)
{
	memset(matches->bits, 0, (set->n + 63) / 64 * sizeof(matches->bits[0]));
	struct span path = path_text(req);
	for (uint32_t i = 0; i < set->n; i++) {
		if (set->globs[i] &&
		    pattern_glob_matches(set->globs[i], set->patterns[i].caseless, path))
			set_bit(matches, i);
	}
	for (uint32_t i = 0; i < set->n_groups; i++) {
		struct span text = field_text(set->groups[i].first, req);
		if (text.at)
			hs_scan(set->groups[i].database, (const char *)text.at, text.len, 0,
				scratch, on_match, matches);
	}
}
