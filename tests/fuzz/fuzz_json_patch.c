/* fuzz_json_patch - [document, patch] by both kinds of patch: the document stays as it was, and the difference makes the result of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/json_merge.h"
#include "control/json_patch.h"
#include "control/json_strict.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RESULT_MAX = 20000 };

static void check_difference(json_t *before, json_t *after)
{
	char err[500];
	json_t *patch = json_merge_diff(before, after);
	json_t *again =
		patch ? json_merge_apply(before, patch, 10 * RESULT_MAX, err, sizeof(err)) : NULL;
	if (patch && (!again || !json_equal(again, after)))
		abort();
	json_decref(patch);
	json_decref(again);
}

static void check(json_t *document, json_t *result, const char *err)
{
	if (!result && !err[0])
		abort();
	if (!result)
		return;
	if (json_strict_size(result, RESULT_MAX) > RESULT_MAX)
		abort();
	check_difference(document, result);
	check_difference(result, document);
	json_decref(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_limits limits = {1 << 16, 50, 2000};
	char err[500] = "";
	json_t *both = json_strict_load((const char *)data, size, &limits, err, sizeof(err));
	json_t *document = json_array_get(both, 0), *patch = json_array_get(both, 1);
	if (patch) {
		json_t *copy = json_deep_copy(both);
		err[0] = '\0';
		check(document, json_patch_apply(document, patch, RESULT_MAX, err, sizeof(err)),
		      err);
		err[0] = '\0';
		check(document, json_merge_apply(document, patch, RESULT_MAX, err, sizeof(err)),
		      err);
		if (!json_equal(copy, both))
			abort();
		json_decref(copy);
	}
	json_decref(both);
	return 0;
}
