/* tcp_stream - one TCP connection of a server that keeps state for it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tcp_stream.h"

#include <string.h>

enum {
	WINDOW_MAX = 65535, /* without the option of RFC 7323 §2 */
	TIMEOUT_FIRST = 1000,
	TIMEOUT_LEAST = 200,
	TIMEOUT_MOST = 60000,
	REPEATS_MAX = 6,
	SAME_ACKS = 3,        /* RFC 5681 §3.2 */
	FIRST_SEGMENTS = 10,  /* RFC 6928 §2 */
	CHALLENGE_EVERY = 500 /* RFC 5961 §10; for each connection, so that none tells of another */
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* RFC 9293 §3.4: a before b. */
static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t in_next(const struct tcp_stream *stream)
{
	return stream->in_seq + stream->in.len + stream->fin_came;
}

static uint32_t in_window(const struct tcp_stream *stream)
{
	return least(stream->in_room - stream->in.len, WINDOW_MAX);
}

void tcp_stream_start(struct tcp_stream *stream, uint32_t in_seq, uint32_t out_seq,
		      uint32_t in_room, uint16_t mss, const struct tcp_segment *first,
		      uint32_t our_timestamp, uint64_t now)
{
	*stream = (struct tcp_stream){
		.in_seq = in_seq,
		.in_room = in_room,
		.out_seq = out_seq,
		.next = out_seq,
		.highest = out_seq,
		.window = first->window,
		.window_seq = first->seq,
		.window_ack = first->ack,
		.congestion_window = (uint32_t)mss * FIRST_SEGMENTS,
		.slow_start_until = UINT32_MAX,
		.mss = mss,
		.timestamps = first->has_timestamp,
		.peer_timestamp = first->timestamp,
		.our_timestamp = our_timestamp - (uint32_t)now,
		.timeout = TIMEOUT_FIRST,
		.last_progress = now,
	};
}

/* --- what comes ----------------------------------------------------------------------------------------------------- */

static void challenge(struct tcp_stream *stream, uint64_t now)
{
	if (stream->last_challenge && now - stream->last_challenge < CHALLENGE_EVERY)
		return;
	stream->last_challenge = now;
	stream->ack_due = true;
}

/* RFC 9293 §3.10.7.4, first step. */
static bool is_acceptable(const struct tcp_stream *stream, const struct tcp_segment *segment)
{
	uint32_t window = in_window(stream), next = in_next(stream);
	uint32_t len = segment->len + !!(segment->flags & TCP_SYN) + !!(segment->flags & TCP_FIN);
	if (!window)
		return segment->seq == next;
	return segment->seq - next < window || (len && segment->seq + len - 1 - next < window);
}

/* RFC 7323 §5.3: an old duplicate. */
static bool is_old(const struct tcp_stream *stream, const struct tcp_segment *segment)
{
	return stream->timestamps && segment->has_timestamp &&
	       before(segment->timestamp, stream->peer_timestamp);
}

/* RFC 6298 §2. */
static void learn_round_trip(struct tcp_stream *stream, uint32_t ack, uint64_t now)
{
	if (!stream->timed_from || before(ack, stream->timed))
		return;
	uint32_t took = (uint32_t)(now - stream->timed_from);
	if (!stream->round_trip) {
		stream->round_trip = took;
		stream->round_trip_spread = took / 2;
	} else {
		uint32_t off = took > stream->round_trip ? took - stream->round_trip
							 : stream->round_trip - took;
		stream->round_trip_spread = (3 * stream->round_trip_spread + off) / 4;
		stream->round_trip = (7 * stream->round_trip + took) / 8;
	}
	stream->timed_from = 0;
	stream->timeout = most(stream->round_trip + 4 * stream->round_trip_spread, TIMEOUT_LEAST);
}

/* RFC 5681 §3.1. */
static void open_congestion_window(struct tcp_stream *stream, uint32_t acked)
{
	uint32_t mss = stream->mss;
	uint32_t more = stream->congestion_window < stream->slow_start_until
				? least(acked, mss)
				: most(mss * mss / stream->congestion_window, 1);
	stream->congestion_window = least(stream->congestion_window + more, WINDOW_MAX + mss);
}

