/* rpc - one JSON-RPC 2.0 request line in, one answer line out. The methods are in PROTOCOL.md. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rpc.h"

#include "explain.h"
#include "show.h"

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

static json_t *set_state(struct control *control, enum target_kind kind, struct json_in *params,
			 struct rpc_refusal *refusal)
{
	static const char *const states[] = {"up", "drain", "down",
					     NULL}; /* as enum target_state */
	const char *name = json_in_text(params, "name", JSON_IN_NEEDED);
	int state = json_in_choice(params, "state", states, -1);
	if (!json_in_end(params))
		return NULL;
	if (state < 0) {
		json_in_fault(params, NULL, "'state' is missing");
		return NULL;
	}
	switch (control_set_state(control, kind, name, (enum target_state)state)) {
	case CONTROL_SET:
		return json_pack("{s:s, s:s, s:I}", target_kind_name(kind), name, "state",
				 states[state], "generation", (json_int_t)control->generation);
	case CONTROL_UNKNOWN:
		snprintf(refusal->text, sizeof(refusal->text),
			 "there is no %s '%.255s'; turnoutctl show %ss lists them",
			 target_kind_name(kind), name, target_kind_name(kind));
		return NULL;
	default:
		snprintf(refusal->text, sizeof(refusal->text), "no memory; nothing was changed");
		return NULL;
	}
}

static json_t *cdn_set(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	return set_state(control, TARGET_CDN, params, refusal);
}

static json_t *node_set(struct control *control, struct json_in *params,
			struct rpc_refusal *refusal)
{
	return set_state(control, TARGET_NODE, params, refusal);
}

static json_t *faults_json(const struct faults *faults)
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

static json_t *reload(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	struct faults faults = {0};
	json_t *result = NULL;
	if (!json_in_end(params))
		return NULL;
	if (control_reload(control, &faults)) {
		const struct tables *tables = control->plane->view->tables;
		result = json_pack("{s:I, s:I, s:f, s:s}", "generation",
				   (json_int_t)control->generation, "scopes",
				   (json_int_t)tables->n_scopes, "build-seconds",
				   tables->build_seconds, "next-start", control->next_start);
	} else {
		snprintf(refusal->text, sizeof(refusal->text),
			 "the configuration has %zu fault%s; generation %lu stays in use",
			 faults.total, faults.total == 1 ? "" : "s", control->generation);
		refusal->data = faults_json(&faults);
	}
	faults_clear(&faults);
	return result;
}

static const struct {
	const char *name;
	rpc_method *call;
} methods[] = {
	{"status", show_status},
	{"show.ports", show_ports},
	{"show.workers", show_workers},
	{"show.drops", show_drops},
	{"show.scopes", show_scopes},
	{"show.cdns", show_cdns},
	{"show.nodes", show_nodes},
	{"show.dris", show_dris},
	{"show.footprints", show_footprints},
	{"show.zones", show_zones},
	{"explain.dns", explain_dns},
	{"explain.http", explain_http},
	{"cdn.set", cdn_set},
	{"node.set", node_set},
	{"reload", reload},
};

static rpc_method *find_method(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcmp(methods[i].name, name))
			return methods[i].call;
	return NULL;
}

static json_t *error_new(int code, const char *text, json_t *data)
{
	return json_pack("{s:i, s:o, s:o*}", "code", code, "message", rpc_text(text), "data", data);
}

static json_t *call(struct control *control, rpc_method *method, json_t *given, json_t **error)
{
	struct faults faults = {0};
	struct rpc_refusal refusal = {.data = NULL};
	json_t *params = given ? json_incref(given) : json_object();
	struct json_source source = {.faults = &faults};
	struct json_in in;
	json_in_begin(&in, &source, params, source.place, "parameters");
	in.name = NULL;
	json_t *result = faults.total ? NULL : method(control, &in, &refusal);
	if (!result && faults.n)
		*error = error_new(INVALID_PARAMS, faults.list[0].text, NULL);
	else if (!result && refusal.text[0])
		*error = error_new(REFUSED, refusal.text, refusal.data);
	else if (!result)
		*error = error_new(INTERNAL_ERROR, "no memory for the answer", NULL);
	faults_clear(&faults);
	json_decref(params);
	return result;
}

static json_t *dispatch(struct control *control, json_t *request, json_t **error)
{
	json_t *id = json_object_get(request, "id");
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));
	const char *name = json_string_value(json_object_get(request, "method"));
	bool id_ok = !id || json_is_string(id) || json_is_number(id) || json_is_null(id);
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
		return call(control, method, json_object_get(request, "params"), error);
	char text[128];
	snprintf(text, sizeof(text), "there is no method '%.64s'", name);
	*error = error_new(METHOD_NOT_FOUND, text, NULL);
	return NULL;
}

char *rpc_answer(struct control *control, const char *line, size_t len)
{
	static const char lost[] = "{\"error\":{\"code\":-32603,\"message\":\"no memory for the "
				   "answer\"},\"id\":null,\"jsonrpc\":\"2.0\"}";
	json_error_t parse;
	json_t *error = NULL, *result = NULL;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &parse);
	if (request)
		result = dispatch(control, request, &error);
	else
		error = error_new(PARSE_ERROR, parse.text, NULL);
	json_t *id = json_object_get(request, "id");
	char *text = NULL;
	bool refused_whole = !json_is_string(json_object_get(request, "method"));
	if (id || refused_whole) {
		if (!json_is_string(id) && !json_is_number(id))
			id = json_null();
		json_t *answer = json_pack("{s:s, s:o*, s:o*, s:O}", "jsonrpc", "2.0", "result",
					   result, "error", error, "id", id);
		text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
		json_decref(answer);
		if (!text)
			text = strdup(lost);
	} else {
		json_decref(result);
		json_decref(error);
	}
	json_decref(request);
	return text;
}
