/* push_dri - takes the DRIs that a downstream CDN puts to us by itself, for those without ALTO. The objects are those of RFC 8804 §2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "push_dri.h"

#include "alto_media.h"
#include "json_strict.h"
#include "sessions.h"

#include <string.h>

enum { BODY_DEPTH = 16 };

/* A body as an advertisement: {"capabilities": [...]}. NULL: it was answered what is wrong with it. */
static json_t *read_body(const struct peer *peer, struct https_request *request)
{
	const struct json_limits limits = {peer->settings->limits.octets, BODY_DEPTH,
					   peer->settings->limits.octets / 4};
	char err[256];
	size_t len, i;
	const uint8_t *body = https_request_body(request, &len);
	json_t *entry, *list = json_strict_load((const char *)body, len, &limits, err, sizeof(err));
	if (!list) {
		https_answer_text(request, 400, "%s", err);
		return NULL;
	}
	if (json_is_object(list))
		list = json_pack("[o]", list);
	json_array_foreach (list, i, entry) {
		const char *type = json_string_value(json_object_get(entry, "capability-type"));
		if (type && strcmp(type, "FCI.RedirectTarget") == 0)
			continue;
		https_answer_text(request, 400,
				  "entry %zu is not of capability-type FCI.RedirectTarget", i);
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:o}", "capabilities", list);
}

static void gone(void *arg)
{
	struct peer *peer = arg;
	peer->push = NULL;
}

/* The first route that is not in use. */
static const struct rib_route *not_in_use(const struct rib *rib)
{
	for (size_t i = 0; i < rib->n; i++)
		if (rib->list[i].state != RIB_ACCEPTED && rib->list[i].state != RIB_GONE)
			return &rib->list[i];
	return NULL;
}

void push_dri_done(struct peer *peer)
{
	struct https_request *request = peer->push;
	const struct rib_route *route = not_in_use(&peer->pushed.rib);
	peer->push = NULL;
	if (!request)
		return;
	if (peer->pushed.failed)
		https_answer_text(request, 503, "%s", peer->pushed.error);
	else if (route)
		https_answer_text(request, 409, "%s is %s%s%s",
				  route->table ? route->table : "one of them",
				  rib_state_name(route->state), route->reason ? ": " : "",
				  route->reason ? route->reason : "");
	else
		https_answer(request, 204, NULL, NULL, 0);
}

/* Takes the update over. */
static void take(struct peer *peer, struct https_request *request, struct rib_update *update)
{
	bool changed;
	peer->pushes++;
	if (update->faults.total) {
		https_answer_text(request, 400, "%s",
				  update->faults.n ? update->faults.list[0].text : "no memory");
		rib_update_clear(update);
		return;
	}
	if (!rib_take(&peer->pushed.rib, update, true, peer_now(peer), &changed)) {
		rib_update_clear(update);
		https_answer_text(request, 503, "no memory");
		return;
	}
	peer->push = request;
	https_answer_hold(request, gone, peer);
	if (changed)
		learn_publish(&peer->pushed);
	else if (!peer->pushed.commit)
		push_dri_done(peer);
}

void push_dri(void *arg, struct https_request *request)
{
	struct peer *peer = sessions_find(arg, https_request_peer(request)->name);
	struct rib_update update;
	char why[512];
	if (!alto_media_is(https_request_header(request, "Content-Type"), "application/json")) {
		https_answer_text(request, 415, "the body has to be of type application/json");
		return;
	}
	if (!peer || peer->push) {
		https_answer_header(request, "Retry-After", "1");
		https_answer_text(request, 503, "the last one is still being taken in");
		return;
	}
	json_t *body = read_body(peer, request);
	if (!body)
		return;
	bool read = peer_read(peer, body, NULL, &update, why, sizeof(why));
	json_decref(body);
	if (read)
		take(peer, request, &update);
	else
		https_answer_text(request, 400, "%s", why);
}
