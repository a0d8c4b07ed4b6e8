/* ri_cache - what downstream CDNs answered over the Redirection Interface, kept for those requests that it is good for, too. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_cache.h"

#include "lib/hash_table.h"
#include "lib/siphash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

enum { LENGTHS = 129, LENGTH_WORDS = (LENGTHS + 63) / 64, SECOND = 1000 };

/* All answers to requests that differ in their client alone. */
struct group {
	struct hash_member member; /* first, so that it is the group */
	uint64_t number;
	size_t n_entries;
	/* Lengths of the prefixes that were ever there, IPv4 and IPv6: only these are looked for. */
	uint64_t lengths[2][LENGTH_WORDS];
	char key[];
};

/* One prefix under which an entry is found. */
struct slot {
	struct hash_member member; /* first, so that it is the slot */
	struct entry *entry;
	struct ip_prefix prefix;
	bool exact; /* for this very prefix, not for those within it */
	bool gone;  /* a later entry has its place */
};

struct entry {
	TAILQ_ENTRY(entry) used; /* the last one used is the first */
	struct group *group;
	void *value;
	size_t octets;
	uint64_t number; /* the higher one came later */
	uint64_t lifetime, expires, stale_until, error_until, quiet_until;
	uint32_t hits;
	bool negative;
	unsigned n_places, n_left;
	struct slot places[];
};
TAILQ_HEAD(entries, entry);

struct ri_cache {
	struct ri_cache_limits limits;
	void (*release)(void *value);
	struct ri_cache_counters counters;
	struct hash_table groups, places;
	struct entries entries;
	uint64_t last_number;
	uint8_t hash_key[16];
};

struct ri_cache *ri_cache_new(const struct ri_cache_limits *limits, void (*release)(void *value))
{
	struct ri_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	TAILQ_INIT(&cache->entries);
	cache->limits = *limits;
	cache->release = release;
	if (!hash_table_init(&cache->groups, limits->entries) ||
	    !hash_table_init(&cache->places, 2 * limits->entries) ||
	    getrandom(cache->hash_key, sizeof(cache->hash_key), 0) < 0) {
		ri_cache_free(cache);
		return NULL;
	}
	return cache;
}

void ri_cache_free(struct ri_cache *cache)
{
	if (!cache)
		return;
	ri_cache_flush(cache);
	hash_table_clear(&cache->groups);
	hash_table_clear(&cache->places);
	free(cache);
}

struct ri_cache_counters ri_cache_counts(const struct ri_cache *cache)
{
	return cache->counters;
}

/* --- Groups --------------------------------------------------------------------------------- */

static struct group *find_group(const struct ri_cache *cache, const char *key, uint64_t hash)
{
	struct hash_member *at = hash_table_first(&cache->groups, hash);
	while (at && (at->hash != hash || strcmp(((struct group *)at)->key, key) != 0))
		at = at->next;
	return (struct group *)at;
}

static uint64_t group_hash(const struct ri_cache *cache, const char *key)
{
	return siphash(cache->hash_key, key, strlen(key));
}

static size_t group_octets(const struct group *group)
{
	return sizeof(*group) + strlen(group->key) + 1;
}

static struct group *group_of(struct ri_cache *cache, const char *key)
{
	uint64_t hash = group_hash(cache, key);
	struct group *group = find_group(cache, key, hash);
	if (group)
		return group;
	size_t size = strlen(key) + 1;
	group = calloc(1, sizeof(*group) + size);
	if (!group)
		return NULL;
	group->member.hash = hash;
	group->number = ++cache->last_number;
	memcpy(group->key, key, size);
	hash_table_add(&cache->groups, &group->member);
	cache->counters.octets += group_octets(group);
	return group;
}

static void drop_empty(struct ri_cache *cache, struct group *group)
{
	if (group->n_entries)
		return;
	hash_table_remove(&cache->groups, &group->member);
	cache->counters.octets -= group_octets(group);
	free(group);
}

/* --- Places --------------------------------------------------------------------------------- */

static uint64_t place_hash(const struct ri_cache *cache, const struct group *group,
			   const struct ip_prefix *prefix, bool exact)
{
	uint8_t octets[8 + 3 + 16];
	memcpy(octets, &group->number, 8);
	octets[8] = prefix->addr.family;
	octets[9] = prefix->len;
	octets[10] = exact;
	memcpy(octets + 11, prefix->addr.bytes, 16);
	return siphash(cache->hash_key, octets, sizeof(octets));
}

static bool is_place(const struct slot *place, const struct group *group,
		     const struct ip_prefix *prefix, bool exact)
{
	return place->entry->group == group && place->exact == exact &&
	       place->prefix.len == prefix->len &&
	       ip_addr_equal(&place->prefix.addr, &prefix->addr);
}

/* The first place for the prefix at or behind `at`. */
static struct slot *next_place(struct hash_member *at, const struct group *group,
			       const struct ip_prefix *prefix, bool exact)
{
	while (at && !is_place((struct slot *)at, group, prefix, exact))
		at = at->next;
	return (struct slot *)at;
}

