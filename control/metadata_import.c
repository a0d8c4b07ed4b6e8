/* metadata_import - CDNI metadata of an upstream CDN: fetched link by link, compiled, brought into the tables, and fetched again before it is too
 * old. RFC 8006 §6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_import.h"

#include "backoff.h"
#include "freshness.h"
#include "https_client.h"
#include "log.h"
#include "metadata_compile.h"
#include "metadata_read.h"
#include "metadata_serve.h"
#include "sessions.h"
#include "show.h"
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PARALLEL = 4, /* documents that are asked for at a time */
	DEPTH = 64,   /* of objects within objects */
	AGAIN_FLOOR_MS = 1000,
	AGAIN_CAP_MS = 60000,
	TEND_SECONDS = 60,
	FIELD_MAX = 256, /* octets of an ETag */
	WHY_MAX = 512,
};

struct fetch {
	struct metadata_import *import;
	struct https_call *call; /* NULL: free */
	struct metadata_document document;
};

struct metadata_import {
	struct peer *peer;
	struct metadata_tables tables;
	enum metadata_state state;
	uint64_t since;       /* in this state */
	uint64_t fresh_until; /* seconds */
	struct event *timer;
	struct backoff backoff;

	/* A fetch under way. */
	struct metadata_read *read; /* NULL: there is none */
	struct fetch fetches[PARALLEL];
	json_t *coming;   /* its documents by href: [ETag, Content-Type, body] */
	int64_t lifetime; /* the shortest of theirs */
	bool changed;     /* some are not those that were kept */

	bool taking;  /* what was fetched is on its way into the tables */
	bool settled; /* what was kept is in the tables, without faults */
	json_t *kept; /* documents of the last fetch */
	json_t *tree; /* that the tables have, or NULL */
	json_t *transit;
	size_t signing, groups; /* scopes of tree that MI.UriSigning and MI.Grouping are for */
	struct metadata_counts counts;
	char error[WHY_MAX];
};

const char *metadata_state_name(enum metadata_state state)
{
	static const char *const names[] = {
		[METADATA_NONE] = "none",     [METADATA_WAITING] = "waiting",
		[METADATA_FRESH] = "fresh",   [METADATA_STALE] = "stale",
		[METADATA_DENIED] = "denied",
	};
	return names[state];
}

static const struct peer_metadata *settings_of(const struct metadata_import *import)
{
	return &import->peer->settings->metadata;
}

static const char *name_of(const struct metadata_import *import)
{
	return import->peer->settings->name;
}

static void enter(struct metadata_import *import, enum metadata_state state)
{
	if (state == import->state)
		return;
	log_line(state == METADATA_DENIED || state == METADATA_STALE ? LOG_LEVEL_WARNING
								     : LOG_LEVEL_INFO,
		 "peer %s: its metadata is %s, was %s", name_of(import), metadata_state_name(state),
		 metadata_state_name(import->state));
	import->state = state;
	import->since = peer_now(import->peer);
}

