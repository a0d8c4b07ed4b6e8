/* metadata_route - answers downstream CDNs that fetch the CDNI metadata which the configuration has for them. RFC 8006 §6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_route.h"

#include "lib/request.h"
#include "metadata_import.h"
#include "metadata_serve.h"
#include "metadata_tree.h"
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AUTHORITY_MAX = 300 };

bool metadata_route_set(struct peer *peer)
{
	const char *tree = peer->settings->serving.tree;
	json_decref(peer->served);
	peer->served = tree ? json_loads(tree, 0, NULL) : NULL;
	return !tree || peer->served;
}

/* Links begin with what the peer itself calls us. */
static bool base_of(struct https_request *request, char *base, size_t cap)
{
	const char *host = https_request_header(request, "Host");
	const char *scheme = https_request_peer(request)->plain_http ? "http" : "https";
	struct request key;
	size_t len = host && strlen(host) < AUTHORITY_MAX ? metadata_tree_host_len(host, true) : 0;
	if (!len || !request_key_host(&key, (const uint8_t *)host, len))
		return false;
	snprintf(base, cap, "%s://%s" METADATA_ROUTE_PATH, scheme, host);
	return true;
}

/* The tree for a peer, and how long it may be used. NULL: there is none now. */
static const json_t *tree_for(const struct sessions *sessions, const struct peer *peer,
			      uint64_t *seconds)
{
	const struct peer_serving *serving = &peer->settings->serving;
	struct peer *from = serving->from ? sessions_find(sessions, serving->from) : NULL;
	uint64_t left = UINT64_MAX;
	const json_t *tree = from ? metadata_import_transit(from->metadata, &left) : peer->served;
	*seconds = left < serving->max_age_s ? left : serving->max_age_s;
	return tree;
}

static void answer_with(struct peer *peer, struct https_request *request, uint64_t seconds,
			const struct metadata_answer *answer)
{
	char age[32], type[64];
	const char *known = https_request_header(request, "If-None-Match");
	snprintf(age, sizeof(age), "max-age=%lu", seconds);
	snprintf(type, sizeof(type), "application/cdni; ptype=%s", answer->ptype);
	https_answer_header(request, "ETag", answer->etag);
	https_answer_header(request, "Cache-Control", age);
	peer->served_documents++;
	/* No quote or comma is in an ETag of ours, so that none can be taken for a part of another one. */
	if (known && (strstr(known, answer->etag) || !strcmp(known, "*")))
		https_answer(request, 304, NULL, NULL, 0);
	else
		https_answer(request, 200, type, answer->body, strlen(answer->body));
}

void metadata_route(void *arg, struct https_request *request)
{
	const struct sessions *sessions = arg;
	const char *name = https_request_peer(request)->name;
	const char *path = https_request_path(request) + strlen(METADATA_ROUTE_PATH);
	struct peer *peer = sessions_find(sessions, name);
	struct metadata_answer answer;
	char base[AUTHORITY_MAX + 32];
	uint64_t seconds;
	if (!peer || (!peer->settings->serving.file && !peer->settings->serving.from)) {
		https_answer_text(request, 404, "there is no metadata for %s", name);
		return;
	}
	const json_t *tree = tree_for(sessions, peer, &seconds);
	if (!tree) {
		https_answer_header(request, "Retry-After", "10");
		https_answer_text(request, 503, "there is no metadata for %s at the moment", name);
		return;
	}
	if (!base_of(request, base, sizeof(base))) {
		https_answer_text(request, 400, "links need a Host field with a name or address");
		return;
	}
	if (metadata_serve(tree, base, path, &answer))
		answer_with(peer, request, seconds, &answer);
	else
		https_answer_text(request, 404, "there is no such document for %s", name);
	free(answer.body);
}
