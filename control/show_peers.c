/* show_peers - the methods about other CDNs: their sessions, what was learnt from them, what they are told; and to set them up or down. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_peers.h"

#include "peer_redirect.h"
#include "peer_session.h"
#include "sessions.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 10000 };

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *time_json(uint64_t seconds)
{
	char text[SHOW_TIME_MAX];
	return seconds ? json_string(show_time(seconds, text)) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? rpc_text(text) : json_null();
}

static json_t *roles_json(const struct peer *peer)
{
	json_t *roles = json_array();
	if (peer->settings->roles & PEER_UPSTREAM)
		json_array_append_new(roles, json_string("upstream"));
	if (peer->settings->roles & PEER_DOWNSTREAM)
		json_array_append_new(roles, json_string("downstream"));
	return roles;
}

/* "fresh" as long as the session lasts by which they came. */
static const char *routes_state(const struct peer *peer)
{
	return peer->life.stale_routes ? "stale" : peer->life.routes ? "fresh" : "none";
}

/* "-": it is not asked for redirection targets. */
static const char *breaker_state(const struct peer *peer)
{
	struct peer_redirect_counters counters;
	if (!peer_redirect_counts(peer, &counters))
		return "-";
	return counters.open ? "open" : "closed";
}

/* What both lists of peers say. */
static json_t *peer_json(const struct peer *peer)
{
	const struct rib *learnt = &peer->learnt.rib, *pushed = &peer->pushed.rib;
	size_t accepted = rib_count(learnt, RIB_ACCEPTED) + rib_count(pushed, RIB_ACCEPTED);
	size_t suppressed = rib_count(learnt, RIB_SUPPRESSED) + rib_count(pushed, RIB_SUPPRESSED);
	size_t refused = rib_count(learnt, RIB_REFUSED) + rib_count(pushed, RIB_REFUSED);
	return json_pack("{s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:s, s:o}",
			 "name", peer->settings->name, "roles", roles_json(peer), "state",
			 peer_state_name(peer->life.state), "since", time_json(peer->life.since),
			 "routes", routes_state(peer), "accepted", count(accepted), "refused",
			 count(refused + learnt->faults.total), "suppressed", count(suppressed),
			 "dri-source", !peer->no_dri, "told", count(peer->told.n), "streams",
			 count(peer->streams.n), "breaker", breaker_state(peer), "error",
			 text_or_null(peer->life.error));
}

static bool has_sessions(const struct control *control, struct rpc_call *call)
{
	if (!control->sessions)
		snprintf(call->text, sizeof(call->text), "there are no sessions with peers yet");
	return control->sessions;
}

/* Of a peer, or with NULL of connections that never belonged to one. */
static json_t *requests_json(const struct sessions *sessions, const char *name)
{
	const struct https_counts *counts =
		sessions->server ? https_server_counts(sessions->server, name) : NULL;
	json_t *json = json_object();
	if (!counts)
		return json;
	json_object_set_new(json, "connections-now", count(counts->connections));
	for (int i = 0; i < HTTPS_COUNTS; i++)
		json_object_set_new(json, https_count_name((enum https_count)i),
				    count(counts->n[i]));
	return json;
}

/* One page of a list. */
struct page {
	uint64_t offset, limit, total;
	json_t *list;
};

