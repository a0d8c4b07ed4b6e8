/* parsed_request - a request head read by the parser, from bytes that end at an unreadable page. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "lib/http_request.h"
}
#include "guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

/* A request and the bytes that it points into, which end at an unreadable page. */
struct parsed {
	explicit parsed(const std::string &text,
			const struct http_limits &limits = http_limits_default)
	    : bytes(text.data(), text.size()), req(std::make_unique<struct request>())
	{
		reason = http_request_parse(bytes.data(), text.size(), &limits, req.get());
	}
	std::string key() const
	{
		return std::string((char *)req->key, req->key_len);
	}
	std::string header(const std::string &name) const
	{
		struct span value = http_request_header(req.get(), name.data(), name.size());
		return value.at ? std::string((char *)value.at, value.len) : "(none)";
	}
	bool unstack(const std::string &prefix)
	{
		return http_request_unstack(req.get(), prefix.data(), prefix.size());
	}

	GuardPage bytes;
	std::unique_ptr<struct request> req;
	enum drop_reason reason;
};

inline std::string text_of(struct span span)
{
	return std::string((const char *)span.at, span.len);
}

struct refused_case {
	const char *text;
	enum drop_reason reason;
};

inline void expect_refused(const std::vector<refused_case> &cases)
{
	for (const refused_case &c : cases) {
		parsed p(c.text);
		EXPECT_STREQ(drop_reason_name(p.reason), drop_reason_name(c.reason)) << c.text;
		EXPECT_NE(p.req->http.status, 0) << c.text;
	}
}

inline void expect_taken(const std::vector<std::string> &cases)
{
	for (const std::string &text : cases) {
		parsed p(text);
		EXPECT_STREQ(drop_reason_name(p.reason), "none") << text;
		EXPECT_EQ(p.req->http.status, 0) << text;
	}
}

const enum drop_reason bad = DROP_http_bad_request;

/* The rest of a head, after a request line without its CRLF. */
#define REST "\r\nHost: h\r\n\r\n"
