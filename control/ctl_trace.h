/* ctl_trace - the records of a trace, one aligned line for each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>

/* The params of a notification "trace". The first record of the program has the titles above it. */
void ctl_trace_print(const json_t *record);

/* The titles come again, for the next trace. */
void ctl_trace_begin(void);
