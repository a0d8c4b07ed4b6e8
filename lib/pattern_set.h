/* pattern_set - the patterns of one place in the scope trie, compiled with Hyperscan; and RFC 8006 patterns as regexes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

#include <hs/hs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

enum pattern_field { PATTERN_PATH, PATTERN_QUERY, PATTERN_HEADER };

/* Compares with no regard to who owns the strings. PATTERN_PATH is matched against the path in normal form, PATTERN_QUERY
 * against the query's bytes without '?', PATTERN_HEADER against the value of the first field with that name (no such
 * field: no match). */
struct pattern {
	enum pattern_field field;
	const char *header; /* lower case; only for PATTERN_HEADER */
	const char *regex;  /* PCRE syntax, found anywhere unless anchored */
	bool caseless;
};

/* Patterns in a set; octets of a regex, with its NUL. */
enum { PATTERN_SET_MAX = 1024, PATTERN_REGEX_MAX = 2048 };

/* Compiled, immutable. Bit i of a scan's result belongs to patterns[i]. */
struct pattern_set;

/* NULL: refused; err says why and *bad is the pattern's index (n when it is none of them). Control thread. */
struct pattern_set *pattern_set_compile(const struct pattern *patterns, size_t n, char *err,
					size_t err_len, size_t *bad);
void pattern_set_free(struct pattern_set *set);

/* Makes *scratch (NULL at first) large enough for this set too. false: no memory. Control thread. */
bool pattern_set_grow_scratch(const struct pattern_set *set, hs_scratch_t **scratch);

struct pattern_matches {
	uint64_t bits[PATTERN_SET_MAX / 64];
};

/* Fills as many words of *matches as the set needs. Any thread with its own scratch; no allocation. */
void pattern_set_scan(const struct pattern_set *set, const struct request *req,
		      hs_scratch_t *scratch, struct pattern_matches *matches);

static inline bool pattern_matched(const struct pattern_matches *matches, uint32_t i)
{
	return matches->bits[i / 64] >> (i % 64) & 1;
}

/* RFC 8006 §4.1.5: '*' any run of pchar or '/', '?' one pchar (a percent-encoded triplet is one), '$' escapes '$', '*' and
 * '?'; anchored at both ends; literal parts are brought to the normal form of RFC 3986 §6.2.2 first, as paths are.
 * pattern_regex writes the equivalent regex; pattern_literal the longest literal start in normal form, which ends at the
 * first wildcard and, when the pattern is not case-sensitive, before the first letter if `fold` is asked for.
 * -1 with a reason in err for a pattern the RFC does not allow, else 0. */
int pattern_regex(const char *pattern, char *out, size_t cap, char *err, size_t err_len);
int pattern_literal(const char *pattern, bool fold, char *out, size_t cap, char *err,
		    size_t err_len);
