/* ctl_table - JSON values as aligned columns of text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_table.h"

#include "ctl_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_value(FILE *out, const json_t *value, unsigned depth)
{
	const char *key;
	json_t *member;
	size_t i;
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		ctl_text_write(out, json_string_value(value));
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
			fputs(i++ ? (depth ? " " : "; ") : "", out);
			ctl_text_write(out, key);
			fputc(' ', out);
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

static size_t count_columns(const struct ctl_column *columns)
{
	size_t n = 0;
	while (n < CTL_TABLE_COLUMNS_MAX && columns[n].title)
		n++;
	return n;
}

/* The cells of one line: those of an object, or with NULL the titles. */
static void make_line(char **cells, const struct ctl_column *columns, size_t n_columns,
		      const json_t *object)
{
	for (size_t k = 0; k < n_columns; k++)
		cells[k] = object ? ctl_table_text(member_at(object, columns[k].path))
				  : strdup(columns[k].title);
}

static void widen(size_t *widths, char *const *cells, size_t n_columns)
{
	for (size_t k = 0; k < n_columns; k++) {
		size_t width = cells[k] ? ctl_text_width(cells[k]) : 1;
		if (width > CTL_TABLE_CELL_MAX)
			width = CTL_TABLE_CELL_MAX;
		if (width > widths[k])
			widths[k] = width;
	}
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
	size_t used;
	if (is_number(cell)) {
		printf("%*s", (int)width, cell);
	} else if (last) {
		ctl_text_write(stdout, cell);
	} else {
		ctl_text_write_cut(stdout, cell, width, &used);
		printf("%*s", (int)(width - used), "");
	}
	fputs(last ? "\n" : "  ", stdout);
}

/* Frees the cells. */
static void print_line(char **cells, const size_t *widths, size_t n_columns)
{
	for (size_t k = 0; k < n_columns; k++) {
		print_cell(cells[k] ? cells[k] : "?", widths[k], k == n_columns - 1);
		free(cells[k]);
	}
}

void ctl_table_print(const json_t *list, const struct ctl_column *columns)
{
	size_t n_columns = count_columns(columns), n = json_array_size(list);
	size_t widths[CTL_TABLE_COLUMNS_MAX] = {0};
	char **cells = calloc((n + 1) * n_columns, sizeof(*cells));
	for (size_t i = 0; cells && i <= n; i++) {
		make_line(cells + i * n_columns, columns, n_columns,
			  i ? json_array_get(list, i - 1) : NULL);
		widen(widths, cells + i * n_columns, n_columns);
	}
	for (size_t i = 0; cells && i <= n; i++)
		print_line(cells + i * n_columns, widths, n_columns);
	free(cells);
}

void ctl_table_live_line(struct ctl_table_live *table, const json_t *object)
{
	char *titles[CTL_TABLE_COLUMNS_MAX], *cells[CTL_TABLE_COLUMNS_MAX];
	size_t n_columns = count_columns(table->columns);
	make_line(cells, table->columns, n_columns, object);
	widen(table->widths, cells, n_columns);
	if (!table->begun) {
		make_line(titles, table->columns, n_columns, NULL);
		widen(table->widths, titles, n_columns);
		print_line(titles, table->widths, n_columns);
	}
	table->begun = true;
	print_line(cells, table->widths, n_columns);
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
