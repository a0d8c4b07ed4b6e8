/* reply_dns - verdict to DNS answer, written over the query in the same mbuf, or over TCP behind what its connection sends. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/dns_answer.h"
#include "lib/dns_redirect.h"
#include "lib/dns_wire.h"

enum { NS_PER_MS = 1000000 };

static void count(struct worker *worker, const struct verdict *verdict,
		  const struct dns_answer *answer)
{
	struct worker_stats *stats = worker->stats;
	stats->dns_requests += verdict->outcome != VERDICT_ERROR;
	stats->dns_zone += answer->zone_data;
	bool redirected = answer->reason == DROP_none && !answer->zone_data;
	stats->dns_redirects += redirected;
	stats->fallbacks += redirected && verdict->fell_back;
}

/* Over TCP the answer stands beside the query, behind its length. What does not fit beside earlier answers waits until they are taken. */
static void reply_kept(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	struct tcp_stream *stream = &packet->connection->stream;
	const struct request *req = &worker->burst.requests[i];
	struct verdict *verdict = &worker->burst.verdicts[i];
	size_t start = RTE_MAX((size_t)DNS_HEADER_LEN, req->dns.question_end), room;
	uint8_t *out = receive_room(worker, packet, &room);
	if (!out || room < DNS_LENGTH + start) {
		packet_drop(packet, DROP_tcp_closed);
		receive_done(worker, i, 0, false);
		return;
	}
	memcpy(out + DNS_LENGTH, stream->in.at + DNS_LENGTH, start);
	match_follow(worker->burst.view, req, verdict);
	struct dns_answer answer =
		dns_answer_write(out + DNS_LENGTH, RTE_MIN(room - DNS_LENGTH, (size_t)UINT16_MAX),
				 req, verdict, &worker->plane->settings->dns, worker->turn++);
	if (answer.reason == DROP_dns_truncated && stream->out_len) {
		packet->reason = DROP_none;
		receive_done(worker, i, 0, true);
		packet->again = false;
		return;
	}
	store_be16(out, (uint16_t)answer.len);
	tcp_stream_put(stream, (uint32_t)(DNS_LENGTH + answer.len), worker->now_ms);
	packet->reason = (uint8_t)answer.reason;
	count(worker, verdict, &answer);
	receive_done(worker, i, DNS_LENGTH + load_be16(stream->in.at), true);
}

static enum dns_rate_kind kind_of(const uint8_t *msg)
{
	uint8_t rcode = msg[3] & DNS_RCODE;
	if (rcode && rcode != DNS_NXDOMAIN)
		return DNS_RATE_ERROR;
	return load_be16(msg + 6) ? DNS_RATE_DATA : DNS_RATE_NONE;
}

/* Over the rate: the answer is taken back. */
static void limit(struct worker *worker, uint16_t i, uint16_t room)
{
	static const struct verdict no_verdict = {.outcome = VERDICT_ERROR};
	struct packet *packet = &worker->burst.packets[i];
	struct request *req = &worker->burst.requests[i];
	uint8_t *msg = packet->l4 + UDP_LEN;
	switch (dns_rate_take(worker->dns_rate, &req->dns.resolver, kind_of(msg),
			      worker->burst.now_ns / NS_PER_MS)) {
	case DNS_RATE_SEND:
		break;
	case DNS_RATE_DROP:
		packet_drop(packet, DROP_dns_rate);
		packet->answer = false;
		break;
	case DNS_RATE_SLIP:
		req->dns.rcode = DNS_NOERROR;
		req->dns.nsid = false; /* the answer is no larger than it must be */
		req->dns.reason = packet->reason = DROP_dns_slip;
		packet->l4_len =
			(uint16_t)(UDP_LEN + dns_answer_write(msg, room, req, &no_verdict,
							      &worker->plane->settings->dns, 0)
						     .len);
		break;
	}
}

static struct dns_answer write_answer(struct worker *worker, uint8_t *msg, size_t room,
				      const struct request *req, const struct verdict *verdict)
{
	uint32_t turn = worker->turn++;
	size_t len = dns_redirect_write(msg, room, req, verdict, turn);
	if (len)
		return (struct dns_answer){.len = len};
	return dns_answer_write(msg, room, req, verdict, &worker->plane->settings->dns, turn);
}

static void reply_dns(struct worker *worker, uint16_t i)
{
	struct packet *packet = &worker->burst.packets[i];
	const struct request *req = &worker->burst.requests[i];
	struct verdict *verdict = &worker->burst.verdicts[i];
	if (packet->connection) {
		reply_kept(worker, i);
		return;
	}
	uint16_t room = packet_room(worker, i);
	if (room < UDP_LEN + RTE_MAX((uint16_t)DNS_HEADER_LEN, req->dns.question_end)) {
		packet_drop(packet, DROP_mtu);
		return;
	}
	room = RTE_MIN((uint16_t)(room - UDP_LEN), worker->plane->settings->dns.udp_size);
	room = RTE_MIN(room, req->dns.udp_size);
	match_follow(worker->burst.view, req, verdict);
	struct dns_answer answer = write_answer(worker, packet->l4 + UDP_LEN, room, req, verdict);
	packet->reason = (uint8_t)answer.reason;
	packet->l4_len = (uint16_t)(UDP_LEN + answer.len);
	packet->answer = true;
	count(worker, verdict, &answer);
	if (worker->dns_rate && !req->dns.cookie_valid)
		limit(worker, i, room);
}

void reply_dns_burst(struct worker *worker)
{
	if (!(worker->burst.lanes & LANES_DNS))
		return;
	for (uint16_t i = 0; i < worker->burst.n; i++)
		if (worker->burst.packets[i].lane == LANE_DNS)
			reply_dns(worker, i);
}
