/* connections - the TCP connections that one worker keeps state for: bounded in number, in memory and in time; the oldest goes first. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"
#include "syn_cookie.h"
#include "tcp_stream.h"

#include <stddef.h>
#include <sys/queue.h>

enum { CONNECTIONS_MAX = 1 << 20, CONNECTION_HEADERS_MAX = 64 };

struct connection {
	/* The worker's. */
	struct tcp_stream stream;
	const void *device; /* that its packets come from */
	uint16_t source_port, destination_port;
	uint8_t l2_len, headers_len;
	uint8_t headers[CONNECTION_HEADERS_MAX]; /* Ethernet and IP of the peer's packets */
	struct ip_addr client; /* that a proxy named before the first request; family 0: none yet */
	bool early;            /* opened by octets behind the first ones, which have not come */
	uint32_t scanned;      /* octets of stream.in that hold no whole request */

	/* The table's. */
	bool held; /* a request of it is on its way: it stays, and stream.in.at too */
	bool dead; /* closed meanwhile */
	bool is_due;
	uint8_t address_len;
	uint8_t addresses[32];
	uint64_t hash;
	uint64_t deadline; /* milliseconds; 0: none */
	struct connection *next;
	TAILQ_ENTRY(connection) age, due, round;
};

struct connections;

/* Room for n connections, and n_buffers of `buffer` octets: a connection takes one for each direction in which it has octets. On the memory of a NUMA
 * node; key is random. NULL: no memory. */
struct connections *connections_new(uint32_t n, uint32_t n_buffers, uint32_t buffer,
				    const uint8_t key[16], int socket);
void connections_free(struct connections *table); /* NULL is fine */

/* All below: the worker, whose clock is in milliseconds and does not go back. */

uint32_t connections_count(const struct connections *table);

/* NULL: there is none. */
struct connection *connections_find(const struct connections *table, const struct syn_tuple *tuple);

/* The one that has done nothing for the longest time, but for those that are held; with_buffer: among those that have one. NULL: there is none. */
struct connection *connections_oldest(const struct connections *table, bool with_buffer);

/* A new one, all zero in what is the worker's; there must not be one of the tuple. NULL: all places are taken. */
struct connection *connections_open(struct connections *table, const struct syn_tuple *tuple);

/* It goes; when it is held, as soon as it is released. */
void connections_close(struct connections *table, struct connection *connection);

/* A request of it begins, whose spans point into stream.in.at; and that request has ended: now it is the youngest. false: it was closed meanwhile, and is
 * gone. */
void connections_hold(struct connections *table, struct connection *connection);
bool connections_release(struct connections *table, struct connection *connection);

/* A buffer for stream.in, or for stream.out, when it has none. false: all are taken. */
bool connections_buffer_in(struct connections *table, struct connection *connection);
bool connections_buffer_out(struct connections *table, struct connection *connection);

/* connections_due gives it, once. */
void connections_touch(struct connections *table, struct connection *connection);
struct connection *connections_due(struct connections *table); /* NULL: no more */

/* Buffers without octets go back. connections_late gives it when the deadline has come. */
void connections_settle(struct connections *table, struct connection *connection,
			uint64_t deadline);
struct connection *connections_late(struct connections *table, uint64_t now); /* NULL: no more */
