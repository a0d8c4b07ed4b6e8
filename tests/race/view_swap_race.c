/* view_swap_race - workers match requests while control makes each view out of the last one and frees old ones; for ThreadSanitizer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_objects.h"
#include "lib/dns_query.h"
#include "lib/http_request.h"
#include "lib/match.h"
#include "lib/plane.h"
#include "lib/request.h"
#include "lib/zone_data.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With --no-grace old views are freed without waiting for the workers: ThreadSanitizer has to find that. */

enum { READERS = 2, VIEWS = 1500, BURST = 6, LOOPS_A_VIEW = 2, HOSTS = 64, KEPT = 8 };

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1:exitcode=66";
}

static struct plane plane;
static uint64_t loops[READERS], faults_seen;
static bool stop;

/* What is in the view of a generation follows from its number g alone:
 *
 *	v.t         scope "flip": target "even" or "odd" as g is, for DNS and HTTP
 *	n.t         the same, but scope "near" when g is even, since its named footprint holds the client then
 *	hN.t        scope "hN" with the target "both" when it was switched an odd number of times, else as v.t; generation g
 *	            switches number g % HOSTS
 *
 * The DRI of each target that is taken has the TTL g, and the zone t the serial g. A reader that sees anything else has met two views, or a piece of a freed one. */

static bool is_there(uint64_t generation, unsigned host)
{
	uint64_t first = host ? host : HOSTS;
	return generation >= first && (generation - first) / HOSTS % 2 == 0;
}

/* --- readers ---------------------------------------------------------------------------------------------------- */

static enum drop_reason read_dns(const char *label, struct request *req)
{
	uint8_t query[64] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	size_t at = 12, len = strlen(label);
	query[at++] = (uint8_t)len;
	memcpy(query + at, label, len);
	memcpy(query + at + len, "\1t\0\0\1\0\1", 8);
	static const struct dns_settings settings = {.client_subnet = true};
	return dns_query_parse(query, at + len + 8, &settings, req);
}

static enum drop_reason read_http(const char *label, struct request *req, char buf[64])
{
	int len = snprintf(buf, 64, "GET /p/q HTTP/1.1\r\nHost: %s.t\r\n\r\n", label);
	return http_request_parse((const uint8_t *)buf, (size_t)len, &http_limits_default, req);
}

static bool ask(const struct view *view, struct match_context *context, bool dns, const char *label,
		struct verdict *verdict)
{
	struct request req;
	char buf[64];
	memset(&req, 0, sizeof(req));
	ip_addr_parse("10.1.2.3", &req.client);
	req.client_len = 32;
	enum drop_reason reason = dns ? read_dns(label, &req) : read_http(label, &req, buf);
	match_request(view, context, &req, verdict);
	return reason == DROP_none && verdict->outcome == VERDICT_REDIRECT;
}

static bool is_right(const struct view *view, const struct verdict *verdict, bool dns,
		     const char *scope)
{
	uint64_t g = view->generation;
	const char *target = scope[0] == 'h' ? "both" : g % 2 ? "odd" : "even";
	char host[32];
	snprintf(host, sizeof(host), "x%llu.test", (unsigned long long)g);
	return strcmp(verdict->scope->name, scope) == 0 &&
	       strcmp(verdict->target->name, target) == 0 && verdict->dri->ttl == g &&
	       strcmp(verdict->dri->authority, host) == 0 &&
	       (!dns || verdict->zone->data->serial == g);
}

static bool burst(const struct view *view, struct match_context *context, unsigned host)
{
	struct verdict verdicts[BURST];
	char label[8];
	snprintf(label, sizeof(label), "h%u", host);
	const char *labels[] = {"v", "n", label};
	bool good = true;
	for (unsigned i = 0; i < BURST; i++)
		good &= ask(view, context, i % 2, labels[i / 2], &verdicts[i]);
	/* Verdicts point into the view until the burst is over. */
	const char *scopes[] = {"flip", view->generation % 2 ? "flip" : "near",
				is_there(view->generation, host) ? label : "flip"};
	for (unsigned i = 0; good && i < BURST; i++)
		good = is_right(view, &verdicts[i], i % 2, scopes[i / 2]);
	return good;
}

