/* fuzz_pattern - any pattern is refused or gives a regex that compiles and matches as a naive matcher does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/pattern_set.h"
#include "lib/request.h"
#include "tests/support/pattern_model.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { PART_MAX = 256 };

static void check(bool holds, const char *what, const char *pattern)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s\n", what, pattern);
	abort();
}

/* Any octets as a path: what cannot stand there is percent-encoded. */
static bool set_path(struct request *req, const uint8_t *data, size_t len)
{
	uint8_t path[1 + 3 * PART_MAX];
	size_t n = 0;
	path[n++] = '/';
	for (size_t i = 0; i < len && i < PART_MAX; i++) {
		bool plain = data[i] > ' ' && data[i] < 0x7f && !strchr("#?\\%", data[i]);
		n += (size_t)snprintf((char *)path + n, 4, plain ? "%c" : "%%%02x", data[i]);
	}
	return request_key_host(req, (const uint8_t *)"a", 1) && request_key_path(req, path, n);
}

static bool scan(const struct pattern *pattern, const struct request *req)
{
	char err[256];
	size_t bad;
	hs_scratch_t *scratch = NULL;
	struct pattern_matches matches;
	struct pattern_set *set = pattern_set_compile(pattern, 1, err, sizeof(err), &bad);
	check(set, err, pattern->regex);
	check(pattern_set_grow_scratch(set, &scratch), "no scratch", pattern->regex);
	pattern_set_scan(set, req, scratch, &matches);
	hs_free_scratch(scratch);
	pattern_set_release(set);
	return pattern_matched(&matches, 0);
}

/* Input: an octet whose lowest bit says that case is ignored, the pattern, a NUL, the path without its '/'. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct request req;
	char text[PART_MAX] = "", path[REQUEST_PATH_MAX + 1], regex[PATTERN_REGEX_MAX],
	     start[PATTERN_REGEX_MAX], err[512];
	if (len < 1)
		return 0;
	bool fold = data[0] & 1;
	const uint8_t *end = memchr(data + 1, 0, len - 1);
	size_t pattern_len = end ? (size_t)(end - data) - 1 : len - 1;
	if (pattern_len >= sizeof(text))
		return 0;
	memcpy(text, data + 1, pattern_len);
	int refused = pattern_regex(text, regex, sizeof(regex), err, sizeof(err));
	int no_start = pattern_literal(text, fold, start, sizeof(start), err, sizeof(err));
	check(!no_start || refused, "the start is refused but not the regex", text);
	if (refused || !set_path(&req, end ? end + 1 : data, end ? len - pattern_len - 2 : 0))
		return 0;
	size_t path_len = (size_t)req.key_len - req.host_len;
	memcpy(path, req.key + req.host_len, path_len);
	path[path_len] = '\0';

	bool is = scan(&(struct pattern){PATTERN_PATH, NULL, regex, fold}, &req);
	unsigned steps = 1000000;
	bool want = pattern_model_match(text, path, fold, &steps);
	check(steps == 0 || is == want, "regex and naive matcher differ", text);
	check(!is || strncmp(path, start, strlen(start)) == 0, "a match without the literal start",
	      text);
	return 0;
}
