/* burst_run - one burst through all stages; some on the clock, and all while an operator traces, with records of their requests. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

#include <assert.h>
#include <rte_branch_prediction.h>

static void reply_burst(struct worker *worker)
{
	reply_dns_burst(worker);
	reply_http_burst(worker);
	reply_l3_burst(worker);
	reply_tcp_burst(worker);
}

static void (*const stages[TRACE_STAGES])(struct worker *worker) = {
	[TRACE_CLASSIFY] = classify_burst, [TRACE_DECODE] = decode_burst,
	[TRACE_MATCH] = match_burst,       [TRACE_CHOOSE] = choose_burst,
	[TRACE_ASK] = ask_burst,           [TRACE_COUNT] = count_burst,
	[TRACE_REPLY] = reply_burst,       [TRACE_SEAL] = seal_burst,
	[TRACE_TRANSMIT] = transmit_burst,
};

/* --- traced --------------------------------------------------------------------------------------------------------- */

static void record(struct worker *worker, const struct trace_filter *filter, uint16_t i,
		   const uint32_t stage_ns[TRACE_STAGES])
{
	const struct burst *burst = &worker->burst;
	const struct request *req = &burst->requests[i];
	const struct verdict *verdict = &burst->verdicts[i];
	struct trace_record *record = trace_begin(worker->trace, filter, req,
						  verdict->scope ? verdict->scope->name : NULL);
	if (!record)
		return;
	trace_fill(record, req, verdict);
	record->time_ns = burst->now_ns;
	memcpy(record->stage_ns, stage_ns, sizeof(record->stage_ns));
	record->burst = burst->n;
	record->worker = (uint16_t)worker->id;
	record->reason = burst->packets[i].reason;
	trace_put(worker->trace);
}

static uint32_t nanoseconds_since(const struct plane *plane, uint64_t tsc)
{
	double passed = (double)(rte_rdtsc() - tsc) * 1e9 / (double)plane->tsc_hz;
	return passed < UINT32_MAX ? (uint32_t)passed : UINT32_MAX;
}

/* Which packets are requests is noted before the replies put some of them on another lane. */
static void run_traced(struct worker *worker, const struct trace_filter *filter)
{
	const struct burst *burst = &worker->burst;
	uint32_t stage_ns[TRACE_STAGES], requests = 0;
	static_assert((int)BURST_MAX <= 32, "a bit for each packet");
	for (unsigned stage = 0; stage < TRACE_STAGES; stage++) {
		uint64_t began = rte_rdtsc();
		stages[stage](worker);
		stage_ns[stage] = nanoseconds_since(worker->plane, began);
		for (uint16_t i = 0; stage == TRACE_DECODE && i < burst->n; i++)
			requests |= (uint32_t)packet_is_request(&burst->packets[i]) << i;
	}
	for (uint16_t i = 0; i < burst->n; i++)
		if (requests >> i & 1 && burst->packets[i].lane != LANE_PARKED)
			record(worker, filter, i, stage_ns);
}

/* -------------------------------------------------------------------------------------------------------------------- */

bool burst_keep_again(struct burst *burst)
{
	uint16_t n = 0;
	for (uint16_t i = 0; i < burst->n; i++)
		if (burst->packets[i].again)
			burst->mbufs[n++] = burst->mbufs[i];
	burst->n = n;
	burst->again = n;
	return n;
}

void burst_run(struct worker *worker, const struct port_info *port)
{
	const struct trace_filter *filter = plane_trace(worker->plane);
	worker->port = port;
	worker->burst.view = plane_view(worker->plane);
	worker->burst.now_ns = plane_now_ns(worker->plane);
	worker->now_ms = plane_tsc_ms(worker->plane);
	if (unlikely(filter != NULL)) {
		worker->sampled = NULL;
		run_traced(worker, filter);
		return;
	}
	for (unsigned stage = 0; stage < TRACE_STAGES; stage++) {
		stages[stage](worker);
		if (unlikely(worker->sampled != NULL))
			burst_lap(worker, CYCLES_STAGES + stage);
	}
}
