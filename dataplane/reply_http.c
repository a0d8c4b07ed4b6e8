/* reply_http - verdict to HTTP answer: one segment with ACK, response and FIN where that holds it; else behind what a kept connection sends. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/http_answer.h"
#include "lib/http_date.h"
#include "lib/http_locations.h"
#include "lib/http_redirect.h"

/* The answer is made beside the packet, as it quotes the request that stands in it. */
enum { ANSWER_MAX = 9216 };

static const char *date_now(struct worker *worker)
{
	uint64_t second = worker->burst.now_ns / 1000000000;
	if (second != worker->date_second) {
		http_date_write(worker->date, second);
		worker->date_second = second;
	}
	return worker->date;
}

static void count(struct worker *worker, const struct request *req, const struct verdict *verdict,
		  enum drop_reason reason)
{
	struct worker_stats *stats = worker->stats;
	stats->http_requests += verdict->outcome != VERDICT_ERROR;
	stats->http_redirects += reason == DROP_none;
	stats->fallbacks += reason == DROP_none && verdict->fell_back;
	stats->unstacked += verdict->outcome != VERDICT_ERROR && req->http.unstacked;
}

static struct http_answer write_answer(struct worker *worker, uint16_t i, uint8_t *out, size_t room,
				       bool keep)
{
	const struct request *req = &worker->burst.requests[i];
	const struct verdict *verdict = &worker->burst.verdicts[i];
	struct http_answer_how how = {&worker->plane->settings->http, date_now(worker),
				      .keep = keep};
	uint8_t json[HTTP_LOCATIONS_OCTETS];
	size_t len = http_redirect_write(out, room, req, verdict, &how);
	if (len)
		return (struct http_answer){len, DROP_none};
	if (how.settings->json_locations && verdict->outcome == VERDICT_REDIRECT &&
	    http_locations_wanted(req))
		how.content = (struct http_content){
			"application/json", json,
			(uint32_t)http_locations_write(json, sizeof(json), worker->burst.view,
						       &worker->match, req, verdict)};
	return http_answer_write(out, room, req, verdict, &how);
}

static void told(struct worker *worker, uint16_t i, enum drop_reason reason)
{
	if (worker->burst.verdicts[i].outcome != VERDICT_ERROR)
		worker->burst.packets[i].reason = (uint8_t)reason;
	count(worker, &worker->burst.requests[i], &worker->burst.verdicts[i], reason);
}

/* What is not read of a request that ends the connection is dropped with it. */
static void reply_kept(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	const struct request_http *http = &worker->burst.requests[i].http;
	bool keep = packet->reason == DROP_none && http->keep &&
		    worker->port->settings->keep_alive &&
		    !__atomic_load_n(&worker->plane->draining, __ATOMIC_RELAXED);
	uint32_t taken = packet->reason == DROP_none ? http->head_len : UINT32_MAX;
	size_t room;
	uint8_t *out = receive_room(worker, packet, &room);
	struct http_answer written = {0};
	if (out)
		written = write_answer(worker, i, out, room, keep);
	if (written.len) {
		tcp_stream_put(&packet->connection->stream, (uint32_t)written.len, worker->now_ms);
		told(worker, i, written.reason);
	} else {
		packet_drop(packet, DROP_tcp_closed);
	}
	receive_done(worker, i, taken, keep && written.len);
}

/* RFC 9293 §3.7.1: the MSS counts no options, so those that are sent have to come off. An error answer may go past the MSS of a peer that takes less
 * than every host has to (RFC 1122 §3.3.2). */
static size_t segment_room(const struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	int options = packet->has_timestamp ? TCP_OPTIONS_TIMESTAMP : 0;
	int ours = packet_room(worker, i) - TCP_LEN - options;
	int theirs = RTE_MAX(packet->mss - options, (int)HTTP_ANSWER_ERROR_MAX);
	int room = RTE_MIN(ours, theirs);
	room = RTE_MIN(room, (int)ANSWER_MAX);
	return room > 0 ? (size_t)room : 0;
}

static void reply_http(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	uint8_t answer[ANSWER_MAX];
	size_t room = segment_room(worker, i);
	if (packet->connection) {
		reply_kept(worker, i);
		return;
	}
	struct http_answer written =
		write_answer(worker, i, answer, worker->connections ? ANSWER_MAX : room, false);
	bool fits = written.len <= room && written.len <= packet->window;
	if (written.len && !fits && receive_adopt(worker, i)) {
		reply_kept(worker, i);
		return;
	}
	if (!fits)
		written = write_answer(worker, i, answer, room, false);
	if (!written.len) {
		packet_drop(packet, DROP_mtu);
		return;
	}
	told(worker, i, written.reason);
	reply_tcp_answer(worker, i, answer, (uint32_t)written.len);
}

void reply_http_burst(struct worker *worker)
{
	if (!(worker->burst.lanes & LANES_HTTP))
		return;
	for (uint16_t i = 0; i < worker->burst.n; i++)
		if (worker->burst.packets[i].lane == LANE_HTTP)
			reply_http(worker, i);
}
