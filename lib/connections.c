/* connections - the TCP connections that one worker keeps state for: bounded in number, in memory and in time; the oldest goes first. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "connections.h"

#include "siphash.h"

#include <rte_malloc.h>

/* What is due stands in rounds of a wheel of time; what is further ahead is looked at once a turn. */
enum { ROUND_MS = 16, ROUNDS = 1024 };

TAILQ_HEAD(connection_list, connection);

struct connections {
	uint32_t n, count, buffer, n_free_buffers;
	uint64_t mask, round; /* the last one that was looked at */
	struct connection *places, *free, **chains;
	uint8_t *memory, **buffers;
	struct connection_list by_age, due, rounds[ROUNDS];
	uint8_t key[16];
};

static void *on_node(size_t size, int socket)
{
	return rte_zmalloc_socket("connections", size, RTE_CACHE_LINE_SIZE, socket);
}

struct connections *connections_new(uint32_t n, uint32_t n_buffers, uint32_t buffer,
				    const uint8_t key[16], int socket)
{
	struct connections *table = on_node(sizeof(*table), socket);
	if (!table)
		return NULL;
	uint64_t chains = 1;
	while (chains < n)
		chains *= 2;
	table->n = n;
	table->mask = chains - 1;
	table->buffer = buffer;
	table->places = on_node(n * sizeof(struct connection), socket);
	table->chains = on_node(chains * sizeof(struct connection *), socket);
	table->memory = on_node((size_t)n_buffers * buffer, socket);
	table->buffers = on_node(n_buffers * sizeof(uint8_t *), socket);
	if (!table->places || !table->chains || !table->memory || !table->buffers) {
		connections_free(table);
		return NULL;
	}
	memcpy(table->key, key, sizeof(table->key));
	TAILQ_INIT(&table->by_age);
	TAILQ_INIT(&table->due);
	for (unsigned i = 0; i < ROUNDS; i++)
		TAILQ_INIT(&table->rounds[i]);
	for (uint32_t i = n; i-- > 0;) {
		table->places[i].next = table->free;
		table->free = &table->places[i];
	}
	for (uint32_t i = 0; i < n_buffers; i++)
		table->buffers[table->n_free_buffers++] = table->memory + (size_t)i * buffer;
	return table;
}

void connections_free(struct connections *table)
{
	if (!table)
		return;
	rte_free(table->buffers);
	rte_free(table->memory);
	rte_free(table->chains);
	rte_free(table->places);
	rte_free(table);
}

uint32_t connections_count(const struct connections *table)
{
	return table->count;
}

/* --- finding -------------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct connections *table, const struct syn_tuple *tuple)
{
	uint8_t bytes[16 + 16 + 4];
	size_t len = tuple->address_len;
	memcpy(bytes, tuple->source, len);
	memcpy(bytes + len, tuple->destination, len);
	memcpy(bytes + 2 * len, &tuple->source_port, 2);
	memcpy(bytes + 2 * len + 2, &tuple->destination_port, 2);
	return siphash_table(table->key, bytes, 2 * len + 4);
}

static bool is_of(const struct connection *connection, const struct syn_tuple *tuple)
{
	uint8_t len = tuple->address_len;
	return connection->address_len == len && connection->source_port == tuple->source_port &&
	       connection->destination_port == tuple->destination_port &&
	       !memcmp(connection->addresses, tuple->source, len) &&
	       !memcmp(connection->addresses + len, tuple->destination, len);
}

struct connection *connections_find(const struct connections *table, const struct syn_tuple *tuple)
{
	uint64_t hash = hash_of(table, tuple);
	struct connection *at = table->chains[hash & table->mask];
	while (at && (at->hash != hash || !is_of(at, tuple)))
		at = at->next;
	return at;
}

struct connection *connections_oldest(const struct connections *table, bool with_buffer)
{
	struct connection *at;
	TAILQ_FOREACH (at, &table->by_age, age)
		if (!with_buffer || at->stream.in.at || at->stream.out)
			return at;
	return NULL;
}

/* --- open, closed ---------------------------------------------------------------------------------------------------- */

struct connection *connections_open(struct connections *table, const struct syn_tuple *tuple)
{
	struct connection *connection = table->free;
	if (!connection)
		return NULL;
	table->free = connection->next;
	*connection = (struct connection){
		.source_port = tuple->source_port,
		.destination_port = tuple->destination_port,
		.address_len = tuple->address_len,
		.hash = hash_of(table, tuple),
	};
	memcpy(connection->addresses, tuple->source, tuple->address_len);
	memcpy(connection->addresses + tuple->address_len, tuple->destination, tuple->address_len);
	struct connection **chain = &table->chains[connection->hash & table->mask];
	connection->next = *chain;
	*chain = connection;
	TAILQ_INSERT_TAIL(&table->by_age, connection, age);
	table->count++;
	return connection;
}

