/* advert - what a downstream CDN says that it can do, and for which clients. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advert.h"

#include "hits.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct offer {
	const char *name;
	uint64_t bit;
};

/* RFC 8006 §7.3; RFC 8008 §6.2; RFC 8006 §6.9, RFC 8804 §3, RFC 9246 §4.4. The first name of a bit is the one that is shown. */
static const struct offer protocols[] = {
	{"http/1.1", PROTOCOL_HTTP}, {"https/1.1", PROTOCOL_HTTPS}, {NULL, 0}};
static const struct offer modes[] = {{"DNS-I", MODE_DNS_I},
				     {"DNS-R", MODE_DNS_R},
				     {"HTTP-I", MODE_HTTP_I},
				     {"HTTP-R", MODE_HTTP_R},
				     {NULL, 0}};
static const struct offer metadata[] = {
	{"MI.SourceMetadata", 1 << 0},
	{"MI.LocationACL", 1 << 1},
	{"MI.TimeWindowACL", 1 << 2},
	{"MI.ProtocolACL", 1 << 3},
	{"MI.Cache", 1 << 4},
	{"MI.DeliveryAuthorization", 1 << 5},
	{"MI.Auth", 1 << 6},
	{"MI.Grouping", 1 << 7},
	{"MI.UriSigning", 1 << 8},
	{"MI.FallbackTarget", 1 << 9},
	{NULL, 0},
};

static const struct {
	const char *name;
	const struct offer *offers;
} types[ADVERT_OTHER] = {
	[ADVERT_DELIVERY_PROTOCOL] = {"FCI.DeliveryProtocol", protocols},
	[ADVERT_REDIRECTION_MODE] = {"FCI.RedirectionMode", modes},
	[ADVERT_METADATA] = {"FCI.Metadata", metadata},
	[ADVERT_CAPACITY] = {"FCI.CapacityLimits", NULL},
};

struct advert *advert_new(enum advert_type type, uint32_t footprint, uint64_t offers, uint64_t soft)
{
	struct advert *advert = calloc(1, sizeof(*advert));
	if (!advert)
		return NULL;
	advert->refs = 1;
	advert->type = (uint8_t)type;
	advert->footprint = footprint;
	advert->offers = offers;
	advert->capacity.soft = soft;
	if (type == ADVERT_CAPACITY && soft != UINT64_MAX)
		hits_take(CAPACITY_WORDS, &advert->capacity.hits);
	if (type == ADVERT_CAPACITY && !soft)
		advert->capacity.shed = CAPACITY_ALL;
	return advert;
}

void advert_release(struct advert *advert)
{
	if (--advert->refs)
		return;
	hits_give_back(advert->capacity.hits, CAPACITY_WORDS);
	free(advert);
}

/* What would have come is known from what did, as long as a little still does. */
void advert_weigh(struct advert *advert, double seconds)
{
	enum { MOST = CAPACITY_ALL - 10 };
	struct capacity *capacity = &advert->capacity;
	uint64_t words[CAPACITY_WORDS];
	if (!capacity->hits || !capacity->soft)
		return;
	hits_read(capacity->hits, CAPACITY_WORDS, words);
	double rate = (double)(words[1] - capacity->before) / seconds,
	       soft = (double)capacity->soft;
	double wanted = rate * CAPACITY_ALL / (CAPACITY_ALL - capacity->shed);
	double shed = wanted > soft ? CAPACITY_ALL * (1 - soft / wanted) + 1 : 0;
	capacity->before = words[1];
	__atomic_store_n(&capacity->shed, (uint16_t)(shed < MOST ? shed : MOST), __ATOMIC_RELAXED);
}

enum advert_type advert_type_parse(const char *text)
{
	unsigned type = 0;
	while (type < ADVERT_OTHER && strcmp(types[type].name, text) != 0)
		type++;
	return (enum advert_type)type;
}

const char *advert_type_name(enum advert_type type)
{
	return type < ADVERT_OTHER ? types[type].name : "another type";
}

uint64_t advert_offer(enum advert_type type, const char *text)
{
	for (const struct offer *offer = types[type].offers; offer->name; offer++)
		if (type == ADVERT_METADATA ? !strcasecmp(offer->name, text)
					    : !strcmp(offer->name, text))
			return offer->bit;
	return 0;
}

const char *advert_offers_text(enum advert_type type, uint64_t offers, char *text, unsigned cap)
{
	size_t len = 0;
	text[0] = '\0';
	for (const struct offer *offer = types[type].offers; offer->name && len < cap; offer++)
		if (offer->bit & offers)
			len += (size_t)snprintf(text + len, cap - len, "%s%s", len ? ", " : "",
						offer->name);
	return text;
}
