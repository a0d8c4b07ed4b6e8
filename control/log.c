/* log - one line on stderr for what an operator should know. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = {"info", "warning", "error"};
	char text[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	fprintf(stderr, "turnoutd: %s: %s\n", names[level], text);
}

void log_faults(const struct faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		const struct fault *fault = &faults->list[i];
		if (fault->file && fault->line)
			log_line(LOG_LEVEL_ERROR, "%s:%u: %s", fault->file, fault->line,
				 fault->text);
		else if (fault->file)
			log_line(LOG_LEVEL_ERROR, "%s: %s", fault->file, fault->text);
		else
			log_line(LOG_LEVEL_ERROR, "%s", fault->text);
	}
	if (faults->total > faults->n)
		log_line(LOG_LEVEL_ERROR, "and %zu more faults", faults->total - faults->n);
}
