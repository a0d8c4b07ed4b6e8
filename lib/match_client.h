/* match_client - in which footprints the client of a request is, and for how wide a prefix that holds; for match*.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "view.h"

/* More footprints than this are tested for one request only in odd tables; the answer is then for the client alone. */
enum { MATCH_TESTED_MAX = 64 };

struct match_client {
	bool located; /* `found` is filled */
	bool tested_too_many;
	uint32_t n_tested;
	struct footprint_client found;
	uint32_t tested[MATCH_TESTED_MAX];
};

static inline void match_client_init(struct match_client *client)
{
	client->located = false;
	client->tested_too_many = false;
	client->n_tested = 0;
}

static inline void match_client_remember(struct match_client *client, uint32_t id)
{
	for (uint32_t i = 0; i < client->n_tested; i++)
		if (client->tested[i] == id)
			return;
	if (client->n_tested == MATCH_TESTED_MAX)
		client->tested_too_many = true;
	else
		client->tested[client->n_tested++] = id;
}

/* Only an echoed client subnet and an upstream CDN ask what the decision depended on. */
static inline bool match_client_is_told(const struct request *req)
{
	return req->via_ri || (req->protocol == PROTOCOL_DNS && req->dns.ecs);
}

/* SCOPE_ANY_FOOTPRINT: always. */
static inline bool match_client_in(struct match_client *client, const struct view *view,
				   const struct request *req, uint32_t id)
{
	if (id == SCOPE_ANY_FOOTPRINT)
		return true;
	if (!client->located)
		footprint_find(view->footprints, &req->client, &client->found);
	client->located = true;
	if (match_client_is_told(req))
		match_client_remember(client, id);
	return footprint_has(&client->found, id);
}

/* The length of the prefix around the client for which all tests would have come out the same; 0: there were none. */
static inline uint8_t match_client_scope(const struct match_client *client, const struct view *view,
					 const struct request *req)
{
	if (!client->n_tested)
		return 0;
	if (client->tested_too_many)
		return (uint8_t)ip_bits(&req->client);
	return (uint8_t)footprint_scope_len(view->footprints, &req->client, client->tested,
					    client->n_tested);
}
