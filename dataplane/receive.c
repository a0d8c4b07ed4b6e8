/* receive - segments of TCP connections that are kept, put together to requests: what one segment cannot hold, and connections that go on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/dns_query.h"
#include "lib/dns_wire.h"
#include "lib/http_client.h"

static struct tcp_segment segment_of(const struct packet *packet)
{
	return (struct tcp_segment){
		.seq = packet->seq,
		.ack = packet->ack,
		.flags = packet->tcp_flags,
		.window = packet->window,
		.has_timestamp = packet->has_timestamp,
		.timestamp = packet->timestamp,
		.payload = packet->l4 + packet->tcp_header,
		.len = packet->tcp_len,
	};
}

/* --- places ----------------------------------------------------------------------------------------------------------- */

void receive_close(struct worker *worker, struct connection *connection)
{
	worker->stats->tcp_closed++;
	connections_close(worker->connections, connection);
}

/* false: nobody can go. */
static bool evict(struct worker *worker, const struct connection *but, bool with_buffer)
{
	struct connection *oldest = connections_oldest(worker->connections, with_buffer);
	if (!oldest || oldest == but)
		return false;
	worker->stats->tcp_evicted++;
	transmit_reset(worker, oldest);
	receive_close(worker, oldest);
	return true;
}

static bool want_buffer(struct worker *worker, struct connection *connection,
			bool (*take)(struct connections *table, struct connection *connection))
{
	while (!take(worker->connections, connection))
		if (!evict(worker, connection, true))
			return false;
	return true;
}

static struct connection *open_connection(struct worker *worker, uint16_t i, uint16_t mss,
					  uint32_t in_seq)
{
	const struct packet *packet = &worker->burst.packets[i];
	const struct tcp_segment segment = segment_of(packet);
	const uint8_t *frame = rte_pktmbuf_mtod(worker->burst.mbufs[i], const uint8_t *);
	struct syn_tuple tuple = packet_tuple(packet);
	uint32_t options = packet->has_timestamp ? TCP_OPTIONS_TIMESTAMP : 0;
	uint32_t ours = worker->port->mtu - (uint32_t)(packet->l4 - packet->l3) - TCP_LEN;
	if (!worker->connections)
		return NULL;
	struct connection *connection = connections_open(worker->connections, &tuple);
	if (!connection && evict(worker, NULL, false))
		connection = connections_open(worker->connections, &tuple);
	if (!connection)
		return NULL;
	worker->stats->tcp_opened++;
	tcp_stream_start(&connection->stream, in_seq, packet->ack,
			 worker->plane->settings->tcp.buffer,
			 (uint16_t)(RTE_MIN(mss, ours) - options), &segment,
			 burst_timestamp(&worker->burst), worker->now_ms);
	connection->device = worker->port;
	connection->l2_len = packet->l2_len;
	connection->headers_len = (uint8_t)(packet->l4 - frame);
	memcpy(connection->headers, frame, connection->headers_len);
	return connection;
}

/* --- requests --------------------------------------------------------------------------------------------------------- */

static void hold(struct worker *worker, uint16_t i, struct connection *connection, enum lane lane,
		 enum drop_reason reason)
{
	struct packet *packet = &worker->burst.packets[i];
	packet->connection = connection;
	packet->lane = (uint8_t)lane;
	packet->reason = (uint8_t)reason;
	connections_hold(worker->connections, connection);
}

static void find_dns(struct worker *worker, uint16_t i, struct connection *connection)
{
	struct tcp_stream *stream = &connection->stream;
	const struct reassembly *in = &stream->in;
	size_t len = in->len >= DNS_LENGTH ? load_be16(in->at) : 0;
	if (in->len < DNS_LENGTH || (in->len < DNS_LENGTH + len && DNS_LENGTH + len <= in->cap)) {
		if (stream->fin_came)
			tcp_stream_end(stream);
		return;
	}
	struct request *req = decode_start(&worker->burst, i);
	enum drop_reason reason = DROP_dns_short;
	req->dns.tcp = true;
	if (DNS_LENGTH + len <= in->cap)
		reason = dns_query_parse(in->at + DNS_LENGTH, len, &worker->plane->settings->dns,
					 req);
	if (reason == DROP_none || drop_reason_is_answered(reason)) {
		hold(worker, i, connection, LANE_DNS, reason);
		return;
	}
	packet_drop(&worker->burst.packets[i], reason);
	transmit_reset(worker, connection);
	receive_close(worker, connection);
}

/* A head becomes whole with a line, so without a new one it need not be read again. */
static bool has_new_line(struct connection *connection)
{
	const struct reassembly *in = &connection->stream.in;
	uint32_t scanned = connection->scanned;
	connection->scanned = in->len;
	return !scanned || connection->stream.fin_came || in->len == in->cap ||
	       memchr(in->at + scanned, '\n', in->len - scanned);
}

static void find_http(struct worker *worker, uint16_t i, struct connection *connection)
{
	const struct reassembly *in = &connection->stream.in;
	if (!has_new_line(connection))
		return;
	struct request *req = decode_start(&worker->burst, i);
	const bool first = !connection->client.family;
	if (!first)
		req->client = connection->client;
	enum drop_reason reason =
		http_client_request(in->at, in->len, first, &worker->plane->settings->http, req);
	bool may_go_on = !connection->stream.fin_came && in->len < in->cap;
	if (reason != DROP_http_head_split || !may_go_on)
		hold(worker, i, connection, LANE_HTTP, reason);
}

