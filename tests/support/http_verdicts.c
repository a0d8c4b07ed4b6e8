/* http_verdicts - reads requests (each behind its length in four octets, big end first) and prints what the parser says of each, for
 * a comparison with another parser: "ok METHOD MINOR KEEP HEAD_LEN TARGET NAME:VALUE...", or the reason. Octets are in hexadecimal. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/http_field.h"
#include "lib/http_request.h"

#include <stdio.h>
#include <stdlib.h>

enum { REQUEST_MAX = 1 << 16 };

static void print_hex(struct span span)
{
	for (uint32_t i = 0; i < span.len; i++)
		printf("%02x", span.at[i]);
}

static void print_fields(struct span fields)
{
	while (fields.len) {
		const uint8_t *end = memchr(fields.at, '\n', fields.len);
		struct span line = {fields.at, (uint32_t)(end - fields.at - 1)};
		fields = span_from(fields, line.len + 2);
		const uint8_t *colon = memchr(line.at, ':', line.len);
		putchar(' ');
		print_hex((struct span){line.at, (uint32_t)(colon - line.at)});
		putchar(':');
		print_hex(span_trim(span_from(line, (uint32_t)(colon + 1 - line.at))));
	}
}

static void judge(const uint8_t *bytes, size_t len)
{
	static const struct http_limits limits = {8192, 8000, true};
	static struct request req;
	memset(&req, 0, sizeof(req));
	enum drop_reason reason = http_request_parse(bytes, len, &limits, &req);
	if (reason != DROP_none) {
		puts(drop_reason_name(reason));
		return;
	}
	printf("ok %s %d %d %u ", http_method_name((enum http_method)req.http.method),
	       req.http.minor, req.http.keep, req.http.head_len);
	print_hex(req.http.target);
	print_fields(req.http.headers);
	putchar('\n');
}

int main(void)
{
	uint8_t length[4];
	while (fread(length, 1, sizeof(length), stdin) == sizeof(length)) {
		size_t len = load_be32(length);
		/* A block of its own, so that a sanitizer sees a read past its end. */
		uint8_t *bytes = len <= REQUEST_MAX ? malloc(len ? len : 1) : NULL;
		if (!bytes || fread(bytes, 1, len, stdin) != len)
			return EXIT_FAILURE;
		judge(bytes, len);
		free(bytes);
	}
	return EXIT_SUCCESS;
}
