/* http_answer - writes the whole HTTP/1.1 response that a verdict asks for. RFC 9110 §15, RFC 9112.
 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_answer.h"

#include "octet_class.h"

/* A status line's number and phrase, and what it is counted as. */
struct answer_kind {
	uint16_t status;
	enum drop_reason reason;
	const char *line;
};

static const struct answer_kind redirects[] = {
	{302, DROP_none, "302 Found"},
	{301, DROP_none, "301 Moved Permanently"},
	{303, DROP_none, "303 See Other"},
	{307, DROP_none, "307 Temporary Redirect"},
	{308, DROP_none, "308 Permanent Redirect"},
};

static const struct answer_kind errors[] = {
	{400, DROP_http_bad_request, "400 Bad Request"},
	{403, DROP_http_denied, "403 Forbidden"},
	{404, DROP_http_no_scope, "404 Not Found"},
	{405, DROP_http_method, "405 Method Not Allowed"},
	{414, DROP_http_uri_long, "414 URI Too Long"},
	{417, DROP_http_expectation, "417 Expectation Failed"},
	{431, DROP_http_head_split, "431 Request Header Fields Too Large"},
	{501, DROP_http_unknown_method, "501 Not Implemented"},
	{503, DROP_http_no_target, "503 Service Unavailable"},
	{505, DROP_http_version, "505 HTTP Version Not Supported"},
};

static const struct answer_kind not_signed = {403, DROP_http_unsigned, "403 Forbidden"};

/* The first of the list for a status that is not in it. */
static const struct answer_kind *kind_of(const struct answer_kind *list, size_t n, uint16_t status)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].status == status)
			return &list[i];
	}
	return list;
}

static void write_start(struct writer *w, const struct answer_kind *kind,
			const struct http_answer_how *how)
{
	writer_text(w, "HTTP/1.1 ");
	writer_text(w, kind->line);
	writer_text(w, "\r\nDate: ");
	writer_bytes(w, how->date, HTTP_DATE_LEN);
	writer_text(w, "\r\n");
}

static void write_number(struct writer *w, uint32_t number)
{
	uint8_t digits[10], n = 0;
	do
		digits[n++] = (uint8_t)('0' + number % 10);
	while (number /= 10);
	while (n)
		writer_u8(w, digits[--n]);
}

/* The content that is configured for a status, or none. */
static struct http_content content_of(const struct http_settings *settings, uint16_t status)
{
	for (size_t i = 0; i < settings->n_bodies; i++) {
		const struct http_body *body = &settings->bodies[i];
		if (body->status == status)
			return (struct http_content){body->type, (const uint8_t *)body->bytes,
						     body->len};
	}
	return (struct http_content){NULL, NULL, 0};
}

static void write_last_fields(struct writer *w, const struct http_content *content,
			      const struct request *req, const struct http_answer_how *how)
{
	if (content->len) {
		writer_text(w, "Content-Type: ");
		writer_text(w, content->type);
		writer_text(w, "\r\n");
	}
	writer_text(w, "Content-Length: ");
	write_number(w, content->len);
	/* A client of HTTP/1.0 has to be told that the connection stays (RFC 9112 §9.3, appendix C.2.2). */
	if (!how->keep)
		writer_text(w, "\r\nConnection: close");
	else if (req->http.minor == 0)
		writer_text(w, "\r\nConnection: keep-alive");
	writer_text(w, "\r\n\r\n");
}

/* Content that does not fit is left out; for HEAD the fields are those of GET (RFC 9110 §9.3.2). */
static void write_end(struct writer *w, uint16_t status, const struct request *req,
		      const struct http_answer_how *how)
{
	struct http_content content =
		how->content.len ? how->content : content_of(how->settings, status);
	struct writer whole = *w;
	write_last_fields(&whole, &content, req, how);
	const uint8_t *head_end = whole.at;
	writer_bytes(&whole, content.at, content.len);
	if (whole.bad) {
		content.len = 0;
		write_last_fields(w, &content, req, how);
		return;
	}
	*w = whole;
	if (req->http.method == HTTP_HEAD)
		w->at = (uint8_t *)head_end;
}

/* What a status has to come with (RFC 9110 §15.5.6), and with a 503 it should (§15.6.4). */
static void write_more(struct writer *w, uint16_t status, const struct http_settings *settings)
{
	if (status == 405) {
		writer_text(w, "Allow: GET, HEAD");
		writer_text(w, settings->limits.any_method
				       ? ", POST, PUT, DELETE, OPTIONS, PATCH\r\n"
				       : "\r\n");
	} else if (status == 503) {
		writer_text(w, "Retry-After: ");
		write_number(w, settings->retry_after);
		writer_text(w, "\r\n");
	}
}

/* What caches may do with it (RFC 9111 §5.2, RFC 9110 §12.5.5). */
static void write_caching(struct writer *w, const struct verdict *verdict, enum drop_reason reason,
			  const struct http_settings *settings)
{
	const bool accept = reason == DROP_none && settings->json_locations;
	const char *control = verdict->scope ? verdict->scope->cache_control : NULL;
	if (reason == DROP_none && verdict->dri->signed_uri)
		control = "no-store";
	if (control && (reason == DROP_none || reason == DROP_http_denied)) {
		writer_text(w, "Cache-Control: ");
		writer_text(w, control);
		writer_text(w, "\r\n");
	}
	if (verdict->n_vary == 0 && !accept)
		return;
	writer_text(w, "Vary: ");
	if (verdict->n_vary > VERDICT_VARY_MAX) {
		writer_text(w, "*\r\n");
		return;
	}
	writer_text(w, accept ? "accept" : "");
	for (uint8_t i = 0; i < verdict->n_vary; i++) {
		writer_text(w, i || accept ? ", " : "");
		writer_text(w, verdict->vary[i]);
	}
	writer_text(w, "\r\n");
}