/* The next request, when it is whole and there is room for its answer. */
static void find_request(struct worker *worker, uint16_t i, struct connection *connection)
{
	struct tcp_stream *stream = &connection->stream;
	if (connection->held || stream->ending ||
	    stream->out_len > worker->plane->settings->tcp.buffer / 2)
		return;
	if (!stream->in.len) {
		if (stream->fin_came)
			tcp_stream_end(stream);
	} else if (worker->burst.packets[i].port == PORT_DNS) {
		find_dns(worker, i, connection);
	} else {
		find_http(worker, i, connection);
	}
}

static void take(struct worker *worker, uint16_t i, struct connection *connection)
{
	struct packet *packet = &worker->burst.packets[i];
	const struct tcp_segment segment = segment_of(packet);
	packet->lane = LANE_KEPT;
	if (segment.len && !connection->stream.ending)
		want_buffer(worker, connection, connections_buffer_in);
	switch (tcp_stream_input(&connection->stream, &segment, worker->now_ms)) {
	case TCP_STREAM_RESET:
		packet_drop(packet, DROP_tcp_rst);
		receive_close(worker, connection);
		return;
	case TCP_STREAM_ENDED:
		receive_close(worker, connection);
		return;
	case TCP_STREAM_GOES_ON:
		connection->early &= !connection->stream.in.len;
		connections_touch(worker->connections, connection);
		find_request(worker, i, connection);
	}
}

/* --- called by decode ---------------------------------------------------------------------------------------------------- */

/* Opened by octets that came late, after the connection had its answer without being kept. */
static bool is_mistaken(const struct connection *connection, const struct packet *packet)
{
	return connection->early && packet->tcp_flags & TCP_ACK &&
	       packet->ack != connection->stream.out_seq;
}

bool receive_segment(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	if (!worker->connections || !connections_count(worker->connections))
		return false;
	struct syn_tuple tuple = packet_tuple(packet);
	struct connection *connection = connections_find(worker->connections, &tuple);
	if (!connection)
		return false;
	if (is_mistaken(connection, packet)) {
		receive_close(worker, connection);
		return false;
	}
	take(worker, i, connection);
	return true;
}

bool receive_open(struct worker *worker, uint16_t i, uint16_t mss, uint32_t sent)
{
	struct connection *connection =
		open_connection(worker, i, mss, worker->burst.packets[i].seq - sent);
	if (!connection)
		return false;
	connection->early = sent;
	take(worker, i, connection);
	return true;
}

void receive_again(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	struct parked *returned = worker->burst.returned ? worker->burst.returned[i] : NULL;
	struct syn_tuple tuple = packet_tuple(packet);
	struct connection *connection =
		returned ? returned->connection : connections_find(worker->connections, &tuple);
	if (!connection || (returned && !connections_release(worker->connections, connection))) {
		packet_drop(packet, DROP_tcp_closed);
		return;
	}
	packet->lane = LANE_KEPT;
	connection->scanned = 0;
	connections_touch(worker->connections, connection);
	find_request(worker, i, connection);
}

/* --- called by the replies ------------------------------------------------------------------------------------------------ */

struct connection *receive_adopt(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	bool fin = packet->tcp_flags & TCP_FIN;
	struct syn_tuple tuple = packet_tuple(packet);
	struct connection *mistaken =
		worker->connections ? connections_find(worker->connections, &tuple) : NULL;
	if (mistaken)
		receive_close(worker, mistaken);
	struct connection *connection =
		open_connection(worker, i, packet->mss, packet->seq + packet->tcp_len);
	if (!connection)
		return NULL;
	connection->stream.fin_came = fin;
	connection->stream.ack_due = true;
	connections_hold(worker->connections, connection);
	packet->connection = connection;
	return connection;
}

uint8_t *receive_room(struct worker *worker, const struct packet *packet, size_t *room)
{
	struct tcp_stream *stream = &packet->connection->stream;
	if (packet->connection->dead ||
	    !want_buffer(worker, packet->connection, connections_buffer_out))
		return NULL;
	*room = stream->out_cap - stream->out_len;
	return stream->out + stream->out_len;
}

void receive_done(struct worker *worker, uint16_t i, uint32_t taken, bool goes_on)
{
	struct packet *packet = &worker->burst.packets[i];
	struct connection *connection = packet->connection;
	struct tcp_stream *stream = &connection->stream;
	if (!connections_release(worker->connections, connection))
		return;
	if (worker->plane->settings->http.proxy == HTTP_PROXY_PROTOCOL)
		connection->client = worker->burst.requests[i].client;
	tcp_stream_take(stream, RTE_MIN(taken, stream->in.len), worker->now_ms);
	connection->scanned = 0;
	if (!goes_on)
		tcp_stream_end(stream);
	packet->again = goes_on && (stream->in.len || stream->fin_came);
	connections_touch(worker->connections, connection);
}
