/* burst_loop - a worker's life: take bursts, run the stages, send, until told to stop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst_loop.h"

#include "idle.h"
#include "reassemble.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_random.h>

static void *on_node(const char *what, size_t size, int socket)
{
	return rte_zmalloc_socket(what, size, RTE_CACHE_LINE_SIZE, socket);
}

static struct connections *make_connections(const struct settings *settings, int socket)
{
	uint64_t key[2] = {rte_rand(), rte_rand()};
	return connections_new(settings->tcp.connections, settings->tcp.buffers,
			       settings->tcp.buffer, (const uint8_t *)key, socket);
}

struct worker *worker_new(struct plane *plane, unsigned id, int socket)
{
	const struct settings *settings = plane->settings;
	struct worker *worker = on_node("worker", sizeof(*worker), socket);
	if (!worker)
		return NULL;
	worker->id = id;
	worker->plane = plane;
	plane->sockets[id] = socket;
	plane->stats[id] = worker->stats = on_node("stats", sizeof(*worker->stats), socket);
	plane->cycles[id] = worker->cycles = on_node("cycles", sizeof(*worker->cycles), socket);
	plane->tops[id] = worker->top = on_node("top", sizeof(*worker->top), socket);
	plane->trace_rings[id] = worker->trace = on_node("trace", sizeof(*worker->trace), socket);
	if (settings->recursion.parked)
		plane->parks[id] = worker->park = park_new(settings->recursion.parked, socket);
	if (settings->tcp.connections)
		worker->connections = make_connections(settings, socket);
	const struct dns_rate_settings *rate = &settings->dns.rate;
	if (rate->per_second)
		worker->dns_rate = on_node("dns_rate", dns_rate_size(rate), socket);
	if (settings->dns.fragments)
		worker->fragments = fragments_new(settings, socket);
	if (!worker->stats || !worker->cycles || !worker->top || !worker->trace ||
	    (settings->recursion.parked && !worker->park) ||
	    (settings->tcp.connections && !worker->connections) ||
	    (settings->dns.fragments && !worker->fragments) ||
	    (rate->per_second && !worker->dns_rate)) {
		worker_free(worker);
		return NULL;
	}
	if (worker->dns_rate)
		dns_rate_init(worker->dns_rate, rate, plane->top_key);
	top_init(worker->top, plane->top_key, plane_now_ns(plane) / UINT64_C(1000000000));
	worker->match.worker = id;
	worker->match.random = rte_rand() | 1;
	worker->match.counts = true;
	worker->cookie_keys.n = settings->n_cookie_keys;
	memcpy(worker->cookie_keys.key, settings->cookie_keys, sizeof(settings->cookie_keys));
	return worker;
}

static void free_packet(void *packet)
{
	rte_pktmbuf_free(packet);
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	struct plane *plane = worker->plane;
	plane->stats[worker->id] = NULL;
	plane->cycles[worker->id] = NULL;
	plane->tops[worker->id] = NULL;
	plane->trace_rings[worker->id] = NULL;
	plane->parks[worker->id] = NULL;
	park_free(worker->park, free_packet);
	connections_free(worker->connections);
	fragments_free(worker->fragments);
	rte_free(worker->dns_rate);
	rte_free(worker->trace);
	rte_free(worker->top);
	rte_free(worker->cycles);
	rte_free(worker->stats);
	rte_free(worker);
}

/* Answers to the device, all else back to the pool. What the device does not take is dropped: the client asks again. */
static void send_burst(struct worker *worker, const struct port_info *port)
{
	struct burst *burst = &worker->burst;
	struct rte_mbuf *answers[BURST_MAX], *ended[BURST_MAX];
	uint16_t n_answers = 0, n_ended = 0;
	for (uint16_t i = 0; i < burst->n; i++) {
		if (burst->packets[i].answer)
			answers[n_answers++] = burst->mbufs[i];
		else if (burst->packets[i].lane != LANE_PARKED &&
			 burst->packets[i].lane != LANE_HELD && !burst->packets[i].again)
			ended[n_ended++] = burst->mbufs[i];
	}
	uint64_t bytes[BURST_MAX + 1] = {0};
	for (uint16_t i = 0; i < n_answers; i++)
		bytes[i + 1] = bytes[i] + answers[i]->pkt_len;

	uint16_t sent = 0;
	if (n_answers)
		sent = rte_eth_tx_burst(port->id, (uint16_t)worker->id, answers, n_answers);
	worker->stats->tx_packets += sent;
	worker->stats->tx_bytes += bytes[sent];
	worker->stats->drops[DROP_tx_full] += n_answers - sent;
	for (uint16_t i = sent; i < n_answers; i++)
		ended[n_ended++] = answers[i];
	rte_pktmbuf_free_bulk(ended, n_ended);
}

/* Of kept connections. */
static void send_segments(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	for (uint16_t from = 0, to; from < burst->n_segments; from = to) {
		struct rte_mbuf **mbufs = burst->segments + from;
		uint16_t port = mbufs[0]->port;
		uint64_t bytes[SEGMENTS_MAX + 1] = {0};
		for (to = from; to < burst->n_segments && burst->segments[to]->port == port; to++)
			bytes[to - from + 1] = bytes[to - from] + burst->segments[to]->pkt_len;
		uint16_t n = to - from,
			 sent = rte_eth_tx_burst(port, (uint16_t)worker->id, mbufs, n);
		worker->stats->tx_packets += sent;
		worker->stats->tx_bytes += bytes[sent];
		worker->stats->drops[DROP_tx_full] += n - sent;
		rte_pktmbuf_free_bulk(mbufs + sent, n - sent);
	}
	burst->n_segments = 0;
}

