/* drain - the way from SIGTERM to the end: no new connections, but answers to all else that still comes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct control;

struct drain {
	struct event *timer; /* NULL: it has not begun */
	uint64_t answered;   /* packets, when it was last looked */
};

/* The event loop ends after control.drain milliseconds, or when no packet was answered for 50 of them and no commit is under
 * way. false: nothing was begun (it has begun before, it is switched off, no memory). Control thread. */
bool drain_begin(struct control *control);

/* After the event loop. */
void drain_clear(struct control *control);
