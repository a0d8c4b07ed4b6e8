/* trim - memory that large changes left free is given back to the system when nothing is going on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "trim.h"

#include <malloc.h>

enum { QUIET_SECONDS = 3, MANY_OBJECTS = 100000 }; /* that changed since the last time */

static void trim_work(void *arg)
{
	(void)arg;
	malloc_trim(0);
}

static void trim_done(void *arg)
{
	(void)arg;
}

/* The allocator's lock is held for some 100 ms when a million objects went: so not while there are changes. */
void trim_tend(struct control *control)
{
	struct helper_job job = {trim_work, trim_done, NULL};
	if (control->trim_generation != control->generation)
		control->trim_quiet = 0;
	control->trim_generation = control->generation;
	if (++control->trim_quiet < QUIET_SECONDS || control->trim_changes < MANY_OBJECTS ||
	    helper_pending(control->helper))
		return;
	control->trim_changes = 0;
	helper_run(control->helper, &job);
}