static void read_page(struct json_in *params, struct page *page)
{
	page->limit = (uint64_t)json_in_integer(params, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	page->offset = (uint64_t)json_in_integer(params, "offset", 0, INT64_MAX, 0);
	page->total = 0;
}

static bool is_on_page(struct page *page)
{
	uint64_t at = page->total++;
	return at >= page->offset && at - page->offset < page->limit;
}

static json_t *page_json(const struct page *page, const char *title)
{
	return json_pack("{s:o, s:o, s:o}", "total", count(page->total), "offset",
			 count(page->offset), title, page->list);
}

json_t *show_peers(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page;
	const char *match = json_in_text(params, "match", JSON_IN_OPTIONAL);
	read_page(params, &page);
	if (!json_in_end(params) || !has_sessions(control, call))
		return NULL;
	page.list = json_array();
	for (const struct peer *peer = control->sessions->list; peer; peer = peer->next)
		if ((!match || strcasestr(peer->settings->name, match)) && is_on_page(&page))
			json_array_append_new(page.list, peer_json(peer));
	json_t *json = page_json(&page, "peers");
	if (json)
		json_object_set_new(json, "strangers", requests_json(control->sessions, NULL));
	return json;
}

/* --- One peer ------------------------------------------------------------------------------------- */

/* NULL: refused. */
static struct peer *find(const struct control *control, const char *name, struct rpc_call *call)
{
	struct peer *peer =
		has_sessions(control, call) ? sessions_find(control->sessions, name) : NULL;
	if (!peer && control->sessions)
		snprintf(call->text, sizeof(call->text),
			 "there is no peer '%.64s'; turnoutctl show peers lists them", name);
	return peer;
}

static json_t *session_json(const struct peer *peer)
{
	const struct peer_life *life = &peer->life;
	int64_t wait = peer->session ? peer_session_wait_ms(peer->session) : -1;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "attempts",
			 count(life->attempts), "sessions", count(life->sessions), "losses",
			 count(life->losses), "lost",
			 life->stale_routes ? time_json(life->lost_at) : json_null(),
			 "next-attempt-ms", wait < 0 ? json_null() : json_integer(wait), "updates",
			 count(peer->updates), "refused-updates", count(peer->refused_updates),
			 "octets", count(peer->octets), "hold-time", (json_int_t)life->hold,
			 "stale-time", (json_int_t)life->stale);
}

static json_t *rib_json(const struct learn *learn)
{
	const struct rib *rib = &learn->rib;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "received",
			 count(rib->received), "withdrawn", count(rib->withdrawn), "refused",
			 count(rib->refused), "suppressed", count(rib->suppressed), "doubled",
			 count(rib->doubled), "error", text_or_null(learn->error), "generation",
			 count(learn->generation), "faults", rpc_faults(&rib->faults));
}

static json_t *told_json(const struct peer *peer)
{
	const struct advertise_streams *streams = &peer->streams;
	const char *map = peer->told.map ? peer->told.map_vtag.tag : NULL;
	return json_pack("{s:s, s:s*, s:o, s:o, s:o, s:o, s:o}", "tag", peer->told.tag,
			 "network-map", map, "capabilities", advertise_objects(&peer->told),
			 "streams", count(streams->n), "streams-opened", count(streams->opened),
			 "streams-refused", count(streams->refused), "events",
			 count(streams->events));
}

/* The metadata that it can fetch; null: none is configured. */
static json_t *served_json(const struct peer *peer)
{
	const struct peer_serving *serving = &peer->settings->serving;
	if (!serving->file && !serving->from)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "file", text_or_null(serving->file), "from",
			 text_or_null(serving->from), "hosts",
			 count(json_array_size(json_object_get(peer->served, "hosts"))),
			 "documents", count(peer->served_documents));
}

/* Redirection requests of an upstream peer. */
static json_t *redirects_json(const struct peer *peer)
{
	const struct ri_counters *counters = &peer->ri_counters;
	json_t *errors = json_object();
	char code[16];
	for (int i = 0; i < 7; i++) {
		snprintf(code, sizeof(code), "%d", RI_FAILED + i);
		json_object_set_new(errors, code, count(counters->errors[i]));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "requests", count(counters->requests),
			 "redirects", count(counters->redirects), "asked", count(counters->asked),
			 "bad", count(counters->bad), "errors", errors);
}

/* Those to a downstream peer. */
static json_t *asking_json(const struct peer *peer)
{
	struct peer_redirect_counters c;
	if (!peer_redirect_counts(peer, &c))
		return json_null();
	const struct ri_client_counters *client = &c.client;
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o}",
		"sent", count(client->sent), "under-way", count(c.asking), "failed",
		count(c.failed), "refused", count(client->refused), "unusable",
		count(client->unusable), "hits", count(client->cache.hits), "stale",
		count(client->cache.stale), "negative", count(client->cache.negative), "misses",
		count(client->cache.misses), "refreshes", count(client->cache.refreshes), "entries",
		count(client->cache.entries), "octets", count(client->cache.octets), "joined",
		count(client->pending.joined), "late", count(client->pending.late), "full",
		count(client->pending.refused), "held-back", count(c.held_back), "opened",
		count(c.opened), "error", text_or_null(c.error));
}

