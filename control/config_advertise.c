/* config_advertise - the parts of a peer's configuration that say what it is told, and how its flapping is damped. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_advertise.h"

#include "advertise_map.h"
#include "fci_read.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 10000, FOOTPRINTS_MAX = 1000000, DAMPING_SECONDS_MAX = 86400 };

static bool only_upstream(struct json_in *in, const struct peer_settings *peer, const char *key)
{
	const json_t *value = json_object_get(in->object, key);
	if (value && !(peer->roles & PEER_UPSTREAM))
		json_in_fault(in, value,
			      "%s: only an upstream peer is told something; add the role or leave "
			      "it out",
			      key);
	return value && peer->roles & PEER_UPSTREAM;
}

/* In canonical form, as the readers of peers take them, so that a fault is seen here and not there. */
static char *canonical(struct json_in *in, json_t *list)
{
	const struct fci_how how = {
		.keep_pids = true, .max_entries = ENTRIES_MAX, .max_footprints = FOOTPRINTS_MAX};
	struct fci_list entries = {0};
	struct faults faults = {0};
	json_t *body = json_pack("{s:O}", "capabilities", list), *bases = json_array();
	bool done = body && fci_read(&how, body, &entries, &faults);
	for (size_t i = 0; done && i < entries.n; i++) {
		const struct fci_entry *entry = &entries.list[i];
		if (entry->nobody)
			json_in_fault(in, json_array_get(list, entry->index),
				      "advertise: entry %zu matches nobody: %s", entry->index,
				      entry->nobody);
		done = !json_array_append(bases, entry->base);
	}
	for (size_t i = 0; i < faults.n; i++)
		json_in_fault(in, list, "advertise: %s", faults.list[i].text);
	char *text = done ? json_dumps(bases, JSON_COMPACT) : NULL;
	if (!text && !faults.total)
		json_in_fault(in, list, "no memory");
	json_decref(body);
	json_decref(bases);
	fci_list_clear(&entries);
	faults_clear(&faults);
	return text;
}

static void read_cascade(struct json_in *in, struct peer_settings *peer)
{
	size_t n;
	const char **names = json_in_texts(in, "cascade", &n);
	if (n > PEER_CASCADE_MAX)
		json_in_fault(in, json_object_get(in->object, "cascade"),
			      "cascade: at most %d are possible", PEER_CASCADE_MAX);
	for (size_t i = 0; i < n && i < PEER_CASCADE_MAX; i++) {
		char *name = names[i] ? strdup(names[i]) : NULL;
		if (name)
			peer->cascade[peer->n_cascade++] = name;
		else if (names[i])
			json_in_fault(in, NULL, "no memory");
	}
	free(names);
	only_upstream(in, peer, "cascade");
}

static void read_damping(struct json_in *root, struct damping_settings *damping)
{
	struct json_in in;
	json_t *group = json_in_object(root, "damping");
	const struct damping_settings *defaults = &damping_defaults;
	*damping = *defaults;
	if (!group)
		return;
	json_in_begin(&in, root->source, group, root->place, "damping");
	damping->half_life = (unsigned)json_in_integer(&in, "half-life", 0, DAMPING_SECONDS_MAX,
						       defaults->half_life);
	damping->suppress =
		(unsigned)json_in_integer(&in, "suppress", 1, 1000000, defaults->suppress);
	damping->reuse = (unsigned)json_in_integer(&in, "reuse", 1, 1000000, defaults->reuse);
	damping->max_suppress = (unsigned)json_in_integer(
		&in, "max-suppress", 1, DAMPING_SECONDS_MAX, defaults->max_suppress);
	if (damping->reuse >= damping->suppress)
		json_in_fault(&in, NULL, "'reuse' has to be less than 'suppress'");
	if (damping->half_life && damping->max_suppress / damping->half_life > 32)
		json_in_fault(&in, NULL, "'max-suppress' has to be at most 32 times 'half-life'");
	json_in_end(&in);
}

void config_advertise_read(struct json_in *in, struct peer_settings *peer)
{
	json_t *list = json_in_list(in, "advertise");
	if (list && only_upstream(in, peer, "advertise"))
		peer->advertise = canonical(in, list);
	read_cascade(in, peer);
	read_damping(in, &peer->damping);
}

static bool is_downstream(const struct peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->n; i++)
		if (peers->list[i].name && strcmp(peers->list[i].name, name) == 0)
			return peers->list[i].roles & PEER_DOWNSTREAM;
	return false;
}

