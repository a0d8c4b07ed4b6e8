/* rib - the routes of one peer: each object that it gave for the tables, whether it is in use, and why not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/damping.h"
#include "lib/faults.h"
#include "lib/object.h"

#include <jansson.h>

enum rib_state {
	RIB_NEW,        /* is to go into the tables */
	RIB_ACCEPTED,   /* is in the tables */
	RIB_REFUSED,    /* the tables did not take it; reason says why */
	RIB_SUPPRESSED, /* left out, because it came and went too often */
	RIB_GONE,       /* withdrawn; only its penalty is remembered */
};
const char *rib_state_name(enum rib_state state);

/* One route. What the pointers point to belongs to the RIB. */
enum { RIB_NAME_MAX = 33 };
struct rib_route {
	enum object_kind kind;
	char name
		[RIB_NAME_MAX]; /* a digest of the object: what says something else is another route */
	char *table;            /* name of its object in the tables; NULL: it is not there */
	json_t *object;         /* as the tables take it; NULL: gone */
	json_t *path; /* provider ids of the CDNs it came through, but the peer itself; or NULL */
	enum rib_state state;
	uint64_t since; /* seconds since 1970-01-01 UTC: when it came, changed or went */
	struct damping damping;
	char *note;   /* what is special about it; or NULL */
	char *reason; /* refused: why; or NULL */
};

/* What the peer says in one update, whole. */
struct rib_update {
	struct rib_route *list;
	size_t n, cap;
	struct faults faults; /* what never became an object, and why */
};

/* Only kind, object, path and note of the route are looked at. References to the JSON values are taken, the texts copied. false: no
 * memory. */
bool rib_update_add(struct rib_update *update, const struct rib_route *route);
void rib_update_clear(struct rib_update *update);

/* What has gone is remembered of so many at most; those that went but once are forgotten first. */
enum { RIB_GONE_MAX = 10000 };

/* All zero but for the settings is empty. Control thread. */
struct rib {
	struct damping_settings damping;
	struct rib_route *list; /* in the order of kind and name */
	size_t n;
	struct faults faults;         /* of the last update */
	uint64_t received, withdrawn; /* routes, since the start */
	uint64_t refused;             /* also those that never became an object */
	uint64_t suppressed;          /* how often one was */
	uint64_t doubled;             /* said more than once in one update */
};

/* Puts the update, which is used up, in the place of all that was there before. What is left out and why is settled here, but for what the
 * tables refuse. lasting: what is missing or says something else counts as a flap; else the peer was away meanwhile, and it does not. false: no
 * memory, nothing changed. *changed: the tables have to be told. */
bool rib_take(struct rib *rib, struct rib_update *update, bool lasting, uint64_t now,
	      bool *changed);

/* Looks at what is suppressed. true: some of it is to be used again, and the tables have to be told. */
bool rib_tend(struct rib *rib, uint64_t now);

/* The route of that name, or NULL. */
struct rib_route *rib_find(const struct rib *rib, enum object_kind kind, const char *name);

/* "FCI.RedirectTarget"; "" when it is gone. */
const char *rib_route_type(const struct rib_route *route);

/* Is it to be in the tables? */
bool rib_is_wanted(const struct rib_route *route);

/* How many are in a state. */
size_t rib_count(const struct rib *rib, enum rib_state state);

/* The tables took it under the name `table`, or refused it (table NULL), and reason is a sentence. */
void rib_settle(struct rib *rib, struct rib_route *route, const char *table, const char *reason);

void rib_clear(struct rib *rib);
