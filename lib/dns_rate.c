/* dns_rate - how many DNS answers a prefix may get: what is over the limit is dropped or goes out truncated, so that who forges
 * its addresses does not make it drown in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_rate.h"

#include "siphash.h"

#include <assert.h>

enum { WAYS = 4, MILLI = 1000 };

struct entry {
	uint32_t tag;    /* of the hash; 0: free */
	uint32_t at_ms;  /* when tokens were counted */
	uint32_t tokens; /* thousandths of an answer */
	uint32_t over;   /* answers that were over the limit */
};

struct dns_rate {
	uint8_t key[16];
	const struct dns_rate_settings *settings;
	uint32_t full; /* tokens of a full bucket */
	uint32_t n_sets;
	struct entry sets[][WAYS] __attribute__((aligned(64)));
};
static_assert(sizeof(struct entry[WAYS]) == 64, "a set is a cache line");

static uint32_t sets_of(const struct dns_rate_settings *settings)
{
	return (settings->table + WAYS - 1) / WAYS;
}

size_t dns_rate_size(const struct dns_rate_settings *settings)
{
	return sizeof(struct dns_rate) + sets_of(settings) * sizeof(struct entry[WAYS]);
}

void dns_rate_init(struct dns_rate *rate, const struct dns_rate_settings *settings,
		   const uint8_t key[16])
{
	memcpy(rate->key, key, sizeof(rate->key));
	rate->settings = settings;
	rate->full = (settings->burst ? settings->burst : 2 * settings->per_second) * MILLI;
	rate->n_sets = sets_of(settings);
}

static uint64_t hash_of(const struct dns_rate *rate, const struct ip_addr *client,
			enum dns_rate_kind kind)
{
	struct ip_addr prefix = *client;
	uint8_t input[sizeof(prefix.bytes) + 2];
	bool ip4 = client->family == 4;
	ip_addr_mask(&prefix, ip4 ? rate->settings->ipv4_prefix : rate->settings->ipv6_prefix);
	memcpy(input, prefix.bytes, sizeof(prefix.bytes));
	input[sizeof(prefix.bytes)] = prefix.family;
	input[sizeof(prefix.bytes) + 1] = (uint8_t)kind;
	return siphash(rate->key, input, sizeof(input));
}

static uint32_t tokens_now(const struct dns_rate *rate, const struct entry *entry, uint32_t now_ms)
{
	int32_t passed = (int32_t)(now_ms - entry->at_ms);
	if (!entry->tag)
		return rate->full;
	uint64_t tokens = entry->tokens;
	tokens += passed > 0 ? (uint64_t)passed * rate->settings->per_second : 0;
	return tokens < rate->full ? (uint32_t)tokens : rate->full;
}

/* The one with the tag, else a new one in place of the fullest, which may be a free one. */
static struct entry *find(const struct dns_rate *rate, struct entry set[WAYS], uint32_t tag,
			  uint32_t now_ms)
{
	struct entry *fullest = &set[0];
	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].tag == tag)
			return &set[i];
		if (tokens_now(rate, &set[i], now_ms) > tokens_now(rate, fullest, now_ms))
			fullest = &set[i];
	}
	*fullest = (struct entry){.tag = tag, .at_ms = now_ms, .tokens = rate->full};
	return fullest;
}

enum dns_rate_verdict dns_rate_take(struct dns_rate *rate, const struct ip_addr *client,
				    enum dns_rate_kind kind, uint64_t now_ms)
{
	const struct dns_prefixes *exempt = &rate->settings->exempt;
	if (exempt->n && ip_prefixes_have(exempt->list, exempt->n, client))
		return DNS_RATE_SEND;
	uint64_t hash = hash_of(rate, client, kind);
	struct entry *set = rate->sets[(hash >> 32) * rate->n_sets >> 32];
	struct entry *entry = find(rate, set, (uint32_t)hash | 1, (uint32_t)now_ms);
	entry->tokens = tokens_now(rate, entry, (uint32_t)now_ms);
	entry->at_ms = (uint32_t)now_ms;
	if (entry->tokens >= MILLI) {
		entry->tokens -= MILLI;
		return DNS_RATE_SEND;
	}
	unsigned slip = rate->settings->slip;
	return slip && ++entry->over % slip == 0 ? DNS_RATE_SLIP : DNS_RATE_DROP;
}
