/* pattern_meet - the paths that several patterns of RFC 8006 §4.1.5 match at once, as regexes: for patterns that stand under
 * others. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Some patterns without wildcards in common meet in one that has the pieces of both, others in many: "*a*" and "*b*" in
 * "*a*b*" and "*b*a*". Opaque; NULL stands for all paths. */
struct pattern_meet;

/* What `with` (NULL: every path) and a pattern both match. NULL, and err says why: the pattern is one that the RFC does not
 * allow, it would come to too many or too long regexes, or no memory. `with` is not changed. Any thread, as all of this. */
struct pattern_meet *pattern_meet_new(const struct pattern_meet *with, const char *pattern,
				      bool case_sensitive, char *err, size_t err_len);
void pattern_meet_free(struct pattern_meet *meet); /* NULL is fine */

/* How many regexes that are; 0: no path. */
size_t pattern_meet_count(const struct pattern_meet *meet);

/* The i-th one, anchored at both ends, in the syntax of lib/pattern_set.h; of at most PATTERN_REGEX_MAX octets. Belongs to
 * the caller, for free(). NULL: no memory. */
char *pattern_meet_regex(const struct pattern_meet *meet, size_t i);