static void leave_round(struct connections *table, struct connection *connection)
{
	if (connection->deadline)
		TAILQ_REMOVE(&table->rounds[connection->deadline / ROUND_MS % ROUNDS], connection,
			     round);
	connection->deadline = 0;
}

static void leave_buffer(struct connections *table, uint8_t **buffer)
{
	if (*buffer)
		table->buffers[table->n_free_buffers++] = *buffer;
	*buffer = NULL;
}

static void end(struct connections *table, struct connection *connection)
{
	leave_buffer(table, &connection->stream.in.at);
	leave_buffer(table, &connection->stream.out);
	connection->next = table->free;
	table->free = connection;
	table->count--;
}

void connections_close(struct connections *table, struct connection *connection)
{
	struct connection **link = &table->chains[connection->hash & table->mask];
	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	leave_round(table, connection);
	if (connection->is_due)
		TAILQ_REMOVE(&table->due, connection, due);
	if (connection->held) {
		connection->dead = true;
		return;
	}
	TAILQ_REMOVE(&table->by_age, connection, age);
	end(table, connection);
}

void connections_hold(struct connections *table, struct connection *connection)
{
	connection->held = true;
	TAILQ_REMOVE(&table->by_age, connection, age);
}

bool connections_release(struct connections *table, struct connection *connection)
{
	connection->held = false;
	if (!connection->dead) {
		TAILQ_INSERT_TAIL(&table->by_age, connection, age);
		return true;
	}
	end(table, connection);
	return false;
}

/* --- buffers ---------------------------------------------------------------------------------------------------------- */

static uint8_t *take_buffer(struct connections *table)
{
	return table->n_free_buffers ? table->buffers[--table->n_free_buffers] : NULL;
}

bool connections_buffer_in(struct connections *table, struct connection *connection)
{
	struct reassembly *in = &connection->stream.in;
	if (!in->at)
		in->at = take_buffer(table);
	in->cap = in->at ? table->buffer : 0;
	return in->at;
}

bool connections_buffer_out(struct connections *table, struct connection *connection)
{
	struct tcp_stream *stream = &connection->stream;
	if (!stream->out)
		stream->out = take_buffer(table);
	stream->out_cap = stream->out ? table->buffer : 0;
	return stream->out;
}

/* --- what is to be done ------------------------------------------------------------------------------------------------ */

void connections_touch(struct connections *table, struct connection *connection)
{
	if (connection->is_due || connection->dead)
		return;
	connection->is_due = true;
	TAILQ_INSERT_TAIL(&table->due, connection, due);
}

struct connection *connections_due(struct connections *table)
{
	struct connection *connection = TAILQ_FIRST(&table->due);
	if (!connection)
		return NULL;
	TAILQ_REMOVE(&table->due, connection, due);
	connection->is_due = false;
	return connection;
}

void connections_settle(struct connections *table, struct connection *connection, uint64_t deadline)
{
	struct tcp_stream *stream = &connection->stream;
	if (!stream->in.len && !stream->in.n && !connection->held)
		leave_buffer(table, &stream->in.at);
	if (!stream->out_len)
		leave_buffer(table, &stream->out);
	uint64_t round = deadline / ROUND_MS;
	if (round <= table->round)
		deadline = (table->round + 1) * ROUND_MS;
	if (connection->deadline / ROUND_MS == deadline / ROUND_MS)
		return;
	leave_round(table, connection);
	connection->deadline = deadline;
	TAILQ_INSERT_TAIL(&table->rounds[deadline / ROUND_MS % ROUNDS], connection, round);
}

struct connection *connections_late(struct connections *table, uint64_t now)
{
	uint64_t last = now < ROUND_MS ? 0 : now / ROUND_MS - 1; /* that is over */
	if (!table->count || last > table->round + ROUNDS)
		table->round = table->count ? last - ROUNDS : last;
	for (; table->round < last; table->round++) {
		struct connection *at;
		TAILQ_FOREACH (at, &table->rounds[(table->round + 1) % ROUNDS], round)
			if (at->deadline / ROUND_MS <= table->round + 1) {
				leave_round(table, at);
				return at;
			}
	}
	return NULL;
}
