/* loadgen - asks a DNS or HTTP server over a DPDK port, closed loop or at a fixed rate, and times the answers. */
/* SPDX-License-Identifier: BSD-3-Clause
 *
 *   loadgen [EAL ARGUMENTS] -- --requests FILE.pcap (--flight N | --rate R) [OPTION]...
 *
 * One thread sends and receives on the first port. With --flight so many requests are under way at any time: each answer lets the next one
 * start (closed loop). With --rate they start at fixed moments whatever the server does (open loop); each is timed from the moment that it was
 * meant for, also when it was sent later, so that a server that pauses is charged with all that came in meanwhile. */
#include "load_client.h"
#include "request_file.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BURST = 32, DESCRIPTORS = 1024, MBUFS = 16383, MBUF_CACHE = 256 };

struct options {
	const char *requests, *source, *server_mac;
	uint32_t flight, rate;
	double seconds, warm_up, timeout;
	bool json, quiet;
};

struct load {
	struct options options;
	struct load_client *client;
	struct rte_mempool *pool;
	struct rte_mbuf *out[BURST * 2]; /* made, not yet taken by the device */
	uint16_t n_out;
	uint64_t hz, begin, end,
		started; /* started: requests so far, which says when the next one is due */
	uint64_t out_full;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static _Noreturn void fail(const char *what, const char *advice)
{
	fprintf(stderr, "loadgen: %s; %s\n", what, advice);
	exit(1);
}

static void on_alarm(int number)
{
	(void)number;
	_exit(0);
}

/* --- The port --------------------------------------------------------------------------------------------------- */

static struct rte_mempool *open_port(void)
{
	struct rte_eth_conf conf = {0};
	uint16_t n_rx = DESCRIPTORS, n_tx = DESCRIPTORS;
	int socket = (int)rte_socket_id();
	struct rte_mempool *pool = rte_pktmbuf_pool_create("loadgen", MBUFS, MBUF_CACHE, 0,
							   RTE_MBUF_DEFAULT_BUF_SIZE, socket);
	if (!pool)
		fail("no memory for packets", "give EAL more, with -m");
	if (!rte_eth_dev_count_avail())
		fail("there is no port",
		     "name one to EAL, as --vdev=net_virtio_user0,path=/run/vhost.sock");
	if (rte_eth_dev_configure(0, 1, 1, &conf) < 0 ||
	    rte_eth_dev_adjust_nb_rx_tx_desc(0, &n_rx, &n_tx) < 0 ||
	    rte_eth_rx_queue_setup(0, 0, n_rx, (unsigned)socket, NULL, pool) < 0 ||
	    rte_eth_tx_queue_setup(0, 0, n_tx, (unsigned)socket, NULL) < 0 ||
	    rte_eth_dev_start(0) < 0)
		fail("the port cannot be set up", "EAL's lines above say more");
	rte_eth_promiscuous_enable(0);
	return pool;
}

/* Over vhost the other side has to agree, which may be the one that answers no more. */
static void close_port(void)
{
	signal(SIGALRM, on_alarm);
	alarm(2);
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
}

/* --- The loop ----------------------------------------------------------------------------------------------------- */

static struct rte_mbuf *new_packet(struct load *load)
{
	return load->n_out < RTE_DIM(load->out) ? rte_pktmbuf_alloc(load->pool) : NULL;
}

static void put(struct load *load, struct rte_mbuf *packet, size_t len)
{
	packet->data_len = (uint16_t)len;
	packet->pkt_len = (uint32_t)len;
	if (len)
		load->out[load->n_out++] = packet;
	else
		rte_pktmbuf_free(packet);
}

/* What the device does not take now it takes with the next turn. */
static void flush(struct load *load)
{
	if (!load->n_out)
		return;
	uint16_t sent = rte_eth_tx_burst(0, 0, load->out, load->n_out);
	load->out_full += sent < load->n_out;
	load->n_out = (uint16_t)(load->n_out - sent);
	memmove(load->out, load->out + sent, load->n_out * sizeof(load->out[0]));
}

static void hear(struct load *load)
{
	struct rte_mbuf *in[BURST];
	if (load->n_out > BURST)
		return; /* there has to be room for what is said upon it */
	uint16_t n = rte_eth_rx_burst(0, 0, in, BURST);
	uint64_t now = rte_rdtsc();
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *packet = new_packet(load);
		if (packet)
			put(load, packet,
			    load_client_hear(load->client, now,
					     rte_pktmbuf_mtod(in[i], const uint8_t *),
					     rte_pktmbuf_data_len(in[i]),
					     rte_pktmbuf_mtod(packet, uint8_t *), FRAME_MAX));
	}
	rte_pktmbuf_free_bulk(in, n);
}

