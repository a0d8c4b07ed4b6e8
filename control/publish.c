/* publish - gives workers a new view by one pointer, and frees the old one when no worker can still read it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "publish.h"

#include <stdlib.h>

struct retired_view {
	struct retired retired;
	struct view *view;
};

static const struct timeval check_interval = {.tv_usec = 5000};

/* A bounded number at a time: freeing what a large change replaced takes a while. */
enum { RECLAIM_MAX = 1000, RECLAIM_NODES = 20000 };

/* Grace periods end in the order in which they began. */
static void reclaim(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct publisher *publisher = arg;
	for (unsigned i = 0; publisher->oldest && i < RECLAIM_MAX; i++) {
		struct retired *retired = publisher->oldest;
		if (rte_rcu_qsbr_check(publisher->plane->qsbr, retired->token, false) != 1)
			break;
		publisher->oldest = retired->next;
		publisher->n_retired--;
		retired->release(retired);
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

void publish_retire(struct publisher *publisher, struct retired *retired)
{
	retired->next = NULL;
	retired->token = rte_rcu_qsbr_start(publisher->plane->qsbr);
	if (publisher->oldest)
		publisher->newest->next = retired;
	else
		publisher->oldest = retired;
	publisher->newest = retired;
	publisher->n_retired++;
	if (!evtimer_pending(publisher->timer, NULL))
		evtimer_add(publisher->timer, &check_interval);
}

static void release_view(struct retired *retired)
{
	struct retired_view *view = (struct retired_view *)retired;
	view_release(view->view);
	free(view);
}

bool publish_view(struct publisher *publisher, struct view *view)
{
	struct plane *plane = publisher->plane;
	struct retired_view *old = malloc(sizeof(*old));
	if (!old)
		return false;
	*old = (struct retired_view){.retired.release = release_view, .view = plane->view};
	__atomic_store_n(&plane->view, view, __ATOMIC_RELEASE);
	if (old->view)
		publish_retire(publisher, &old->retired);
	else
		free(old);
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
		retired->release(retired);
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
