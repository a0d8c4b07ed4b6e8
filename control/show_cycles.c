/* show_cycles - what the workers' sampled bursts cost: cycles of each stage for a packet, and how long a burst takes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "show.h"
#include "stats.h"

#include <math.h>

static const struct {
	const char *name;
	double part;
} services[] = {
	{"service-p50", 0.5}, {"service-p99", 0.99}, {"service-p99.9", 0.999}, {"service-max", 1}};

static json_t *rounded(double value, double unit)
{
	return json_real(round(value * unit) / unit);
}

static uint64_t sum_of(const struct cycles *cycles)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < CYCLES_STEPS; i++)
		sum += cycles->steps[i];
	return sum;
}

static json_t *cycles_json(json_t *worker, const struct cycles *cycles, uint64_t tsc_hz)
{
	json_t *json =
		json_pack("{s:o, s:I, s:I}", "worker", worker, "bursts", (json_int_t)cycles->bursts,
			  "packets", (json_int_t)cycles->packets);
	if (!json || !cycles->bursts || !cycles->packets)
		return json;
	double packets = (double)cycles->packets;
	json_object_set_new(json, "packets-per-burst",
			    rounded(packets / (double)cycles->bursts, 10));
	for (unsigned i = 0; i < CYCLES_STEPS; i++)
		json_object_set_new(json, stats_step_name(i),
				    rounded((double)cycles->steps[i] / packets, 10));
	json_object_set_new(json, "sum", rounded((double)sum_of(cycles) / packets, 10));
	for (unsigned i = 0; i < RTE_DIM(services); i++)
		json_object_set_new(json, services[i].name,
				    rounded((double)cycles_service(cycles, services[i].part) * 1e6 /
						    (double)tsc_hz,
					    100));
	return json;
}

static json_t *shares_json(const struct cycles *cycles)
{
	uint64_t sum = sum_of(cycles);
	json_t *json = json_object();
	for (unsigned i = 0; sum && i < CYCLES_STEPS; i++)
		json_object_set_new(json, stats_step_name(i),
				    rounded((double)cycles->steps[i] * 100 / (double)sum, 10));
	return json;
}

json_t *show_cycles(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	const struct plane *plane = control->plane;
	if (!json_in_end(params))
		return NULL;
	struct cycles all = {0};
	json_t *list = json_array();
	for (unsigned i = 0; i < plane->n_workers; i++) {
		struct cycles one = {0};
		if (plane->cycles[i])
			cycles_add(&one, plane->cycles[i]);
		json_array_append_new(list, cycles_json(json_integer(i), &one, plane->tsc_hz));
		cycles_add(&all, &one);
	}
	return json_pack("{s:i, s:I, s:o, s:o, s:o}", "every", CYCLES_EVERY, "tsc-hz",
			 (json_int_t)plane->tsc_hz, "workers", list, "all",
			 cycles_json(json_string("all"), &all, plane->tsc_hz), "share",
			 shares_json(&all));
}
