/* advertise_stream - the update streams that an upstream CDN has open to us, and what goes into each of them. RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "advertise.h"
#include "advertise_params.h"
#include "https_answer.h"

enum {
	ADVERTISE_STREAMS_MAX = 8,   /* of one peer */
	ADVERTISE_KEEP_ALIVE_S = 15, /* RFC 8895 §6.8 */
	ADVERTISE_STREAM_ID_MAX =
		33, /* 128 random bits in hexadecimal: whoever has it controls the stream (§7.1) */
};

/* What streams tell: the base objects, and the network map that they depend on, if there is one. */
enum { ADVERTISE_STREAM_OBJECTS, ADVERTISE_STREAM_MAP };

struct advertise_stream;

/* Those of one peer. All zero but for the first two is none. Control thread. */
struct advertise_streams {
	const char *path;                /* in front of a stream's ID: the URI that controls it */
	const struct advertisement *now; /* that they all are told of */
	struct advertise_stream *list;
	unsigned n;
	uint64_t opened, refused, events; /* since the start */
};

/* Answers a request for a stream: control event first, then a full replacement where the tag of the client is not the current one, of the
 * map before what depends on it (RFC 8895 §6.7.1). At
 * ADVERTISE_STREAMS_MAX the answer is 503. */
void advertise_stream_open(struct advertise_streams *streams, struct https_request *request,
			   const struct advertise_params *params);

/* Adds and removes substreams of the stream with this ID: 204; 404, there is none; 400, and nothing was done: the error says why. */
int advertise_stream_control(struct advertise_streams *streams, const char *id,
			     const struct advertise_params *params, struct alto_error *error);

/* Tells all streams what *streams->now is, which was `before` until now: as a patch where the client wants one and it is the
 * shorter form; the map, if it is another one, first and as a whole. When there was no map before, or there is none now, all streams
 * end: what they can be of is in the directory. */
void advertise_stream_update(struct advertise_streams *streams, const struct advertisement *before);

/* Once a second: keeps quiet streams alive. now: seconds of any clock. */
void advertise_stream_tend(struct advertise_streams *streams, uint64_t now);

/* Ends all of them. */
void advertise_stream_clear(struct advertise_streams *streams);
