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

/* A bounded number at a time: freeing what a large change replaced takes a while. */
enum { RECLAIM_VIEWS = 1000, RECLAIM_NODES = 20000 };

/* Grace periods end in the order in which they began. */
static void reclaim(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct publisher *publisher = arg;
	for (unsigned i = 0; publisher->oldest && i < RECLAIM_VIEWS; i++) {
		struct retired *retired = publisher->oldest;
		if (rte_rcu_qsbr_check(publisher->plane->qsbr, retired->token, false) != 1)
			break;
		publisher->oldest = retired->next;
		publisher->n_retired--;
		view_release(retired->view);
		free(retired);
	}
	bool more = trie_reap(RECLAIM_NODES);
	if (publisher->oldest || more)
		evtimer_add(publisher->timer, &check_interval);
}

void publish_reap(struct publisher *publisher)
{
	if (!evtimer_pending(publisher->timer, NULL))
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
	*retired = (struct retired){NULL, old, rte_rcu_qsbr_start(plane->qsbr)};
	if (publisher->oldest)
		publisher->newest->next = retired;
	else
		publisher->oldest = retired;
	publisher->newest = retired;
	publisher->n_retired++;
	if (!evtimer_pending(publisher->timer, NULL))
		evtimer_add(publisher->timer, &check_interval);
	return true;
}

unsigned publish_pending(const struct publisher *publisher)
{
	return publisher->n_retired;
}

void publish_finish(struct publisher *publisher)
{
	while (publisher->oldest) {
		struct retired *retired = publisher->oldest;
		publisher->oldest = retired->next;
		view_release(retired->view);
		free(retired);
	}
	if (publisher->timer)
		event_free(publisher->timer);
	if (publisher->plane && publisher->plane->view)
		view_release(publisher->plane->view);
	while (trie_reap(SIZE_MAX))
		;
	if (publisher->plane)
		publisher->plane->view = NULL;
	*publisher = (struct publisher){0};
}
