/* metadata_serve - a tree of CDNI metadata as the documents that downstream CDNs fetch. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_serve.h"

#include "lib/base64url.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hosts_path[] = "hosts/";

/* The name of a host in paths and links: an endpoint is a host with a port at the most, so nothing in it has to be encoded but the
 * brackets of addresses, which may stand in a path too. */
static bool name_of(const json_t *match, char *name, size_t cap)
{
	const char *host = json_string_value(json_object_get(match, "host"));
	size_t len = host ? strlen(host) : cap;
	if (len >= cap)
		return false;
	for (size_t i = 0; i <= len; i++)
		name[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] | 0x20 : host[i]);
	return true;
}

static bool set_etag(struct metadata_answer *answer)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct writer w = writer_of(answer->etag, sizeof(answer->etag));
	if (!EVP_Digest(answer->body, strlen(answer->body), digest, NULL, EVP_sha256(), NULL))
		return false;
	writer_u8(&w, '"');
	base64url_write(&w, digest, 32);
	writer_bytes(&w, "\"", 2);
	return !w.bad;
}

static bool answer_with(const json_t *json, const char *ptype, struct metadata_answer *answer)
{
	const size_t flags = JSON_COMPACT | JSON_SORT_KEYS;
	/* Not json_dumps, which leaves out what it has no memory for. */
	size_t len = json ? json_dumpb(json, NULL, 0, flags) : 0;
	answer->ptype = ptype;
	answer->body = len ? calloc(1, len + 1) : NULL;
	if (answer->body && json_dumpb(json, answer->body, len, flags) == len && set_etag(answer))
		return true;
	free(answer->body);
	answer->body = NULL;
	return false;
}

static json_t *index_of(const json_t *tree, const char *base)
{
	char name[300], href[2400];
	json_t *hosts = json_array(), *match;
	size_t i;
	bool good = hosts;
	json_array_foreach (json_object_get(tree, "hosts"), i, match) {
		if (!name_of(match, name, sizeof(name)))
			continue;
		int len = snprintf(href, sizeof(href), "%s%s%s", base, hosts_path, name);
		good = good && (size_t)len < sizeof(href) &&
		       json_array_append_new(hosts, json_pack("{s:s, s:{s:s, s:s}}", "host", name,
							      "host-metadata", "type",
							      "MI.HostMetadata", "href", href)) ==
			       0;
	}
	if (good)
		return json_pack("{s:o}", "hosts", hosts);
	json_decref(hosts);
	return NULL;
}

static const json_t *metadata_of(const json_t *tree, const char *wanted)
{
	char name[300];
	json_t *match;
	size_t i;
	json_array_foreach (json_object_get(tree, "hosts"), i, match)
		if (name_of(match, name, sizeof(name)) && !strcmp(name, wanted))
			return json_object_get(match, "host-metadata");
	return NULL;
}

bool metadata_serve(const json_t *tree, const char *base, const char *path,
		    struct metadata_answer *answer)
{
	size_t len = strlen(hosts_path);
	*answer = (struct metadata_answer){0};
	if (!strncmp(path, hosts_path, len))
		return answer_with(metadata_of(tree, path + len), "MI.HostMetadata", answer);
	if (*path)
		return false;
	json_t *index = index_of(tree, base);
	bool good = answer_with(index, "MI.HostIndex", answer);
	json_decref(index);
	return good;
}

/* --- Passing on --------------------------------------------------------------------------------------------------- */

/* Marks what is in a HostMetadata or PathMetadata object. */
static bool mark(json_t *metadata)
{
	json_t *one;
	size_t i;
	bool good = true;
	json_array_foreach (json_object_get(metadata, "metadata"), i, one)
		if (json_is_false(json_object_get(one, "safe-to-redistribute")))
			good = good &&
			       json_object_set_new(one, "incomprehensible", json_true()) == 0;
	json_array_foreach (json_object_get(metadata, "paths"), i, one)
		good = good && mark(json_object_get(one, "path-metadata"));
	return good;
}

json_t *metadata_serve_transit(const json_t *tree)
{
	json_t *copy = json_deep_copy(tree), *match;
	size_t i;
	bool good = copy;
	json_array_foreach (json_object_get(copy, "hosts"), i, match)
		good = good && mark(json_object_get(match, "host-metadata"));
	if (good)
		return copy;
	json_decref(copy);
	return NULL;
}
