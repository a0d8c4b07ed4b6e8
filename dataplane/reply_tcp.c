/* reply_tcp - the TCP segments that need no request: SYN-ACK with a cookie, the end of a connection, resets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <netinet/tcp.h>

enum { TCP_LEN = 20, WINDOW = 65535 };

static uint8_t *write_timestamp(uint8_t *at, const struct worker *worker,
				const struct packet *packet)
{
	*at++ = TCPOPT_NOP;
	*at++ = TCPOPT_NOP;
	*at++ = TCPOPT_TIMESTAMP;
	*at++ = TCPOLEN_TIMESTAMP;
	store_be32(at, (uint32_t)(worker->burst.now_ns / 1000000));
	store_be32(at + 4, packet->timestamp);
	return at + 8;
}

static uint16_t our_mss(const struct worker *worker, const struct packet *packet)
{
	return worker->port->mtu - (uint16_t)(packet->l4 - packet->l3) - TCP_LEN;
}

void reply_tcp_write(struct worker *worker, uint16_t i, const struct tcp_segment *segment)
{
	struct packet *packet = &worker->burst.packets[i];
	uint8_t *tcp = packet->l4, *at = tcp + TCP_LEN;
	uint16_t len = TCP_LEN + (segment->mss ? 4 : 0) +
		       (segment->timestamp ? TCP_OPTIONS_TIMESTAMP : 0) + segment->payload_len;
	if (len > packet_room(worker, i)) {
		packet_drop(packet, DROP_mtu);
		return;
	}
	if (segment->mss) {
		*at++ = TCPOPT_MAXSEG;
		*at++ = TCPOLEN_MAXSEG;
		store_be16(at, our_mss(worker, packet));
		at += 2;
	}
	if (segment->timestamp)
		at = write_timestamp(at, worker, packet);
	store_be16(tcp, packet->port);
	store_be16(tcp + 2, packet->source_port);
	store_be32(tcp + 4, segment->seq);
	store_be32(tcp + 8, segment->ack);
	tcp[12] = (uint8_t)((at - tcp) / 4 << 4);
	tcp[13] = segment->flags;
	store_be16(tcp + 14, segment->flags & TH_RST ? 0 : WINDOW);
	store_be32(tcp + 16, 0); /* checksum is seal's, no urgent data */
	if (segment->payload_len)
		memcpy(at, segment->payload, segment->payload_len);
	packet->l4_len = len;
	packet->answer = true;
}

static void reply_syn(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	struct syn_tuple tuple = packet_tuple(packet);
	worker->stats->syns++;
	/* Only options that we know and mean go back: no window scale, no SACK, nothing unknown. Data on the SYN is not
	 * acknowledged: it comes again. */
	reply_tcp_write(
		worker, i,
		&(struct tcp_segment){
			.flags = TH_SYN | TH_ACK,
			.mss = true,
			.timestamp = packet->has_timestamp,
			.seq = syn_cookie_make(&worker->cookie_keys, &tuple, packet->seq,
					       packet->mss, worker->burst.now_ns / 1000000000),
			.ack = packet->seq + 1,
		});
}

/* Before an answer was sent our side closes too; after it, our FIN is behind what the peer acknowledges. */
static void reply_fin(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	worker->stats->fins++;
	reply_tcp_write(worker, i,
			&(struct tcp_segment){
				.flags = packet->acks_cookie ? TH_ACK | TH_FIN : TH_ACK,
				.timestamp = packet->has_timestamp,
				.seq = packet->ack,
				.ack = packet->seq + 1,
			});
}

/* RFC 9293 §3.10.7.1: a reset is what a segment to no connection gets. */
static void reply_reset(struct worker *worker, uint16_t i)
{
	const struct packet *packet = &worker->burst.packets[i];
	bool has_ack = packet->tcp_flags & TH_ACK;
	uint32_t len =
		packet->tcp_len + !!(packet->tcp_flags & TH_SYN) + !!(packet->tcp_flags & TH_FIN);
	reply_tcp_write(worker, i,
			&(struct tcp_segment){
				.flags = has_ack ? TH_RST : TH_RST | TH_ACK,
				.seq = has_ack ? packet->ack : 0,
				.ack = has_ack ? 0 : packet->seq + len,
			});
}

void reply_tcp_burst(struct worker *worker)
{
	for (uint16_t i = 0; i < worker->burst.n; i++) {
		switch (worker->burst.packets[i].lane) {
		case LANE_SYN:
			reply_syn(worker, i);
			break;
		case LANE_FIN:
			reply_fin(worker, i);
			break;
		case LANE_RESET:
			reply_reset(worker, i);
			break;
		}
	}
}
