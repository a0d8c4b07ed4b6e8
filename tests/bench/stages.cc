/* stages - a worker without a thread: bursts from the first port of a configuration through the stages, and nothing sent. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "dataplane/boot.h"
#include "dataplane/burst.h"
#include "dataplane/burst_loop.h"
#include "lib/hits.h"
}
#include "tests/support/config_back.h"

#include <algorithm>
#include <cstdio>
#include <rte_ethdev.h>
#include <rte_random.h>
#include <vector>

static const char usage[] =
	"usage: stages [-c|-s] FILE SECOND BURSTS\n"
	"  Takes so many bursts from the first port of the configuration FILE (net_pcap with\n"
	"  infinite_rx) and runs them through the stages, with a clock that stands at SECOND "
	"since\n"
	"  1970. Under valgrind --tool=callgrind --toggle-collect=stages_count that counts the\n"
	"  instructions of each stage.\n"
	"  -c  prints the median of the cycles per packet of each stage\n"
	"  -s  prints cycles per packet, device and all, without sampling and with it: of so many "
	"bursts each, in turns\n"
	"usage: stages -v\n"
	"  prints the compiler that it was made by\n";

#ifdef __clang__
static const char compiler[] = __VERSION__;
#else
static const char compiler[] = "GCC " __VERSION__;
#endif

/* Bursts before those that count; requests for each that `show top` takes, as at millions a second; bursts of a turn, one of them sampled. */
enum { WARM_UP = 16, TOP_WEIGHT = 1024, TURN = CYCLES_EVERY };

/* Nothing depends on chance or on the time. */
static struct worker *make_worker(struct plane &plane, struct settings &settings, uint64_t second)
{
	if (!settings.n_cookie_keys || settings.n_workers != 1)
		throw std::runtime_error(
			"the configuration has to give a cookie key and one worker");
	settings.dns.n_secrets = 1;
	rte_srand(1);
	plane.tsc_hz = UINT64_MAX; /* so the TSC moves nothing */
	plane.unix_ns_at_tsc0 = second * UINT64_C(1000000000);
	struct worker *worker = hits_init(1) ? worker_new(&plane, 0, SOCKET_ID_ANY) : nullptr;
	if (!worker)
		throw std::bad_alloc();
	worker->match.random = 1;
	worker->top->weight = worker->top->wait = TOP_WEIGHT;
	return worker;
}

/* Seen by its name from outside. */
extern "C" __attribute__((noinline)) void stages_count(struct worker *worker,
						       const struct port_info *port)
{
	burst_run(worker, port);
	asm volatile(""); /* it is called, not jumped to */
}

struct Medians {
	std::vector<double> per_packet[TRACE_STAGES + 1];

	/* A burst was sampled. */
	void take(struct worker *worker)
	{
		uint64_t sum = 0;
		for (unsigned stage = 0; stage < TRACE_STAGES; stage++) {
			uint64_t *step = &worker->cycles->steps[CYCLES_STAGES + stage];
			per_packet[stage].push_back(double(*step) / worker->burst.n);
			sum += *step;
			*step = 0;
		}
		per_packet[TRACE_STAGES].push_back(double(sum) / worker->burst.n);
	}
	void print()
	{
		for (unsigned stage = 0; stage <= TRACE_STAGES; stage++) {
			std::vector<double> &list = per_packet[stage];
			std::sort(list.begin(), list.end());
			printf("%s\t%.1f\n",
			       stage < TRACE_STAGES
				       ? trace_stage_name(static_cast<enum trace_stage>(stage))
				       : "sum",
			       list[list.size() / 2]);
		}
	}
};

struct Totals {
	uint64_t packets, answers;
};

/* As burst_loop does, with one that is sampled, but that nothing is sent. */
static void run_burst(struct worker *worker, bool sampled, bool counts, struct Totals &totals)
{
	const struct port_info *port = &worker->plane->ports[0];
	struct burst *burst = &worker->burst;
	uint64_t began = sampled ? rte_rdtsc() : 0;
	worker->lap = began;
	burst->n = rte_eth_rx_burst(port->id, 0, burst->mbufs, BURST_MAX);
	if (!burst->n)
		throw std::runtime_error("the port gives no packets");
	worker->sampled = sampled ? worker->cycles : nullptr;
	if (sampled)
		burst_lap(worker, CYCLES_RX);
	(counts ? stages_count : burst_run)(worker, port);
	totals.packets += burst->n;
	for (unsigned k = 0; k < burst->n; k++)
		totals.answers += burst->packets[k].answer;
	rte_pktmbuf_free_bulk(burst->mbufs, burst->n);
	rte_pktmbuf_free_bulk(burst->segments, burst->n_segments);
	burst->n_segments = 0;
	if (sampled) {
		burst_lap(worker, CYCLES_TX);
		cycles_burst(worker->cycles, burst->n, worker->lap - began);
	}
}

static Totals run(struct worker *worker, int bursts, bool timed)
{
	Totals totals = {};
	Medians medians;
	for (int i = 0; i < WARM_UP + bursts; i++) {
		bool counts = i >= WARM_UP;
		run_burst(worker, timed && counts, counts, totals);
		if (worker->sampled)
			medians.take(worker);
	}
	if (timed)
		medians.print();
	return totals;
}

static double turn(struct worker *worker, bool samples, struct Totals &totals)
{
	uint64_t before = totals.packets, began = rte_rdtsc();
	for (int i = 1; i <= TURN; i++)
		run_burst(worker, samples && i == TURN, true, totals);
	return double(rte_rdtsc() - began) / double(totals.packets - before);
}

static Totals compare_sampling(struct worker *worker, int bursts)
{
	Totals totals = {};
	std::vector<std::pair<double, double>> turns;
	for (int i = 0; i < bursts; i += 2 * TURN) {
		double without = turn(worker, false, totals);
		turns.push_back({without, turn(worker, true, totals)});
	}
	for (auto [without, with] : turns)
		printf("sampling\t%.2f\t%.2f\n", without, with);
	return totals;
}

/* way: nothing, or the letter of an option. */
static void serve(char **argv, char way)
{
	static struct plane plane;
	struct faults faults = {};
	ConfigBack config(argv[0]);
	if (!config.view)
		throw std::runtime_error(config.said);
	if (!boot_eal("stages", &config.settings, &plane, &faults) || !boot_ports(&plane, &faults))
		throw std::runtime_error(faults.list[0].text);
	plane.view = config.view;
	struct worker *worker = make_worker(plane, config.settings, strtoull(argv[1], nullptr, 10));
	Totals totals = way == 's' ? compare_sampling(worker, atoi(argv[2]))
				   : run(worker, atoi(argv[2]), way == 'c');
	printf("packets\t%lu\nanswers\t%lu\n", totals.packets, totals.answers);
	worker_free(worker);
	boot_ports_stop(&plane);
	boot_eal_stop(&plane);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-v")) {
		puts(compiler);
		return 0;
	}
	char way = argc > 1 && (!strcmp(argv[1], "-c") || !strcmp(argv[1], "-s")) ? argv[1][1] : 0;
	int first = way ? 2 : 1;
	if (argc - first != 3) {
		fputs(usage, stderr);
		return 2;
	}
	try {
		serve(argv + first, way);
	} catch (const std::exception &wrong) {
		fprintf(stderr, "stages: %s\n", wrong.what());
		return 1;
	}
	return 0;
}
