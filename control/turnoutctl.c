/* turnoutctl - asks a running turnoutd over its control socket, for operators and scripts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_interrupt.h"
#include "ctl_prompt.h"
#include "ctl_run.h"
#include "ctl_script.h"
#include "ctl_text.h"

#include <stdio.h>
#include <unistd.h>

#ifndef TURNOUT_VERSION
#define TURNOUT_VERSION "0.1.0"
#endif

int main(int argc, char **argv)
{
	char err[256];
	int used = 1, n;
	struct ctl_options options;
	ctl_text_init();
	ctl_options_init(&options);
	while ((n = ctl_options_take(&options, argc - used, argv + used, err, sizeof(err))) > 0)
		used += n;
	if (n < 0) {
		fprintf(stderr, "turnoutctl: %s\n", err);
		return CTL_USAGE;
	}
	if (options.version) {
		puts("turnoutctl " TURNOUT_VERSION);
		return CTL_DONE;
	}
	ctl_interrupt_catch();
	if (options.help || used < argc)
		return (int)ctl_run(&options, argc - used, argv + used);
	if (options.watch > 0) {
		fputs("turnoutctl: --watch needs a verb\n", stderr);
		return CTL_USAGE;
	}
	return (int)(isatty(STDIN_FILENO) ? ctl_prompt_run(&options)
					  : ctl_script_run(&options, stdin));
}
