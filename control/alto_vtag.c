/* alto_vtag - names and version tags of ALTO resources (RFC 7285 §10): checked, read, written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_vtag.h"

#include <string.h>

bool alto_name_ok(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-:@_.";
	size_t len = strspn(name, allowed);
	return len >= 1 && len <= ALTO_NAME_MAX && !name[len];
}

static bool tag_ok(const char *tag)
{
	size_t len = 0;
	while (tag[len] >= 0x21 && tag[len] <= 0x7e)
		len++;
	return len >= 1 && len <= ALTO_NAME_MAX && !tag[len];
}

static bool read_vtag(const json_t *json, struct alto_vtag *vtag)
{
	const char *resource = json_string_value(json_object_get(json, "resource-id"));
	const char *tag = json_string_value(json_object_get(json, "tag"));
	*vtag = (struct alto_vtag){0};
	if (!resource || !tag || !alto_name_ok(resource) || !tag_ok(tag))
		return false;
	strcpy(vtag->resource, resource);
	strcpy(vtag->tag, tag);
	return true;
}

bool alto_vtag_read(const json_t *body, struct alto_vtag *vtag)
{
	const json_t *json = json_object_get(json_object_get(body, "meta"), "vtag");
	return read_vtag(json_array_size(json) == 1 ? json_array_get(json, 0) : json, vtag);
}

bool alto_vtag_dependent(const json_t *body, size_t i, struct alto_vtag *vtag)
{
	const json_t *list = json_object_get(json_object_get(body, "meta"), "dependent-vtags");
	read_vtag(json_array_get(list, i), vtag);
	return i < json_array_size(list);
}

bool alto_vtag_equal(const struct alto_vtag *a, const struct alto_vtag *b)
{
	return strcmp(a->resource, b->resource) == 0 && strcmp(a->tag, b->tag) == 0;
}

json_t *alto_vtag_write(const struct alto_vtag *vtag)
{
	return json_pack("{s:s, s:s}", "resource-id", vtag->resource, "tag", vtag->tag);
}
