/* trace - records of single requests while an operator traces them: which ones, and what is kept of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* Which requests are recorded: those that fit every part that is given, and of them one in `every`.
 * Immutable; published by one pointer, NULL when nothing is traced, and freed after a grace period. */
struct trace_filter {
	uint8_t protocols; /* bits of enum request_protocol; 0: any */
	uint16_t host_len; /* 0: any host */
	uint8_t host
		[REQUEST_HOST_MAX]; /* in key form (lib/request.h): this host and those below it */
	struct ip_prefix
		client; /* family 0: any; a request whose client is known less exactly does not fit */
	uint32_t every;    /* at least 1; each worker counts by itself */
	const char *scope; /* that won; NULL: any, or none */
};

/* The stages that are timed, in this order. */
enum trace_stage {
	TRACE_CLASSIFY,
	TRACE_DECODE,
	TRACE_MATCH,
	TRACE_CHOOSE,
	TRACE_ASK,
	TRACE_COUNT,
	TRACE_REPLY,
	TRACE_SEAL,
	TRACE_TRANSMIT,
	TRACE_STAGES
};

enum { TRACE_KEY_MAX = 304, TRACE_NAME_MAX = 104, TRACE_RING = 256 };

/* Names are empty when there is none, and cut when they are too long for their place. */
struct trace_record {
	uint64_t time_ns;                /* of the burst, since 1970-01-01 UTC */
	uint32_t stage_ns[TRACE_STAGES]; /* of the whole burst */
	uint16_t burst;                  /* packets in it */
	uint16_t worker;
	uint16_t qtype;      /* DNS */
	uint16_t host_len;   /* of key, at most key_len */
	uint16_t key_len;    /* octets in `key` */
	uint16_t key_whole;  /* octets of the request's key */
	uint8_t protocol;    /* enum request_protocol */
	uint8_t outcome;     /* enum verdict_outcome */
	uint8_t reason;      /* enum drop_reason */
	uint8_t target_kind; /* enum target_kind */
	uint8_t client_len;
	bool fell_back;
	struct ip_addr client;
	uint8_t key[TRACE_KEY_MAX];
	char scope[TRACE_NAME_MAX];
	char target[TRACE_NAME_MAX];
};

/* One for each worker, who puts; control takes. All zero is empty. */
struct trace_ring {
	uint32_t head __attribute__((aligned(64))); /* the worker's */
	uint32_t turn;                              /* requests that fitted */
	uint64_t lost;
	uint32_t tail __attribute__((aligned(64))); /* control's */
	struct trace_record records[TRACE_RING] __attribute__((aligned(64)));
};

/* --- Any thread ----------------------------------------------------------------------------------------------- */

/* "classify", "decode", ... */
const char *trace_stage_name(enum trace_stage stage);

/* scope: the name of the one that won, or NULL. `every` is not looked at. */
bool trace_matches(const struct trace_filter *filter, const struct request *req, const char *scope);

/* What a request and its verdict say: all but time, stages, burst, worker and reason. */
void trace_fill(struct trace_record *record, const struct request *req,
		const struct verdict *verdict);

/* --- Control thread ------------------------------------------------------------------------------------------- */

/* A copy in one block of memory, with host and scope, for free(). NULL: no memory. */
struct trace_filter *trace_filter_copy(const struct trace_filter *filter);

/* The oldest record. false: there is none. */
bool trace_take(struct trace_ring *ring, struct trace_record *record);

/* How many records found the ring full since the start. */
static inline uint64_t trace_lost(const struct trace_ring *ring)
{
	return __atomic_load_n(&ring->lost, __ATOMIC_RELAXED);
}

/* --- Worker --------------------------------------------------------------------------------------------------- */

/* The record to be filled for a request that fits; trace_put() makes it visible. NULL: the request is
 * not recorded, because it does not fit, it is not its turn, or the ring is full, which is counted. */
struct trace_record *trace_begin(struct trace_ring *ring, const struct trace_filter *filter,
				 const struct request *req, const char *scope);
void trace_put(struct trace_ring *ring);
