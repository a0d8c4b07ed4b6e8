/* watch_trace - the method that tells of single requests as they come: a filter for the workers, records back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain.h"
#include "lib/text.h"
#include "lib/trace.h"
#include "qtype.h"
#include "show.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks into the rings so often; at its end, whether the workers have let go of the filter. */
static const struct timeval poll_interval = {.tv_usec = 50000}, grace_interval = {.tv_usec = 5000};

struct tracing {
	struct control *control;
	struct rpc_later *later; /* NULL: the client has gone */
	struct event *timer;
	struct trace_filter *filter;
	uint64_t limit; /* ends after so many; 0: never */
	uint64_t traced;
	uint64_t untold;      /* did not fit the connection */
	uint64_t lost_before; /* by the rings, when it began */
	bool ending;          /* the filter is taken back; the workers may still use it */
	uint64_t token;       /* of that grace period */
};

/* --- Records --------------------------------------------------------------------------------- */

static json_t *record_time(uint64_t ns)
{
	char text[SHOW_TIME_MAX];
	show_time(ns / UINT64_C(1000000000), text);
	return json_sprintf("%.19s.%06uZ", text, (unsigned)(ns / 1000 % 1000000));
}

static json_t *record_client(const struct trace_record *record)
{
	struct ip_prefix prefix = {record->client, record->client_len};
	char text[IP_TEXT_MAX];
	return json_string(ip_prefix_text(&prefix, text));
}

static json_t *record_target(const struct trace_record *record)
{
	if (!record->target[0])
		return json_null();
	return json_pack("{s:o}", target_kind_name((enum target_kind)record->target_kind),
			 rpc_text(record->target));
}

/* Where decode found an error there may be no host, or no path. */
static void add_key(json_t *json, const struct trace_record *record)
{
	char host[REQUEST_HOST_MAX + 2], type[QTYPE_TEXT_MAX], path[TRACE_KEY_MAX + 4];
	text_host(record->key, record->host_len, host);
	json_object_set_new(json, "host", rpc_text(host));
	if (record->protocol == PROTOCOL_DNS) {
		json_object_set_new(json, "type", json_string(qtype_text(record->qtype, type)));
		return;
	}
	snprintf(path, sizeof(path), "%.*s%s", record->key_len - record->host_len,
		 (const char *)record->key + record->host_len,
		 record->key_whole > record->key_len ? "..." : "");
	json_object_set_new(json, "path", rpc_text(path));
}

static json_t *record_stages(const struct trace_record *record)
{
	json_t *stages = json_object();
	for (unsigned i = 0; i < TRACE_STAGES; i++)
		json_object_set_new(stages, trace_stage_name((enum trace_stage)i),
				    json_integer(record->stage_ns[i]));
	return stages;
}

static json_t *text_or_null(const char *text)
{
	return text[0] ? rpc_text(text) : json_null();
}

static json_t *record_json(const struct trace_record *record)
{
	const char *reason = record->reason == DROP_none
				     ? ""
				     : drop_reason_name((enum drop_reason)record->reason);
	json_t *json =
		json_pack("{s:o, s:i, s:s, s:o, s:s, s:o, s:o, s:b, s:o, s:i, s:o}", "time",
			  record_time(record->time_ns), "worker", (int)record->worker, "protocol",
			  explain_protocol(record->protocol), "client", record_client(record),
			  "outcome", explain_outcome((enum verdict_outcome)record->outcome),
			  "scope", text_or_null(record->scope), "target", record_target(record),
			  "fell-back", (int)record->fell_back, "reason", text_or_null(reason),
			  "burst", (int)record->burst, "nanoseconds", record_stages(record));
	if (json)
		add_key(json, record);
	return json;
}

/* --- While it runs --------------------------------------------------------------------------- */

static bool is_enough(const struct tracing *tracing)
{
	return !tracing->later || (tracing->limit && tracing->traced == tracing->limit);
}

static void tell(struct tracing *tracing, const struct trace_record *record)
{
	if (is_enough(tracing))
		return;
	if (rpc_later_tell(tracing->later, "trace", record_json(record)))
		tracing->traced++;
	else
		tracing->untold++;
}

/* A worker may put records in as fast as they are taken out: one ring full is enough. */
static void take_records(struct tracing *tracing)
{
	const struct plane *plane = tracing->control->plane;
	struct trace_record record;
	for (unsigned i = 0; i < plane->n_workers; i++)
		for (unsigned k = 0; plane->trace_rings[i] && k < TRACE_RING; k++) {
			if (!trace_take(plane->trace_rings[i], &record))
				break;
			tell(tracing, &record);
		}
}

