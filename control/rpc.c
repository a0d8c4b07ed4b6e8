/* rpc - one JSON-RPC 2.0 request line in, one answer line out. The methods are in PROTOCOL.md. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc.h"

#include "apply.h"
#include "change.h"
#include "explain.h"
#include "rollback.h"
#include "save.h"
#include "show.h"
#include "show_config.h"
#include "show_peers.h"
#include "transaction.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PARSE_ERROR = -32700,
	INVALID_REQUEST = -32600,
	METHOD_NOT_FOUND = -32601,
	INVALID_PARAMS = -32602,
	INTERNAL_ERROR = -32603,
	REFUSED = -32000,
};

static const char no_memory[] = "no memory for the answer";

json_t *rpc_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy = value ? NULL : strdup(text);
	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at > '~')
			*at = '?';
	if (copy)
		value = json_string(copy);
	free(copy);
	return value;
}

json_t *rpc_faults(const struct faults *faults)
{
	json_t *list = json_array();
	for (size_t i = 0; i < faults->n; i++) {
		const struct fault *fault = &faults->list[i];
		json_t *file = fault->file ? rpc_text(fault->file) : json_null();
		json_array_append_new(list,
				      json_pack("{s:o, s:i, s:o}", "file", file, "line",
						(int)fault->line, "text", rpc_text(fault->text)));
	}
	return json_pack("{s:I, s:o}", "total", (json_int_t)faults->total, "faults", list);
}

static const struct {
	const char *name;
	rpc_method *method;
} methods[] = {
	{"status", show_status},
	{"show.ports", show_ports},
	{"show.workers", show_workers},
	{"show.cycles", show_cycles},
	{"show.recursion", show_recursion},
	{"show.tcp", show_tcp},
	{"show.drops", show_drops},
	{"show.scopes", show_scopes},
	{"show.scope", show_scope},
	{"show.cdns", show_cdns},
	{"show.nodes", show_nodes},
	{"show.dris", show_dris},
	{"show.adverts", show_adverts},
	{"show.footprints", show_footprints},
	{"show.zones", show_zones},
	{"show.signing", show_signing},
	{"show.config", show_config},
	{"show.peers", show_peers},
	{"show.peer", show_peer},
	{"show.routes", show_routes},
	{"peer.set", show_peers_set},
	{"explain.dns", explain_dns},
	{"explain.http", explain_http},
	{"show.history", rollback_history},
	{"put", transaction_put},
	{"remove", transaction_remove},
	{"begin", transaction_begin},
	{"commit", transaction_commit},
	{"abort", transaction_abort},
	{"apply", apply_file},
	{"rollback", rollback_to},
	{"save", save_file},
	{"diff", rollback_diff},
	{"cdn.set", transaction_set_cdn},
	{"node.set", transaction_set_node},
	{"reload", change_reload},
	{"top", watch_top},
	{"trace", watch_trace},
};

static rpc_method *find_method(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcmp(methods[i].name, name))
			return methods[i].method;
	return NULL;
}

static json_t *error_new(int code, const char *text, json_t *data)
{
	return json_pack("{s:i, s:o, s:o*}", "code", code, "message", rpc_text(text), "data", data);
}

static json_t *run(struct control *control, rpc_method *method, json_t *given,
		   struct rpc_call *call, json_t **error)
{
	struct faults faults = {0};
	json_t *params = given ? json_incref(given) : json_object();
	struct json_source source = {.faults = &faults};
	struct json_in in;
	json_in_begin(&in, &source, params, source.place, "parameters");
	in.name = NULL;
	json_t *result = faults.total ? NULL : method(control, &in, call);
	if (!result && faults.n)
		*error = error_new(INVALID_PARAMS, faults.list[0].text, NULL);
	else if (!result && call->text[0])
		*error = error_new(REFUSED, call->text, call->data);
	else if (!result && !call->later)
		*error = error_new(INTERNAL_ERROR, no_memory, NULL);
	faults_clear(&faults);
	json_decref(params);
	return result;
}

static json_t *dispatch(struct control *control, json_t *request, struct rpc_call *call,
			json_t **error)
{
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const char *name = json_string_value(json_object_get(request, "method"));
	bool id_ok = !call->id || json_is_string(call->id) || json_is_number(call->id) ||
		     json_is_null(call->id);
	if (!version || strcmp(version, "2.0") != 0 || !name || !id_ok) {
		*error = error_new(
			INVALID_REQUEST,
			"expected an object with \"jsonrpc\": \"2.0\", a \"method\", and an "
			"\"id\" that is a text or a number",
			NULL);
		return NULL;
	}
	rpc_method *method = find_method(name);
	if (method)
		return run(control, method, json_object_get(request, "params"), call, error);
	char text[128];
	snprintf(text, sizeof(text), "there is no method '%.64s'", name);
	*error = error_new(METHOD_NOT_FOUND, text, NULL);
	return NULL;
}

/* Takes result and error over. NULL: no memory at all. */
static char *answer_text(const json_t *id, json_t *result, json_t *error)
{
	bool id_ok = json_is_string(id) || json_is_number(id);
	json_t *answer =
		json_pack("{s:s, s:o*, s:o*, s:o}", "jsonrpc", "2.0", "result", result, "error",
			  error, "id", id_ok ? json_incref((json_t *)id) : json_null());
	char *text = answer && (result || error) ? json_dumps(answer, JSON_COMPACT) : NULL;
	json_decref(answer);
	return text ? text
		    : strdup("{\"error\":{\"code\":-32603,\"message\":\"no memory for the "
			     "answer\"},\"id\":null,\"jsonrpc\":\"2.0\"}");
}

