/* telemetry - counters for DPDK's telemetry socket: /turnout/status, /turnout/view, /turnout/workers, /turnout/drops, /turnout/cycles. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry.h"

#include "control.h"
#include "log.h"
#include "stats.h"

#include <rte_telemetry.h>
#include <stdio.h>
#include <unistd.h>

/* The commands get no argument of ours. Each figure is one word, written and read whole. */
static struct {
	const struct plane *plane;
	uint64_t started, generation, created, scopes, targets, zones;
} shown;

static uint64_t get(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void set(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

void telemetry_update(const struct control *control)
{
	const struct view *view = control->plane->view;
	set(&shown.started, control->started);
	set(&shown.generation, view->generation);
	set(&shown.created, view->created);
	set(&shown.scopes, view->n_of[OBJECT_SCOPE]);
	set(&shown.targets, view->n_of[OBJECT_CDN] + view->n_of[OBJECT_NODE]);
	set(&shown.zones, view->n_of[OBJECT_ZONE]);
}

static int show_status(const char *cmd, const char *params, struct rte_tel_data *data)
{
	(void)cmd;
	(void)params;
	const struct plane *plane = shown.plane;
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_string(data, "version", TURNOUT_VERSION);
	rte_tel_data_add_dict_u64(data, "pid", (uint64_t)getpid());
	rte_tel_data_add_dict_u64(data, "started", get(&shown.started));
	rte_tel_data_add_dict_u64(data, "workers", plane->n_workers);
	rte_tel_data_add_dict_u64(data, "ports", plane->n_ports);
	rte_tel_data_add_dict_u64(data, "generation", get(&shown.generation));
	rte_tel_data_add_dict_u64(data, "drops", stats_all_drops(plane));
	return 0;
}

static int show_view(const char *cmd, const char *params, struct rte_tel_data *data)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_u64(data, "generation", get(&shown.generation));
	rte_tel_data_add_dict_u64(data, "created", get(&shown.created));
	rte_tel_data_add_dict_u64(data, "scopes", get(&shown.scopes));
	rte_tel_data_add_dict_u64(data, "targets", get(&shown.targets));
	rte_tel_data_add_dict_u64(data, "zones", get(&shown.zones));
	return 0;
}

/* Totals of all workers, which fit in one message whatever their number. */
static int show_workers(const char *cmd, const char *params, struct rte_tel_data *data)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(data);
	for (unsigned i = 0; i < stats_n_counters; i++)
		rte_tel_data_add_dict_u64(data, stats_counters[i].name,
					  stats_counter_total(shown.plane, i));
	return 0;
}

static int show_drops(const char *cmd, const char *params, struct rte_tel_data *data)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(data);
	for (unsigned i = DROP_none + 1; i < DROP__COUNT; i++)
		rte_tel_data_add_dict_u64(data, drop_reason_name(i), stats_drop(shown.plane, i));
	return 0;
}

/* Sums since the start, so that a monitor has the cycles of a packet of any while from two looks. */
static int show_cycles(const char *cmd, const char *params, struct rte_tel_data *data)
{
	static const struct {
		const char *name;
		double part;
	} services[] = {{"service_p50_ns", 0.5}, {"service_p99_ns", 0.99}, {"service_max_ns", 1}};
	(void)cmd;
	(void)params;
	struct cycles all = stats_cycles(shown.plane);
	double hz = (double)shown.plane->tsc_hz;
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_u64(data, "every", CYCLES_EVERY);
	rte_tel_data_add_dict_u64(data, "tsc_hz", shown.plane->tsc_hz);
	rte_tel_data_add_dict_u64(data, "bursts", all.bursts);
	rte_tel_data_add_dict_u64(data, "packets", all.packets);
	for (unsigned i = 0; i < CYCLES_STEPS; i++)
		rte_tel_data_add_dict_u64(data, stats_step_name(i), all.steps[i]);
	for (unsigned i = 0; i < RTE_DIM(services); i++)
		rte_tel_data_add_dict_u64(
			data, services[i].name,
			(uint64_t)((double)cycles_service(&all, services[i].part) * 1e9 / hz));
	return 0;
}

void telemetry_start(const struct control *control)
{
	static const struct {
		const char *cmd, *help;
		telemetry_cb call;
	} commands[] = {
		{"/turnout/status", "Version, age, view generation and drops. No parameters",
		 show_status},
		{"/turnout/view", "Sizes of the published view. No parameters", show_view},
		{"/turnout/workers", "Counters, all workers together. No parameters", show_workers},
		{"/turnout/drops", "Packets dropped or refused, by reason. No parameters",
		 show_drops},
		{"/turnout/cycles",
		 "Cycles of each step of the sampled bursts, all workers together. No parameters",
		 show_cycles},
	};
	shown.plane = control->plane;
	telemetry_update(control);
	for (unsigned i = 0; i < RTE_DIM(commands); i++)
		if (rte_telemetry_register_cmd(commands[i].cmd, commands[i].call, commands[i].help))
			log_line(LOG_LEVEL_WARNING, "no telemetry command %s", commands[i].cmd);
}
