/* log - one line on stderr for what an operator should know. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"

/* "turnoutd: level: text"; the service manager adds the time. Control characters in the text become
 * '?'. Never called by a worker. */
enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One error line for each fault, "file:line: text", and one that says how many more there were. */
void log_faults(const struct faults *faults);
