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

bool pattern_equal(const struct pattern *a, const struct pattern *b);

/* Patterns in a set; octets of a regex, with its NUL; octets of what Hyperscan makes of a set. */
enum { PATTERN_SET_MAX = 1024, PATTERN_REGEX_MAX = 2048, PATTERN_SET_SIZE_MAX = 1 << 20 };

/* Compiled, immutable, counted by the control thread. Bit i of a scan's result belongs to patterns[i]. It keeps what it was made
 * of. */
struct pattern_set;

/* Begins with one reference. NULL: refused; err says why (the reason of Hyperscan, or that it would cost too much) and *bad is the
 * pattern's index (n when it is none of them). Any thread. */
struct pattern_set *pattern_set_compile(const struct pattern *patterns, size_t n, char *err,
					size_t err_len, size_t *bad);
void pattern_set_retain(struct pattern_set *set);
void pattern_set_release(struct pattern_set *set); /* NULL is fine */

/* What Hyperscan made of a set, as octets, so that it need not be compiled again: *bytes is for free(), and of length 0 when Hyperscan has no
 * part in it. They are good only where pattern_set_compiler says what it said when the set was compiled. false: no memory. Any
 * thread, as long as somebody holds the set. */
bool pattern_set_save(const struct pattern_set *set, uint8_t **bytes, size_t *len);
void pattern_set_compiler(char *name, size_t cap);

/* As pattern_set_compile. NULL: they are of another version of Hyperscan, mode or platform, not of such patterns, or damaged; or no
 * memory. Hyperscan trusts all that its own checksum does not refuse: whoever kept them vouches that they are what was saved. */
struct pattern_set *pattern_set_load(const struct pattern *patterns, size_t n, struct span saved);

/* What it was made of: a copy that lives as long as the set. */
const struct pattern *pattern_set_patterns(const struct pattern_set *set, size_t *n);

/* From now on idle(arg) is called by the release that leaves only one reference. At most one watches a set; NULL: none any more. */
void pattern_set_watch(struct pattern_set *set, void (*idle)(void *arg), void *arg);

/* Makes *scratch (NULL: none yet) fit this set too. Sets that need none leave it as it is. false: no memory; *scratch is gone
 * and NULL. */
bool pattern_set_needs_scratch(const struct pattern_set *set);
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
