/* ri_path - the CDNs that a request of the Redirection Interface has gone through. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_path.h"

#include <string.h>

void ri_path_read(struct json_in *in, enum json_in_need need, struct ri_path *path)
{
	json_t *list = json_in_list(in, "cdn-path");
	if (need == JSON_IN_NEEDED)
		json_in_not_empty(in, "cdn-path", "CDN Provider ID");
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i);
		const char *id = json_in_text_of(in, value, "cdn-path");
		if (!ri_path_add(path, id)) {
			json_in_fault(in, value, "cdn-path: more than %d CDNs", RI_PATH_MAX);
			return;
		}
	}
}

json_t *ri_path_json(const struct ri_path *path)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < path->n; i++) {
		if (json_array_append_new(list, json_string(path->ids[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

bool ri_path_has(const struct ri_path *path, const char *provider_id)
{
	for (unsigned i = 0; i < path->n; i++)
		if (!strcmp(path->ids[i], provider_id))
			return true;
	return false;
}

bool ri_path_add(struct ri_path *path, const char *provider_id)
{
	if (path->n == RI_PATH_MAX)
		return false;
	path->ids[path->n++] = provider_id;
	return true;
}