json_t *show_peer(struct control *control, struct json_in *params, struct rpc_call *call)
{
	const char *name = json_in_text(params, "name", JSON_IN_NEEDED);
	const struct peer *peer = json_in_end(params) ? find(control, name, call) : NULL;
	if (!peer)
		return NULL;
	const struct peer_settings *settings = peer->settings;
	json_t *json = peer_json(peer);
	json_t *more = json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"identity", text_or_null(settings->identity), "provider-id", settings->provider_id,
		"directory", text_or_null(settings->directory), "redirection",
		text_or_null(settings->redirection), "session", session_json(peer), "learnt",
		rib_json(&peer->learnt), "pushed", rib_json(&peer->pushed), "pushes",
		count(peer->pushes), "telling", told_json(peer), "redirects", redirects_json(peer),
		"asking", asking_json(peer), "requests",
		requests_json(peer->sessions, settings->name), "metadata",
		metadata_import_json(peer->metadata), "served-metadata", served_json(peer));
	if (json && more && !json_object_update(json, more)) {
		json_decref(more);
		return json;
	}
	json_decref(json);
	json_decref(more);
	return NULL;
}

/* --- Routes --------------------------------------------------------------------------------------- */

static json_t *route_json(const struct peer *peer, const struct learn *learn,
			  const struct rib_route *route)
{
	uint64_t now = peer_now(peer);
	const struct damping_settings *damping = &learn->rib.damping;
	uint64_t reuse = damping_remaining(&route->damping, damping, now);
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "peer", peer->settings->name,
		"source", learn == &peer->learnt ? "alto" : "push", "type", rib_route_type(route),
		"name", route->table ? route->table : route->name, "state",
		rib_state_name(route->state), "since", time_json(route->since), "penalty",
		count(damping_penalty(&route->damping, damping, now)), "reused-in",
		reuse ? count(reuse) : json_null(), "reason",
		text_or_null(route->reason ? route->reason : route->note), "path",
		route->path ? json_incref(route->path) : json_null());
	if (json && route->object)
		json_object_update_missing(json, route->object);
	json_object_del(json, "cdn");
	return json;
}

static void add_routes(struct page *page, const char *type, const struct peer *peer,
		       const struct learn *learn)
{
	for (size_t i = 0; i < learn->rib.n; i++) {
		const struct rib_route *route = &learn->rib.list[i];
		if ((!type || strcmp(type, rib_route_type(route)) == 0) && is_on_page(page))
			json_array_append_new(page->list, route_json(peer, learn, route));
	}
}

json_t *show_routes(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page;
	const char *name = json_in_text(params, "peer", JSON_IN_OPTIONAL);
	const char *type = json_in_text(params, "type", JSON_IN_OPTIONAL);
	read_page(params, &page);
	if (!json_in_end(params) || !has_sessions(control, call) ||
	    (name && !find(control, name, call)))
		return NULL;
	page.list = json_array();
	for (const struct peer *peer = control->sessions->list; peer; peer = peer->next) {
		if (name && strcmp(peer->settings->name, name) != 0)
			continue;
		add_routes(&page, type, peer, &peer->learnt);
		add_routes(&page, type, peer, &peer->pushed);
	}
	return page_json(&page, "routes");
}

/* --- The operator's orders -------------------------------------------------------------------------- */

json_t *show_peers_set(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const char *const orders[] = {"up", "down", "reset", NULL}; /* enum peer_order */
	const char *name = json_in_text(params, "name", JSON_IN_NEEDED);
	int order = json_in_choice(params, "state", orders, -1);
	if (params->object && order < 0)
		json_in_fault(params, NULL, "'state' is missing");
	struct peer *peer = json_in_end(params) ? find(control, name, call) : NULL;
	if (!peer)
		return NULL;
	peer_order(peer, (enum peer_order)order);
	return json_pack("{s:s, s:s}", "peer", peer->settings->name, "state",
			 peer_state_name(peer->life.state));
}
