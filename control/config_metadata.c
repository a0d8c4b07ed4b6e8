/* config_metadata - the parts of a peer's configuration that are about CDNI metadata: what is imported from it, what is served to it. RFC 8006. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_metadata.h"

#include "config_peers.h"
#include "metadata_check.h"
#include "model_json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_MAX = 86400, SCOPES_MAX = 1000000 };

/* Above the 0 of scopes that say nothing of it, so that what the metadata denies is denied. */
enum { PRIORITY = 20000 };

static const json_t *value_of(const struct json_in *in, const char *key)
{
	return json_object_get(in->object, key);
}

static char *copy(struct json_in *in, const char *text)
{
	char *made = text ? strdup(text) : NULL;
	if (text && !made)
		json_in_fault(in, NULL, "no memory");
	return made;
}

/* NULL: it is not there, or the peer has not the role. */
static json_t *begin(struct json_in *in, struct json_in *root, const char *key,
		     const struct peer_settings *peer, enum peer_role role, const char *who)
{
	json_t *group = json_in_object(root, key);
	if (group && !(peer->roles & role)) {
		json_in_fault(root, group, "%s: only %s peer has it; add the role or leave it out",
			      key, who);
		return NULL;
	}
	if (group)
		json_in_begin(in, root->source, group, root->place, key);
	return group;
}

/* --- What is imported ------------------------------------------------------------------------------------ */

static void read_host_index(struct json_in *in, struct peer_settings *peer)
{
	const char *text = json_in_text(in, "host-index", JSON_IN_NEEDED);
	if (text && !config_peers_is_url(text, peer->plain_http))
		json_in_fault(in, value_of(in, "host-index"),
			      "host-index: expected a URL as \"%s://host:port/path\"%s, not "
			      "\"%.128s\"",
			      peer->plain_http ? "http" : "https",
			      peer->plain_http ? ", since the peer has plain-http" : "", text);
	peer->metadata.host_index = copy(in, text);
}

static bool is_accept_member(const char *key)
{
	static const char *const keys[] = {"candidates", "policy", "http-status", "fallback",
					   "requires"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/* Read as the members of a scope, so that a fault is seen here and not when metadata comes. */
static void read_accept(struct json_in *in, struct peer_metadata *metadata)
{
	json_t *group = json_in_object(in, "accept"), *value;
	const char *key;
	struct model_scope model = {0};
	if (!json_array_size(json_object_get(group, "candidates")))
		json_in_fault(in, group,
			      "accept: 'candidates' is needed: who the requests that "
			      "the metadata accepts go to");
	json_object_foreach (group, key, value)
		if (!is_accept_member(key))
			json_in_fault(in, value,
				      "accept: unknown key '%.64s'; known: candidates, policy, "
				      "http-status, fallback, requires",
				      key);
	if (!json_in_good(in))
		return;
	json_t *scope = json_copy(group);
	if (scope && json_object_set_new(scope, "name", json_string("accept")) == 0 &&
	    json_object_set_new(scope, "hosts", json_pack("[s]", "*")) == 0)
		model_json_scope(in->source, scope, &model);
	model_json_scope_clear(&model);
	metadata->accept = scope ? json_dumps(group, JSON_COMPACT) : NULL;
	if (!metadata->accept)
		json_in_fault(in, group, "no memory");
	json_decref(scope);
}

static void read_enforced(struct json_in *in, struct peer_metadata *metadata)
{
	size_t n;
	const char **types = json_in_texts(in, "enforced", &n);
	if (n > PEER_ENFORCED_MAX)
		json_in_fault(in, value_of(in, "enforced"), "enforced: at most %d are possible",
			      PEER_ENFORCED_MAX);
	for (size_t i = 0; i < n && i < PEER_ENFORCED_MAX; i++) {
		metadata->enforced[metadata->n_enforced] = copy(in, types[i]);
		metadata->n_enforced += metadata->enforced[metadata->n_enforced] != NULL;
	}
	free(types);
}

static void read_import(struct json_in *root, struct peer_settings *peer)
{
	struct json_in in;
	struct peer_metadata *metadata = &peer->metadata;
	if (!begin(&in, root, "metadata", peer, PEER_UPSTREAM, "an upstream"))
		return;
	read_host_index(&in, peer);
	for (const char *at = peer->name; at && *at; at++)
		if (!isgraph((unsigned char)*at)) {
			json_in_fault(&in, NULL,
				      "the name of a peer with it has visible ASCII characters "
				      "alone: scopes are named after it");
			break;
		}
	read_accept(&in, metadata);
	read_enforced(&in, metadata);
	metadata->dns = json_in_flag(&in, "dns", true);
	metadata->priority =
		(int16_t)json_in_integer(&in, "priority", INT16_MIN, INT16_MAX, PRIORITY);
	metadata->scopes = (uint32_t)json_in_integer(&in, "scopes", 1, SCOPES_MAX, 10000);
	metadata->refresh_min_s = (uint32_t)json_in_integer(&in, "refresh-min", 1, SECONDS_MAX, 10);
	metadata->refresh_max_s =
		(uint32_t)json_in_integer(&in, "refresh-max", 1, SECONDS_MAX, 3600);
	if (metadata->refresh_min_s > metadata->refresh_max_s)
		json_in_fault(&in, NULL, "'refresh-min' has to be at most 'refresh-max'");
	json_in_end(&in);
}

/* --- What is served ------------------------------------------------------------------------------------------ */

/* The tree in a file as text; NULL: faults say where in it and what is wrong. */
static char *read_tree(struct json_in *in, const char *path)
{
	struct json_source source = {.faults = in->source->faults, .place = {path, 0}};
	json_error_t error;
	char *text = NULL;
	json_t *tree = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!tree) {
		source.place.line = error.line > 0 ? (unsigned)error.line : 0;
		faults_add(source.faults, source.place, "the metadata cannot be read: %s",
			   error.text);
		return NULL;
	}
	if (metadata_check(&source, tree)) {
		text = json_dumps(tree, JSON_COMPACT);
		if (!text)
			faults_add(source.faults, source.place, "no memory");
	}
	json_decref(tree);
	return text;
}

static void read_serving(struct json_in *root, const char *config_path, struct peer_settings *peer)
{
	struct json_in in;
	struct peer_serving *serving = &peer->serving;
	if (!begin(&in, root, "serve-metadata", peer, PEER_DOWNSTREAM, "a downstream"))
		return;
	serving->file = config_peers_path(&in, "file", JSON_IN_OPTIONAL, config_path);
	serving->from = copy(&in, json_in_text(&in, "from", JSON_IN_OPTIONAL));
	serving->max_age_s = (uint32_t)json_in_integer(&in, "max-age", 0, SECONDS_MAX, 60);
	if (json_in_end(&in) && !serving->file == !serving->from)
		json_in_fault(&in, NULL,
			      "expected either a 'file' or, in 'from', the upstream peer whose "
			      "metadata is passed on");
	if (serving->file)
		serving->tree = read_tree(&in, serving->file);
}

void config_metadata_read(struct json_in *in, const char *config_path, struct peer_settings *peer)
{
	read_import(in, peer);
	read_serving(in, config_path, peer);
}

static bool imports(const struct peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->n; i++)
		if (peers->list[i].name && !strcmp(peers->list[i].name, name))
			return peers->list[i].metadata.host_index;
	return false;
}

