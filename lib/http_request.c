/* http_request - reads the head of one HTTP/1.x request. RFC 9112, RFC 9110. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_request.h"

#include "http_field.h"
#include "http_framing.h"
#include "octet_scan.h"

/* What the fields say that decides whether the request is taken. */
struct field_facts {
	struct span host;
	unsigned hosts;
	struct http_framing framing;
};

static struct span span_of(const uint8_t *at, const uint8_t *end)
{
	return (struct span){at, (uint32_t)(end - at)};
}

/* For an octet that is not the one that belongs there, or is not there yet. */
static enum drop_reason refuse(const struct reader *r)
{
	return reader_left(r) == 0 ? DROP_http_head_split : DROP_http_bad_request;
}

static enum drop_reason expect(struct reader *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++, r->at++) {
		if (reader_left(r) == 0 || *r->at != (uint8_t)text[i])
			return refuse(r);
	}
	return DROP_none;
}

static enum drop_reason read_digit(struct reader *r, uint8_t *digit)
{
	if (reader_left(r) == 0 || !OCTET_DIGIT(*r->at))
		return refuse(r);
	*digit = *r->at++ - '0';
	return DROP_none;
}

static inline struct span read_class(struct reader *r, const uint8_t class)
{
	const uint8_t *start = r->at;
	r->at = octet_scan(start, r->end, class);
	return span_of(start, r->at);
}

static enum drop_reason read_version(struct reader *r, uint8_t *major, uint8_t *minor)
{
	static const char usual[] = " HTTP/1.1\r\n";
	const size_t len = sizeof(usual) - 1;
	if (reader_left(r) >= len && !memcmp(r->at, usual, len)) {
		*major = *minor = 1;
		r->at += len;
		return DROP_none;
	}
	enum drop_reason reason = expect(r, " HTTP/", 6);
	if (!reason)
		reason = read_digit(r, major);
	if (!reason)
		reason = expect(r, ".", 1);
	if (!reason)
		reason = read_digit(r, minor);
	return reason ? reason : expect(r, "\r\n", 2);
}

/* Methods are case-sensitive (RFC 9110 §9.1). What TRACE and CONNECT ask for is not at another URI. */
static enum drop_reason judge_method(struct span name, const struct http_limits *limits,
				     struct request_http *http)
{
	if (name.len == 3 && !memcmp(name.at, "GET", 3)) {
		http->method = HTTP_GET;
		return DROP_none;
	}
	for (unsigned i = 0; i < HTTP_METHODS; i++) {
		const char *known = http_method_name((enum http_method)i);
		if (name.len != strlen(known) || memcmp(name.at, known, name.len) != 0)
			continue;
		http->method = (uint8_t)i;
		if (i > (limits->any_method ? HTTP_PATCH : HTTP_HEAD))
			return DROP_http_method;
		/* The server itself cannot be elsewhere (RFC 9110 §9.3.7). */
		bool server = http->target.len == 1 && http->target.at[0] == '*';
		return i == HTTP_OPTIONS && server ? DROP_http_method : DROP_none;
	}
	return DROP_http_unknown_method;
}

/* Takes the scheme and the authority off an absolute target (RFC 9112 §3.2.2). */
static bool split_absolute(struct request *req, struct span *target, struct span *authority)
{
	struct span head = {target->at, target->len < 7 ? target->len : 7};
	uint32_t scheme_len = 7;
	if (!span_is(head, "http://", 7)) {
		head.len = target->len < 8 ? target->len : 8;
		scheme_len = 8;
		if (!span_is(head, "https://", 8))
			return false;
		req->protocol = PROTOCOL_HTTPS;
	}
	*target = span_from(*target, scheme_len);
	uint32_t len = 0;
	while (len < target->len && target->at[len] != '/' && target->at[len] != '?')
		len++;
	*authority = (struct span){target->at, len};
	*target = span_from(*target, len);
	return len > 0;
}

