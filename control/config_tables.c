/* config_tables - table files: JSON Lines, one object a line, read one by one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_tables.h"

#include "config_objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lines {
	int fd;
	bool ended;
	size_t start, end; /* of what is in buf and was not given out */
	char buf[CONFIG_TABLES_LINE_MAX + (1 << 16)];
};

/* Moves what is left to the front and reads on. false: nothing more to read; errno 0 at the end of
 * the file. */
static bool fill(struct lines *lines)
{
	memmove(lines->buf, lines->buf + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	ssize_t n;
	do {
		n = read(lines->fd, lines->buf + lines->end, sizeof(lines->buf) - lines->end);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = 0;
	else if (n > 0)
		lines->end += (size_t)n;
	return n > 0;
}

enum line_result { LINE_HERE, LINE_LONG, LINE_END, LINE_ERROR };

static enum line_result next_line(struct lines *lines, const char **line, size_t *len)
{
	size_t seen = 0;
	for (;;) {
		const char *start = lines->buf + lines->start;
		size_t left = lines->end - lines->start;
		const char *end = memchr(start + seen, '\n', left - seen);
		if (end || (lines->ended && left)) {
			*line = start;
			*len = end ? (size_t)(end - start) : left;
			lines->start += *len + (end ? 1 : 0);
			return *len > CONFIG_TABLES_LINE_MAX ? LINE_LONG : LINE_HERE;
		}
		if (lines->ended)
			return LINE_END;
		if (left > CONFIG_TABLES_LINE_MAX)
			return LINE_LONG;
		seen = left;
		if (!fill(lines)) {
			lines->ended = true;
			if (errno)
				return LINE_ERROR;
		}
	}
}

static void read_line(const struct json_source *source, const char *line, size_t len,
		      struct compiler *compiler)
{
	json_error_t error;
	json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!json && json_error_code(&error) == json_error_out_of_memory) {
		compiler_no_memory(compiler, source->place, "this line");
		return;
	}
	if (!json) {
		faults_add(source->faults, source->place, "not a JSON object: %s (octet %d)",
			   error.text, error.position);
		return;
	}
	void *member = json_object_iter(json);
	const char *kind = member ? json_object_iter_key(member) : "";
	config_object_reader *reader = config_object_kind(kind);
	if (json_object_size(json) != 1)
		faults_add(source->faults, source->place,
			   "expected an object with one member, as {\"scope\": {...}}");
	else if (!reader)
		faults_add(source->faults, source->place,
			   "unknown kind '%.64s'; known: footprint, cdn, node, dri, zone, "
			   "distinguished, scope",
			   kind);
	else
		reader(source, json_object_iter_value(member), compiler);
	json_decref(json);
}

static void read_lines(struct lines *lines, struct json_source *source, struct compiler *compiler)
{
	const char *line;
	size_t len;
	while (!compiler_exhausted(compiler)) {
		source->place.line++;
		switch (next_line(lines, &line, &len)) {
		case LINE_HERE:
			while (len && strchr(" \t\r", line[len - 1]) && line[len - 1])
				len--;
			if (len)
				read_line(source, line, len, compiler);
			break;
		case LINE_LONG:
			faults_add(source->faults, source->place,
				   "the line is longer than %d octets; the rest of the file was "
				   "not read",
				   CONFIG_TABLES_LINE_MAX);
			return;
		case LINE_ERROR:
			faults_add(source->faults, source->place, "cannot be read: %s",
				   strerror(errno));
			return;
		case LINE_END:
			return;
		}
	}
}

void config_tables_read(const char *path, struct compiler *compiler, struct json_source *source,
			struct place place)
{
	const char *file = json_place_file(path);
	struct lines *lines = malloc(sizeof(*lines));
	if (!lines || !file) {
		faults_add(source->faults, place, "no memory for the table file");
		free(lines);
		return;
	}
	lines->start = lines->end = 0;
	lines->ended = false;
	lines->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (lines->fd < 0) {
		faults_add(source->faults, place, "table file '%s' cannot be read: %s", path,
			   strerror(errno));
	} else {
		struct json_source lines_source = {source->faults, NULL, {file, 0}};
		read_lines(lines, &lines_source, compiler);
		close(lines->fd);
	}
	free(lines);
}