/* A burst, and again what its connections hold behind the requests that it answered. */
static void run(struct worker *worker, const struct port_info *port)
{
	struct burst *burst = &worker->burst;
	burst_run(worker, port);
	send_burst(worker, port);
	burst->returned = NULL;
	while (burst_keep_again(burst)) {
		if (unlikely(worker->sampled != NULL))
			burst_lap(worker, CYCLES_TX);
		burst_run(worker, port);
		send_burst(worker, port);
	}
	send_segments(worker);
	if (unlikely(worker->sampled != NULL))
		burst_lap(worker, CYCLES_TX);
}

/* What came back from the control thread goes through all stages again: tables and keys may be others now. */
static unsigned run_returned(struct worker *worker)
{
	struct parked *returned[BURST_MAX], *taken[BURST_MAX];
	const struct plane *plane = worker->plane;
	struct burst *burst = &worker->burst;
	unsigned n = park_returned(worker->park, returned, BURST_MAX);
	for (unsigned p = 0; n && p < plane->n_ports; p++) {
		burst->n = 0;
		for (unsigned i = 0; i < n; i++) {
			if (returned[i]->port != &plane->ports[p])
				continue;
			taken[burst->n] = returned[i];
			burst->mbufs[burst->n++] = returned[i]->packet;
		}
		if (!burst->n)
			continue;
		burst->returned = taken;
		run(worker, &plane->ports[p]);
	}
	for (unsigned i = 0; i < n; i++)
		park_leave(worker->park, returned[i]);
	return n;
}

/* --- one burst in CYCLES_EVERY is sampled ----------------------------------------------------------------------------- */

static bool sample_due(struct worker *worker)
{
	if (likely(worker->unsampled < CYCLES_EVERY - 1))
		return false;
	worker->lap = rte_rdtsc();
	return true;
}

/* It has packets. Gives the TSC when they were asked for. */
static uint64_t sample_begin(struct worker *worker)
{
	uint64_t began = worker->lap;
	worker->sampled = worker->cycles;
	burst_lap(worker, CYCLES_RX);
	return began;
}

static void sample_end(struct worker *worker, unsigned n, uint64_t began)
{
	worker->unsampled = 0;
	if (!worker->sampled)
		return; /* it was traced */
	cycles_burst(worker->cycles, n, worker->lap - began);
	worker->sampled = NULL;
}

/* -------------------------------------------------------------------------------------------------------------------- */

static uint16_t receive_burst(struct worker *worker, const struct port_info *port)
{
	struct burst *burst = &worker->burst;
	burst->n = rte_eth_rx_burst(port->id, (uint16_t)worker->id, burst->mbufs, BURST_MAX);
	worker->stats->rx_packets += burst->n;
	for (uint16_t i = 0; i < burst->n; i++)
		worker->stats->rx_bytes += burst->mbufs[i]->pkt_len;
	return burst->n;
}

/* One turn over all ports. Gives the number of packets. */
static unsigned poll_ports(struct worker *worker)
{
	const struct plane *plane = worker->plane;
	unsigned total = run_returned(worker);
	for (unsigned p = 0; p < plane->n_ports; p++) {
		const struct port_info *port = &plane->ports[p];
		bool due = sample_due(worker);
		uint16_t n = receive_burst(worker, port);
		if (!n)
			continue;
		uint64_t began = unlikely(due) ? sample_begin(worker) : 0;
		run(worker, port);
		if (unlikely(due))
			sample_end(worker, n, began);
		else
			worker->unsampled++;
		total += n;
	}
	transmit_late(worker);
	send_segments(worker);
	return total;
}

/* A sleep is the one system call of a worker; it is made only when there is nothing to do, and the worker is offline for grace periods then. */
static void rest(struct worker *worker, struct idle *idle)
{
	struct rte_rcu_qsbr *qsbr = worker->plane->qsbr;
	unsigned us =
		idle_sleep_us(idle, worker->stats->rx_packets, rte_rdtsc(), worker->plane->tsc_hz);
	rte_rcu_qsbr_thread_offline(qsbr, worker->id);
	rte_delay_us_sleep(us);
	rte_rcu_qsbr_thread_online(qsbr, worker->id);
	worker->stats->sleeps++;
}

int burst_loop(void *arg)
{
	struct worker *worker = arg;
	struct plane *plane = worker->plane;
	bool may_sleep = plane->settings->idle == IDLE_SLEEP;
	struct idle idle = idle_begin(rte_rdtsc());

	rte_rcu_qsbr_thread_register(plane->qsbr, worker->id);
	rte_rcu_qsbr_thread_online(plane->qsbr, worker->id);
	while (!__atomic_load_n(&plane->stop, __ATOMIC_RELAXED)) {
		worker->stats->polls++;
		if (poll_ports(worker)) {
			idle.empty_polls = 0;
		} else {
			worker->stats->empty_polls++;
			if (may_sleep && idle_is_due(&idle))
				rest(worker, &idle);
		}
		rte_rcu_qsbr_quiescent(plane->qsbr, worker->id);
	}
	rte_rcu_qsbr_thread_offline(plane->qsbr, worker->id);
	rte_rcu_qsbr_thread_unregister(plane->qsbr, worker->id);
	return 0;
}
