/* http_framing - the fields that say what follows a request head: a body, or the next request. RFC 9112 §6, §9. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_framing.h"

#include "http_field.h"

/* Nothing but digits, and a number of at most 64 bits (RFC 9110 §8.6). */
static bool read_length(struct http_framing *framing, struct span value)
{
	uint64_t length = 0;
	for (uint32_t i = 0; i < value.len; i++) {
		uint8_t digit = (uint8_t)(value.at[i] - '0');
		if (digit > 9 || length > (UINT64_MAX - digit) / 10)
			return false;
		length = length * 10 + digit;
	}
	bool first = !framing->has_length;
	framing->has_length = true;
	framing->body = length != 0;
	return first && value.len;
}

/* Chunked comes once, as the last one, and has no parameters (RFC 9112 §6.1, §7.1). */
static bool read_codings(struct http_framing *framing, struct span value)
{
	struct span coding;
	framing->has_coding = true;
	while (span_next_member(&value, &coding)) {
		uint32_t len = coding.len;
		struct span name = span_trim(span_cut(&coding, ';'));
		if (framing->chunked)
			return false;
		framing->chunked = span_is(name, "chunked", 7);
		if (framing->chunked && name.len != len)
			return false;
		framing->unknown |= !framing->chunked;
	}
	return true;
}

static void read_connection(struct http_framing *framing, struct span value)
{
	struct span option;
	if (span_is(value, "keep-alive", 10)) {
		framing->keep_alive = true;
		return;
	}
	while (span_next_member(&value, &option)) {
		framing->close |= span_is(option, "close", 5);
		framing->keep_alive |= span_is(option, "keep-alive", 10);
	}
}

static void read_expect(struct http_framing *framing, struct span value)
{
	struct span expectation;
	while (span_next_member(&value, &expectation))
		framing->expects |= !span_is(expectation, "100-continue", 12);
}

bool http_framing_field(struct http_framing *framing, struct span name, struct span value)
{
	switch (name.len) {
	case 6:
		if (span_is(name, "expect", 6))
			read_expect(framing, value);
		return true;
	case 10:
		if (span_is(name, "connection", 10))
			read_connection(framing, value);
		return true;
	case 14:
		return !span_is(name, "content-length", 14) || read_length(framing, value);
	case 17:
		return !span_is(name, "transfer-encoding", 17) || read_codings(framing, value);
	default:
		return true;
	}
}

enum drop_reason http_framing_judge(const struct http_framing *framing, uint8_t minor)
{
	if (framing->has_coding && (framing->has_length || minor == 0 || !framing->chunked))
		return DROP_http_bad_request;
	if (framing->unknown)
		return DROP_http_coding;
	return framing->expects && minor > 0 ? DROP_http_expectation : DROP_none;
}

bool http_framing_keeps(const struct http_framing *framing, uint8_t minor)
{
	return !framing->body && !framing->has_coding && !framing->close &&
	       (minor > 0 || framing->keep_alive);
}
