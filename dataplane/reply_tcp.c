/* reply_tcp - TCP segments: SYN-ACK with a cookie, answers of one segment, ends of connections, resets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <netinet/tcp.h>

static uint8_t *write_options(uint8_t *at, const struct tcp_segment *segment)
{
	if (segment->mss) {
		*at++ = TCPOPT_MAXSEG;
		*at++ = TCPOLEN_MAXSEG;
		store_be16(at, segment->mss);
		at += 2;
	}
	if (segment->has_timestamp) {
		*at++ = TCPOPT_NOP;
		*at++ = TCPOPT_NOP;
		*at++ = TCPOPT_TIMESTAMP;
		*at++ = TCPOLEN_TIMESTAMP;
		store_be32(at, segment->timestamp);
		store_be32(at + 4, segment->echo);
		at += 8;
	}
	return at;
}

void reply_tcp_write(const struct worker *worker, const struct rte_mbuf *mbuf,
		     struct packet *packet, const struct tcp_segment *segment)
{
	uint8_t *tcp = packet->l4;
	uint32_t len = TCP_LEN + (segment->mss ? 4 : 0) +
		       (segment->has_timestamp ? TCP_OPTIONS_TIMESTAMP : 0) + segment->len;
	if (len > packet_room_in(worker, mbuf, packet)) {
		packet_drop(packet, DROP_mtu);
		return;
	}
	uint8_t *at = write_options(tcp + TCP_LEN, segment);
	store_be16(tcp, packet->port);
	store_be16(tcp + 2, packet->source_port);
	store_be32(tcp + 4, segment->seq);
	store_be32(tcp + 8, segment->ack);
	tcp[12] = (uint8_t)((at - tcp) / 4 << 4);
	tcp[13] = segment->flags;
	store_be16(tcp + 14, segment->window);
	store_be32(tcp + 16, 0); /* checksum is seal's, no urgent data */
	if (segment->len)
		memcpy(at, segment->payload, segment->len);
	packet->l4_len = (uint16_t)len;
	packet->answer = true;
}

/* As much as can be put together before the first segment has come; without connections all that follows it is lost anyway. */
static uint16_t window(const struct worker *worker)
{
	unsigned buffer = worker->plane->settings->tcp.buffer;
	return (uint16_t)(worker->connections ? RTE_MIN(buffer, (unsigned)SYN_COOKIE_WINDOW)
					      : UINT16_MAX);
}

/* With our timestamp, when the packet has one. */
static void reply(struct worker *worker, uint16_t i, struct tcp_segment segment)
{
	struct packet *packet = &worker->burst.packets[i];
	segment.has_timestamp = packet->has_timestamp && !(segment.flags & TH_RST);
	segment.timestamp = burst_timestamp(&worker->burst);
	segment.echo = packet->timestamp;
	segment.window = segment.flags & TH_RST ? 0 : window(worker);
	reply_tcp_write(worker, worker->burst.mbufs[i], packet, &segment);
}

void reply_tcp_answer(struct worker *worker, uint16_t i, const uint8_t *payload, uint32_t len)
{
	const struct packet *packet = &worker->burst.packets[i];
	reply(worker, i,
	      (struct tcp_segment){
		      .flags = TH_ACK | TH_PUSH | TH_FIN,
		      .seq = packet->ack,
		      .ack = packet_end(packet),
		      .payload = payload,
		      .len = len,
	      });
}

/* Only options that we know and mean go back: no window scale, no SACK, nothing unknown. Data on the SYN is not acknowledged: it comes again. */
static void reply_syn(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	struct syn_tuple tuple = packet_tuple(packet);
	worker->stats->syns++;
	reply(worker, i,
	      (struct tcp_segment){
		      .flags = TH_SYN | TH_ACK,
		      .mss = worker->port->mtu - (uint16_t)(packet->l4 - packet->l3) - TCP_LEN,
		      .seq = syn_cookie_make(&worker->cookie_keys, &tuple, packet->seq, packet->mss,
					     worker->burst.now_ns / 1000000000),
		      .ack = packet->seq + 1,
	      });
}

/* Before an answer was sent our side closes too; after it, our FIN is behind what the peer acknowledges. */
static void reply_fin(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	worker->stats->fins++;
	reply(worker, i,
	      (struct tcp_segment){
		      .flags = packet->acks_cookie ? TH_ACK | TH_FIN : TH_ACK,
		      .seq = packet->ack,
		      .ack = packet->seq + 1,
	      });
}

/* RFC 9293 §3.6.1: a reset for what comes late could take the answer from the peer. */
static void reply_late(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	reply(worker, i,
	      (struct tcp_segment){
		      .flags = TH_ACK,
		      .seq = packet->ack,
		      .ack = packet_end(packet),
	      });
}

/* RFC 9293 §3.10.7.1: a reset is what a segment to no connection gets. */
static void reply_reset(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	bool has_ack = packet->tcp_flags & TH_ACK;
	reply(worker, i,
	      (struct tcp_segment){
		      .flags = has_ack ? TH_RST : TH_RST | TH_ACK,
		      .seq = has_ack ? packet->ack : 0,
		      .ack = has_ack ? 0 : packet_end(packet),
	      });
}

void reply_tcp_burst(struct worker *worker)
{
	if (!(worker->burst.lanes & LANES_TCP))
		return;
	for (uint16_t i = 0; i < worker->burst.n; i++) {
		switch (worker->burst.packets[i].lane) {
		case LANE_SYN:
			reply_syn(worker, i);
			break;
		case LANE_FIN:
			reply_fin(worker, i);
			break;
		case LANE_LATE:
			reply_late(worker, i);
			break;
		case LANE_RESET:
			reply_reset(worker, i);
			break;
		}
	}
}
