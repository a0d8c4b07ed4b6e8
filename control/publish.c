/* publish - gives workers a new view by one pointer, and frees the old one when no worker can still read it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish.h"

#include <stdlib.h>

struct retired {
	struct retired *next;
	struct view *view;
	uint64_t token;
};

static const struct timeval check_interval = {.tv_usec = 5000};

static void reclaim(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct publisher *publisher = arg;
	for (struct retired **at = &publisher->retired; *at;) {
		struct retired *retired = *at;
		if (rte_rcu_qsbr_check(publisher->plane->qsbr, retired->token, false) != 1) {
			at = &retired->next;
			continue;
		}
		*at = retired->next;
		view_free(retired->view);
		free(retired);
	}
	if (publisher->retired)
		evtimer_add(publisher->timer, &check_interval);
}

bool publish_init(struct publisher *publisher, struct plane *plane, struct event_base *base)
{
	*publisher = (struct publisher){.plane = plane};
	publisher->timer = evtimer_new(base, reclaim, publisher);
	return publisher->timer;
}

bool publish_view(struct publisher *publisher, struct view *view)
{
	struct plane *plane = publisher->plane;
	struct view *old = plane->view;
	struct retired *retired = malloc(sizeof(*retired));
	if (!retired)
		return false;
	__atomic_store_n(&plane->view, view, __ATOMIC_RELEASE);
	if (!old) {
		free(retired);
		return true;
	}
	*retired = (struct retired){publisher->retired, old, rte_rcu_qsbr_start(plane->qsbr)};
	publisher->retired = retired;
	evtimer_add(publisher->timer, &check_interval);
	return true;
}

unsigned publish_pending(const struct publisher *publisher)
{
	unsigned n = 0;
	for (const struct retired *at = publisher->retired; at; at = at->next)
		n++;
	return n;
}

void publish_finish(struct publisher *publisher)
{
	while (publisher->retired) {
		struct retired *retired = publisher->retired;
		publisher->retired = retired->next;
		view_free(retired->view);
		free(retired);
	}
	if (publisher->timer)
		event_free(publisher->timer);
	if (publisher->plane && publisher->plane->view)
		view_free(publisher->plane->view);
	if (publisher->plane)
		publisher->plane->view = NULL;
	*publisher = (struct publisher){0};
}
