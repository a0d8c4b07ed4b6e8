/* ctl_prompt - commands of turnoutctl from a terminal, with history and completion. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ctl_run.h"

enum {
	CTL_PROMPT_HISTORY_LINES = 1000,    /* kept in ~/.turnout_history, the newest */
	CTL_PROMPT_HISTORY_LINE_MAX = 4096, /* octets; longer ones are not kept */
};

/* Until "quit" or the end of input. A command that fails does not end it. */
enum ctl_exit ctl_prompt_run(const struct ctl_options *options);
