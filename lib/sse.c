/* sse - server-sent events (text/event-stream of the HTML standard), as RFC 8895 §5 uses them: parsed piece by piece, and written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sse.h"

#include "array.h"

#include <string.h>

/* --- Reading ---------------------------------------------------------------------------------- */

/* Where in a line the next octet is. */
enum {
	AT_FIELD, /* in its name */
	AT_BLANK, /* behind the colon, where one blank does not count */
	AT_VALUE,
};

static const char byte_order_mark[] = "\xef\xbb\xbf";

static bool is_field(const struct sse *sse, const char *name)
{
	return sse->field_len == strlen(name) && memcmp(sse->field, name, sse->field_len) == 0;
}

static enum sse_found put_data(struct sse *sse, const char *at, size_t len)
{
	if (len > sse->max - sse->len)
		return SSE_TOO_LONG;
	char *data = array_reserve(sse->data, &sse->cap, sse->len + len + 1, 1);
	if (!data)
		return SSE_NO_MEMORY;
	sse->data = data;
	memcpy(data + sse->len, at, len);
	sse->len += len;
	data[sse->len] = '\0';
	return SSE_MORE;
}

static enum sse_found put_name(struct sse *sse, const char *at, size_t len)
{
	if (len > (size_t)SSE_NAME_MAX - sse->name_len)
		return SSE_TOO_LONG;
	memcpy(sse->name + sse->name_len, at, len);
	sse->name_len = (unsigned char)(sse->name_len + len);
	sse->name[sse->name_len] = '\0';
	return SSE_MORE;
}

static enum sse_found put_value(struct sse *sse, const char *at, size_t len)
{
	if (is_field(sse, "data"))
		return put_data(sse, at, len);
	return is_field(sse, "event") ? put_name(sse, at, len) : SSE_MORE;
}

/* The name of the field is known: at its colon, or at the end of a line without one. */
static enum sse_found begin_value(struct sse *sse)
{
	sse->state = AT_BLANK;
	if (is_field(sse, "event")) {
		sse->name_len = 0;
		sse->name[0] = '\0';
	}
	return is_field(sse, "data") && sse->n_data++ ? put_data(sse, "\n", 1) : SSE_MORE;
}

/* What was given out, or was no event, makes room for the next one. */
static void begin_event(struct sse *sse)
{
	sse->len = sse->n_data = 0;
	sse->name_len = 0;
	sse->name[0] = '\0';
	sse->over = false;
}

static enum sse_found end_line(struct sse *sse)
{
	enum sse_found found = SSE_MORE;
	bool blank = sse->state == AT_FIELD && sse->field_len == 0;
	bool comment = sse->state != AT_FIELD && sse->field_len == 0;
	if (!blank && sse->state == AT_FIELD)
		found = begin_value(sse);
	if (comment)
		found = SSE_COMMENT;
	if (blank && sse->n_data && found == SSE_MORE)
		found = put_data(sse, "", 0) == SSE_MORE ? SSE_EVENT : SSE_NO_MEMORY;
	sse->over = blank;
	sse->state = AT_FIELD;
	sse->field_len = 0;
	return found;
}

/* Octets within a line, up to its end or that of what is there. */
static enum sse_found take(struct sse *sse, const char **at, const char *end)
{
	const char *from = *at;
	enum sse_found found = SSE_MORE;
	if (sse->state == AT_FIELD) {
		(*at)++;
		if (*from == ':')
			return begin_value(sse);
		if (sse->field_len < sizeof(sse->field))
			sse->field[sse->field_len++] = *from;
		return SSE_MORE;
	}
	if (sse->state == AT_BLANK && *from == ' ')
		from = ++*at;
	sse->state = AT_VALUE;
	while (*at < end && **at != '\r' && **at != '\n')
		(*at)++;
	if (*at > from)
		found = put_value(sse, from, (size_t)(*at - from));
	return found;
}

/* One at the very start of the stream says nothing; a part of one is a part of a name. */
static bool skip_mark(struct sse *sse, const char **at, const char *end)
{
	while (sse->bom < 3 && *at < end && **at == byte_order_mark[sse->bom]) {
		sse->bom++;
		(*at)++;
	}
	if (*at == end && sse->bom < 3)
		return false;
	if (sse->bom && sse->bom < 3)
		sse->field[sse->field_len++] = byte_order_mark[0];
	sse->bom = 4;
	return true;
}

enum sse_found sse_read(struct sse *sse, const char **at, const char *end)
{
	enum sse_found found = (enum sse_found)sse->failed;
	if (sse->over)
		begin_event(sse);
	if (sse->bom < 4 && !skip_mark(sse, at, end))
		return found;
	while (*at < end && found == SSE_MORE) {
		char c = **at;
		bool second = c == '\n' && sse->after_cr, ends = c == '\r' || c == '\n';
		sse->after_cr = c == '\r';
		*at += ends;
		if (!ends)
			found = take(sse, at, end);
		else if (!second)
			found = end_line(sse);
		if (sse->over && found == SSE_MORE)
			begin_event(sse);
	}
	if (found == SSE_TOO_LONG || found == SSE_NO_MEMORY)
		sse->failed = (unsigned char)found;
	return found;
}

void sse_clear(struct sse *sse)
{
	free(sse->data);
	*sse = (struct sse){.max = sse->max};
}

/* --- Writing ---------------------------------------------------------------------------------- */

enum { LINE_LONG = 1024 };
static const char data_field[] = "data: ";
enum { DATA_FIELD = sizeof(data_field) - 1 };

/* The end of the line of data that begins at `at`: an end of line in the JSON, or behind the first mark past LINE_LONG that
 * stands outside of strings. */
static size_t line_length(const char *at, size_t len)
{
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		char c = at[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (c == '\n' || c == '\r')
			return i;
		else if (!in_string && i >= LINE_LONG && memchr(",:[{", c, 4))
			return i + 1;
	}
	return len;
}

/* The same with the end of line that is in the JSON. */
static size_t line_and_end(const char *at, size_t len, size_t line)
{
	return line + (line < len && (at[line] == '\n' || at[line] == '\r'));
}

char *sse_write(const char *name, const char *json, size_t len, size_t *out_len)
{
	static const char event_field[] = "event: ";
	size_t n = 0;
	for (size_t i = 0; i < len; n++)
		i += line_and_end(json + i, len - i, line_length(json + i, len - i));
	char *out = malloc(sizeof(event_field) + strlen(name) + len + n * (DATA_FIELD + 1) + 2);
	if (!out)
		return NULL;
	char *at = stpcpy(stpcpy(stpcpy(out, event_field), name), "\n");
	for (size_t i = 0; i < len;) {
		size_t line = line_length(json + i, len - i);
		at = mempcpy(stpcpy(at, data_field), json + i, line);
		*at++ = '\n';
		i += line_and_end(json + i, len - i, line);
	}
	*at++ = '\n';
	*at = '\0';
	*out_len = (size_t)(at - out);
	return out;
}
