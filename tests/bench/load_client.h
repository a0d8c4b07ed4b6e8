/* load_client - many DNS and HTTP clients that ask one server and time its answers; without a device or a clock of its own. */
/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A request is a UDP query, or a whole connection: SYN, then ACK and GET in one segment, and FIN upon the answer, which has to start
 * with a whole status line. Each has a
 * source port of its own as long as it is under way; a DNS answer has to have its number too, and one over TCP the right acknowledgement.
 * Whatever else comes is counted. Times are ticks of whichever clock the caller reads. */
#pragma once

#include "frame.h"
#include "histogram.h"

enum { LOAD_SLOTS = 16384, LOAD_PORT_FIRST = 1024 };

struct load_counts {
	uint64_t sent, answered, wrong, timeouts;
	uint64_t
		strays; /* frames that belong to no request that is under way, but for the ends of connections */
	uint64_t ends; /* acknowledgements of our FIN */
};

/* A request that is under way. */
struct load_slot {
	uint16_t port, id;           /* id: of a DNS query */
	uint16_t before, after;      /* in the order of sending */
	uint32_t request, isn, next; /* next: octet that is expected of the server */
	uint64_t meant, deadline;    /* meant: when it should have been sent */
	bool connected, heard, closed;
};

struct load_client {
	const struct frame
		*requests; /* as the file has them; asked for in this order, again and again */
	uint32_t n_requests, next_request;
	uint64_t timeout;      /* ticks */
	uint64_t measure_from; /* requests meant for a time before that are not in `latency` */
	bool own_source;       /* all come from `source`, else from the address in the file */
	uint8_t source[16], mac[6], server_mac[6];

	uint32_t under_way, n_free, port;
	uint16_t oldest, newest;
	uint16_t free[LOAD_SLOTS];
	uint16_t slot_of_port[65536]; /* plus one */
	struct load_slot slots[LOAD_SLOTS];
	struct load_counts counts;
	uint64_t measured; /* answers that are in `latency` */
	struct histogram latency;
};

/* The rest of it is set by the caller, all zero but for that. */
void load_client_init(struct load_client *client);

/* The first frame of the next request. Gives its length; 0: no slot is free. */
size_t load_client_start(struct load_client *client, uint64_t now, uint64_t meant, uint8_t *room,
			 size_t size);

/* A frame that came. Gives the length of the one that is to be sent upon it, or 0. */
size_t load_client_hear(struct load_client *client, uint64_t now, const uint8_t *at, size_t len,
			uint8_t *room, size_t size);

/* Gives up requests whose time is over. */
void load_client_expire(struct load_client *client, uint64_t now);
