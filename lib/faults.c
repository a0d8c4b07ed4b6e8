/* faults - a list of things that are wrong with an input, each with its place, reported all at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void faults_add(struct faults *faults, struct place place, const char *format, ...)
{
	faults->total++;
	if (faults->n == FAULTS_MAX)
		return;
	struct fault *list = realloc(faults->list, (faults->n + 1) * sizeof(*list));
	if (!list)
		return;
	faults->list = list;

	struct fault fault = {.line = place.line};
	va_list args;
	va_start(args, format);
	if (vasprintf(&fault.text, format, args) < 0)
		fault.text = NULL;
	va_end(args);
	if (place.file)
		fault.file = strdup(place.file);
	if (fault.text)
		list[faults->n++] = fault;
	else
		free(fault.file);
}

void faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		free(faults->list[i].file);
		free(faults->list[i].text);
	}
	free(faults->list);
	*faults = (struct faults){0};
}

void faults_append(struct faults *faults, const struct faults *from)
{
	for (size_t i = 0; i < from->n; i++)
		faults_add(faults, (struct place){from->list[i].file, from->list[i].line}, "%s",
			   from->list[i].text);
	faults->total += from->total - from->n;
}
