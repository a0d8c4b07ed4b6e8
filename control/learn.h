/* learn - brings the tables to what a RIB says, as one commit of its set. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "commit.h"
#include "rib.h"

struct learn_route;

/* The control thread's. */
struct learn {
	struct control *control;
	const char *set; /* "peer cdn-b"; lives for ever */
	const char *cdn; /* the CDN that its objects are of; lives for ever */
	struct rib rib;
	struct commit *commit;      /* under way, or NULL */
	struct learn_route *routes; /* as they were when it began */
	size_t n_routes, next;
	bool again;          /* the RIB changed meanwhile */
	bool failed;         /* the last commit was refused as a whole */
	uint64_t generation; /* of the tables when the RIB was last brought there */
	char error[256];     /* why the last one was refused as a whole; or "" */
	/* Each time the tables are what the RIB says, or could not be; may be NULL. */
	void (*done)(void *arg);
	void *arg;
};

/* false: no memory. The names are copied. The damping is set by the caller. */
bool learn_init(struct learn *learn, struct control *control, const char *set, const char *cdn);

/* Starts a commit: all routes that are wanted, and nothing else, is in the set afterwards. Bad ones are refused by themselves.
 * When one is under way, another follows it. What changes nothing makes no generation. */
void learn_publish(struct learn *learn);

/* Once a minute: tries again what failed, and puts right what others changed. */
void learn_tend(struct learn *learn);

/* Fills the RIB of a process that just started with what its set has in the tables: as accepted, without a path. false: no memory. */
bool learn_recall(struct learn *learn, uint64_t now);

void learn_clear(struct learn *learn);
