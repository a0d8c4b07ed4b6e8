/* publish - gives workers a new view by one pointer, and frees the old one when no worker can still read it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/plane.h"
#include "lib/retired.h"

#include <event2/event.h>

struct publisher {
	struct plane *plane;
	struct event *timer; /* asks for grace periods while views are retired */
	struct retired *oldest, *newest;
	unsigned n_retired;
};

/* plane->qsbr must be there before the second view is published. Control thread. false: no
 * memory. */
bool publish_init(struct publisher *publisher, struct plane *plane, struct event_base *base);

/* false: no memory; nothing is published and view stays the caller's. */
bool publish_view(struct publisher *publisher, struct view *view);

/* Has what is dead (trie_reap) freed bit by bit; also done after each grace period. */
void publish_reap(struct publisher *publisher);

/* Something else that workers may still read, and that nobody finds any more. */
void publish_retire(struct publisher *publisher, struct retired *retired);

/* Views and others that wait for their grace period. */
unsigned publish_pending(const struct publisher *publisher);

/* Frees all views, the published one too. Only when no worker reads any more. */
void publish_finish(struct publisher *publisher);
