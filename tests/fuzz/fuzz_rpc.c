/* fuzz_rpc - any line to the control socket's dispatcher, on empty tables; every answer must be JSON on one line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/compile.h"
#include "control/rpc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct control *start(void)
{
	static struct settings settings = {.udp_size = 1232, .client_subnet = true};
	static struct plane plane = {.tsc_hz = 2000000000, .settings = &settings};
	static struct control control;
	static const struct model_target model = {.name = "b"};
	static const struct model_dri dri = {.target = "b", .authority = "b.example"};
	struct faults faults = {0};
	struct place nowhere = {NULL, 0};
	plane.qsbr = aligned_alloc(64, (rte_rcu_qsbr_get_memsize(1) + 63) / 64 * 64);
	rte_rcu_qsbr_init(plane.qsbr, 1);
	struct compiler *compiler = compiler_new(&faults);
	compiler_add_target(compiler, &model, nowhere);
	compiler_add_dri(compiler, &dri, nowhere);
	struct tables *tables = compiler_finish(compiler, 1);
	if (!tables || !control_init(&control, &plane, &settings, "/nonexistent/turnout.conf") ||
	    !control_adopt(&control, tables, compiler_states(compiler)))
		abort();
	tables_release(tables);
	compiler_free(compiler);
	return &control;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct control *control;
	if (!control)
		control = start();
	char *answer = rpc_answer(control, (const char *)data, size);
	json_t *json = answer ? json_loads(answer, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (answer && (!json || strchr(answer, '\n')))
		abort();
	json_decref(json);
	free(answer);
	event_base_loop(control->base, EVLOOP_NONBLOCK);
	return 0;
}
