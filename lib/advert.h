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
	ADVERT_CHOSEN_BY,                /* how many these are */
	ADVERT_OTHER = ADVERT_CHOSEN_BY, /* kept and shown; no choice depends on it */
};

/* Redirection modes (RFC 8008 §5.5), as bits. */
enum { MODE_DNS_I = 1 << 0, MODE_DNS_R = 1 << 1, MODE_HTTP_I = 1 << 2, MODE_HTTP_R = 1 << 3 };

/* Immutable, counted by the control thread. */
struct advert {
	uint32_t refs;
	uint32_t footprint; /* id, or SCOPE_ANY_FOOTPRINT */
	uint8_t type;       /* enum advert_type */
	/* What it offers: PROTOCOL_HTTP and PROTOCOL_HTTPS, or modes, or generic metadata by advert_metadata. */
	uint64_t offers;
};

void advert_release(struct advert *advert);

/* "FCI.DeliveryProtocol". Others than those that a choice looks at are ADVERT_OTHER. */
enum advert_type advert_type_parse(const char *text);
const char *advert_type_name(enum advert_type type);

/* The bit of a delivery protocol ("http/1.1"), a redirection mode ("DNS-I") or a type of generic metadata ("MI.LocationACL", in
 * either case: RFC 8006 §4.1.7); 0: not one we know. */
uint64_t advert_offer(enum advert_type type, const char *text);

/* Writes the names of the bits, joined by ", "; "" for none. Cut when they do not fit. Gives text. */
const char *advert_offers_text(enum advert_type type, uint64_t offers, char *text, unsigned cap);
