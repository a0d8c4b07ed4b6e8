/* ctl_run - does one command of turnoutctl: asks the daemon, shows the answer, and tells the exit code. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ctl_options.h"

enum ctl_exit {
	CTL_DONE,
	CTL_REFUSED,     /* nothing was changed */
	CTL_USAGE,       /* wrong words; the daemon was not asked */
	CTL_UNREACHABLE, /* no daemon, or it did not answer */
	CTL_DIFFERS,     /* done, and there are differences: diff, dry-run */
	CTL_PARTLY,      /* done, but objects at fault were left out */
	CTL_INTERRUPTED = 130,
};

/* The words of one command: options, then a verb and its parameters, or help, completion or
 * complete. Says on stderr what is wrong. */
enum ctl_exit ctl_run(const struct ctl_options *options, int argc, char **argv);

/* A line of words. One that is empty or begins with '#' is done. */
enum ctl_exit ctl_run_line(const struct ctl_options *options, const char *line);
