/* tcp_stream - one TCP connection of a server that keeps state for it: what came, in order, and what is sent until it is acknowledged. RFC 9293,
 * RFC 5961, RFC 6298, RFC 5681, RFC 7323 (timestamps). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "reassembly.h"

#include <stdbool.h>
#include <stdint.h>

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

/* A segment, in host byte order; its options are read. */
struct tcp_segment {
	uint32_t seq, ack;
	uint8_t flags;
	bool has_timestamp;
	uint16_t window;
	uint16_t mss;             /* its option; 0: not there */
	uint32_t timestamp, echo; /* RFC 7323 §3 */
	uint32_t len;
	const uint8_t *payload;
};

enum tcp_stream_event {
	TCP_STREAM_GOES_ON,
	TCP_STREAM_RESET, /* by the peer */
	TCP_STREAM_ENDED, /* the peer has all that was sent, and our FIN */
};

/* Times are milliseconds of one clock that does not go back. The buffers are the user's: in.at with in.cap octets for what comes, without it payload is
 * not taken; out with out_cap octets. They may be taken away (NULL, 0) while nothing is in them. */
struct tcp_stream {
	struct reassembly in;
	uint32_t in_seq; /* sequence number of in.at[0] */
	uint32_t
		in_room; /* octets that may come from in_seq on: the window is what is left of them */
	uint8_t *out;
	uint32_t out_cap, out_len;
	uint32_t out_seq;                /* of out[0]: the oldest that is not acknowledged */
	uint32_t next;                   /* to be sent */
	uint32_t highest;                /* behind what was sent so far */
	uint32_t window;                 /* that the peer offers */
	uint32_t window_seq, window_ack; /* of the segment that said so */
	uint32_t congestion_window, slow_start_until;
	uint16_t mss; /* octets of payload in a segment, without options */
	bool timestamps;
	bool fin_came; /* and all before it */
	bool ending;   /* FIN follows `out`; what comes is acknowledged and dropped */
	bool fin_sent;
	bool ack_due;
	bool probing;    /* one octet more than the window */
	uint8_t repeats; /* time-outs one after the other */
	uint8_t same_acks;
	uint32_t peer_timestamp;
	uint32_t our_timestamp; /* at time 0 */
	uint32_t timed;         /* sequence number whose acknowledgement is timed */
	uint64_t timed_from;    /* 0: none is */
	uint32_t round_trip, round_trip_spread, timeout;
	uint64_t send_again;    /* 0: nothing is outstanding */
	uint64_t last_progress; /* something was taken by the peer, or by the user */
	uint64_t last_challenge;
};

/* After a handshake: the peer's first octet has in_seq, ours out_seq. `first` is any segment of the peer. in_room: the size of in.at. mss: without options' octets.
 * our_timestamp is what our SYN-ACK said. */
void tcp_stream_start(struct tcp_stream *stream, uint32_t in_seq, uint32_t out_seq,
		      uint32_t in_room, uint16_t mss, const struct tcp_segment *first,
		      uint32_t our_timestamp, uint64_t now);

/* A segment of the peer. */
enum tcp_stream_event tcp_stream_input(struct tcp_stream *stream, const struct tcp_segment *segment,
				       uint64_t now);

/* The user is done with the first n octets of in.at. */
void tcp_stream_take(struct tcp_stream *stream, uint32_t n, uint64_t now);

/* The user has put n octets behind out[out_len). */
void tcp_stream_put(struct tcp_stream *stream, uint32_t n, uint64_t now);

/* Nothing follows what is in out. */
void tcp_stream_end(struct tcp_stream *stream);

/* The next segment to be sent now; its payload points into out. false: there is none. */
bool tcp_stream_output(struct tcp_stream *stream, uint64_t now, struct tcp_segment *segment);

/* send_again has come: what is outstanding is sent again by tcp_stream_output. false: the peer is given up. */
bool tcp_stream_timeout(struct tcp_stream *stream);

/* The reset that the peer gets when the connection is given up. */
void tcp_stream_reset(const struct tcp_stream *stream, struct tcp_segment *segment);