static void later(struct metadata_import *import, uint64_t ms)
{
	const struct timeval wait = {.tv_sec = (time_t)(ms / 1000),
				     .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	evtimer_add(import->timer, &wait);
}

/* Of a fetch under way nothing is left. */
static void stop(struct metadata_import *import)
{
	for (size_t i = 0; i < PARALLEL; i++)
		if (import->fetches[i].call)
			https_client_cancel(import->fetches[i].call);
	memset(import->fetches, 0, sizeof(import->fetches));
	metadata_read_free(import->read);
	import->read = NULL;
	json_decref(import->coming);
	import->coming = NULL;
	import->taking = false;
	evtimer_del(import->timer);
}

static void forget_tree(struct metadata_import *import)
{
	json_decref(import->tree);
	json_decref(import->transit);
	import->tree = import->transit = NULL;
}

/* --- How it ends ------------------------------------------------------------------------------------------- */

static void fail(struct metadata_import *import, const char *why)
{
	bool said = strncmp(import->error, why, sizeof(import->error) - 1) == 0;
	snprintf(import->error, sizeof(import->error), "%s", why);
	stop(import);
	/* It may be what was kept that is at fault. */
	json_decref(import->kept);
	import->kept = NULL;
	import->counts.failures++;
	import->settled = false;
	if (!said)
		log_line(LOG_LEVEL_ERROR, "peer %s: its metadata was not taken: %s",
			 name_of(import), import->error);
	if (import->state == METADATA_FRESH)
		enter(import, METADATA_STALE);
	later(import, backoff_next(&import->backoff));
}

static void fail_by(struct metadata_import *import, const struct faults *faults)
{
	char why[WHY_MAX];
	const struct fault *first = faults->n ? &faults->list[0] : NULL;
	snprintf(why, sizeof(why), "%.200s%s%.300s", first && first->file ? first->file : "",
		 first && first->file ? ": " : "", first ? first->text : "no memory");
	fail(import, why);
}

static void refreshed(struct metadata_import *import)
{
	import->fresh_until = peer_now(import->peer) + (uint64_t)import->lifetime;
	import->error[0] = '\0';
	backoff_reset(&import->backoff);
	enter(import, METADATA_FRESH);
	later(import, (uint64_t)import->lifetime * 1000);
}

static void on_tables(void *arg)
{
	struct metadata_import *import = arg;
	if (!import->taking)
		return;
	import->taking = false;
	if (!import->tables.failed) {
		refreshed(import);
		return;
	}
	forget_tree(import);
	fail(import, import->tables.error);
}

/* --- What came --------------------------------------------------------------------------------------------- */

/* The first of each stands for the others. */
static void log_faults_of(const struct metadata_import *import, const struct faults *faults,
			  const char *what)
{
	if (faults->total)
		log_line(LOG_LEVEL_WARNING, "peer %s: its metadata has %zu %s, as %s",
			 name_of(import), faults->total, what,
			 faults->n ? faults->list[0].text : "there is no memory");
}

/* What the delivery enforces, and signed URIs, which we do when there are keys. Gives how many. */
static size_t enforced_by_us(const struct metadata_import *import,
			     const char *types[PEER_ENFORCED_MAX + 1])
{
	const struct peer_metadata *settings = settings_of(import);
	size_t n = settings->n_enforced;
	for (size_t i = 0; i < n; i++)
		types[i] = settings->enforced[i];
	if (sign_is_configured(import->peer->sessions->control->sign))
		types[n++] = "MI.UriSigning";
	return n;
}

static size_t count_signed(const json_t *objects)
{
	size_t i, n = 0;
	json_t *object;
	json_array_foreach (objects, i, object)
		n += json_object_get(json_object_get(object, "scope"), "uri-signing") != NULL;
	return n;
}

static bool compile(struct metadata_import *import, json_t *tree, struct metadata_scopes *scopes,
		    struct faults *faults)
{
	const struct peer_metadata *settings = settings_of(import);
	const char *types[PEER_ENFORCED_MAX + 1];
	json_t *accept = json_loads(settings->accept, 0, NULL);
	const struct metadata_policy policy = {
		.name = import->tables.name,
		.origin = settings->host_index,
		.allow = accept,
		.n_types = enforced_by_us(import, types),
		.types = types,
		.dns = settings->dns,
		.priority = settings->priority,
		.scopes = settings->scopes,
		.geo = footprint_table_geo(import->peer->sessions->control->head->footprints),
	};
	if (accept)
		metadata_compile(tree, &policy, scopes, faults);
	json_decref(accept);
	return accept && !scopes->partial;
}

/* Hosts with faults are denied, and counted; the others are taken. */
static void take(struct metadata_import *import, json_t *tree)
{
	struct metadata_scopes scopes = {0};
	struct faults faults = {0};
	if (compile(import, tree, &scopes, &faults)) {
		log_faults_of(import, &faults, "faults");
		log_faults_of(import, &scopes.notes, "parts that are denied");
		import->counts.faults = faults.total;
		import->counts.notes = scopes.notes.total;
		import->counts.hosts = scopes.hosts;
		import->signing = count_signed(scopes.objects);
		import->groups = json_object_size(scopes.groups);
		import->settled = !faults.total;
		forget_tree(import);
		import->tree = json_incref(tree);
		import->taking = true;
		metadata_tables_put(&import->tables, json_incref(scopes.objects));
	} else {
		fail_by(import, &faults);
	}
	metadata_scopes_clear(&scopes);
	faults_clear(&faults);
}

static void finish(struct metadata_import *import)
{
	struct faults faults = {0};
	json_t *tree = NULL;
	bool same = !import->changed && import->settled && import->tree &&
		    json_object_size(import->coming) == json_object_size(import->kept);
	if (!same)
		tree = metadata_read_tree(import->read, &faults);
	if (!same && !tree) {
		fail_by(import, &faults);
		faults_clear(&faults);
		return;
	}
	json_decref(import->kept);
	import->kept = import->coming;
	import->coming = NULL;
	stop(import);
	if (same)
		refreshed(import);
	else
		take(import, tree);
	json_decref(tree);
}

/* --- Documents --------------------------------------------------------------------------------------------- */

static const char *kept_text(const struct metadata_import *import, const char *href, size_t i)
{
	return json_string_value(json_array_get(json_object_get(import->kept, href), i));
}

static void note_lifetime(struct metadata_import *import, struct https_call *call)
{
	const struct peer_metadata *settings = settings_of(import);
	const struct freshness_fields head = {
		.cache_control = https_client_header(call, "Cache-Control"),
		.age = https_client_header(call, "Age"),
		.expires = https_client_header(call, "Expires"),
		.date = https_client_header(call, "Date"),
	};
	bool said;
	int64_t seconds = freshness_of(&head, peer_now(import->peer), &said).fresh;
	if (!said || seconds > settings->refresh_max_s)
		seconds = settings->refresh_max_s;
	if (seconds < settings->refresh_min_s)
		seconds = settings->refresh_min_s;
	if (seconds < import->lifetime)
		import->lifetime = seconds;
}

static bool answer(struct metadata_import *import, const char *href, const char *type,
		   const char *body, size_t len, struct faults *faults)
{
	size_t before = faults->total;
	bool good = metadata_read_answer(import->read, href, type, body, len, faults);
	if (!good && faults->total == before)
		faults_add(faults, (struct place){href, 0}, "no memory");
	return good;
}

/* A body that was taken is JSON, so that it fits a string. */
static bool take_body(struct metadata_import *import, const char *href, struct https_call *call,
		      const struct https_call_answer *came, struct faults *faults)
{
	const char *etag = https_client_header(call, "ETag");
	const char *type = https_client_header(call, "Content-Type");
	const char *body = came->body ? (const char *)came->body : "", *before;
	if (!answer(import, href, type, body, came->len, faults))
		return false;
	before = kept_text(import, href, 2);
	import->changed |=
		!before || strlen(before) != came->len || memcmp(before, body, came->len);
	import->counts.documents++;
	json_t *kept = json_pack("[s, s, s%]", etag && strlen(etag) < FIELD_MAX ? etag : "", type,
				 body, came->len);
	if (json_object_set_new(import->coming, href, kept) == 0)
		return true;
	faults_add(faults, (struct place){href, 0}, "no memory");
	return false;
}

static bool take_kept(struct metadata_import *import, const char *href, struct faults *faults)
{
	const char *body = kept_text(import, href, 2);
	import->counts.not_modified++;
	return answer(import, href, kept_text(import, href, 1), body, strlen(body), faults) &&
	       json_object_set(import->coming, href, json_object_get(import->kept, href)) == 0;
}

static void ask(struct metadata_import *import);

static void on_done(void *arg, struct https_call *call, const struct https_call_answer *came)
{
	struct fetch *fetch = arg;
	struct metadata_import *import = fetch->import;
	const char *href = fetch->document.href;
	struct faults faults = {0};
	fetch->call = NULL;
	import->counts.octets += came->len;
	bool good = false, kept = kept_text(import, href, 0) && kept_text(import, href, 0)[0];
	if (came->error)
		faults_add(&faults, (struct place){NULL, 0}, "%s", came->error);
	else if (came->status == 304 && kept)
		good = take_kept(import, href, &faults);
	else if (came->status == 200)
		good = take_body(import, href, call, came, &faults);
	else
		faults_add(&faults, (struct place){href, 0},
			   "answered status %d where the metadata is expected", came->status);
	if (good) {
		note_lifetime(import, call);
		ask(import);
	} else {
		fail_by(import, &faults);
	}
	faults_clear(&faults);
}

static bool ask_one(struct metadata_import *import, struct fetch *fetch, char why[WHY_MAX])
{
	char accept[128], match[FIELD_MAX + 32];
	const char *headers[3] = {accept}, *etag = kept_text(import, fetch->document.href, 0);
	struct https_call_plan plan = {.headers = headers,
				       .limits = https_call_limits_default,
				       .done = on_done,
				       .arg = fetch};
	snprintf(accept, sizeof(accept), "Accept: application/cdni; ptype=%.64s",
		 fetch->document.ptype);
	snprintf(match, sizeof(match), "If-None-Match: %s", etag ? etag : "");
	headers[1] = etag && etag[0] ? match : NULL;
	fetch->import = import;
	fetch->call = https_client_get(import->peer->sessions->client, name_of(import),
				       fetch->document.href, &plan, why, WHY_MAX);
	return fetch->call;
}

static void ask(struct metadata_import *import)
{
	char why[WHY_MAX];
	bool busy = false;
	for (size_t i = 0; i < PARALLEL; i++) {
		struct fetch *fetch = &import->fetches[i];
		if (!fetch->call && metadata_read_next(import->read, &fetch->document) &&
		    !ask_one(import, fetch, why)) {
			fail(import, why);
			return;
		}
		busy |= fetch->call != NULL;
	}
	if (!busy)
		finish(import);
}

static void begin(struct metadata_import *import)
{
	const struct peer_limits *peer = &import->peer->settings->limits;
	const struct metadata_limits limits = {peer->entries, peer->octets, peer->footprints,
					       DEPTH};
	stop(import);
	import->counts.fetches++;
	import->lifetime = settings_of(import)->refresh_max_s;
	import->changed = false;
	import->read = metadata_read_new(settings_of(import)->host_index, &limits);
	import->coming = json_object();
	if (import->read && import->coming)
		ask(import);
	else
		fail(import, "no memory");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	begin(arg);
}

/* --- Its life ------------------------------------------------------------------------------------------------ */

static void deny(struct metadata_import *import)
{
	const struct peer_metadata *settings = settings_of(import);
	forget_tree(import);
	if (import->taking)
		later(import, AGAIN_FLOOR_MS);
	import->taking = false;
	if (metadata_tables_deny(&import->tables, settings->priority, settings->dns))
		enter(import, METADATA_DENIED);
	else
		log_line(LOG_LEVEL_ERROR, "peer %s: no memory to deny its hosts; it is tried again",
			 name_of(import));
}

/* Anew, without anything that was kept. */
static void begin_anew(struct metadata_import *import)
{
	stop(import);
	json_decref(import->kept);
	import->kept = NULL;
	import->settled = false;
	backoff_reset(&import->backoff);
	if (settings_of(import)->host_index && !import->peer->set_down)
		later(import, 0);
}

void metadata_import_change(struct metadata_import *import)
{
	begin_anew(import);
	if (settings_of(import)->host_index) {
		if (import->state == METADATA_NONE)
			enter(import, METADATA_WAITING);
		return;
	}
	forget_tree(import);
	import->counts.hosts = import->counts.faults = import->counts.notes = 0;
	import->signing = import->groups = 0;
	if (import->tables.objects)
		metadata_tables_put(&import->tables, json_array());
	enter(import, METADATA_NONE);
}

struct metadata_import *metadata_import_new(struct peer *peer)
{
	struct metadata_import *import = calloc(1, sizeof(*import));
	struct control *control = peer->sessions->control;
	if (!import)
		return NULL;
	import->peer = peer;
	import->timer = evtimer_new(control->base, on_timer, import);
	if (!import->timer ||
	    !metadata_tables_init(&import->tables, control, peer->settings->name)) {
		metadata_import_free(import);
		return NULL;
	}
	import->tables.done = on_tables;
	import->tables.arg = import;
	backoff_init(&import->backoff, AGAIN_FLOOR_MS, AGAIN_CAP_MS);
	import->fresh_until = import->since = peer_now(peer);
	if (import->tables.objects && settings_of(import)->host_index)
		enter(import, METADATA_STALE);
	metadata_import_change(import);
	return import;
}

void metadata_import_free(struct metadata_import *import)
{
	if (!import)
		return;
	if (import->timer) {
		stop(import);
		event_free(import->timer);
	}
	metadata_tables_clear(&import->tables);
	json_decref(import->kept);
	forget_tree(import);
	free(import);
}

void metadata_import_order(struct metadata_import *import, bool up)
{
	begin_anew(import);
	if (!up && import->tables.objects && import->state != METADATA_NONE)
		deny(import);
}

void metadata_import_tend(struct metadata_import *import, uint64_t now)
{
	bool used = import->state == METADATA_FRESH || import->state == METADATA_STALE;
	if (used && now >= import->fresh_until + import->peer->settings->hold_s)
		deny(import);
	if (now % TEND_SECONDS == 0)
		metadata_tables_tend(&import->tables);
}

const json_t *metadata_import_transit(struct metadata_import *import, uint64_t *seconds)
{
	uint64_t now = peer_now(import->peer);
	if (!import->transit && import->tree)
		import->transit = metadata_serve_transit(import->tree);
	*seconds = import->fresh_until > now ? import->fresh_until - now : 0;
	return import->transit;
}

json_t *metadata_import_json(const struct metadata_import *import)
{
	const struct metadata_counts *counts = &import->counts;
	char since[SHOW_TIME_MAX], fresh[SHOW_TIME_MAX];
	if (import->state == METADATA_NONE)
		return json_null();
	return json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"state", metadata_state_name(import->state), "since",
		show_time(import->since, since), "fresh-until",
		show_time(import->fresh_until, fresh), "fetches", (json_int_t)counts->fetches,
		"failures", (json_int_t)counts->failures, "documents",
		(json_int_t)counts->documents, "not-modified", (json_int_t)counts->not_modified,
		"octets", (json_int_t)counts->octets, "hosts", (json_int_t)counts->hosts, "scopes",
		(json_int_t)metadata_tables_scopes(&import->tables), "faults",
		(json_int_t)counts->faults, "notes", (json_int_t)counts->notes, "signing",
		(json_int_t)import->signing, "groups", (json_int_t)import->groups, "error",
		import->error[0] ? rpc_text(import->error) : json_null());
}