static void take_ack(struct tcp_stream *stream, uint32_t ack, uint64_t now)
{
	uint32_t acked = ack - stream->out_seq, octets = least(acked, stream->out_len);
	if (octets)
		memmove(stream->out, stream->out + octets, stream->out_len - octets);
	stream->out_len -= octets;
	stream->out_seq = ack;
	if (before(stream->next, ack))
		stream->next = ack;
	learn_round_trip(stream, ack, now);
	open_congestion_window(stream, acked);
	stream->repeats = 0;
	stream->same_acks = 0;
	stream->last_progress = now;
	stream->send_again = stream->highest == ack ? 0 : now + stream->timeout;
}

static void lose(struct tcp_stream *stream)
{
	uint32_t flight = stream->highest - stream->out_seq;
	stream->slow_start_until = most(flight / 2, 2u * stream->mss);
	stream->congestion_window = stream->mss;
	stream->next = stream->out_seq;
	stream->timed_from = 0; /* RFC 6298 §3 */
}

static void take_same_ack(struct tcp_stream *stream, const struct tcp_segment *segment)
{
	bool same = stream->highest != stream->out_seq && !segment->len &&
		    !(segment->flags & TCP_FIN) && segment->window == stream->window;
	stream->same_acks =
		(uint8_t)(same && stream->same_acks < UINT8_MAX ? stream->same_acks + 1 : 0);
	if (stream->same_acks == SAME_ACKS)
		lose(stream);
}

static void take_window(struct tcp_stream *stream, const struct tcp_segment *segment)
{
	if (before(segment->seq, stream->window_seq) ||
	    (segment->seq == stream->window_seq && before(segment->ack, stream->window_ack)))
		return;
	if (!stream->window && segment->window && stream->highest - stream->out_seq <= 1)
		stream->next = stream->out_seq; /* the probe was not taken */
	if (!segment->window)
		stream->repeats = 0; /* alive, but not ready */
	stream->window = segment->window;
	stream->window_seq = segment->seq;
	stream->window_ack = segment->ack;
}

static void take_payload(struct tcp_stream *stream, const struct tcp_segment *segment)
{
	uint32_t seq = segment->seq, len = segment->len;
	const uint8_t *payload = segment->payload;
	if (!len || stream->fin_came)
		return;
	stream->ack_due = true;
	uint32_t old = before(seq, stream->in_seq) ? stream->in_seq - seq : 0;
	if (old >= len)
		return;
	seq += old;
	if (stream->ending && seq == stream->in_seq)
		stream->in_seq += len - old;
	else if (!stream->ending && stream->in.at)
		reassembly_put(&stream->in, seq - stream->in_seq, payload + old, len - old);
}

static enum tcp_stream_event take_reset(struct tcp_stream *stream,
					const struct tcp_segment *segment, uint64_t now)
{
	if (segment->seq == in_next(stream))
		return TCP_STREAM_RESET;
	challenge(stream, now); /* RFC 5961 §3.2 */
	return TCP_STREAM_GOES_ON;
}

/* false: the segment ends here. */
static bool take_acknowledgement(struct tcp_stream *stream, const struct tcp_segment *segment,
				 uint64_t now)
{
	if (before(stream->highest, segment->ack) ||
	    before(segment->ack, stream->out_seq - WINDOW_MAX)) {
		challenge(stream, now); /* RFC 5961 §5.2 */
		return false;
	}
	if (before(stream->out_seq, segment->ack))
		take_ack(stream, segment->ack, now);
	else if (segment->ack == stream->out_seq)
		take_same_ack(stream, segment);
	take_window(stream, segment);
	return true;
}

enum tcp_stream_event tcp_stream_input(struct tcp_stream *stream, const struct tcp_segment *segment,
				       uint64_t now)
{
	bool reset = segment->flags & TCP_RST;
	if (!reset && stream->timestamps && !segment->has_timestamp)
		return TCP_STREAM_GOES_ON; /* RFC 7323 §3.2 */
	if (!is_acceptable(stream, segment) || (is_old(stream, segment) && !reset)) {
		stream->ack_due |= !reset;
		return TCP_STREAM_GOES_ON;
	}
	if (reset)
		return take_reset(stream, segment, now);
	if (segment->flags & TCP_SYN) {
		challenge(stream, now); /* RFC 5961 §4.2 */
		return TCP_STREAM_GOES_ON;
	}
	if (!(segment->flags & TCP_ACK))
		return TCP_STREAM_GOES_ON;
	if (stream->timestamps && !before(in_next(stream), segment->seq))
		stream->peer_timestamp = segment->timestamp;
	if (!take_acknowledgement(stream, segment, now))
		return TCP_STREAM_GOES_ON;
	take_payload(stream, segment);
	if (segment->flags & TCP_FIN) {
		stream->ack_due = true;
		if (segment->seq + segment->len == in_next(stream))
			stream->fin_came = true;
	}
	return stream->fin_sent && stream->highest == stream->out_seq ? TCP_STREAM_ENDED
								      : TCP_STREAM_GOES_ON;
}

