/* hash_table - chains of members by their hash, for tables whose size is bounded from the start. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Stands within what is in the table; the hash is the user's to set, and to be hard to guess where others choose the keys. */
struct hash_member {
	struct hash_member *next;
	uint64_t hash;
};

struct hash_table {
	struct hash_member **chains;
	size_t mask;
};

/* For about n members. false: no memory. */
static inline bool hash_table_init(struct hash_table *table, size_t n)
{
	size_t chains = 1;
	while (chains < n)
		chains *= 2;
	table->mask = chains - 1;
	table->chains = (struct hash_member **)calloc(chains, sizeof(*table->chains));
	return table->chains;
}

static inline void hash_table_clear(struct hash_table *table)
{
	free(table->chains);
	table->chains = NULL;
}

/* The first one that may have the hash; on by ->next. */
static inline struct hash_member *hash_table_first(const struct hash_table *table, uint64_t hash)
{
	return table->chains[hash & table->mask];
}

/* In front of those with the same hash. */
static inline void hash_table_add(struct hash_table *table, struct hash_member *member)
{
	struct hash_member **chain = &table->chains[member->hash & table->mask];
	member->next = *chain;
	*chain = member;
}

/* It has to be in the table. */
static inline void hash_table_remove(struct hash_table *table, struct hash_member *member)
{
	struct hash_member **at = &table->chains[member->hash & table->mask];
	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
}