/* Table files and the state file may say more, but are not read yet. */
static bool has_dri(const struct json_in *root, const char *name)
{
	size_t i;
	json_t *dri;
	json_array_foreach (json_object_get(root->object, "dris"), i, dri) {
		const char *cdn = json_string_value(json_object_get(dri, "cdn"));
		if (cdn && strcmp(cdn, name) == 0)
			return true;
	}
	return json_object_get(root->object, "tables");
}

/* Table files, too, may name footprints. */
static json_t *find_footprints(void *arg, const char *name)
{
	const struct json_in *root = arg;
	size_t i;
	json_t *footprint;
	json_array_foreach (json_object_get(root->object, "footprints"), i, footprint) {
		const char *its = json_string_value(json_object_get(footprint, "name"));
		if (its && strcmp(its, name) == 0)
			return json_incref(json_object_get(footprint, "footprints"));
	}
	return json_object_get(root->object, "tables") ? json_array() : NULL;
}

static void on_pid_fault(void *arg, const json_t *at, const char *pid, const char *why)
{
	json_in_fault(arg, at, "advertise: altopid '%.64s': %s", pid, why);
}

/* Is each PID a footprint that can be in a network map? */
static void check_pids(struct json_in *root, const json_t *peer)
{
	const struct advertise_footprints footprints = {find_footprints, on_pid_fault, root};
	json_t *map;
	if (!advertise_map_compose(json_object_get(peer, "advertise"), &footprints, &map))
		json_in_fault(root, peer, "advertise: no memory");
	json_decref(map);
}

void config_advertise_check(struct json_in *root, const struct settings *settings)
{
	const struct peers *peers = &settings->peers;
	const struct interconnection *ours = &settings->interconnection;
	bool listens = ours->n_listen || ours->n_plain;
	const json_t *list = json_object_get(root->object, "peers");
	for (size_t i = 0; i < peers->n; i++) {
		const struct peer_settings *peer = &peers->list[i];
		const json_t *json = json_array_get(list, i);
		if (peer->advertise)
			check_pids(root, json);
		for (size_t k = 0; k < peer->n_cascade; k++)
			if (!is_downstream(peers, peer->cascade[k]))
				json_in_fault(root, json,
					      "peer '%s': cascade: there is no downstream peer "
					      "'%.64s'",
					      peer->name, peer->cascade[k]);
		if (peer->name && peer->roles & PEER_DOWNSTREAM && !peer->directory &&
		    !peer->redirection && !listens && !has_dri(root, peer->name))
			json_in_fault(root, json,
				      "peer '%s' has no DRI source: give it a 'directory' or a "
				      "'redirection', add a dri of it to dris, or let "
				      "interconnection listen for what it pushes",
				      peer->name);
	}
}

void config_advertise_clear(struct peer_settings *peer)
{
	free(peer->advertise);
	for (size_t i = 0; i < peer->n_cascade; i++)
		free(peer->cascade[i]);
}

bool config_advertise_same(const struct peer_settings *a, const struct peer_settings *b)
{
	bool same = a->advertise && b->advertise ? strcmp(a->advertise, b->advertise) == 0
						 : a->advertise == b->advertise;
	same = same && a->n_cascade == b->n_cascade &&
	       memcmp(&a->damping, &b->damping, sizeof(a->damping)) == 0;
	for (size_t i = 0; same && i < a->n_cascade; i++)
		same = strcmp(a->cascade[i], b->cascade[i]) == 0;
	return same;
}

json_t *config_advertise_json(json_t *json, const struct peer_settings *peer)
{
	json_t *cascade = peer->n_cascade ? json_array() : NULL;
	for (size_t i = 0; i < peer->n_cascade; i++)
		json_array_append_new(cascade, json_string(peer->cascade[i]));
	json_t *more =
		json_pack("{s:o*, s:o*, s:{s:i, s:i, s:i, s:i}}", "advertise",
			  peer->advertise ? json_loads(peer->advertise, 0, NULL) : NULL, "cascade",
			  cascade, "damping", "half-life", (int)peer->damping.half_life, "suppress",
			  (int)peer->damping.suppress, "reuse", (int)peer->damping.reuse,
			  "max-suppress", (int)peer->damping.max_suppress);
	bool done = json && more && !json_object_update(json, more);
	json_decref(more);
	if (done)
		return json;
	json_decref(json);
	return NULL;
}
