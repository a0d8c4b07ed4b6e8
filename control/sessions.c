/* sessions - all peers at run time, and the doors to them: server, client, certificates. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sessions.h"

#include "advertise_map.h"
#include "advertise_serve.h"
#include "config_peers.h"
#include "log.h"
#include "metadata_route.h"
#include "push_dri.h"
#include "recursion.h"
#include "ri_serve.h"
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { COMPOSE_MS = 200 }; /* changes that come so close after each other are told together */

struct peer *sessions_find(const struct sessions *sessions, const char *name)
{
	struct peer *peer = sessions->list;
	while (peer && strcmp(peer->settings->name, name) != 0)
		peer = peer->next;
	return peer;
}

/* --- What is advertised ------------------------------------------------------------------------- */

/* A downstream CDN that the agreement lets an upstream one see, if requests are sent to it at all. */
static bool source_of(const struct sessions *sessions, const char *name,
		      struct advertise_source *source)
{
	const struct peer *peer = sessions_find(sessions, name);
	const struct target *target = peer ? peer_target(peer) : NULL;
	if (!target || target->state != TARGET_UP || !peer_has_dri(peer))
		return false;
	*source = (struct advertise_source){peer->settings->provider_id, &peer->learnt.rib};
	return true;
}

/* While what a peer is told is composed. */
struct telling {
	const struct trie_node *objects;
	char fault[sizeof(((struct peer *)0)->map_fault)];
};

static json_t *find_footprints(void *arg, const char *name)
{
	const struct telling *telling = arg;
	const struct object *object = object_find(telling->objects, OBJECT_FOOTPRINT, name);
	json_t *json = object && !object->removed ? json_loads(object_json(object), 0, NULL) : NULL;
	json_t *list = json_incref(json_object_get(json, "footprints"));
	json_decref(json);
	return list;
}

/* The first one; it is logged when it is another one. */
static void on_map_fault(void *arg, const json_t *at, const char *pid, const char *why)
{
	struct telling *telling = arg;
	(void)at;
	if (!telling->fault[0])
		snprintf(telling->fault, sizeof(telling->fault), "PID '%.64s': %s", pid, why);
}

/* false: no memory. */
static bool compose_next(struct peer *peer, const struct advertise_source *sources, size_t n,
			 struct advertisement *next)
{
	struct telling telling = {.objects = peer->sessions->control->head->objects};
	const struct advertise_footprints footprints = {find_footprints, on_map_fault, &telling};
	json_t *map;
	bool done = advertise_map_compose(peer->own, &footprints, &map);
	if (telling.fault[0] && strcmp(telling.fault, peer->map_fault) != 0)
		log_line(LOG_LEVEL_WARNING, "peer %s: the network map that it is told of: %s",
			 peer->settings->name, telling.fault);
	memcpy(peer->map_fault, telling.fault, sizeof(telling.fault));
	return done &&
	       advertise_compose(next, peer->own, peer->settings->provider_id, sources, n, map);
}

static void compose(struct sessions *sessions, struct peer *peer)
{
	const struct peer_settings *settings = peer->settings;
	struct advertise_source sources[PEER_CASCADE_MAX];
	struct advertisement next, before = peer->told;
	size_t n = 0;
	for (size_t i = 0; i < settings->n_cascade; i++)
		n += source_of(sessions, settings->cascade[i], &sources[n]);
	if (!compose_next(peer, sources, n, &next)) {
		log_line(LOG_LEVEL_ERROR, "peer %s: no memory for what it is to be told",
			 settings->name);
		return;
	}
	if (strcmp(next.tag, before.tag) == 0) {
		advertise_clear(&next);
		return;
	}
	peer->told = next;
	advertise_stream_update(&peer->streams, &before);
	advertise_clear(&before);
	log_line(LOG_LEVEL_INFO, "peer %s: is told of %zu capabilities, tag %s", settings->name,
		 next.n, next.tag);
}

static void compose_all(struct sessions *sessions)
{
	for (struct peer *peer = sessions->list; peer; peer = peer->next)
		if (peer->settings->roles & PEER_UPSTREAM)
			compose(sessions, peer);
}

