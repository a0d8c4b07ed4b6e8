/* advert - what a downstream CDN says that it can do, and for which clients. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advert.h"

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
} types[ADVERT_CHOSEN_BY] = {
	[ADVERT_DELIVERY_PROTOCOL] = {"FCI.DeliveryProtocol", protocols},
	[ADVERT_REDIRECTION_MODE] = {"FCI.RedirectionMode", modes},
	[ADVERT_METADATA] = {"FCI.Metadata", metadata},
};

void advert_release(struct advert *advert)
{
	if (!--advert->refs)
		free(advert);
}

enum advert_type advert_type_parse(const char *text)
{
	unsigned type = 0;
	while (type < ADVERT_CHOSEN_BY && strcmp(types[type].name, text) != 0)
		type++;
	return (enum advert_type)type;
}

const char *advert_type_name(enum advert_type type)
{
	return type < ADVERT_CHOSEN_BY ? types[type].name : "another type";
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
