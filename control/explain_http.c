/* explain_http - an HTTP request made from a URL, and its answer told. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain.h"
#include "lib/http_answer.h"
#include "lib/http_request.h"
#include "sign.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 16384, ANSWER_MAX = 1460 };

/* https goes as an absolute URI, by which alone a plain request can say it. */
static bool write_head(struct writer *w, const char *method, const char *url, json_t *headers)
{
	const char *host = strstr(url, "://");
	if (!host || (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0))
		return false;
	host += 3;
	size_t host_len = strcspn(host, "/?#");
	bool https = !strncasecmp(url, "https:", 6);
	const char *path = host + host_len;
	writer_text(w, method);
	writer_text(w, " ");
	if (https)
		writer_bytes(w, url, (size_t)(path - url));
	if (*path != '/')
		writer_text(w, "/");
	writer_bytes(w, path, strcspn(path, "#"));
	writer_text(w, " HTTP/1.1\r\nHost: ");
	writer_bytes(w, host, host_len);
	writer_text(w, "\r\n");

	const char *name;
	json_t *value;
	json_object_foreach (headers, name, value) {
		writer_text(w, name);
		writer_text(w, ": ");
		writer_text(w, json_string_value(value));
		writer_text(w, "\r\n");
	}
	writer_text(w, "\r\n");
	return true;
}

/* The values are texts without line ends; names are checked by the decoder, but for those that
 * would end a line. */
static bool headers_ok(struct json_in *params, json_t *headers)
{
	const char *name;
	json_t *value;
	bool ok = true;
	json_object_foreach (headers, name, value) {
		ok &= json_in_text_of(params, value, "headers") != NULL;
		if (!name[0] || strpbrk(name, "\r\n:")) {
			json_in_fault(params, NULL, "headers: '%.64s' is not a field name", name);
			ok = false;
		}
	}
	return ok;
}

/* As the control thread does it with a request that waits for it: the verdict is then about the signed location. Gives "signing", NULL: it
 * is not signed, or no memory. */
static json_t *verify(struct explained *explained, struct dri **dri)
{
	struct verdict *verdict = &explained->verdict;
	uint8_t uri[HEAD_MAX], location[HEAD_MAX];
	struct writer sent = writer_of(uri, sizeof(uri)),
		      to = writer_of(location, sizeof(location));
	if (verdict->outcome != VERDICT_REDIRECT || !verdict->scope ||
	    !verdict->scope->signed_uri ||
	    !http_answer_location(&to, &explained->req, verdict->dri) ||
	    !http_request_uri(&sent, &explained->req) || to.bad || sent.bad)
		return NULL;
	const struct sign_request request = {
		verdict->scope, &explained->req, {uri, (uint32_t)(sent.at - uri)}, .look = true};
	enum uri_sign_code code =
		sign_redirect(explained->control->sign, &request,
			      (struct span){location, (uint32_t)(to.at - location)}, NULL, dri);
	if (*dri)
		verdict->dri = *dri;
	else
		verdict->outcome = code == URI_SIGN_GOOD ? VERDICT_NO_TARGET : VERDICT_FORBIDDEN;
	return json_pack("{s:i, s:s}", "code", (int)code, "text", uri_sign_code_text(code));
}

static void add_field(json_t *json, const char *member, const char *bytes, size_t len,
		      const char *start)
{
	const char *field = memmem(bytes, len, start, strlen(start));
	if (!field)
		return;
	field += strlen(start);
	const char *line_end = memmem(field, len - (size_t)(field - bytes), "\r\n", 2);
	if (line_end)
		json_object_set_new(json, member, json_stringn(field, (size_t)(line_end - field)));
}

/* Status line and what says where and how long, out of the bytes of the answer. */
static json_t *answer_json(const char *bytes, size_t len)
{
	json_t *json = json_object();
	add_field(json, "status", bytes, len, "");
	add_field(json, "location", bytes, len, "\r\nLocation: ");
	add_field(json, "cache-control", bytes, len, "\r\nCache-Control: ");
	add_field(json, "vary", bytes, len, "\r\nVary: ");
	return json;
}

json_t *explain_http(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct ip_addr client;
	const char *url = json_in_text(params, "url", JSON_IN_NEEDED);
	const char *method = json_in_text(params, "method", JSON_IN_OPTIONAL);
	json_t *headers = json_in_object(params, "headers");
	bool from_ok = explain_from(params, &client);
	if (!headers_ok(params, headers) || !json_in_end(params) || !from_ok)
		return NULL;

	uint8_t head[HEAD_MAX];
	struct writer w = writer_of(head, sizeof(head));
	if (!write_head(&w, method ? method : "GET", url, headers)) {
		json_in_fault(params, NULL, "url: expected http://... or https://...");
		return NULL;
	}
	struct explained explained;
	if (w.bad) {
		snprintf(call->text, sizeof(call->text),
			 "the request would be longer than %d octets", HEAD_MAX);
		return NULL;
	}
	if (!explain_begin(&explained, control, &client))
		return NULL;
	const struct http_settings *settings = &control->settings->http;
	enum drop_reason decoded =
		http_request_parse(head, (size_t)(w.at - head), &settings->limits, &explained.req);
	if (decoded != DROP_none)
		explained.req.protocol =
			strncasecmp(url, "https:", 6) ? PROTOCOL_HTTP : PROTOCOL_HTTPS;
	explain_match(&explained, decoded);

	char bytes[ANSWER_MAX], date[HTTP_DATE_LEN + 1];
	http_date_write(date, explained.req.now);
	const struct dri *chosen = explained.verdict.dri;
	struct dri *signed_dri = NULL;
	json_t *signing = verify(&explained, &signed_dri);
	struct http_answer answer = http_answer_write(
		(uint8_t *)bytes, sizeof(bytes), &explained.req, &explained.verdict,
		&(struct http_answer_how){settings, date, .keep = false});
	explained.verdict.dri = chosen;
	if (signed_dri)
		dri_release(signed_dri);
	json_t *json = explain_end(&explained, decoded != DROP_none ? decoded : answer.reason,
				   answer_json(bytes, answer.len));
	if (signing)
		json_object_set_new(json, "signing", signing);
	return json;
}
