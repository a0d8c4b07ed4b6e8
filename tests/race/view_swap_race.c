/* view_swap_race - workers match requests while control publishes views and frees old ones; for ThreadSanitizer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/compile.h"
#include "lib/dns_query.h"
#include "lib/http_request.h"
#include "lib/match.h"
#include "lib/plane.h"
#include "lib/request.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With --no-grace old views are freed without waiting for the workers: ThreadSanitizer has to find that. */

enum { READERS = 2, VIEWS = 2000, VIEWS_OF_TABLES = 20, BURST = 4, LOOPS_A_VIEW = 2 };

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1:exitcode=66";
}

static struct plane plane;
static uint64_t loops[READERS], faults_seen;
static bool stop;

/* --- readers ---------------------------------------------------------------------------------------------------- */

static const uint8_t query[] = {0, 1, 1,   0, 0,   1, 0, 0, 0, 0, 0,
				0, 1, 'v', 1, 't', 0, 0, 1, 0, 1}; /* v.t A IN */
static const char get[] = "GET /p/q HTTP/1.1\r\nHost: v.t\r\n\r\n";

static bool ask(const struct view *view, struct match_context *context, bool dns,
		struct verdict *verdict)
{
	struct request req;
	memset(&req, 0, sizeof(req));
	ip_addr_parse("10.1.2.3", &req.client);
	req.client_len = 32;
	enum drop_reason reason =
		dns ? dns_query_parse(query, sizeof(query), true, &req)
		    : http_request_parse((const uint8_t *)get, sizeof(get) - 1, &req);
	match_request(view, context, &req, verdict);
	return reason == DROP_none && verdict->outcome == VERDICT_REDIRECT;
}

/* Views follow each other in generations, and some of them have the same tables. */
static uint32_t tables_number(uint64_t generation)
{
	return (uint32_t)((generation + VIEWS_OF_TABLES - 1) / VIEWS_OF_TABLES);
}

/* In tables k all names and numbers are k. */
static bool is_version(const struct view *view, const struct verdict *verdict, bool dns)
{
	char name[32], host[32];
	uint32_t k = tables_number(view->generation);
	snprintf(name, sizeof(name), "x%u", k);
	snprintf(host, sizeof(host), "x%u.test", k);
	return strcmp(verdict->scope->name, name) == 0 &&
	       strcmp(verdict->target->name, name) == 0 &&
	       strcmp(verdict->dri->authority, host) == 0 && verdict->dri->ttl == k &&
	       (!dns || verdict->zone->serial == k);
}

static void *reader(void *arg)
{
	unsigned id = (unsigned)(uintptr_t)arg;
	struct match_context *context = calloc(1, sizeof(*context));
	context->worker = id;
	context->random = id + 1;
	rte_rcu_qsbr_thread_online(plane.qsbr, id);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		const struct view *view = plane_view(&plane);
		struct verdict verdicts[BURST];
		bool good = true;
		for (unsigned i = 0; i < BURST; i++)
			good &= ask(view, context, i % 2, &verdicts[i]);
		/* Verdicts point into the view until the burst is over. */
		for (unsigned i = 0; good && i < BURST; i++)
			good = is_version(view, &verdicts[i], i % 2);
		if (!good)
			__atomic_fetch_add(&faults_seen, 1, __ATOMIC_RELAXED);
		rte_rcu_qsbr_quiescent(plane.qsbr, id);
		__atomic_fetch_add(&loops[id], 1, __ATOMIC_RELAXED);
		sched_yield(); /* the writer may be waiting for a processor */
	}
	rte_rcu_qsbr_thread_offline(plane.qsbr, id);
	free(context);
	return NULL;
}

/* --- the writer --------------------------------------------------------------------------------------------------- */

