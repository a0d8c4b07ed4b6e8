/* fci - footprint and capabilities advertisements (RFC 8008): their entries, as they go from the reader to the tables and to the writer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_map.h"
#include "lib/object.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum fci_type {
	FCI_DELIVERY_PROTOCOL,        /* RFC 8008 §5.3 */
	FCI_ACQUISITION_PROTOCOL,     /* §5.4 */
	FCI_REDIRECTION_MODE,         /* §5.5 */
	FCI_METADATA,                 /* §5.7 */
	FCI_TEXT_LISTS,               /* how many there are whose value is one list of texts */
	FCI_LOGGING = FCI_TEXT_LISTS, /* §5.6 */
	FCI_REDIRECT_TARGET,          /* RFC 8804 §2 */
	FCI_CAPACITY_LIMITS,          /* RFC 9808 §2.2 */
	FCI_TELEMETRY,                /* RFC 9808 §2.1 */
	FCI_OTHER,                    /* a type that we do not know: kept as it is */
};

enum fci_type fci_type_parse(const char *text);
const char *fci_type_name(enum fci_type type); /* FCI_OTHER: "?" */

/* One entry of an advertisement. */
struct fci_entry {
	size_t index; /* in the advertisement, from 0 */
	enum fci_type type;
	/* The base advertisement object (RFC 8008 §5.1) in canonical form: members in a fixed order and only those that we
	 * know, lists of texts sorted, footprints as fci_footprint.h has them. No "footprints": everywhere. */
	json_t *base;
	char *nobody; /* why its footprint matches nobody; NULL: it may match somebody */

	/* Its object for the tables, if a CDN was given: kind OBJECT_DRI for FCI_REDIRECT_TARGET, else an advert. */
	json_t *object;
	char *text; /* of the object, compact */
	char *name; /* "cdn-b/" and 16 hex digits of the SHA-256 of the text: equal entries have equal names */
};

struct fci_list {
	struct fci_entry *list;
	size_t n, cap;
	size_t refused; /* entries that were left out; the faults say why */
	size_t doubled; /* that were the same as one before them */
	size_t other;   /* of the list: of types that we do not know */
};

void fci_entry_clear(struct fci_entry *entry);
void fci_list_clear(struct fci_list *list);
