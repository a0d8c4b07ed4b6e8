/* fuzz_rpc - any line to the control socket's dispatcher, on empty tables; every answer must be JSON on one line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/rpc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The compiler of the first view, with the target b. */
static bool give(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	static const struct model_target model = {.name = "b", .json = "{\"name\":\"b\"}"};
	static const struct model_dri dri = {
		.target = "b",
		.authority = "b.example",
		.json = "{\"cdn\":\"b\",\"http-target\":{\"host\":\"b.example\"}}"};
	struct place nowhere = {NULL, 0};
	(void)arg;
	(void)faults;
	(void)budget;
	compiler_add_target(compiler, &model, nowhere);
	compiler_add_dri(compiler, &dri, nowhere);
	return false;
}

static void given(void *arg, const struct commit_result *result)
{
	(void)arg;
	if (!result->done)
		abort();
}

static struct settings settings = {.n_workers = 1,
				   .dns = {.udp_size = 1232, .client_subnet = true},
				   .http = {.limits = {8192, 8000, false}}};
static struct plane plane = {.tsc_hz = 2000000000, .settings = &settings};
static struct control control;

static void start(void)
{
	const struct commit_plan plan = {
		.origin = "configuration",
		.source = {.set = "configuration", .order = 1},
		.from_nothing = true,
		.step = give,
		.done = given,
	};
	plane.qsbr = aligned_alloc(64, (rte_rcu_qsbr_get_memsize(1) + 63) / 64 * 64);
	rte_rcu_qsbr_init(plane.qsbr, 1);
	if (!control_init(&control, &plane, &settings, "/nonexistent/turnout.conf"))
		abort();
	commit_start(&control, &plan);
}

static void stop(void)
{
	control_clear(&control);
	free(plane.qsbr);
	plane = (struct plane){.tsc_hz = 2000000000, .settings = &settings};
}

/* Files that are there are none of its business. */
static bool is_harmless(const uint8_t *data, size_t size)
{
	static const char nowhere[] = "/nonexistent/";
	json_t *request = json_loadb((const char *)data, size, 0, NULL);
	const char *file =
		json_string_value(json_object_get(json_object_get(request, "params"), "file"));
	bool harmless = !file || strncmp(file, nowhere, strlen(nowhere)) == 0;
	json_decref(request);
	return harmless;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { LIFE = 10000 }; /* what inputs leave behind acts on later ones, but not for ever */
	static unsigned n;
	if (!is_harmless(data, size))
		return 0;
	if (n % LIFE == 0) {
		if (n)
			stop();
		start();
	}
	n++;
	char *answer = rpc_answer(&control, NULL, (const char *)data, size);
	json_t *json = answer ? json_loads(answer, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (answer && (!json || strchr(answer, '\n')))
		abort();
	json_decref(json);
	free(answer);
	event_base_loop(control.base, EVLOOP_NONBLOCK);
	return 0;
}
