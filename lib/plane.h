/* plane - what workers and the control thread share: the published view, the clock, the counters, what is watched. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "cycles.h"
#include "dri_cache.h"
#include "drop_reason.h"
#include "park.h"
#include "settings.h"
#include "top.h"
#include "trace.h"
#include "view.h"

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>

/* Counters of one worker: written by it alone, read by control at any time without a lock (each is a 64-bit word). */
struct worker_stats {
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes;
	uint64_t polls, empty_polls, sleeps;
	uint64_t arp, nd, echo;               /* answered */
	uint64_t syns, fins;                  /* answered */
	uint64_t dns_requests, http_requests; /* well-formed ones that were matched */
	uint64_t dns_redirects, http_redirects;
	uint64_t dns_zone;  /* answered from zone data: SOA, NS, glue */
	uint64_t fallbacks; /* redirects to a fallback */
	uint64_t unstacked; /* requests that an uCDN had redirected to us (LL-26) */
	uint64_t dri_hits;  /* decided by a DRI that a downstream CDN had given when it was asked */
	uint64_t parked;    /* sent to the control thread */
	uint64_t park_full; /* that would have been, but for the bound */
	uint64_t unanswered;             /* back without an answer */
	uint64_t tcp_opened, tcp_closed; /* connections that state was kept for */
	uint64_t tcp_evicted;            /* of them, for another one */
	uint64_t tcp_given_up;           /* of them, as the peer did nothing */
	uint64_t tcp_sent_again;         /* time-outs */
	uint64_t drops[DROP__COUNT];
} __rte_cache_aligned;

/* Set at start, then read only. */
struct port_info {
	uint16_t id; /* DPDK port */
	uint16_t mtu;
	uint16_t n_queues;
	int socket; /* its NUMA node, and that of its mbufs and queues; SOCKET_ID_ANY: it has none */
	uint8_t mac[6];
	bool tx_checksum_ip4, tx_checksum_l4, rx_checksum; /* by the device */
	const struct port_settings *settings;
	struct rte_mempool *pool; /* of its packets */
	char driver[32];
};

/* What changes while workers run stands in the first cache line; each of them reads it for each burst. docs/sizing.md says who writes what. */
struct plane {
	struct view *view; /* written by control with release, read by workers with acquire */
	const struct trace_filter *trace; /* the same; NULL: nothing is traced */
	struct rte_rcu_qsbr *qsbr;        /* thread ids: worker numbers */
	uint64_t unix_ns_at_tsc0;         /* wall clock = this + TSC time; control corrects it */
	uint64_t tsc_hz;
	bool draining; /* set by control: workers open no more connections */
	bool stop;     /* set by control: workers return */
	unsigned n_workers, n_ports;
	const struct settings *settings;
	uint8_t top_key[16]; /* random, set before the workers are made */
	/* Of each worker, on the memory of its NUMA node; NULL: it is not there. */
	int sockets[WORKERS_MAX]; /* the node; SOCKET_ID_ANY: its CPUs are of several */
	struct worker_stats *stats[WORKERS_MAX];
	struct cycles *cycles[WORKERS_MAX];
	struct top *tops[WORKERS_MAX];
	struct trace_ring *trace_rings[WORKERS_MAX];
	struct park *parks[WORKERS_MAX];
	struct dri_cache *dris; /* set before the workers start; NULL: no CDN is asked */
	struct port_info ports[PORTS_MAX];
} __rte_cache_aligned;

/* Seconds and nanoseconds since 1970-01-01 UTC. Any thread; no system call. */
static inline uint64_t plane_now_ns(const struct plane *plane)
{
	uint64_t tsc = rte_rdtsc(), hz = plane->tsc_hz;
	uint64_t base = __atomic_load_n(&plane->unix_ns_at_tsc0, __ATOMIC_RELAXED);
	return base + tsc / hz * UINT64_C(1000000000) + tsc % hz * UINT64_C(1000000000) / hz;
}

/* Milliseconds of a clock that does not go back, whatever the wall clock does. Any thread; no system call. */
static inline uint64_t plane_tsc_ms(const struct plane *plane)
{
	uint64_t tsc = rte_rdtsc(), hz = plane->tsc_hz;
	return tsc / hz * 1000 + tsc % hz * 1000 / hz;
}

static inline const struct view *plane_view(const struct plane *plane)
{
	return __atomic_load_n(&plane->view, __ATOMIC_ACQUIRE);
}

static inline const struct trace_filter *plane_trace(const struct plane *plane)
{
	return __atomic_load_n(&plane->trace, __ATOMIC_ACQUIRE);
}
