/* state_seen - a set of objects told apart by kind and name, 16 octets each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_seen.h"

#include "lib/siphash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

int state_seen_init(struct state_seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	return getrandom(seen->keys, sizeof(seen->keys), 0) == sizeof(seen->keys) ? 0 : -1;
}

void state_seen_clear(struct state_seen *seen)
{
	for (size_t i = 0; i < STATE_SEEN_PARTS; i++)
		free(seen->parts[i].hashes);
	memset(seen, 0, sizeof(*seen));
}

/* Where the hash is, or the free place where it belongs. */
static struct state_seen_hash *find(const struct state_seen_part *part, struct state_seen_hash hash)
{
	uint32_t at = (uint32_t)hash.a & (part->cap - 1);
	while (part->hashes[at].b && (part->hashes[at].a != hash.a || part->hashes[at].b != hash.b))
		at = (at + 1) & (part->cap - 1);
	return &part->hashes[at];
}

static bool grow(struct state_seen_part *part)
{
	struct state_seen_part wider = {.cap = part->cap ? part->cap * 2 : 16, .n = part->n};
	wider.hashes = calloc(wider.cap, sizeof(*wider.hashes));
	if (!wider.hashes)
		return false;
	for (uint32_t i = 0; i < part->cap; i++)
		if (part->hashes[i].b)
			*find(&wider, part->hashes[i]) = part->hashes[i];
	free(part->hashes);
	*part = wider;
	return true;
}

int state_seen_add(struct state_seen *seen, const char *kind, const char *name)
{
	size_t kind_len = strlen(kind), name_len = strlen(name);
	struct state_seen_hash hash = {
		siphash(seen->keys[0], kind, kind_len) ^ siphash(seen->keys[1], name, name_len),
		siphash(seen->keys[2], kind, kind_len) ^ siphash(seen->keys[3], name, name_len),
	};
	hash.b |= 1;
	struct state_seen_part *part = &seen->parts[hash.a >> 56];
	if (part->n >= part->cap / 4 * 3 && !grow(part))
		return -1;
	struct state_seen_hash *place = find(part, hash);
	if (place->b)
		return 0;
	*place = hash;
	part->n++;
	seen->n++;
	return 1;
}