static enum drop_reason split_target(struct request *req, struct span target,
				     struct span *authority)
{
	if (target.at[0] != '/' && !split_absolute(req, &target, authority))
		return DROP_http_bad_request;
	const uint8_t *mark = target.len ? memchr(target.at, '?', target.len) : NULL;
	const uint8_t *end = target.at + target.len;
	req->http.path = span_of(target.at, mark ? mark : end);
	req->http.query = span_of(mark ? mark : end, end);
	if (req->http.path.len == 0)
		req->http.path = (struct span){(const uint8_t *)"/", 1};
	return req->http.path.len > REQUEST_PATH_MAX ? DROP_http_uri_long : DROP_none;
}

static enum drop_reason read_request_line(struct reader *r, const struct http_limits *limits,
					  struct request *req, struct span *authority)
{
	if (reader_left(r) && *r->at == '\r') {
		enum drop_reason reason = expect(r, "\r\n", 2);
		if (reason)
			return reason;
	}
	struct span method = read_class(r, OCTET_TOKEN);
	if (method.len == 0)
		return refuse(r);
	enum drop_reason reason = expect(r, " ", 1);
	if (reason)
		return reason;
	struct span target = read_class(r, OCTET_QUERY);
	const bool fragment = reader_left(r) && *r->at == '#';
	if (fragment)
		target.len += read_class(r, OCTET_TARGET).len;
	req->http.target = target;
	if (target.len > limits->uri_max)
		return DROP_http_uri_long;
	if (target.len == 0)
		return refuse(r);
	uint8_t major;
	reason = read_version(r, &major, &req->http.minor);
	if (reason)
		return reason;
	if (major != 1)
		return DROP_http_version;
	reason = judge_method(method, limits, &req->http);
	if (!reason && fragment)
		reason = DROP_http_bad_request;
	return reason ? reason : split_target(req, target, authority);
}

static enum drop_reason read_field(struct reader *r, struct span *name, struct span *value)
{
	*name = read_class(r, OCTET_TOKEN);
	if (name->len == 0)
		return refuse(r);
	if (!reader_left(r) || *r->at != ':')
		return refuse(r);
	r->at++;
	const uint8_t *start = r->at;
	r->at = octet_scan_value(start, r->end);
	*value = span_trim(span_of(start, r->at));
	if (reader_left(r) >= 2 && load_be16(r->at) == ('\r' << 8 | '\n')) {
		r->at += 2;
		return DROP_none;
	}
	return expect(r, "\r\n", 2);
}

static bool judge_field(struct span name, struct span value, struct field_facts *facts)
{
	if (!span_is(name, "host", 4))
		return http_framing_field(&facts->framing, name, value);
	facts->host = value;
	return facts->hosts++ == 0;
}

static enum drop_reason read_fields(struct reader *r, struct request *req,
				    struct field_facts *facts)
{
	const uint8_t *start = r->at;
	while (reader_left(r) && *r->at != '\r') {
		struct span name, value;
		enum drop_reason reason = read_field(r, &name, &value);
		if (reason)
			return reason;
		if (!judge_field(name, value, facts))
			return DROP_http_bad_request;
	}
	req->http.headers = span_of(start, r->at);
	return expect(r, "\r\n", 2);
}

static bool is_port(struct span port)
{
	uint32_t number = 0;
	for (uint32_t i = 0; i < port.len; i++) {
		if (!OCTET_DIGIT(port.at[i]) || port.len > 5)
			return false;
		number = number * 10 + port.at[i] - '0';
	}
	return number <= UINT16_MAX;
}

/* uri-host [ ":" port ] (RFC 9110 §7.2), and the host's part of the key. end: of the head, which the authority stands in; what is behind it there
 * is in no host. */
static bool read_authority(struct request *req, struct span authority, const uint8_t *end,
			   struct span *host)
{
	uint32_t len = (uint32_t)(octet_scan(authority.at, end, OCTET_UNRESERVED) - authority.at);
	if (authority.len && authority.at[0] == '[') {
		const uint8_t *close = memchr(authority.at, ']', authority.len);
		len = close ? (uint32_t)(close + 1 - authority.at) : authority.len;
	}
	*host = (struct span){authority.at, len};
	if (len < authority.len &&
	    (authority.at[len] != ':' || !is_port(span_from(authority, len + 1))))
		return false;
	if (!request_key_host_in(req, host->at, host->len, end))
		return false;
	if (host->at[host->len - 1] == '.')
		host->len--;
	return true;
}

