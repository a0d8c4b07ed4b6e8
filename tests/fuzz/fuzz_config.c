/* fuzz_config - any text as a JSON object of each kind, through its reader; a scope's canonical form must read back as itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/model_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(const struct json_source *source, const char *first)
{
	struct model_scope scope;
	json_t *json = json_loads(first, JSON_REJECT_DUPLICATES, NULL);
	if (!json || !model_json_scope(source, json, &scope) || strcmp(scope.json, first) != 0)
		abort();
	model_json_scope_clear(&scope);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults faults = {0};
	struct json_source source = {.faults = &faults, .place = {"fuzz", 1}};
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct model_target target;
	struct model_dri dri;
	struct model_zone zone;
	struct model_distinguished distinguished;
	struct model_footprint_name footprint;
	struct model_scope scope;
	if (!json)
		return 0;
	model_json_target(&source, json, TARGET_CDN, &target);
	model_json_dri(&source, json, &dri);
	model_json_dri_clear(&dri);
	model_json_zone(&source, json, &zone);
	model_json_zone_clear(&zone);
	model_json_distinguished(&source, json, &distinguished);
	model_json_footprint_name(&source, json, &footprint);
	model_json_footprint_name_clear(&footprint);
	if (model_json_scope(&source, json, &scope))
		check_canonical(&source, scope.json);
	model_json_scope_clear(&scope);
	faults_clear(&faults);
	json_decref(json);
	return 0;
}
