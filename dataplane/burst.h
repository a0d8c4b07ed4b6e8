/* burst - the packets that a worker took off one queue at once, and what the stages learn about each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/connections.h"
#include "lib/dns_rate.h"
#include "lib/drop_reason.h"
#include "lib/match.h"
#include "lib/plane.h"
#include "lib/request.h"
#include "lib/scope_trie.h"
#include "lib/syn_cookie.h"
#include "lib/verdict.h"

#include <rte_mbuf.h>

enum { BURST_MAX = 32, SEGMENTS_MAX = 64 };
enum { PORT_DNS = 53, PORT_HTTP = 80, UDP_LEN = 8, TCP_LEN = 20 /* headers without options */ };

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
	LANE_LATE,   /* of a connection that was answered and forgotten */
	LANE_KEPT,   /* of a connection that has taken it */
	LANE_HELD,   /* a fragment that waits for others, with its mbuf */
	LANE_PARKED, /* a request that the control thread has now, with its mbuf */
};

/* As bits of burst.lanes: what a stage has to look at. */
enum {
	LANES_L3 = 1 << LANE_ARP | 1 << LANE_ND | 1 << LANE_ECHO,
	LANES_TCP = 1 << LANE_SYN | 1 << LANE_FIN | 1 << LANE_RESET | 1 << LANE_LATE,
	LANES_DNS = 1 << LANE_DNS,
	LANES_HTTP = 1 << LANE_HTTP,
	LANES_REQUEST = LANES_DNS | LANES_HTTP,
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
	bool again;       /* its connection holds another request: to be run once more */
	uint8_t *l3, *l4;
	uint16_t l4_len; /* header and payload; replies set it to that of the answer */
	/* TCP, host byte order. */
	uint16_t source_port, port;
	uint16_t tcp_len; /* payload octets */
	uint16_t mss;     /* of the SYN, or out of the cookie */
	uint16_t window;
	uint8_t tcp_header; /* octets */
	uint8_t tcp_flags;
	bool has_timestamp;
	uint32_t seq, ack, timestamp;
	struct connection *connection; /* that the request came on; NULL: none is kept */
};

/* One for each worker and used again for each burst. */
struct burst {
	const struct view *view;
	uint64_t now_ns; /* since 1970-01-01 UTC */
	uint16_t n;
	uint16_t lanes; /* bit l: decode left a packet on lane l */
	bool asks;      /* choose found a request that ask has to look at */
	struct parked *
		*returned; /* NULL: from the device; else the packets were parked, and come again */
	bool again;        /* the packets were run before, for what their connections hold now */
	struct rte_mbuf *mbufs[BURST_MAX];
	struct packet packets[BURST_MAX];
	struct verdict verdicts[BURST_MAX];
	struct request requests[BURST_MAX];
	struct scope_trie_way ways[BURST_MAX];
	uint16_t n_segments;
	struct rte_mbuf *segments
		[SEGMENTS_MAX]; /* of kept connections, to be sent to the device in ->port */
};

