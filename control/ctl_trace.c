/* ctl_trace - the records of a trace, one aligned line for each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_trace.h"

#include "ctl_table.h"

static const struct ctl_column columns[] = {
	{"TIME", "time"},
	{"WORKER", "worker"},
	{"CLIENT", "client"},
	{"PROTOCOL", "protocol"},
	{"TYPE", "type"},
	{"OUTCOME", "outcome"},
	{"SCOPE", "scope"},
	{"TARGET", "target"},
	{"REASON", "reason"},
	{"BURST", "burst"},
	{"CLASSIFY", "nanoseconds.classify"},
	{"DECODE", "nanoseconds.decode"},
	{"MATCH", "nanoseconds.match"},
	{"CHOOSE", "nanoseconds.choose"},
	{"ASK", "nanoseconds.ask"},
	{"COUNT", "nanoseconds.count"},
	{"REPLY", "nanoseconds.reply"},
	{"SEAL NS", "nanoseconds.seal"},
	{"HOST", "host"},
	{"PATH", "path"},
	{NULL, NULL},
};

static struct ctl_table_live table;

void ctl_trace_begin(void)
{
	/* What most records need, so that the columns seldom move. */
	table = (struct ctl_table_live){
		.columns = columns,
		.widths = {27, 6, 15, 8, 5, 10, 16, 16, 8, 5, 8, 8, 8, 8, 8, 8, 8, 8, 24, 0},
	};
}

void ctl_trace_print(const json_t *record)
{
	if (!table.columns)
		ctl_trace_begin();
	ctl_table_live_line(&table, record);
}
