/* reply_http - verdict to HTTP answer: one segment with ACK, the whole response and FIN. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/http_answer.h"
#include "lib/http_date.h"

#include <netinet/tcp.h>

/* The answer is made beside the packet, as it quotes the request that stands in it. */
enum { ANSWER_MAX = 9216, TCP_LEN = 20 };

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

static void reply_http(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	const struct request *req = &worker->burst.requests[i];
	const struct verdict *verdict = &worker->burst.verdicts[i];
	uint8_t answer[ANSWER_MAX];

	/* RFC 9293 §3.7.1: the MSS counts no options, so those that are sent have to come off. An error answer may go past the
	 * MSS of a peer that takes less than every host has to (RFC 1122 §3.3.2). */
	int options = packet->has_timestamp ? TCP_OPTIONS_TIMESTAMP : 0;
	int room = RTE_MIN(packet_room(worker, i) - TCP_LEN - options, ANSWER_MAX);
	int theirs = RTE_MAX(packet->mss - options, (int)HTTP_ANSWER_ERROR_MAX);
	room = RTE_MIN(room, theirs);
	const struct http_answer_how how = {&worker->plane->settings->http, date_now(worker),
					    .keep = false};
	struct http_answer written =
		http_answer_write(answer, (size_t)RTE_MAX(room, 0), req, verdict, &how);
	if (!written.len) {
		packet_drop(packet, DROP_mtu);
		return;
	}
	packet->reason = (uint8_t)written.reason;
	count(worker, req, verdict, written.reason);
	reply_tcp_write(
		worker, i,
		&(struct tcp_segment){
			.flags = TH_ACK | TH_PUSH | TH_FIN,
			.timestamp = packet->has_timestamp,
			.seq = packet->ack,
			.ack = packet->seq + packet->tcp_len + !!(packet->tcp_flags & TH_FIN),
			.payload = answer,
			.payload_len = (uint16_t)written.len,
		});
}

void reply_http_burst(struct worker *worker)
{
	for (uint16_t i = 0; i < worker->burst.n; i++)
		if (worker->burst.packets[i].lane == LANE_HTTP)
			reply_http(worker, i);
}
