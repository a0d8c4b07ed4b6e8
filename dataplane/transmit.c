/* transmit - segments that TCP connections which are kept have to send: data, acknowledgements, ends; again when nothing is heard. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <netinet/in.h>

enum { EARLY_MS = 2000 };

/* Octets that came before the first ones wait for a loss to be mended; when the connection was answered already, those never come. */
static uint64_t patience(const struct worker *worker, const struct connection *connection)
{
	unsigned idle = worker->plane->settings->tcp.idle_ms;
	return connection->early ? RTE_MIN(idle, (unsigned)EARLY_MS) : idle;
}

/* As an answer to a packet of the peer, of which the connection has kept the headers. */
static void put_segment(struct worker *worker, const struct connection *connection,
			const struct tcp_segment *segment)
{
	struct burst *burst = &worker->burst;
	const struct port_info *port = worker->port;
	worker->port = connection->device;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(worker->port->pool);
	if (mbuf) {
		uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
		memcpy(frame, connection->headers, connection->headers_len);
		struct packet packet = {
			.family = connection->address_len == 4 ? 4 : 6,
			.l2_len = connection->l2_len,
			.l4_protocol = IPPROTO_TCP,
			.l3 = frame + connection->l2_len,
			.l4 = frame + connection->headers_len,
			.source_port = connection->source_port,
			.port = connection->destination_port,
		};
		reply_tcp_write(worker, mbuf, &packet, segment);
		if (packet.answer) {
			seal_packet(worker, mbuf, &packet);
			mbuf->port = worker->port->id;
			burst->segments[burst->n_segments++] = mbuf;
		} else {
			rte_pktmbuf_free(mbuf);
		}
	}
	worker->port = port;
}

static void transmit(struct worker *worker, struct connection *connection)
{
	struct tcp_stream *stream = &connection->stream;
	struct tcp_segment segment;
	while (worker->burst.n_segments < SEGMENTS_MAX &&
	       tcp_stream_output(stream, worker->now_ms, &segment))
		put_segment(worker, connection, &segment);
	if (worker->burst.n_segments == SEGMENTS_MAX)
		connections_touch(worker->connections, connection);
	uint64_t idle = stream->last_progress + patience(worker, connection);
	connections_settle(worker->connections, connection,
			   stream->send_again && stream->send_again < idle ? stream->send_again
									   : idle);
}

void transmit_reset(struct worker *worker, struct connection *connection)
{
	struct tcp_segment segment;
	tcp_stream_reset(&connection->stream, &segment);
	if (worker->burst.n_segments < SEGMENTS_MAX)
		put_segment(worker, connection, &segment);
}

void transmit_burst(struct worker *worker)
{
	struct connection *connection;
	if (!worker->connections)
		return;
	while (worker->burst.n_segments < SEGMENTS_MAX &&
	       (connection = connections_due(worker->connections)))
		transmit(worker, connection);
}

static void give_up(struct worker *worker, struct connection *connection)
{
	worker->stats->tcp_given_up++;
	transmit_reset(worker, connection);
	receive_close(worker, connection);
}

/* A connection on which nothing is under way ends as both sides expect it; any other one is cut off. */
static void rest(struct worker *worker, struct connection *connection)
{
	struct tcp_stream *stream = &connection->stream;
	if (connection->early) { /* without a word: it may have had its answer */
		receive_close(worker, connection);
		return;
	}
	if (stream->ending || stream->out_len || stream->in.len || stream->in.n) {
		give_up(worker, connection);
		return;
	}
	stream->last_progress = worker->now_ms;
	tcp_stream_end(stream);
	connections_touch(worker->connections, connection);
}

static void wake(struct worker *worker, struct connection *connection)
{
	struct tcp_stream *stream = &connection->stream;
	if (stream->send_again && stream->send_again <= worker->now_ms) {
		worker->stats->tcp_sent_again++;
		if (!tcp_stream_timeout(stream)) {
			give_up(worker, connection);
			return;
		}
	}
	if (connection->held)
		stream->last_progress = worker->now_ms;
	if (worker->now_ms - stream->last_progress >= patience(worker, connection))
		rest(worker, connection);
	else
		connections_touch(worker->connections, connection);
}

void transmit_late(struct worker *worker)
{
	struct connection *connection;
	if (!worker->connections || !connections_count(worker->connections))
		return;
	worker->now_ms = plane_tsc_ms(worker->plane);
	while (worker->burst.n_segments < SEGMENTS_MAX / 2 &&
	       (connection = connections_late(worker->connections, worker->now_ms)))
		wake(worker, connection);
	transmit_burst(worker);
}