static bool judge_host(struct request *req, struct span authority, const struct field_facts *facts,
		       const uint8_t *end)
{
	req->host_len = 0;
	if (facts->hosts == 0 && req->http.minor > 0)
		return false;
	if (facts->hosts && !read_authority(req, facts->host, end, &req->http.host))
		return false;
	return authority.len == 0 || read_authority(req, authority, end, &req->http.host);
}

static enum drop_reason parse(struct reader *r, const struct http_limits *limits,
			      struct request *req)
{
	struct span authority = {NULL, 0};
	struct field_facts facts = {0};
	req->protocol = PROTOCOL_HTTP;
	enum drop_reason reason = read_request_line(r, limits, req, &authority);
	if (!reason)
		reason = read_fields(r, req, &facts);
	if (reason)
		return reason;
	if (!judge_host(req, authority, &facts, r->end) ||
	    !request_key_path(req, req->http.path.at, req->http.path.len))
		return DROP_http_bad_request;
	reason = http_framing_judge(&facts.framing, req->http.minor);
	req->http.keep = !reason && http_framing_keeps(&facts.framing, req->http.minor);
	return reason;
}

static uint16_t status_of(enum drop_reason reason)
{
	switch (reason) {
	case DROP_none:
		return 0;
	case DROP_http_method:
		return 405;
	case DROP_http_expectation:
		return 417;
	case DROP_http_uri_long:
		return 414;
	case DROP_http_head_split:
	case DROP_http_head_long:
		return 431;
	case DROP_http_unknown_method:
	case DROP_http_coding:
		return 501;
	case DROP_http_version:
		return 505;
	default:
		return 400;
	}
}

enum drop_reason http_request_parse(const uint8_t *bytes, size_t len,
				    const struct http_limits *limits, struct request *req)
{
	struct reader r = reader_of(bytes, len < limits->head_max ? len : limits->head_max);
	req->http.keep = false;
	enum drop_reason reason = parse(&r, limits, req);
	if (reason == DROP_http_head_split && len >= limits->head_max)
		reason = DROP_http_head_long;
	req->http.head_len = (uint32_t)(r.at - bytes);
	req->http.status = status_of(reason);
	return reason;
}

struct span http_request_next_header(struct span *rest, const char *name, size_t len)
{
	struct reader r = reader_of(rest->at, rest->len);
	struct span field, value, found = {NULL, 0};
	while (!found.at && reader_left(&r) && !read_field(&r, &field, &value)) {
		if (span_is(field, name, len))
			found = value;
	}
	*rest = span_of(r.at, r.end);
	return found;
}

struct span http_request_header(const struct request *req, const char *name, size_t len)
{
	struct span rest = req->http.headers;
	return http_request_next_header(&rest, name, len);
}

bool http_request_unstack(struct request *req, const char *path_prefix, size_t prefix_len)
{
	struct span path = req->http.path, host;
	if (path.len <= prefix_len || memcmp(path.at, path_prefix, prefix_len) != 0 ||
	    req->http.unstacked == UINT8_MAX)
		return false;
	path = span_from(path, (uint32_t)prefix_len);
	const uint8_t *slash = memchr(path.at, '/', path.len);
	struct span authority = {path.at, slash ? (uint32_t)(slash - path.at) : path.len};
	path = slash ? span_from(path, authority.len) : (struct span){(const uint8_t *)"/", 1};

	uint8_t key[REQUEST_HOST_MAX];
	uint16_t host_len = req->host_len, key_len = req->key_len;
	memcpy(key, req->key, sizeof(key));
	if (!read_authority(req, authority, req->http.headers.at + req->http.headers.len, &host)) {
		memcpy(req->key, key, sizeof(key));
		req->host_len = host_len;
		req->key_len = key_len;
		return false;
	}
	request_key_path(req, path.at, path.len);
	req->http.host = host;
	req->http.path = path;
	req->http.unstacked++;
	return true;
}

bool http_request_uri(struct writer *w, const struct request *req)
{
	struct span target = req->http.target, host = http_request_header(req, "host", 4);
	if (target.at[0] == '/' && !host.len)
		return false;
	if (target.at[0] == '/') {
		writer_text(w, "http://");
		writer_bytes(w, host.at, host.len);
	}
	writer_bytes(w, target.at, target.len);
	return true;
}
