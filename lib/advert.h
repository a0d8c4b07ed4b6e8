/* advert - what a downstream CDN says that it can do, and for which clients: a capability with its footprint (RFC 8008 §5). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The types that a choice looks at come first. */
enum advert_type {
	ADVERT_DELIVERY_PROTOCOL,
	ADVERT_REDIRECTION_MODE,
	ADVERT_METADATA,
	ADVERT_OFFERS, /* how many of them are about what is offered */
	ADVERT_CAPACITY = ADVERT_OFFERS,
	ADVERT_OTHER, /* kept and shown; no choice depends on it */
};

/* Redirection modes (RFC 8008 §5.5), as bits. */
enum { MODE_DNS_I = 1 << 0, MODE_DNS_R = 1 << 1, MODE_HTTP_I = 1 << 2, MODE_HTTP_R = 1 << 3 };

/* Requests that a CDN can take (RFC 9808 §2.2.2), of those that are counted here: limit-type "requests". */
struct capacity {
	uint32_t hits; /* place of its counters (lib/hits.h), as of a scope with one candidate */
	uint16_t
		shed; /* changes: how many of 1000 requests are to go elsewhere. Any thread reads it */
	uint64_t soft;   /* requests a second; UINT64_MAX: no limit */
	uint64_t before; /* changes, control thread: requests until the last look */
};
enum { CAPACITY_WORDS = 3, CAPACITY_ALL = 1000 };

/* Immutable but for what is marked, counted by the control thread. */
struct advert {
	uint32_t refs;
	uint32_t footprint; /* id, or SCOPE_ANY_FOOTPRINT */
	uint8_t type;       /* enum advert_type */
	/* What it offers: PROTOCOL_HTTP and PROTOCOL_HTTPS, or modes, or generic metadata: bits of advert_offer. */
	uint64_t offers;
	struct capacity capacity; /* ADVERT_CAPACITY */
};

/* One reference. Control thread. NULL: no memory. */
struct advert *advert_new(enum advert_type type, uint32_t footprint, uint64_t offers,
			  uint64_t soft);
void advert_release(struct advert *advert);

/* Control thread, every `seconds`: what was counted since the last time decides how much goes elsewhere from now on, so that what is
 * left is within the limit. */
void advert_weigh(struct advert *advert, double seconds);

/* "FCI.DeliveryProtocol"; ADVERT_OTHER: one that no choice looks at. */
enum advert_type advert_type_parse(const char *text);
const char *advert_type_name(enum advert_type type);

/* The bit of a delivery protocol ("http/1.1"), a redirection mode ("DNS-I") or a type of generic metadata ("MI.LocationACL", in
 * either case: RFC 8006 §4.1.7); 0: not one we know. */
uint64_t advert_offer(enum advert_type type, const char *text);

/* Writes the names of the bits, joined by ", "; "" for none. Cut when they do not fit. Gives text. */
const char *advert_offers_text(enum advert_type type, uint64_t offers, char *text, unsigned cap);