static void add_all(struct compiler *compiler, const char *name, uint32_t k)
{
	char authority[32], regex[] = "^/p/";
	const char *hosts[] = {"*.t"}, *regexes[] = {regex};
	char *prefixes[] = {(char *)"10.0.0.0/8"};
	struct place nowhere = {NULL, 0};
	struct footprint footprint = {
		.type = FOOTPRINT_IPV4CIDR, .n_values = 1, .values = prefixes};
	struct model_server server = {.name = "ns.t"};
	struct model_target target = {.kind = TARGET_CDN, .name = name};
	struct model_zone zone = {.name = "t", .serial = k, .n_servers = 1, .servers = &server};
	struct model_dri dri = {.kind = TARGET_CDN,
				.target = name,
				.ttl = k,
				.dns_host = "x.test",
				.authority = authority};
	struct model_target_ref candidate = {.kind = TARGET_CDN, .name = name, .weight = 1};
	struct model_scope scope = {.name = name,
				    .n_hosts = 1,
				    .hosts = hosts,
				    .n_candidates = 1,
				    .candidates = &candidate,
				    .json = "{}",
				    .footprints = {.n = 1, .list = &footprint}};
	snprintf(authority, sizeof(authority), "%s.test", name);
	compiler_add_target(compiler, &target, nowhere);
	compiler_add_dri(compiler, &dri, nowhere);
	compiler_add_zone(compiler, &zone, nowhere);
	compiler_add_scope(compiler, &scope, nowhere);
	/* Some have patterns, which only rank higher when they match: never for DNS. */
	scope.n_regexes = k % 16 == 0;
	scope.regexes = regexes;
	scope.name = "pattern";
	scope.action = SCOPE_DENY;
	scope.n_candidates = 0;
	regex[1] = '!';
	if (scope.n_regexes)
		compiler_add_scope(compiler, &scope, nowhere);
}

static struct tables *make_tables(uint32_t k)
{
	struct faults faults = {0};
	struct compiler *compiler = compiler_new(&faults);
	char name[32];
	snprintf(name, sizeof(name), "x%u", k);
	add_all(compiler, name, k);
	struct tables *tables = compiler_finish(compiler, READERS);
	if (!tables) {
		fprintf(stderr, "tables %u: %s\n", k, faults.n ? faults.list[0].text : "no memory");
		exit(2);
	}
	compiler_free(compiler);
	faults_clear(&faults);
	return tables;
}

/* The first view of some tables makes them, the others share them. */
static struct view *make_view(uint64_t generation)
{
	uint32_t k = tables_number(generation);
	if (plane.view && tables_number(plane.view->generation) == k)
		return view_new(plane.view->tables, generation, 0, NULL);
	struct tables *tables = make_tables(k);
	struct view *view = view_new(tables, generation, 0, NULL);
	tables_release(tables);
	return view;
}

/* Every worker is to see each of the views, however few processors there are. */
static void wait_for_readers(void)
{
	for (unsigned i = 0; i < READERS; i++) {
		uint64_t before = __atomic_load_n(&loops[i], __ATOMIC_RELAXED);
		while (__atomic_load_n(&loops[i], __ATOMIC_RELAXED) < before + LOOPS_A_VIEW)
			sched_yield();
	}
}

static void publish(struct view *view, bool grace)
{
	struct view *old = plane.view;
	__atomic_store_n(&plane.view, view, __ATOMIC_RELEASE);
	if (grace) {
		uint64_t token = rte_rcu_qsbr_start(plane.qsbr);
		rte_rcu_qsbr_check(plane.qsbr, token, true);
	}
	view_free(old);
}

static bool start_qsbr(void)
{
	size_t size = rte_rcu_qsbr_get_memsize(READERS);
	void *memory;
	if (posix_memalign(&memory, RTE_CACHE_LINE_SIZE, size) != 0)
		return false;
	plane.qsbr = memory;
	memset(memory, 0, size);
	bool good = rte_rcu_qsbr_init(plane.qsbr, READERS) == 0;
	for (unsigned i = 0; good && i < READERS; i++)
		good = rte_rcu_qsbr_thread_register(plane.qsbr, i) == 0;
	return good;
}

int main(int argc, char **argv)
{
	bool grace = argc < 2 || strcmp(argv[1], "--no-grace") != 0;
	pthread_t threads[READERS];
	plane.view = make_view(1);
	if (!start_qsbr())
		return 2;
	for (uintptr_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, reader, (void *)i) != 0)
			return 2;
	for (uint64_t generation = 2; generation <= VIEWS; generation++) {
		struct view *view = make_view(generation);
		wait_for_readers();
		publish(view, grace);
	}
	wait_for_readers();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	view_free(plane.view);
	free(plane.qsbr);
	printf("%d views, %llu and %llu bursts, %llu with more than one view\n", VIEWS,
	       (unsigned long long)loops[0], (unsigned long long)loops[1],
	       (unsigned long long)faults_seen);
	return faults_seen != 0;
}