static struct slot *find_place(const struct ri_cache *cache, const struct group *group,
			       const struct ip_prefix *prefix, bool exact)
{
	uint64_t hash = place_hash(cache, group, prefix, exact);
	return next_place(hash_table_first(&cache->places, hash), group, prefix, exact);
}

/* --- Entries -------------------------------------------------------------------------------- */

static size_t entry_octets(const struct entry *entry)
{
	return sizeof(*entry) + entry->n_places * sizeof(entry->places[0]) + entry->octets;
}

static void remove_entry(struct ri_cache *cache, struct entry *entry)
{
	for (unsigned i = 0; i < entry->n_places; i++)
		if (!entry->places[i].gone)
			hash_table_remove(&cache->places, &entry->places[i].member);
	TAILQ_REMOVE(&cache->entries, entry, used);
	cache->counters.entries--;
	cache->counters.octets -= entry_octets(entry);
	entry->group->n_entries--;
	drop_empty(cache, entry->group);
	cache->release(entry->value);
	free(entry);
}

void ri_cache_flush(struct ri_cache *cache)
{
	struct entry *entry;
	while ((entry = TAILQ_FIRST(&cache->entries)))
		remove_entry(cache, entry);
}

/* A refusal takes the place of a refusal only: an answer may still be of use when asking fails. */
static void make_room(struct ri_cache *cache, const struct entry *entry,
		      const struct ip_prefix *prefix, bool exact)
{
	struct slot *place = find_place(cache, entry->group, prefix, exact);
	while (place && (place->entry->negative != entry->negative || place->entry == entry))
		place = next_place(place->member.next, entry->group, prefix, exact);
	if (!place)
		return;
	hash_table_remove(&cache->places, &place->member);
	place->gone = true;
	if (--place->entry->n_left == 0)
		remove_entry(cache, place->entry);
}

static void add_place(struct ri_cache *cache, struct entry *entry, const struct ip_prefix *prefix,
		      bool exact)
{
	struct group *group = entry->group;
	make_room(cache, entry, prefix, exact);
	struct slot *place = &entry->places[entry->n_left++];
	place->entry = entry;
	place->prefix = *prefix;
	place->exact = exact;
	place->member.hash = place_hash(cache, group, prefix, exact);
	hash_table_add(&cache->places, &place->member);
	if (!exact)
		group->lengths[prefix->addr.family == 6][prefix->len / 64] |= UINT64_C(1)
									      << prefix->len % 64;
}

static void set_times(const struct ri_cache *cache, struct entry *entry,
		      const struct freshness *freshness, uint64_t now)
{
	entry->lifetime = (uint64_t)freshness->fresh * SECOND;
	if (entry->negative && entry->lifetime > cache->limits.negative_ms)
		entry->lifetime = cache->limits.negative_ms;
	entry->expires = now + entry->lifetime;
	if (entry->negative)
		return;
	entry->stale_until = entry->expires + (uint64_t)freshness->stale_while * SECOND;
	entry->error_until = entry->expires + (uint64_t)freshness->stale_if_error * SECOND;
}

static bool keep(struct ri_cache *cache, const struct ri_cached *answer, uint64_t now)
{
	unsigned n = answer->n_ranges + 1;
	struct entry *entry = calloc(1, sizeof(*entry) + n * sizeof(entry->places[0]));
	struct group *group = entry ? group_of(cache, answer->key) : NULL;
	if (!group) {
		free(entry);
		return false;
	}
	entry->group = group;
	entry->value = answer->value;
	entry->octets = answer->octets;
	entry->number = ++cache->last_number;
	entry->negative = answer->negative;
	entry->n_places = n;
	set_times(cache, entry, &answer->freshness, now);
	group->n_entries++;
	TAILQ_INSERT_HEAD(&cache->entries, entry, used);
	cache->counters.entries++;
	cache->counters.octets += entry_octets(entry);
	add_place(cache, entry, &answer->client, true);
	for (unsigned i = 0; i < answer->n_ranges; i++)
		add_place(cache, entry, &answer->ranges[i], false);
	return true;
}

bool ri_cache_put(struct ri_cache *cache, const struct ri_cached *answer, uint64_t now)
{
	const struct ri_cache_limits *limits = &cache->limits;
	bool fits = answer->octets <= limits->octets && limits->entries;
	if (!fits || !answer->freshness.fresh || !keep(cache, answer, now)) {
		cache->release(answer->value);
		return false;
	}
	cache->counters.stored++;
	while (cache->counters.entries > limits->entries ||
	       cache->counters.octets > limits->octets) {
		remove_entry(cache, TAILQ_LAST(&cache->entries, entries));
		cache->counters.evicted++;
	}
	return cache->counters.entries > 0;
}

/* --- Finding -------------------------------------------------------------------------------- */

/* The entries that may be used, of each state the one that came last. */
struct found {
	struct entry *of[RI_CACHE_NEGATIVE + 1];
};