/* The moment that the next request is meant for. */
static uint64_t due(const struct load *load, uint64_t now)
{
	const struct options *options = &load->options;
	if (!options->rate)
		return load->client->under_way < options->flight ? now : UINT64_MAX;
	return load->begin + (uint64_t)((double)load->started * (double)load->hz / options->rate);
}

static void ask(struct load *load)
{
	uint64_t now = rte_rdtsc(), meant;
	while (load->n_out < BURST && load->client->n_free && (meant = due(load, now)) <= now &&
	       meant < load->end) {
		struct rte_mbuf *packet = new_packet(load);
		if (!packet)
			return;
		load->started++;
		put(load, packet,
		    load_client_start(load->client, now, meant, rte_pktmbuf_mtod(packet, uint8_t *),
				      FRAME_MAX));
	}
}

static void tell_progress(const struct load *load, uint64_t now, uint64_t *told)
{
	if (load->options.quiet || now - *told < load->hz)
		return;
	*told = now;
	const struct load_counts *counts = &load->client->counts;
	fprintf(stderr,
		"loadgen: %.0f s of %.0f: %" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64
		" wrong, %" PRIu64 " timeouts\n",
		(double)(now - load->begin) / (double)load->hz,
		load->options.warm_up + load->options.seconds, counts->sent, counts->answered,
		counts->wrong, counts->timeouts);
}

/* New requests until the end, then those that are under way are waited for, at most their timeout. */
static void run(struct load *load)
{
	struct load_client *client = load->client;
	uint64_t told = load->begin, now = load->begin;
	while (!stopped && (due(load, now) < load->end || now < load->end || client->under_way ||
			    load->n_out)) {
		hear(load);
		ask(load);
		flush(load);
		now = rte_rdtsc();
		load_client_expire(client, now);
		tell_progress(load, now, &told);
		if (now > load->end + client->timeout + load->hz)
			break; /* a device that takes nothing any more */
	}
	for (told = now + load->hz / 20; now < told; now = rte_rdtsc()) {
		hear(load); /* the server's last word to closed connections */
		flush(load);
	}
}

/* --- The report --------------------------------------------------------------------------------------------------- */

static const double shares[] = {0,     0.1,   0.25,   0.5,    0.75,    0.9,     0.95, 0.99,
				0.995, 0.999, 0.9995, 0.9999, 0.99995, 0.99999, 1};

static double microseconds(const struct load *load, double share)
{
	const struct histogram *latency = &load->client->latency;
	uint64_t ticks = share > 0 ? histogram_quantile(latency, share) : latency->min;
	return (double)ticks * 1e6 / (double)load->hz;
}

static void report_json(const struct load *load, double rate)
{
	const struct load_counts *c = &load->client->counts;
	printf("{\"flight\": %u, \"rate-wanted\": %u, \"seconds\": %g, \"sent\": %" PRIu64
	       ", \"answered\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"timeouts\": %" PRIu64
	       ", \"strays\": %" PRIu64 ", \"ends\": %" PRIu64 ", \"out-full\": %" PRIu64
	       ", \"rate\": %.1f, \"percentiles\": [",
	       load->options.flight, load->options.rate, load->options.seconds, c->sent,
	       c->answered, c->wrong, c->timeouts, c->strays, c->ends, load->out_full, rate);
	for (unsigned i = 0; i < RTE_DIM(shares); i++)
		printf("%s[%g, %.3f]", i ? ", " : "", shares[i] * 100,
		       microseconds(load, shares[i]));
	printf("]}\n");
}

static void report(const struct load *load)
{
	const struct load_counts *c = &load->client->counts;
	double rate = (double)load->client->measured / load->options.seconds;
	if (load->options.json) {
		report_json(load, rate);
		return;
	}
	printf("%" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64 " wrong, %" PRIu64
	       " timeouts (%.4f %% lost), %" PRIu64 " strays\n%.0f answers a second\n",
	       c->sent, c->answered, c->wrong, c->timeouts,
	       c->sent ? 100.0 * (double)c->timeouts / (double)c->sent : 0, c->strays, rate);
	printf("latency, us: min %.2f, 50 %% %.2f, 90 %% %.2f, 99 %% %.2f, 99.9 %% %.2f, max "
	       "%.2f\n",
	       microseconds(load, 0), microseconds(load, 0.5), microseconds(load, 0.9),
	       microseconds(load, 0.99), microseconds(load, 0.999), microseconds(load, 1));
}

/* --- Start -------------------------------------------------------------------------------------------------------- */

