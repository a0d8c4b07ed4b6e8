/* fuzz_sse - any octets as an event stream: in pieces it says what it says as a whole, and what it says can be written and read again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/sse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENT_MAX = 2000 };

static uint64_t mix(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * 1099511628211u;
	return sum + len + 1;
}

/* Data without ends of line comes back as it was, but for those that the writer puts between tokens. */
static void write_again(const struct sse *event)
{
	struct sse again = {.max = 2 * EVENT_MAX};
	size_t len;
	if (memchr(event->data, '\n', event->len) || event->len > 1000 || !event->len)
		return;
	char *text = sse_write(event->name, event->data, event->len, &len);
	if (!text)
		abort();
	const char *at = text;
	if (sse_read(&again, &at, text + len) != SSE_EVENT || again.len != event->len ||
	    memcmp(again.data, event->data, event->len) != 0 ||
	    strcmp(again.name, event->name) != 0 || at != text + len)
		abort();
	free(text);
	sse_clear(&again);
}

static uint64_t read_pieces(const uint8_t *data, size_t size, size_t piece)
{
	struct sse sse = {.max = EVENT_MAX};
	uint64_t sum = 0;
	enum sse_found found = SSE_MORE;
	for (size_t i = 0; i < size && found != SSE_TOO_LONG; i += piece) {
		const char *at = (const char *)data + i;
		const char *end = at + (size - i < piece ? size - i : piece);
		while ((found = sse_read(&sse, &at, end)) != SSE_MORE && found != SSE_TOO_LONG) {
			sum = mix(sum, &found, sizeof(found));
			if (found != SSE_EVENT)
				continue;
			sum = mix(mix(sum, sse.name, strlen(sse.name)), sse.data, sse.len);
			write_again(&sse);
		}
	}
	sse_clear(&sse);
	return sum + (uint64_t)(found == SSE_TOO_LONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	size_t piece = 1 + data[0] % 16;
	if (read_pieces(data + 1, size - 1, size) != read_pieces(data + 1, size - 1, piece))
		abort();
	return 0;
}
