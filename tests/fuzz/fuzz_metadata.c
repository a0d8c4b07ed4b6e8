/* fuzz_metadata - any documents as a tree of metadata; the scopes that are made of it are such as a table file may have. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metadata_compile.h"
#include "control/metadata_read.h"
#include "control/metadata_serve.h"
#include "control/model_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] = "http://u/";

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Each document that is asked for is the next piece of the input, up to a NUL, and of the right type. */
static json_t *read_tree(const char *at, const char *end, struct faults *faults)
{
	const struct metadata_limits limits = {20, 1 << 20, 2000, 30};
	struct metadata_read *read = metadata_read_new(base, &limits);
	struct metadata_document next;
	while (metadata_read_next(read, &next) && at < end) {
		char type[128];
		const char *stop = memchr(at, '\0', (size_t)(end - at));
		stop = stop ? stop : end;
		snprintf(type, sizeof(type), "application/cdni; ptype=%s", next.ptype);
		if (!metadata_read_answer(read, next.href, type, at, (size_t)(stop - at), faults))
			break;
		at = stop + 1;
	}
	json_t *tree = metadata_read_tree(read, faults);
	metadata_read_free(read);
	return tree;
}

static void check_scope(json_t *scope, struct faults *faults)
{
	struct json_source source = {.faults = faults};
	struct model_scope model;
	size_t before = faults->total;
	bool good = model_json_scope(&source, scope, &model);
	model_json_scope_clear(&model);
	check(good && faults->total == before, "a scope that cannot be read");
}

static void compile(json_t *tree, struct faults *faults)
{
	json_t *allow = json_pack("{s:[{s:s}]}", "candidates", "cdn", "b"), *object;
	const struct metadata_policy policy = {
		.name = "md", .origin = base, .allow = allow, .dns = true, .scopes = 1000};
	struct metadata_scopes scopes;
	size_t i;
	metadata_compile(tree, &policy, &scopes, faults);
	json_array_foreach (scopes.objects, i, object)
		if (json_object_get(object, "scope"))
			check_scope(json_object_get(object, "scope"), faults);
	metadata_scopes_clear(&scopes);
	json_decref(allow);
}

static void serve(const json_t *tree)
{
	struct metadata_answer answer;
	json_t *passed = metadata_serve_transit(tree);
	if (metadata_serve(passed, base, "", &answer))
		free(answer.body);
	if (metadata_serve(passed, base, "hosts/h.t", &answer))
		free(answer.body);
	json_decref(passed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults faults = {0};
	json_t *tree = read_tree((const char *)data, (const char *)data + size, &faults);
	if (tree) {
		serve(tree);
		compile(tree, &faults);
	}
	json_decref(tree);
	faults_clear(&faults);
	return 0;
}
