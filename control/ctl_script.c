/* ctl_script - commands of turnoutctl, one a line, that come from a file or another program. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_script.h"

#include "ctl_interrupt.h"

#include <stdlib.h>
#include <string.h>

enum ctl_exit ctl_script_run(const struct ctl_options *options, FILE *in)
{
	struct ctl_options of_script = *options;
	enum ctl_exit code = CTL_DONE;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	of_script.input = NULL;
	for (unsigned long number = 1; (len = getline(&line, &room, in)) >= 0; number++) {
		if (memchr(line, '\0', (size_t)len)) {
			fprintf(stderr, "turnoutctl: there is an octet 0 in the line\n");
			code = CTL_USAGE;
		} else {
			code = ctl_run_line(&of_script, line);
		}
		if (code == CTL_DONE || code == CTL_DIFFERS)
			continue;
		fprintf(stderr, "turnoutctl: ended at line %lu\n", number);
		break;
	}
	free(line);
	return ctl_interrupted() ? CTL_INTERRUPTED : code;
}