static void on_compose(evutil_socket_t fd, short what, void *arg)
{
	struct sessions *sessions = arg;
	(void)fd;
	(void)what;
	sessions->composing = false;
	compose_all(sessions);
}

void sessions_changed(struct sessions *sessions)
{
	static const struct timeval soon = {.tv_usec = COMPOSE_MS * 1000};
	if (!sessions || sessions->composing)
		return;
	sessions->composing = true;
	evtimer_add(sessions->compose, &soon);
}

/* --- Those that are peers no more --------------------------------------------------------------- */

struct leaving {
	struct leaving *next;
	struct learn learn;              /* with an empty RIB */
	struct metadata_tables metadata; /* or none */
};

static void forget(struct sessions *sessions, const char *set, const char *cdn)
{
	struct leaving *leaving = calloc(1, sizeof(*leaving));
	if (!leaving || !learn_init(&leaving->learn, sessions->control, set, cdn)) {
		log_line(LOG_LEVEL_ERROR, "%s: no memory to take its routes away", set);
		free(leaving);
		return;
	}
	leaving->next = sessions->leaving;
	sessions->leaving = leaving;
	learn_publish(&leaving->learn);
}

static void forget_metadata(struct sessions *sessions, const char *name)
{
	struct leaving *leaving = calloc(1, sizeof(*leaving));
	if (!leaving || !metadata_tables_init(&leaving->metadata, sessions->control, name)) {
		log_line(LOG_LEVEL_ERROR, "peer %s: no memory to take its metadata away", name);
		free(leaving);
		return;
	}
	if (!leaving->metadata.objects) {
		free(leaving);
		return;
	}
	leaving->next = sessions->leaving;
	sessions->leaving = leaving;
	metadata_tables_put(&leaving->metadata, json_array());
}

static void forget_peer(struct sessions *sessions, const char *name)
{
	char set[PEER_NAME_MAX + 16];
	snprintf(set, sizeof(set), "peer %s", name);
	forget(sessions, set, name);
	snprintf(set, sizeof(set), "peer %s pushed", name);
	forget(sessions, set, name);
	forget_metadata(sessions, name);
}

/* What could not be taken away is tried again. */
static void tend_leaving(struct sessions *sessions, bool all)
{
	struct leaving **link = &sessions->leaving;
	while (*link) {
		struct leaving *leaving = *link;
		struct metadata_tables *metadata = &leaving->metadata;
		if (!all && (leaving->learn.commit || leaving->learn.failed || metadata->commit ||
			     metadata->failed)) {
			if (leaving->learn.control)
				learn_tend(&leaving->learn);
			if (metadata->control)
				metadata_tables_tend(metadata);
			link = &leaving->next;
			continue;
		}
		*link = leaving->next;
		learn_clear(&leaving->learn);
		metadata_tables_clear(metadata);
		free(leaving);
	}
}

/* A stranger in the tables, of an earlier configuration. */
struct stranger {
	const struct peers *peers;
	enum object_kind kind;
	char name[PEER_NAME_MAX + 16];
	const char *prefix; /* of the names that are looked at */
};

static bool find_stranger(void *arg, const uint8_t *key, size_t len, void *value)
{
	static const char before[] = "peer ", *const after[] = {" pushed", " metadata"};
	struct stranger *stranger = arg;
	const struct object *object = value;
	(void)len;
	if (key[0] != stranger->kind ||
	    strncmp(object->name, stranger->prefix, strlen(stranger->prefix)) != 0)
		return false;
	if (object->removed || strncmp(object->set, before, sizeof(before) - 1) != 0)
		return true;
	snprintf(stranger->name, sizeof(stranger->name), "%s", object->set + sizeof(before) - 1);
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(stranger->name), more = strlen(after[i]);
		if (n > more && strcmp(stranger->name + n - more, after[i]) == 0)
			stranger->name[n - more] = '\0';
	}
	if (config_peers_find(stranger->peers, stranger->name))
		stranger->name[0] = '\0';
	return !stranger->name[0];
}