char *rpc_answer(struct control *control, struct server_client *client, const char *line,
		 size_t len)
{
	json_error_t parse;
	json_t *error = NULL, *result = NULL;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &parse);
	struct rpc_call call = {.client = client, .id = json_object_get(request, "id")};
	if (request)
		result = dispatch(control, request, &call, &error);
	else
		error = error_new(PARSE_ERROR, parse.text, NULL);
	char *text = NULL;
	bool refused_whole = !json_is_string(json_object_get(request, "method"));
	if (!call.later && (call.id || refused_whole)) {
		text = answer_text(call.id, result, error);
	} else {
		json_decref(result);
		json_decref(error);
	}
	json_decref(request);
	return text;
}

/* --- Answers that come later ---------------------------------------------------------------- */

struct rpc_later {
	struct server_client *client;
	json_t *id; /* NULL: nobody wants an answer */
	void (*ended)(void *arg);
	void *arg;
};

static void later_free(struct rpc_later *later)
{
	json_decref(later->id);
	free(later);
}

static void on_ended(void *arg)
{
	struct rpc_later *later = arg;
	later->ended(later->arg);
	later_free(later);
}

struct rpc_later *rpc_later(struct rpc_call *call, void (*ended)(void *arg), void *arg)
{
	struct rpc_later *later = call->client ? calloc(1, sizeof(*later)) : NULL;
	if (!later) {
		snprintf(call->text, sizeof(call->text), "%s",
			 call->client ? no_memory
				      : "this method answers later and needs a connection");
		return NULL;
	}
	*later = (struct rpc_later){
		.client = call->client,
		.id = json_incref((json_t *)call->id),
		.ended = ended,
		.arg = arg,
	};
	server_client_hold(call->client, on_ended, later);
	return call->later = later;
}

static void later_answer(struct rpc_later *later, json_t *result, json_t *error)
{
	struct server_client *client = later->client;
	char *line = answer_text(later->id, result, error);
	bool wanted = later->id;
	later_free(later);
	server_client_answer(client, wanted ? line : NULL);
	free(line);
}

void rpc_later_result(struct rpc_later *later, json_t *result)
{
	later_answer(later, result, result ? NULL : error_new(INTERNAL_ERROR, no_memory, NULL));
}

void rpc_later_refuse(struct rpc_later *later, const char *text, json_t *data)
{
	later_answer(later, NULL, error_new(REFUSED, text, data));
}

bool rpc_later_tell(struct rpc_later *later, const char *method, json_t *params)
{
	json_t *message =
		json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params);
	char *line = message ? json_dumps(message, JSON_COMPACT) : NULL;
	bool told = line && server_client_tell(later->client, line);
	free(line);
	json_decref(message);
	return told;
}