static const char usage[] =
	"usage: loadgen [EAL ARGUMENTS] -- --requests FILE (--flight N | --rate R) [OPTION]...\n"
	"  --requests FILE  pcap with DNS queries or GETs, as make_requests writes them\n"
	"  --flight N       so many requests under way at any time, 1 to 16384\n"
	"  --rate R         so many requests a second at fixed moments\n"
	"  --seconds S      how long (default 5); --warm-up S is before that and does not count "
	"(default 0)\n"
	"  --timeout S      after that a request is lost (default 1)\n"
	"  --mac MAC        of the server (default: as in the file)\n"
	"  --source ADDRESS one client (default: the clients in the file)\n"
	"  --json           the report as JSON; --quiet: no progress\n";

static bool read_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"requests", 1, NULL, 'r'}, {"flight", 1, NULL, 'f'},  {"rate", 1, NULL, 'R'},
		{"seconds", 1, NULL, 's'},  {"warm-up", 1, NULL, 'w'}, {"timeout", 1, NULL, 't'},
		{"mac", 1, NULL, 'm'},      {"source", 1, NULL, 'a'},  {"json", 0, NULL, 'j'},
		{"quiet", 0, NULL, 'q'},    {NULL, 0, NULL, 0},
	};
	*options = (struct options){.seconds = 5, .timeout = 1};
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'r':
			options->requests = optarg;
			break;
		case 'f':
			options->flight = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'R':
			options->rate = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			options->seconds = strtod(optarg, NULL);
			break;
		case 'w':
			options->warm_up = strtod(optarg, NULL);
			break;
		case 't':
			options->timeout = strtod(optarg, NULL);
			break;
		case 'm':
			options->server_mac = optarg;
			break;
		case 'a':
			options->source = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		case 'q':
			options->quiet = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && options->requests && !options->flight != !options->rate &&
	       options->flight <= LOAD_SLOTS && options->seconds > 0 && options->warm_up >= 0 &&
	       options->timeout > 0;
}

static void set_addresses(struct load_client *client, const struct options *options)
{
	struct rte_ether_addr mac;
	if (rte_eth_macaddr_get(0, &mac) < 0)
		fail("the port has no MAC address", "EAL's lines above say more");
	memcpy(client->mac, mac.addr_bytes, 6);
	memcpy(client->server_mac, client->requests[0].mac_to, 6);
	if (options->server_mac) {
		if (rte_ether_unformat_addr(options->server_mac, &mac) < 0)
			fail("--mac is no MAC address", "write it as 02:00:00:00:00:01");
		memcpy(client->server_mac, mac.addr_bytes, 6);
	}
	client->own_source = options->source;
	if (options->source && inet_pton(client->requests[0].family == 4 ? AF_INET : AF_INET6,
					 options->source, client->source) != 1)
		fail("--source is no address", "give one of the family of the requests");
}

static struct load_client *make_client(const struct options *options,
				       const struct request_file *file)
{
	struct load_client *client =
		rte_zmalloc("load_client", sizeof(*client), RTE_CACHE_LINE_SIZE);
	if (!client)
		fail("no memory for the clients", "give EAL more, with -m");
	client->requests = file->all;
	client->n_requests = file->n;
	load_client_init(client);
	set_addresses(client, options);
	return client;
}

static void generate(struct load *load, const struct request_file *file)
{
	const struct options *options = &load->options;
	load->client = make_client(options, file);
	load->hz = rte_get_tsc_hz();
	load->client->timeout = (uint64_t)(options->timeout * (double)load->hz);
	load->begin = rte_rdtsc();
	load->client->measure_from = load->begin + (uint64_t)(options->warm_up * (double)load->hz);
	load->end = load->client->measure_from + (uint64_t)(options->seconds * (double)load->hz);
	run(load);
	report(load);
	fflush(stdout);
	rte_pktmbuf_free_bulk(load->out, load->n_out);
	rte_free(load->client);
}

int main(int argc, char **argv)
{
	int taken = rte_eal_init(argc, argv);
	if (taken < 0)
		fail("EAL does not start", "its lines above say why");
	struct load load = {0};
	if (!read_options(&load.options, argc - taken, argv + taken)) {
		fputs(usage, stderr);
		return 2;
	}
	struct request_file file;
	const char *fault = request_file_read(&file, load.options.requests);
	if (fault) {
		fprintf(stderr, "loadgen: %s %s\n", load.options.requests, fault);
		return 1;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	load.pool = open_port();
	generate(&load, &file);
	request_file_free(&file);
	close_port();
	rte_eal_cleanup();
	return 0;
}