void config_metadata_check(struct json_in *root, const struct peers *peers)
{
	const json_t *list = value_of(root, "peers");
	for (size_t i = 0; i < peers->n; i++) {
		const char *from = peers->list[i].serving.from;
		if (from && !imports(peers, from))
			json_in_fault(root, json_array_get(list, i),
				      "peer '%s': serve-metadata: from: there is no peer '%.64s' "
				      "whose metadata is imported",
				      peers->list[i].name ? peers->list[i].name : "?", from);
	}
}

/* --- Both ------------------------------------------------------------------------------------------------------ */

void config_metadata_clear(struct peer_settings *peer)
{
	free(peer->metadata.host_index);
	free(peer->metadata.accept);
	for (size_t i = 0; i < peer->metadata.n_enforced; i++)
		free(peer->metadata.enforced[i]);
	free(peer->serving.file);
	free(peer->serving.tree);
	free(peer->serving.from);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool config_metadata_same(const struct peer_settings *a, const struct peer_settings *b)
{
	const struct peer_metadata *x = &a->metadata, *y = &b->metadata;
	bool same = same_text(x->host_index, y->host_index) && same_text(x->accept, y->accept) &&
		    x->n_enforced == y->n_enforced && x->dns == y->dns &&
		    x->priority == y->priority && x->scopes == y->scopes &&
		    x->refresh_min_s == y->refresh_min_s && x->refresh_max_s == y->refresh_max_s;
	for (size_t i = 0; same && i < x->n_enforced; i++)
		same = same_text(x->enforced[i], y->enforced[i]);
	return same;
}

static json_t *import_json(const struct peer_metadata *metadata)
{
	json_t *enforced = json_array();
	for (size_t i = 0; enforced && i < metadata->n_enforced; i++)
		if (json_array_append_new(enforced, json_string(metadata->enforced[i]))) {
			json_decref(enforced);
			return NULL;
		}
	return json_pack("{s:s, s:o, s:o, s:b, s:I, s:I, s:I, s:I}", "host-index",
			 metadata->host_index, "accept", json_loads(metadata->accept, 0, NULL),
			 "enforced", enforced, "dns", (int)metadata->dns, "priority",
			 (json_int_t)metadata->priority, "scopes", (json_int_t)metadata->scopes,
			 "refresh-min", (json_int_t)metadata->refresh_min_s, "refresh-max",
			 (json_int_t)metadata->refresh_max_s);
}

static json_t *serving_json(const struct peer_serving *serving)
{
	return json_pack("{s:s*, s:s*, s:I}", "file", serving->file, "from", serving->from,
			 "max-age", (json_int_t)serving->max_age_s);
}

json_t *config_metadata_json(json_t *json, const struct peer_settings *peer)
{
	const struct peer_serving *serving = &peer->serving;
	bool import = peer->metadata.host_index, serve = serving->file || serving->from;
	if (json &&
	    (!import || !json_object_set_new(json, "metadata", import_json(&peer->metadata))) &&
	    (!serve || !json_object_set_new(json, "serve-metadata", serving_json(serving))))
		return json;
	json_decref(json);
	return NULL;
}