void tcp_stream_take(struct tcp_stream *stream, uint32_t n, uint64_t now)
{
	bool closed = !in_window(stream);
	reassembly_take(&stream->in, n);
	stream->in_seq += n;
	stream->last_progress = now;
	stream->ack_due |= closed && n; /* RFC 9293 §3.8.6: the window is open again */
}

/* --- what goes ------------------------------------------------------------------------------------------------------ */

void tcp_stream_put(struct tcp_stream *stream, uint32_t n, uint64_t now)
{
	stream->out_len += n;
	stream->last_progress = now;
}

void tcp_stream_end(struct tcp_stream *stream)
{
	stream->ending = true;
	stream->in_seq += stream->in.len;
	stream->in.len = stream->in.n = 0;
}

/* Octets that may go now. RFC 9293 §3.8.6.2.1: no small ones while larger ones are on their way. */
static uint32_t allowed(const struct tcp_stream *stream, uint32_t sent)
{
	uint32_t window = least(stream->window, stream->congestion_window);
	uint32_t left = stream->out_len > sent ? stream->out_len - sent : 0;
	if (stream->probing && !stream->window && !sent)
		return least(left, 1);
	uint32_t n = least(least(left, stream->mss), window > sent ? window - sent : 0);
	return n < left && n < stream->mss && sent ? 0 : n;
}

bool tcp_stream_output(struct tcp_stream *stream, uint64_t now, struct tcp_segment *segment)
{
	uint32_t sent = stream->next - stream->out_seq, n = allowed(stream, sent);
	bool last = sent + n >= stream->out_len && n <= stream->out_len;
	bool fin = stream->ending && last && sent <= stream->out_len;
	if (n || fin) {
		stream->probing = false;
		if (!stream->send_again)
			stream->send_again = now + stream->timeout;
		if (!stream->timed_from && stream->next == stream->highest) {
			stream->timed = stream->next + n + fin;
			stream->timed_from = now ? now : 1;
		}
	} else {
		if (stream->out_len > sent && !stream->send_again)
			stream->send_again = now + stream->timeout; /* RFC 9293 §3.8.6.1 */
		if (!stream->ack_due)
			return false;
	}
	*segment = (struct tcp_segment){
		.seq = stream->next,
		.ack = in_next(stream),
		.flags = (uint8_t)(TCP_ACK | (n && last ? TCP_PSH : 0) | (fin ? TCP_FIN : 0)),
		.window = (uint16_t)in_window(stream),
		.has_timestamp = stream->timestamps,
		.timestamp = stream->our_timestamp + (uint32_t)now,
		.echo = stream->peer_timestamp,
		.payload = n ? stream->out + sent : NULL,
		.len = n,
	};
	stream->ack_due = false;
	stream->fin_sent |= fin;
	stream->next += n + fin;
	if (before(stream->highest, stream->next))
		stream->highest = stream->next;
	return true;
}

bool tcp_stream_timeout(struct tcp_stream *stream)
{
	stream->send_again = 0;
	if (++stream->repeats > REPEATS_MAX)
		return false;
	stream->timeout = least(2 * stream->timeout, TIMEOUT_MOST);
	if (stream->window) {
		lose(stream);
	} else {
		stream->probing = true;
		stream->next = stream->out_seq;
	}
	return true;
}

void tcp_stream_reset(const struct tcp_stream *stream, struct tcp_segment *segment)
{
	*segment = (struct tcp_segment){
		.seq = stream->next,
		.ack = in_next(stream),
		.flags = TCP_RST | TCP_ACK,
	};
}
