/* park - requests of a worker that wait for the control thread, and their way there and back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "target.h"

#include <rte_ring.h>

enum { PARK_MAX = 65536, PARK_TRIED_MAX = 4, PARK_RECEIVE_MAX = 32 };

/* What the control thread is to do. */
enum park_why {
	PARK_ASK,  /* ask the CDN `target` for its DRI (RFC 7975) */
	PARK_SIGN, /* verify the signed URI, and sign it for `target` (RFC 9246) */
};

enum park_result {
	PARK_NO_ANSWER, /* none came, or it was too late */
	PARK_REFUSED,   /* the CDN does not take it: another one may */
	PARK_ANSWERED,  /* as `dri` says */
	PARK_FORBIDDEN, /* the signed URI is not good */
};

/* A place for one request. Whoever holds it (worker, ring, control) is the only one that looks at it. */
struct parked {
	struct park *park;              /* whose place it is */
	void *packet;                   /* the worker's */
	const void *port;               /* that it came from, likewise */
	void *connection;               /* that it came on, likewise; or NULL */
	uint64_t target;                /* seed of the target that was chosen */
	uint64_t tried[PARK_TRIED_MAX]; /* those that refused it before */
	uint8_t n_tried;
	uint8_t why;       /* enum park_why */
	uint8_t result;    /* enum park_result, as the next two control's */
	uint8_t ecs_scope; /* it is the same for the whole prefix (lib/verdict.h) */
	struct dri *
		dri; /* with a reference of control's; it stays until the place comes to control again */
	struct ip_addr source; /* of the packet */
	struct request
		request; /* its spans point into the packet, or into what the connection holds */
};

/* The places of one worker. */
struct park {
	struct rte_ring *out, *back;
	uint32_t n, n_free;
	uint16_t
		share; /* places for targets that fall together: one that does not answer leaves the others theirs */
	uint16_t held[64];
	struct parked **free;
	struct parked *places;
};

/* --- Control thread ------------------------------------------------------------------------------------------------- */

/* n places, at most PARK_MAX, on the memory of a NUMA node. NULL: no memory. */
struct park *park_new(uint32_t n, int socket);

/* The worker has ended. release is called for each packet that is still there. NULL is fine. */
void park_free(struct park *park, void (*release)(void *packet));

/* Up to PARK_RECEIVE_MAX requests that came; gives how many. Each is to be handed back some time. */
unsigned park_receive(struct park *park, struct parked *list[PARK_RECEIVE_MAX]);
void park_hand_back(struct park *park, struct parked *parked);

/* --- Worker ------------------------------------------------------------------------------------------------------------ */

/* A place to be filled and sent, or NULL: all are in use, or all that such a target may have. */
struct parked *park_take(struct park *park, uint64_t target);
void park_send(struct park *park, struct parked *parked);

/* Up to n that came back; gives how many. They are the worker's until it leaves them. */
unsigned park_returned(struct park *park, struct parked **list, unsigned n);
void park_leave(struct park *park, struct parked *parked);
