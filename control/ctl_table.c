/* ctl_table - JSON values as aligned columns of text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 16 };

static void write_value(FILE *out, const json_t *value, unsigned depth)
{
	const char *key;
	json_t *member;
	size_t i;
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		for (const char *at = json_string_value(value); *at; at++)
			fputc((unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at, out);
		break;
	case JSON_INTEGER:
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		fprintf(out, "%.3f", json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		fputs(json_is_true(value) ? "yes" : "no", out);
		break;
	case JSON_ARRAY:
		json_array_foreach (value, i, member) {
			fputs(i ? ", " : "", out);
			write_value(out, member, depth + 1);
		}
		break;
	case JSON_OBJECT:
		i = 0;
		json_object_foreach ((json_t *)value, key, member) {
			fprintf(out, "%s%s ", i++ ? (depth ? " " : "; ") : "", key);
			write_value(out, member, depth + 1);
		}
		break;
	default:
		fputc('-', out);
	}
}

char *ctl_table_text(const json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	write_value(out, value, 0);
	fclose(out);
	return text;
}

static const json_t *member_at(const json_t *object, const char *path)
{
	while (object) {
		char key[64];
		size_t len = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		object = json_object_get(object, key);
		if (!path[len])
			break;
		path += len + 1;
	}
	return object;
}

/* Cells one after the other, row by row; the titles are the first row. */
static char **make_cells(const json_t *list, const struct ctl_column *columns, size_t n_columns)
{
	size_t n = json_array_size(list);
	char **cells = calloc((n + 1) * n_columns, sizeof(*cells));
	for (size_t k = 0; cells && k < n_columns; k++) {
		cells[k] = strdup(columns[k].title);
		for (size_t i = 0; i < n; i++)
			cells[(i + 1) * n_columns + k] =
				ctl_table_text(member_at(json_array_get(list, i), columns[k].path));
	}
	return cells;
}

static size_t width_of(char *const *cells, size_t n_cells, size_t n_columns, size_t column)
{
	size_t width = 0;
	for (size_t i = column; i < n_cells; i += n_columns)
		if (cells[i] && strlen(cells[i]) > width)
			width = strlen(cells[i]);
	return width;
}

/* Numbers stand to the right. */
static bool is_number(const char *cell)
{
	size_t sign = cell[0] == '-';
	size_t digits = strspn(cell + sign, "0123456789");
	const char *rest = cell + sign + digits;
	if (digits && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return digits && !*rest;
}

static void print_cell(const char *cell, size_t width, bool last)
{
	if (last && !is_number(cell))
		printf("%s\n", cell);
	else
		printf("%*s%s", is_number(cell) ? (int)width : -(int)width, cell,
		       last ? "\n" : "  ");
}

void ctl_table_print(const json_t *list, const struct ctl_column *columns)
{
	size_t n_columns = 0, widths[COLUMNS_MAX];
	while (n_columns < COLUMNS_MAX && columns[n_columns].title)
		n_columns++;
	size_t n_cells = (json_array_size(list) + 1) * n_columns;
	char **cells = make_cells(list, columns, n_columns);
	if (!cells)
		return;
	for (size_t k = 0; k < n_columns; k++)
		widths[k] = width_of(cells, n_cells, n_columns, k);
	for (size_t i = 0; i < n_cells; i++) {
		size_t k = i % n_columns;
		print_cell(cells[i] ? cells[i] : "?", widths[k], k == n_columns - 1);
		free(cells[i]);
	}
	free(cells);
}

void ctl_table_fields(const json_t *object, const struct ctl_column *columns)
{
	size_t width = 0;
	for (const struct ctl_column *c = columns; c->title; c++)
		if (member_at(object, c->path) && strlen(c->title) > width)
			width = strlen(c->title);
	for (const struct ctl_column *c = columns; c->title; c++) {
		const json_t *value = member_at(object, c->path);
		char *text = value ? ctl_table_text(value) : NULL;
		if (text && text[0])
			printf("%-*s  %s\n", (int)width, c->title, text);
		free(text);
	}
}
