/* faults - a list of things that are wrong with an input, each with its place, reported all at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>

/* Where a thing was said. line 0: the whole file; file NULL: not from a file. The text is not copied. */
struct place {
	const char *file;
	unsigned line;
};

struct fault {
	char *file; /* NULL when not from a file */
	unsigned line;
	char *text; /* one sentence: what is wrong, what was expected */
};

/* Keeps the first FAULTS_MAX; counts the rest. All zero is an empty list. Control thread only. */
enum { FAULTS_MAX = 1000 };
struct faults {
	struct fault *list;
	size_t n;     /* kept */
	size_t total; /* found */
};

void faults_add(struct faults *faults, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* All of them, the list that they come from stays as it is. */
void faults_append(struct faults *faults, const struct faults *from);
void faults_clear(struct faults *faults);
