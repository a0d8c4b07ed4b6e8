/* drain - the way from SIGTERM to the end: no new connections, but answers to all else that still comes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "drain.h"

#include "control.h"

static const struct timeval quiet = {.tv_usec = 50000};

static uint64_t count_answers(const struct plane *plane)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < plane->n_workers; i++)
		total += __atomic_load_n(&plane->stats[i]->tx_packets, __ATOMIC_RELAXED);
	return total;
}

static void on_quiet(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct control *control = arg;
	uint64_t answered = count_answers(control->plane);
	if (answered == control->drain.answered && !control->commits)
		event_base_loopbreak(control->base);
	control->drain.answered = answered;
}

bool drain_begin(struct control *control)
{
	unsigned ms = control->settings->drain_ms;
	const struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	if (!ms || control->drain.timer)
		return false;
	control->drain.timer = event_new(control->base, -1, EV_PERSIST, on_quiet, control);
	if (!control->drain.timer || event_add(control->drain.timer, &quiet) ||
	    event_base_loopexit(control->base, &limit))
		return false;
	__atomic_store_n(&control->plane->draining, true, __ATOMIC_RELAXED);
	control->drain.answered = count_answers(control->plane);
	return true;
}

void drain_clear(struct control *control)
{
	if (control->drain.timer)
		event_free(control->drain.timer);
	control->drain.timer = NULL;
}