static struct http_answer write_plain(struct writer w, const struct answer_kind *kind,
				      const struct request *req, const struct verdict *verdict,
				      const struct http_answer_how *how)
{
	const uint8_t *start = w.at;
	struct http_answer_how without = *how;
	without.content.len = 0;
	write_start(&w, kind, how);
	write_more(&w, kind->status, how->settings);
	if (verdict)
		write_caching(&w, verdict, kind->reason, how->settings);
	write_end(&w, kind->status, req, &without);
	return (struct http_answer){w.bad ? 0 : (size_t)(w.at - start), kind->reason};
}

/* At the least as short as HTTP_ANSWER_ERROR_MAX says. */
static struct http_answer write_kind(uint8_t *out, size_t cap, const struct answer_kind *kind,
				     const struct request *req, const struct verdict *verdict,
				     const struct http_answer_how *how)
{
	struct http_answer answer = {0, kind->reason};
	if (verdict->outcome != VERDICT_ERROR)
		answer = write_plain(writer_of(out, cap), kind, req, verdict, how);
	return answer.len ? answer : write_plain(writer_of(out, cap), kind, req, NULL, how);
}

static struct http_answer write_error(uint8_t *out, size_t cap, uint16_t status,
				      const struct request *req, const struct verdict *verdict,
				      const struct http_answer_how *how)
{
	return write_kind(out, cap, kind_of(errors, sizeof(errors) / sizeof(errors[0]), status),
			  req, verdict, how);
}

static void write_host(struct writer *w, struct span host)
{
	uint8_t *out = writer_take(w, host.len);
	for (uint32_t i = 0; out && i < host.len; i++)
		out[i] = octet_lower(host.at[i]);
}

bool http_answer_location(struct writer *w, const struct request *req, const struct dri *dri)
{
	const struct span *path = &req->http.path, *query = &req->http.query;
	if (dri && dri->location) {
		writer_text(w, dri->location);
		return req->protocol != PROTOCOL_HTTPS || strcmp(dri->scheme, "https") == 0;
	}
	if (!dri || !dri->authority || (dri->include_redirecting_host && req->http.host.len == 0))
		return false;
	bool https = req->protocol == PROTOCOL_HTTPS;
	const char *scheme = dri->scheme ? dri->scheme : https ? "https" : "http";
	if (https && strcmp(scheme, "https") != 0)
		return false;
	writer_text(w, scheme);
	writer_text(w, "://");
	writer_text(w, dri->authority);
	writer_text(w, dri->path_prefix);
	if (dri->include_redirecting_host) {
		write_host(w, req->http.host);
		writer_u8(w, '/');
	}
	writer_bytes(w, path->at + 1, path->len - 1);
	writer_bytes(w, query->at, query->len);
	return true;
}

/* A request that is not GET or HEAD stays what it is, body and all (RFC 9110 §15.4). */
static uint16_t redirect_status(const struct request *req, const struct scope *scope)
{
	uint16_t status = scope ? scope->status : 302;
	if (req->http.method <= HTTP_HEAD)
		return status;
	return status == 301 || status == 308 ? 308 : 307;
}

static struct http_answer write_redirect(uint8_t *out, size_t cap, const struct request *req,
					 const struct verdict *verdict,
					 const struct http_answer_how *how)
{
	uint16_t status = redirect_status(req, verdict->scope);
	struct writer w = writer_of(out, cap);
	const struct dri *dri = verdict->dri;
	if (verdict->scope && verdict->scope->signed_uri && !(dri && dri->signed_uri))
		return write_kind(out, cap, &not_signed, req, verdict, how);
	write_start(&w, kind_of(redirects, sizeof(redirects) / sizeof(redirects[0]), status), how);
	writer_text(&w, "Location: ");
	if (!http_answer_location(&w, req, dri))
		return write_error(out, cap, 503, req, verdict, how);
	writer_text(&w, "\r\n");
	write_caching(&w, verdict, DROP_none, how->settings);
	if (dri->cookie) {
		writer_text(&w, "Set-Cookie: ");
		writer_text(&w, dri->cookie);
		writer_text(&w, "\r\n");
	}
	write_end(&w, status, req, how);
	if (w.bad)
		return write_error(out, cap, 414, req, verdict, how);
	return (struct http_answer){(size_t)(w.at - out), DROP_none};
}

struct http_answer http_answer_write(uint8_t *out, size_t cap, const struct request *req,
				     const struct verdict *verdict,
				     const struct http_answer_how *how)
{
	switch ((enum verdict_outcome)verdict->outcome) {
	case VERDICT_REDIRECT:
		return write_redirect(out, cap, req, verdict, how);
	case VERDICT_DENY:
		return write_error(out, cap, 403, req, verdict, how);
	case VERDICT_FORBIDDEN:
		return write_kind(out, cap, &not_signed, req, verdict, how);
	case VERDICT_NO_SCOPE:
		return write_error(out, cap, 404, req, verdict, how);
	case VERDICT_ASK:
	case VERDICT_DELEGATED:
	case VERDICT_NO_TARGET:
		return write_error(out, cap, 503, req, verdict, how);
	case VERDICT_ERROR:
		break;
	}
	return write_error(out, cap, req->http.status, req, verdict, how);
}
