/* pattern_glob - regexes of literals and RFC 8006 wildcards alone, matched without Hyperscan, which takes long to compile them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

/* The wildcards as pattern_regex writes them: a run of octets or percent-encoded triplets; and one of these that is no '/'. Paths
 * in normal form may hold octets that are no pchar, as some browsers send them; a wildcard takes them, or a scope that
 * denies could be evaded. '%' starts a triplet there, which a wildcard takes whole. */
#define PATTERN_ANY_RUN "(?:[^%]|%[0-9A-F]{2})*"
#define PATTERN_ANY_ONE "(?:[^%/]|%[0-9A-F]{2})"

/* What has a meaning in a regex, and so a '\' before it when it is meant itself. */
#define PATTERN_ESCAPED "\\^$.[]|()?*+{}"

/* Reads '^', literals and wildcards in any order, '\z'. Writes the code of that, which ends with a NUL and is shorter than the
 * regex. Gives what a match costs: steps for each octet of the text at the most. 0: the regex is another one. */
unsigned pattern_glob_compile(const char *regex, bool caseless, char *code);

/* Does the whole text match, just as it would the regex? The text may be any octets; its `at` is not NULL. Any thread. */
bool pattern_glob_matches(const char *code, bool caseless, struct span text);