static uint64_t count_lost(const struct plane *plane)
{
	uint64_t lost = 0;
	for (unsigned i = 0; i < plane->n_workers; i++)
		lost += plane->trace_rings[i] ? trace_lost(plane->trace_rings[i]) : 0;
	return lost;
}

static void tracing_free(struct tracing *tracing)
{
	tracing->control->trace = NULL;
	if (tracing->timer)
		event_free(tracing->timer);
	free(tracing->filter);
	free(tracing);
}

static void take_back(struct tracing *tracing)
{
	struct plane *plane = tracing->control->plane;
	__atomic_store_n(&plane->trace, NULL, __ATOMIC_RELEASE);
	tracing->token = rte_rcu_qsbr_start(plane->qsbr);
	tracing->ending = true;
	event_add(tracing->timer, &grace_interval);
}

/* The rings are left empty for the next one. */
static void finish(struct tracing *tracing)
{
	struct rpc_later *later = tracing->later;
	const struct plane *plane = tracing->control->plane;
	take_records(tracing);
	uint64_t lost = count_lost(plane) - tracing->lost_before + tracing->untold;
	uint64_t traced = tracing->traced;
	tracing_free(tracing);
	if (later)
		rpc_later_result(later, json_pack("{s:I, s:I}", "traced", (json_int_t)traced,
						  "lost", (json_int_t)lost));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct tracing *tracing = arg;
	take_records(tracing);
	if (!tracing->ending && is_enough(tracing))
		take_back(tracing);
	if (tracing->ending &&
	    rte_rcu_qsbr_check(tracing->control->plane->qsbr, tracing->token, false) == 1)
		finish(tracing);
}

static void on_gone(void *arg)
{
	struct tracing *tracing = arg;
	tracing->later = NULL;
	if (!tracing->ending)
		take_back(tracing);
}

void watch_clear(struct control *control)
{
	control->plane->trace = NULL;
	if (control->trace)
		tracing_free(control->trace);
}

/* --- The method ------------------------------------------------------------------------------ */

static void read_host(struct json_in *params, struct trace_filter *filter)
{
	struct request req;
	const char *host = json_in_text(params, "host", JSON_IN_OPTIONAL);
	if (!host)
		return;
	if (!request_key_host(&req, (const uint8_t *)host, strlen(host))) {
		json_in_fault(params, NULL, "host: '%.64s' is not a host name", host);
		return;
	}
	filter->host_len = req.host_len;
	memcpy(filter->host, req.key, req.host_len);
}

/* The filter's scope is still that of the parameters. */
static bool read_filter(struct json_in *params, struct trace_filter *filter)
{
	static const char *const protocols[] = {"dns", "http", "https",
						NULL}; /* bits in this order */
	int protocol = json_in_choice(params, "protocol", protocols, -1);
	if (protocol >= 0)
		filter->protocols = (uint8_t)(1 << protocol);
	read_host(params, filter);
	const char *client = json_in_text(params, "client", JSON_IN_OPTIONAL);
	if (client && !ip_prefix_parse(client, &filter->client))
		json_in_fault(params, NULL, "client: '%.64s' is not an IP address or prefix",
			      client);
	filter->scope = json_in_text(params, "scope", JSON_IN_OPTIONAL);
	filter->every = (uint32_t)json_in_integer(params, "every", 1, UINT32_MAX, 1);
	return json_in_end(params);
}

static bool may_begin(const struct control *control, const struct trace_filter *filter,
		      struct rpc_call *call)
{
	if (control->trace) {
		snprintf(call->text, sizeof(call->text),
			 "another trace is under way, and there is one at a time; end that first");
		return false;
	}
	return !filter->scope || show_find_scope(control, filter->scope, call);
}

json_t *watch_trace(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct plane *plane = control->plane;
	struct trace_filter filter = {0};
	uint64_t limit = (uint64_t)json_in_integer(params, "count", 0, INT64_MAX, 0);
	if (!read_filter(params, &filter) || !may_begin(control, &filter, call))
		return NULL;
	struct tracing *tracing = calloc(1, sizeof(*tracing));
	if (!tracing)
		return NULL;
	tracing->control = control;
	tracing->limit = limit;
	tracing->lost_before = count_lost(plane);
	tracing->filter = trace_filter_copy(&filter);
	tracing->timer = event_new(control->base, -1, EV_PERSIST, on_timer, tracing);
	if (tracing->filter && tracing->timer && !event_add(tracing->timer, &poll_interval))
		tracing->later = rpc_later(call, on_gone, tracing);
	if (!tracing->later) {
		tracing_free(tracing);
		return NULL;
	}
	control->trace = tracing;
	__atomic_store_n(&plane->trace, tracing->filter, __ATOMIC_RELEASE);
	return NULL;
}
