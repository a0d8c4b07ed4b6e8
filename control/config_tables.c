/* config_tables - table files: JSON Lines, one object a line, read one by one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_tables.h"

#include "config_objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct config_tables {
	int fd;
	struct place place;
	struct config_tables_progress progress;
	bool ended;
	size_t start, end; /* of what is in buf and was not given out */
	char buf[CONFIG_TABLES_LINE_MAX + (1 << 16)];
};

/* Moves what is left to the front and reads on. false: nothing more to read; errno 0 at the end of
 * the file. */
static bool fill(struct config_tables *tables)
{
	memmove(tables->buf, tables->buf + tables->start, tables->end - tables->start);
	tables->end -= tables->start;
	tables->start = 0;
	ssize_t n;
	do {
		n = read(tables->fd, tables->buf + tables->end, sizeof(tables->buf) - tables->end);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = 0;
	else if (n > 0)
		tables->end += (size_t)n;
	if (n > 0)
		tables->progress.octets += (uint64_t)n;
	return n > 0;
}

enum line_result { LINE_HERE, LINE_LONG, LINE_END, LINE_ERROR };

static enum line_result next_line(struct config_tables *tables, const char **line, size_t *len)
{
	size_t seen = 0;
	for (;;) {
		const char *start = tables->buf + tables->start;
		size_t left = tables->end - tables->start;
		const char *end = memchr(start + seen, '\n', left - seen);
		if (end || (tables->ended && left)) {
			*line = start;
			*len = end ? (size_t)(end - start) : left;
			tables->start += *len + (end ? 1 : 0);
			return *len > CONFIG_TABLES_LINE_MAX ? LINE_LONG : LINE_HERE;
		}
		if (tables->ended)
			return LINE_END;
		if (left > CONFIG_TABLES_LINE_MAX)
			return LINE_LONG;
		seen = left;
		if (!fill(tables)) {
			tables->ended = true;
			if (errno)
				return LINE_ERROR;
		}
	}
}

/* A common line has about so many; the shortest one costs as much as so many. */
enum { LINE_OCTETS = 256, LINE_OCTETS_MIN = 64 };

bool config_tables_read(struct config_tables *tables, struct compiler *compiler,
			struct faults *faults, unsigned lines)
{
	const char *line;
	size_t len = 0;
	for (size_t octets = (size_t)lines * LINE_OCTETS; octets && !compiler_exhausted(compiler);
	     octets -= len + LINE_OCTETS_MIN < octets ? len + LINE_OCTETS_MIN : octets) {
		tables->place.line++;
		struct json_source source = {faults, NULL, tables->place, NULL};
		switch (next_line(tables, &line, &len)) {
		case LINE_HERE:
			tables->progress.lines++;
			while (len && strchr(" \t\r", line[len - 1]) && line[len - 1])
				len--;
			if (len && !config_object_line(&source, line, len, compiler))
				tables->progress.refused++;
			break;
		case LINE_LONG:
			faults_add(faults, source.place,
				   "the line is longer than %d octets; the rest of the file was "
				   "not read",
				   CONFIG_TABLES_LINE_MAX);
			return false;
		case LINE_ERROR:
			faults_add(faults, source.place, "cannot be read: %s", strerror(errno));
			return false;
		case LINE_END:
			return false;
		}
	}
	return !compiler_exhausted(compiler);
}

struct config_tables *config_tables_open(const char *path, struct faults *faults,
					 struct place place)
{
	const char *file = json_place_file(path);
	struct config_tables *tables = malloc(sizeof(*tables));
	struct stat info;
	if (!tables || !file) {
		faults_add(faults, place, "no memory for the table file");
		free(tables);
		return NULL;
	}
	tables->start = tables->end = 0;
	tables->ended = false;
	tables->place = (struct place){file, 0};
	tables->progress = (struct config_tables_progress){0};
	/* A pipe without a writer must not hold the control thread. */
	tables->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (tables->fd < 0 || fstat(tables->fd, &info))
		faults_add(faults, place, "table file '%s' cannot be read: %s", path,
			   strerror(errno));
	else if (!S_ISREG(info.st_mode))
		faults_add(faults, place, "table file '%s' is not a file", path);
	else {
		tables->progress.octets_total = (uint64_t)info.st_size;
		return tables;
	}
	config_tables_close(tables);
	return NULL;
}

void config_tables_close(struct config_tables *tables)
{
	if (tables && tables->fd >= 0)
		close(tables->fd);
	free(tables);
}

void config_tables_progress(const struct config_tables *tables,
			    struct config_tables_progress *progress)
{
	*progress = tables->progress;
}