/* A worker's own things; control reads what the plane points to: stats, top and what is in trace and park. */
struct worker {
	unsigned id;
	struct plane *plane;
	const struct port_info *port; /* that the burst came from */
	struct worker_stats *stats;
	struct cycles *cycles;
	struct cycles *sampled; /* the same while a burst is sampled, else NULL */
	struct top *top;
	struct trace_ring *trace;
	struct park *park;               /* NULL: nothing can wait */
	struct connections *connections; /* NULL: none is kept */
	uint64_t now_ms;                 /* of a clock that does not go back */
	uint64_t lap;                    /* TSC at the end of the last step of a sampled burst */
	unsigned unsampled;              /* bursts since the last one that was */
	struct fragments *fragments;     /* NULL: they are not put together */
	struct dns_rate *dns_rate;       /* NULL: answers have no limit */
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
void transmit_burst(struct worker *worker);

/* All of them, for the mbufs in burst.mbufs[0, n) from `port`, and burst.returned. Afterwards packets[i].answer says which mbufs are to be sent;
 * all else is counted. No mbuf is freed. */
void burst_run(struct worker *worker, const struct port_info *port);

/* After it: only the packets are left whose connections hold more; they are to be run again. false: there are none. */
bool burst_keep_again(struct burst *burst);

/* A step of a sampled burst ends. */
static inline void burst_lap(struct worker *worker, unsigned step)
{
	uint64_t now = rte_rdtsc();
	worker->sampled->steps[step] += now - worker->lap;
	worker->lap = now;
}

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

/* The sequence number behind a TCP packet. */
static inline uint32_t packet_end(const struct packet *packet)
{
	return packet->seq + packet->tcp_len + !!(packet->tcp_flags & TCP_SYN) +
	       !!(packet->tcp_flags & TCP_FIN);
}

/* Octets that an answer may have from l4 on: within the mbuf and the MTU. */
static inline uint16_t packet_room_in(const struct worker *worker, const struct rte_mbuf *mbuf,
				      const struct packet *packet)
{
	uint32_t buffer = mbuf->buf_len - mbuf->data_off -
			  (uint32_t)(packet->l4 - rte_pktmbuf_mtod(mbuf, uint8_t *));
	uint32_t mtu = worker->port->mtu - (uint32_t)(packet->l4 - packet->l3);
	return (uint16_t)RTE_MIN(buffer, mtu);
}

static inline uint16_t packet_room(const struct worker *worker, uint16_t i)
{
	return packet_room_in(worker, worker->burst.mbufs[i], &worker->burst.packets[i]);
}

/* --- decode.c: for receive ------------------------------------------------------------------------------------------- */

/* All but what the protocol's own parser writes: its member, and the key. */
struct request *decode_start(struct burst *burst, uint16_t i);

/* --- receive.c: connections that are kept ----------------------------------------------------------------------------- */

/* Packet i, from the device, belongs to a connection that is kept, which takes it; what it makes whole becomes the packet's request. false: it does
 * not. */
bool receive_segment(struct worker *worker, uint16_t i);

/* A connection is kept from now on: the packet's, which carries octets that stand `sent` octets behind the handshake. false: there is no room for it. */
bool receive_open(struct worker *worker, uint16_t i, uint16_t mss, uint32_t sent);

/* The packet was parked, or was run before, and its connection still holds that request, or another one. */
void receive_again(struct worker *worker, uint16_t i);

/* Its state goes; when a request of it is on its way, with that. */
void receive_close(struct worker *worker, struct connection *connection);

/* A request that came without a connection gets an answer that needs one. NULL: there is no room for it. */
struct connection *receive_adopt(struct worker *worker, uint16_t i);

/* Room for an answer behind stream.out[0, out_len), which is then put with tcp_stream_put. NULL: none; it is told with receive_done. */
uint8_t *receive_room(struct worker *worker, const struct packet *packet, size_t *room);

/* The request of the packet has its answer: its `taken` octets go, and the connection goes on, or ends. */
void receive_done(struct worker *worker, uint16_t i, uint32_t taken, bool goes_on);

/* --- transmit.c -------------------------------------------------------------------------------------------------------- */

/* The peer is told with a reset that the connection is no more. */
void transmit_reset(struct worker *worker, struct connection *connection);

/* What the clock makes due. */
void transmit_late(struct worker *worker);

/* --- reply_tcp.c, seal.c: for transmit ---------------------------------------------------------------------------------- */

/* The answer to a request that came in one segment: acknowledged, told, and the end. */
void reply_tcp_answer(struct worker *worker, uint16_t i, const uint8_t *payload, uint32_t len);

/* Writes a segment in answer to a packet that came in the mbuf. */
enum { TCP_OPTIONS_TIMESTAMP = 12 };
void reply_tcp_write(const struct worker *worker, const struct rte_mbuf *mbuf,
		     struct packet *packet, const struct tcp_segment *segment);
void seal_packet(const struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet);

/* Our clock for timestamps (RFC 7323 §5.4): milliseconds, the same in a fleet. */
static inline uint32_t burst_timestamp(const struct burst *burst)
{
	return (uint32_t)(burst->now_ns / 1000000);
}