static enum ri_cache_state state_of(const struct entry *entry, uint64_t now)
{
	if (now < entry->expires)
		return entry->negative ? RI_CACHE_NEGATIVE : RI_CACHE_FRESH;
	return now < entry->stale_until   ? RI_CACHE_STALE
	       : now < entry->error_until ? RI_CACHE_IF_ERROR
					  : RI_CACHE_MISS;
}

static void look(const struct ri_cache *cache, const struct group *group,
		 const struct ip_prefix *prefix, bool exact, uint64_t now, struct found *found)
{
	struct slot *place = find_place(cache, group, prefix, exact);
	for (; place; place = next_place(place->member.next, group, prefix, exact)) {
		struct entry **of = &found->of[state_of(place->entry, now)];
		if (!*of || (*of)->number < place->entry->number)
			*of = place->entry;
	}
}

/* From the longest prefix on that is there for the group. */
static void look_around(const struct ri_cache *cache, const struct group *group,
			const struct ip_prefix *client, uint64_t now, struct found *found)
{
	struct ip_prefix prefix = *client;
	const uint64_t *lengths = group->lengths[client->addr.family == 6];
	look(cache, group, &prefix, true, now, found);
	for (unsigned len = client->len + 1u; len-- > 0;) {
		if (!(lengths[len / 64] >> len % 64 & 1))
			continue;
		prefix.len = (uint8_t)len;
		ip_addr_mask(&prefix.addr, len);
		look(cache, group, &prefix, false, now, found);
	}
}

/* Is a fresh answer asked for again ahead of its end? While one can serve stale that costs more than it gives. */
static bool is_due_early(const struct ri_cache *cache, const struct entry *entry, uint64_t now)
{
	uint64_t left = entry->expires - now;
	return entry->stale_until == entry->expires && entry->hits >= cache->limits.hot_hits &&
	       left < SECOND && left * 5 < entry->lifetime;
}

/* One at a time. */
static bool is_due(const struct ri_cache *cache, struct entry *entry, enum ri_cache_state state,
		   uint64_t now)
{
	if (now < entry->quiet_until ||
	    (state == RI_CACHE_FRESH && !is_due_early(cache, entry, now)))
		return false;
	entry->quiet_until = now + cache->limits.retry_ms;
	return true;
}

static void count(struct ri_cache *cache, const struct ri_hit *hit)
{
	struct ri_cache_counters *counters = &cache->counters;
	counters->hits += hit->state == RI_CACHE_FRESH;
	counters->stale += hit->state == RI_CACHE_STALE;
	counters->negative += hit->state == RI_CACHE_NEGATIVE;
	counters->misses += hit->state == RI_CACHE_MISS || hit->state == RI_CACHE_IF_ERROR;
	counters->refreshes += hit->refresh;
}

static uint32_t seconds_until(uint64_t now, uint64_t end)
{
	return now < end ? (uint32_t)((end - now) / SECOND) : 0;
}

static struct ri_hit use(struct ri_cache *cache, struct entry *entry, enum ri_cache_state state,
			 uint64_t now)
{
	struct ri_hit hit = {.state = state, .value = entry->value};
	entry->hits++;
	TAILQ_REMOVE(&cache->entries, entry, used);
	TAILQ_INSERT_HEAD(&cache->entries, entry, used);
	if (entry->negative)
		return hit;
	hit.left.fresh = seconds_until(now, entry->expires);
	uint64_t end = now < entry->expires ? entry->expires : now;
	hit.left.stale_while = seconds_until(end, entry->stale_until);
	hit.left.stale_if_error = seconds_until(end, entry->error_until);
	return hit;
}

static struct ri_hit choose(struct ri_cache *cache, const struct found *found, uint64_t now)
{
	struct entry *const *of = found->of;
	struct entry *refused = of[RI_CACHE_NEGATIVE];
	enum ri_cache_state state = of[RI_CACHE_FRESH]   ? RI_CACHE_FRESH
				    : of[RI_CACHE_STALE] ? RI_CACHE_STALE
							 : RI_CACHE_IF_ERROR;
	struct entry *entry = of[state];
	if (!entry)
		return refused ? use(cache, refused, RI_CACHE_NEGATIVE, now) : (struct ri_hit){0};
	if (state == RI_CACHE_IF_ERROR && refused)
		return use(cache, entry, RI_CACHE_STALE, now);
	struct ri_hit hit = use(cache, entry, state, now);
	hit.refresh = state != RI_CACHE_IF_ERROR && !refused && is_due(cache, entry, state, now);
	return hit;
}

struct ri_hit ri_cache_find(struct ri_cache *cache, const char *key, const struct ip_prefix *client,
			    uint64_t now)
{
	struct found found = {{NULL}};
	const struct group *group = find_group(cache, key, group_hash(cache, key));
	if (group)
		look_around(cache, group, client, now, &found);
	struct ri_hit hit = choose(cache, &found, now);
	count(cache, &hit);
	return hit;
}