/* One after the other, as long as the tables have some. */
static void forget_strangers(struct sessions *sessions)
{
	static const struct {
		enum object_kind kind;
		const char *prefix;
	} kinds[] = {{OBJECT_DRI, ""},
		     {OBJECT_ADVERT, ""},
		     {OBJECT_SCOPE, METADATA_TABLES_PREFIX},
		     {OBJECT_NODE, METADATA_TABLES_PREFIX}};
	unsigned strangers = 0;
	uint8_t key[OBJECT_KEY_MAX];
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && strangers < PEERS_MAX;) {
		struct stranger stranger = {&sessions->settings->peers, kinds[i].kind, "",
					    kinds[i].prefix};
		trie_walk(sessions->control->head->objects, key,
			  object_key(kinds[i].kind, kinds[i].prefix, key), find_stranger,
			  &stranger);
		if (stranger.name[0]) {
			log_line(LOG_LEVEL_INFO, "peer %s is configured no more: its routes go",
				 stranger.name);
			strangers++;
			forget_peer(sessions, stranger.name);
			commit_wait(sessions->control);
			tend_leaving(sessions, true);
		} else {
			i++;
		}
	}
}

/* --- The peers ---------------------------------------------------------------------------------- */

static bool add_peer(struct sessions *sessions, const struct peer_settings *settings)
{
	struct peer *peer = peer_new(sessions, settings), **last = &sessions->list;
	if (!peer)
		return false;
	while (*last)
		last = &(*last)->next;
	*last = peer;
	return true;
}

static void remove_peer(struct sessions *sessions, struct peer *peer, bool for_good)
{
	struct peer **link = &sessions->list;
	const char *name = peer->settings->name;
	while (*link != peer)
		link = &(*link)->next;
	*link = peer->next;
	peer_free(peer);
	if (for_good)
		forget_peer(sessions, name);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct sessions *sessions = arg;
	uint64_t now = plane_now_ns(sessions->control->plane) / UINT64_C(1000000000);
	(void)fd;
	(void)what;
	for (struct peer *peer = sessions->list; peer; peer = peer->next)
		peer_tend(peer, now);
	recursion_run(sessions->control->recursion,
		      sessions->list || sign_is_configured(sessions->control->sign));
	tend_leaving(sessions, false);
}

/* --- The doors ---------------------------------------------------------------------------------- */

static bool open_tls(struct sessions *sessions, char *err, size_t err_len)
{
	const struct interconnection *self = &sessions->settings->interconnection;
	const struct tls_files files = {self->certificate, self->key, self->authorities};
	if (!self->certificate)
		return true;
	sessions->tls = tls_new(&files, err, err_len);
	return sessions->tls;
}

static bool listen_all(struct sessions *sessions, char *err, size_t err_len)
{
	const struct interconnection *self = &sessions->settings->interconnection;
	bool done = true;
	for (size_t i = 0; done && i < self->n_listen; i++)
		done = https_server_listen(sessions->server, &self->listen[i], false, err, err_len);
	for (size_t i = 0; done && i < self->n_plain; i++)
		done = https_server_listen(sessions->server, &self->plain[i], true, err, err_len);
	return done;
}

static bool open_server(struct sessions *sessions, char *err, size_t err_len)
{
	const struct interconnection *self = &sessions->settings->interconnection;
	struct event_base *base = sessions->control->base;
	struct rlimit files = {0};
	if (!self->n_listen && !self->n_plain)
		return true;
	getrlimit(RLIMIT_NOFILE, &files);
	const struct https_limits limits = https_limits_for(files.rlim_cur);
	sessions->server = https_server_new(base, sessions->tls, &limits);
	return sessions->server &&
	       https_server_peers(sessions->server, &sessions->settings->peers) &&
	       https_server_route(sessions->server, PEER_UPSTREAM,
				  HTTPS_GET | HTTPS_HEAD | HTTPS_POST, ADVERTISE_SERVE_PATH,
				  advertise_serve, sessions) &&
	       https_server_route(sessions->server, PEER_DOWNSTREAM, HTTPS_PUT, PUSH_DRI_PATH,
				  push_dri, sessions) &&
	       https_server_route(sessions->server, PEER_UPSTREAM, HTTPS_POST, RI_SERVE_PATH,
				  ri_serve, sessions) &&
	       https_server_route(sessions->server, PEER_DOWNSTREAM, HTTPS_GET | HTTPS_HEAD,
				  METADATA_ROUTE_PATH, metadata_route, sessions) &&
	       listen_all(sessions, err, err_len);
}

