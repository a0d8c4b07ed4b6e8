/* burst - the packets that a worker took off one queue at once, and what the stages learn about each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/drop_reason.h"
#include "lib/match.h"
#include "lib/plane.h"
#include "lib/request.h"
#include "lib/syn_cookie.h"
#include "lib/verdict.h"

#include <rte_mbuf.h>

enum { BURST_MAX = 32 };

/* What becomes of a packet: classify says it, decode narrows it, the replies look for theirs. */
enum lane {
	LANE_DROP, /* packet.reason says why */
	LANE_ARP,
	LANE_ND,
	LANE_ECHO,
	LANE_DNS,
	LANE_TCP, /* decode turns it into one of the next */
	LANE_SYN,
	LANE_HTTP, /* a request with a valid cookie */
	LANE_FIN,
	LANE_RESET,
	LANE_PARKED, /* a request that the control thread has now, with its mbuf */
};

/* Pointers into the mbuf's data. Checked by classify: l4 is l4_len octets long, none of them is past the frame. */
struct packet {
	uint8_t lane;   /* enum lane */
	uint8_t reason; /* enum drop_reason: of a drop, or of an answer that refuses */
	uint8_t family; /* 4, 6; 0 for ARP */
	uint8_t l2_len; /* 14, or 18 with a VLAN tag */
	uint8_t l4_protocol;
	bool answer;      /* a reply stands in the mbuf, seal and send it */
	bool acks_cookie; /* FIN: the connection has not had an answer yet */
	uint8_t *l3, *l4;
	uint16_t l4_len; /* header and payload; replies set it to that of the answer */
	/* TCP, host byte order. */
	uint16_t source_port, port;
	uint16_t tcp_len;   /* payload octets */
	uint16_t mss;       /* of the SYN, or out of the cookie */
	uint8_t tcp_header; /* octets */
	uint8_t tcp_flags;
	bool has_timestamp;
	uint32_t seq, ack, timestamp;
};

/* One for each worker and used again for each burst. */
struct burst {
	const struct view *view;
	uint64_t now_ns; /* since 1970-01-01 UTC */
	uint16_t n;
	struct parked *
		*returned; /* NULL: from the device; else the packets were parked, and come again */
	struct rte_mbuf *mbufs[BURST_MAX];
	struct packet packets[BURST_MAX];
	struct verdict verdicts[BURST_MAX];
	struct request requests[BURST_MAX];
};

/* A worker's own things; control reads what the plane points to: stats, top and what is in trace and park. */
struct worker {
	unsigned id;
	struct plane *plane;
	const struct port_info *port; /* that the burst came from */
	struct worker_stats *stats;
	struct top *top;
	struct trace_ring *trace;
	struct park *park; /* NULL: nothing can wait */
	struct syn_cookie_keys cookie_keys;
	uint64_t date_second; /* that `date` says */
	char date[32];
	uint32_t turn; /* which address of a DNS answer stands first */
	struct match_context match;
	struct burst burst;
};

/* The stages, in this order; each goes over the whole burst. Only the worker's own thread calls them. The four replies are one
 * stage. */
void classify_burst(struct worker *worker);
void decode_burst(struct worker *worker);
void match_burst(struct worker *worker);
void choose_burst(struct worker *worker);
void ask_burst(struct worker *worker);
void count_burst(struct worker *worker);
void reply_dns_burst(struct worker *worker);
void reply_http_burst(struct worker *worker);
void reply_l3_burst(struct worker *worker);
void reply_tcp_burst(struct worker *worker);
void seal_burst(struct worker *worker);

/* All of them, for the mbufs in burst.mbufs[0, n) from `port`, and burst.returned. Afterwards packets[i].answer says which mbufs are to be sent;
 * all else is counted. No mbuf is freed. */
void burst_run(struct worker *worker, const struct port_info *port);

static inline bool packet_is_request(const struct packet *packet)
{
	return packet->lane == LANE_DNS || packet->lane == LANE_HTTP;
}

/* Without an error that decode found. */
static inline bool packet_is_sound(const struct packet *packet)
{
	return packet_is_request(packet) && packet->reason == DROP_none;
}

static inline void packet_drop(struct packet *packet, enum drop_reason reason)
{
	packet->lane = LANE_DROP;
	packet->reason = (uint8_t)reason;
}

/* Of a TCP packet that the peer sent. */
static inline struct syn_tuple packet_tuple(const struct packet *packet)
{
	return (struct syn_tuple){
		.source = packet->l3 + (packet->family == 4 ? 12 : 8),
		.destination = packet->l3 + (packet->family == 4 ? 16 : 24),
		.address_len = (uint8_t)(packet->family == 4 ? 4 : 16),
		.source_port = packet->source_port,
		.destination_port = packet->port,
	};
}

/* Octets that an answer may have from l4 on: within the mbuf and the MTU. */
static inline uint16_t packet_room(const struct worker *worker, uint16_t i)
{
	const struct rte_mbuf *mbuf = worker->burst.mbufs[i];
	const struct packet *packet = &worker->burst.packets[i];
	uint32_t buffer = mbuf->buf_len - mbuf->data_off -
			  (uint32_t)(packet->l4 - rte_pktmbuf_mtod(mbuf, uint8_t *));
	uint32_t mtu = worker->port->mtu - (uint32_t)(packet->l4 - packet->l3);
	return (uint16_t)RTE_MIN(buffer, mtu);
}

/* A TCP segment in answer to packet i: payload is copied behind the header; options are made from the packet's. */
enum { TCP_OPTIONS_TIMESTAMP = 12 };
struct tcp_segment {
	uint8_t flags;
	bool mss; /* put our MSS in (SYN-ACK) */
	bool timestamp;
	uint32_t seq, ack;
	const uint8_t *payload;
	uint16_t payload_len;
};
void reply_tcp_write(struct worker *worker, uint16_t i, const struct tcp_segment *segment);
