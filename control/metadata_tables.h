/* metadata_tables - brings the tables to what the compiled metadata of a peer says: one commit of its set, all of it or nothing. RFC 8006. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "commit.h"
#include "lib/peers.h"

#include <jansson.h>

/* The names of all objects begin with it, the peer's name and ':'. */
#define METADATA_TABLES_PREFIX "md/"
enum { METADATA_TABLES_NAME_MAX = sizeof(METADATA_TABLES_PREFIX) + PEER_NAME_MAX };

/* The control thread's. */
struct metadata_tables {
	struct control *control;
	const char *set; /* "peer cdn-a metadata"; lives for ever */
	char name[METADATA_TABLES_NAME_MAX];
	json_t *objects; /* that the set is to have, as metadata_compile gives them; NULL: none were ever given */
	struct commit *commit; /* under way, or NULL */
	json_t *taking;        /* its objects */
	size_t next;
	bool again;          /* others were given meanwhile */
	bool failed;         /* the last commit was refused, and changed nothing */
	uint64_t generation; /* of the tables when they were last looked at */
	char error[256];     /* why the last one was refused; or "" */
	/* Each time the tables are what was given, or could not be; may be NULL. */
	void (*done)(void *arg);
	void *arg;
};

/* What the set has in the tables since an earlier process becomes what it is to have. false: no memory. */
bool metadata_tables_init(struct metadata_tables *tables, struct control *control,
			  const char *peer);

/* From now on the set is to have these, and nothing else; the reference is taken over. What changes nothing makes no generation. done may be called
 * before it returns. */
void metadata_tables_put(struct metadata_tables *tables, json_t *objects);

/* Denies all requests of all hosts that the objects are for, DNS queries too or not, in their place. false: no memory; the objects stay. */
bool metadata_tables_deny(struct metadata_tables *tables, int16_t priority, bool dns);

/* Once a minute: tries again what failed, and puts right what others changed. */
void metadata_tables_tend(struct metadata_tables *tables);

/* Scopes that are to be there. */
size_t metadata_tables_scopes(const struct metadata_tables *tables);

void metadata_tables_clear(struct metadata_tables *tables);