static bool open_client(struct sessions *sessions)
{
	sessions->client = https_client_new(sessions->control->base, sessions->tls);
	return sessions->client && https_client_peers(sessions->client, &sessions->settings->peers);
}

static bool begin_peers(struct sessions *sessions)
{
	static const struct timeval second = {.tv_sec = 1};
	struct event_base *base = sessions->control->base;
	const struct peers *peers = &sessions->settings->peers;
	bool done = true;
	forget_strangers(sessions);
	sessions->second = event_new(base, -1, EV_PERSIST, on_second, sessions);
	sessions->compose = evtimer_new(base, on_compose, sessions);
	if (!sessions->second || !sessions->compose || event_add(sessions->second, &second))
		return false;
	for (size_t i = 0; done && i < peers->n; i++)
		done = add_peer(sessions, &peers->list[i]);
	if (done)
		compose_all(sessions);
	return done;
}

struct sessions *sessions_start(struct control *control, char *err, size_t err_len)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	snprintf(err, err_len, "no memory for the peers");
	if (!sessions)
		return NULL;
	sessions->control = control;
	sessions->settings = control->settings;
	ri_serve_settings(sessions);
	if (open_tls(sessions, err, err_len) && open_server(sessions, err, err_len) &&
	    open_client(sessions) && begin_peers(sessions))
		return sessions;
	sessions_free(sessions);
	return NULL;
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	while (sessions->list)
		remove_peer(sessions, sessions->list, false);
	tend_leaving(sessions, true);
	https_server_free(sessions->server);
	https_client_free(sessions->client);
	tls_free(sessions->tls);
	if (sessions->second)
		event_free(sessions->second);
	if (sessions->compose)
		event_free(sessions->compose);
	config_peers_clear(&sessions->kept);
	free(sessions);
}

/* --- Read again --------------------------------------------------------------------------------- */

static void reload_tls(struct sessions *sessions)
{
	const struct interconnection *self = &sessions->settings->interconnection;
	const struct tls_files files = {self->certificate, self->key, self->authorities};
	char err[TLS_WHY_MAX];
	if (sessions->tls && self->certificate &&
	    !tls_reload(sessions->tls, &files, err, sizeof(err)))
		log_line(LOG_LEVEL_ERROR, "%s; the old certificates stay in use", err);
}

/* Those that stay keep what they have; a session whose settings changed begins anew. */
static bool change_peers(struct sessions *sessions)
{
	const struct peers *peers = &sessions->settings->peers;
	bool done = true;
	for (struct peer *peer = sessions->list, *next; peer; peer = next) {
		next = peer->next;
		const struct peer_settings *settings =
			config_peers_find(peers, peer->settings->name);
		if (!settings)
			remove_peer(sessions, peer, true);
		else if (config_peers_same(settings, peer->settings))
			peer->settings = settings;
		else
			done &= peer_change(peer, settings);
		if (settings)
			done &= metadata_route_set(peer);
	}
	for (size_t i = 0; i < peers->n; i++)
		if (!sessions_find(sessions, peers->list[i].name))
			done &= add_peer(sessions, &peers->list[i]);
	return done;
}

void sessions_reload(struct sessions *sessions, struct settings *settings)
{
	if (!sessions)
		return;
	struct settings old = sessions->kept;
	sessions->kept = (struct settings){.interconnection = settings->interconnection,
					   .peers = settings->peers};
	settings->interconnection = (struct interconnection){0};
	settings->peers = (struct peers){0};
	sessions->settings = &sessions->kept;
	ri_serve_settings(sessions);
	reload_tls(sessions);
	bool done = change_peers(sessions) &&
		    (!sessions->server ||
		     https_server_peers(sessions->server, &sessions->kept.peers)) &&
		    https_client_peers(sessions->client, &sessions->kept.peers);
	/* What could not be told of the new ones still uses the old ones. */
	if (done)
		config_peers_clear(&old);
	else
		log_line(LOG_LEVEL_ERROR, "no memory for the peers; restart turnoutd");
	sessions_changed(sessions);
}