static void *reader(void *arg)
{
	unsigned id = (unsigned)(uintptr_t)arg;
	struct match_context *context = calloc(1, sizeof(*context));
	context->worker = id;
	context->random = id + 1;
	rte_rcu_qsbr_thread_online(plane.qsbr, id);
	for (uint64_t n = id; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		const struct view *view = plane_view(&plane);
		if (!burst(view, context, (unsigned)(n * 7 % HOSTS)))
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

static void fail(const char *what, const struct faults *faults)
{
	fprintf(stderr, "%s: %s\n", what, faults->n ? faults->list[0].text : "no memory");
	exit(2);
}

__attribute__((format(printf, 4, 5))) static void put(struct compiler *compiler,
						      struct faults *faults, enum object_kind kind,
						      const char *format, ...)
{
	char text[512];
	va_list args;
	struct json_source source = {.faults = faults};
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	json_t *json = json_loads(text, 0, NULL);
	if (!json || !config_object_read(&source, kind, json, compiler))
		fail(text, faults);
	json_decref(json);
}

static void put_first(struct compiler *compiler, struct faults *faults)
{
	static const char *const names[] = {"odd", "even", "both"};
	for (unsigned i = 0; i < 3; i++) {
		put(compiler, faults, OBJECT_CDN, "{'name': '%s'}", names[i]);
		put(compiler, faults, OBJECT_DRI, "{'cdn': '%s', 'dns-target': {'host': 'x.test'}}",
		    names[i]);
	}
}

static void switch_host(struct compiler *compiler, struct faults *faults, uint64_t g)
{
	char name[8];
	const struct place nowhere = {NULL, 0};
	unsigned host = (unsigned)(g % HOSTS);
	snprintf(name, sizeof(name), "h%u", host);
	if (object_find(compiler_objects(compiler), OBJECT_SCOPE, name))
		compiler_remove(compiler, OBJECT_SCOPE, name, nowhere);
	else
		put(compiler, faults, OBJECT_SCOPE,
		    "{'name': '%s', 'hosts': ['%s.t'], 'candidates': [{'cdn': 'both'}]}", name,
		    name);
}

/* Each of these parts is replaced, and its last version freed as soon as no view has it any more. */
static void put_changes(struct compiler *compiler, struct faults *faults, uint64_t g)
{
	unsigned long long n = g;
	const char *name = g % 2 ? "odd" : "even";
	put(compiler, faults, OBJECT_FOOTPRINT,
	    "{'name': 'near', 'footprints': [{'footprint-type': 'ipv4cidr', 'footprint-value': "
	    "['10.%u.0.0/16']}]}",
	    g % 2 ? 2 : 1);
	for (unsigned i = 0; i < 2; i++)
		put(compiler, faults, OBJECT_DRI,
		    "{'cdn': '%s', 'dns-target': {'host': 'x.test', 'ttl': %llu}, 'http-target': "
		    "{'host': 'x%llu.test'}}",
		    i ? name : "both", n, n);
	put(compiler, faults, OBJECT_ZONE,
	    "{'name': 't', 'serial': %llu, 'servers': [{'name': 'ns.t'}]}", n);
	put(compiler, faults, OBJECT_SCOPE,
	    "{'name': 'flip', 'hosts': ['*.t'], 'footprints': [{'footprint-type': 'ipv4cidr', "
	    "'footprint-value': ['10.0.0.0/8', '20.%llu.%llu.0/24']}], 'candidates': [{'cdn': "
	    "'%s'}]}",
	    n / 256 % 256, n % 256, name);
	put(compiler, faults, OBJECT_SCOPE,
	    "{'name': 'near', 'hosts': ['n.t'], 'footprints': ['near'], 'candidates': [{'cdn': "
	    "'%s'}]}",
	    name);
	put(compiler, faults, OBJECT_SCOPE,
	    "{'name': 'pattern', 'hosts': ['*.t'], 'regexes': ['^/q%llu/'], 'action': 'deny'}",
	    n / 20);
}
/* The next view, made of the last one. */
static struct view *make_view(struct pattern_cache *patterns)
{
	struct faults faults = {0};
	struct compiler *compiler = compiler_new(plane.view, patterns, READERS, &faults);
	uint64_t g = plane.view ? plane.view->generation + 1 : 1;
	if (!plane.view)
		put_first(compiler, &faults);
	put_changes(compiler, &faults, g);
	switch_host(compiler, &faults, g);
	struct view *view = faults.total ? NULL : compiler_finish(compiler);
	if (!view)
		fail("view", &faults);
	compiler_free(compiler);
	view->generation = g;
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

/* Some old views are kept for a while, as by the history: parts that they share with the new one outlive them, the others are
 * freed while workers read. */
static void retire(struct view *old)
{
	static struct view *kept[KEPT];
	struct view **at = &kept[old ? old->generation % KEPT : 0];
	if (old) {
		view_release(*at);
		*at = old;
		return;
	}
	for (unsigned i = 0; i < KEPT; i++)
		view_release(kept[i]);
}

static void publish(struct view *view, bool grace)
{
	struct view *old = plane.view;
	__atomic_store_n(&plane.view, view, __ATOMIC_RELEASE);
	if (grace) {
		uint64_t token = rte_rcu_qsbr_start(plane.qsbr);
		rte_rcu_qsbr_check(plane.qsbr, token, true);
		retire(old);
	} else {
		view_release(old);
	}
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
	struct pattern_cache *patterns = pattern_cache_new();
	pthread_t threads[READERS];
	if (!patterns || !start_qsbr())
		return 2;
	plane.view = make_view(patterns);
	for (uintptr_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, reader, (void *)i) != 0)
			return 2;
	while (plane.view->generation < VIEWS) {
		struct view *view = make_view(patterns);
		wait_for_readers();
		publish(view, grace);
	}
	wait_for_readers();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	view_release(plane.view);
	retire(NULL);
	pattern_cache_free(patterns);
	free(plane.qsbr);
	printf("%d views, %llu and %llu bursts, %llu wrong\n", VIEWS, (unsigned long long)loops[0],
	       (unsigned long long)loops[1], (unsigned long long)faults_seen);
	return faults_seen != 0;
}
