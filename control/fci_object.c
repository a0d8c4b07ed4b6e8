/* fci_object - the object of the tables that an advertised capability becomes, and its name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_object.h"

#include "json_strict.h"
#include "lib/bytes.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* A DNS target is a name or an address (RFC 8804 §2.2), which the tables tell apart. */
static json_t *dns_target(const json_t *target)
{
	struct ip_addr address;
	const char *host = json_string_value(json_object_get(target, "host"));
	if (host && ip_addr_parse(host, &address))
		return json_pack("{s:[s]}", "addresses", host);
	return json_incref((json_t *)target);
}

static json_t *make_dri(const char *cdn, const json_t *value, json_t *footprints)
{
	json_t *dns = json_object_get(value, "dns-target");
	json_t *http = json_object_get(value, "http-target");
	json_t *target = dns ? dns_target(dns) : NULL;
	if (dns && !target)
		return NULL;
	return json_pack("{s:s, s:O*, s:o*, s:O*, s:O*, s:o*}", "cdn", cdn, "redirecting-hosts",
			 json_object_get(value, "redirecting-hosts"), "dns-target", target,
			 "http-target", http, "footprints", footprints, "withdrawn",
			 dns || http ? NULL : json_true());
}

static char *make_name(const char *cdn, const char *text)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char *name;
	if (!EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL))
		return NULL;
	uint64_t high = (uint64_t)load_be32(digest) << 32 | load_be32(digest + 4);
	return asprintf(&name, "%s/%016" PRIx64, cdn, high) < 0 ? NULL : name;
}

bool fci_object_make(struct fci_entry *entry, const char *cdn)
{
	json_t *value = json_object_get(entry->base, "capability-value");
	json_t *footprints = json_object_get(entry->base, "footprints");
	if (entry->type == FCI_REDIRECT_TARGET)
		entry->object = make_dri(cdn, value, footprints);
	else
		entry->object = json_pack("{s:s, s:O, s:O, s:O*}", "cdn", cdn, "type",
					  json_object_get(entry->base, "capability-type"), "value",
					  value, "footprints", footprints);
	entry->text = entry->object ? json_strict_text(entry->object, false) : NULL;
	entry->name = entry->text ? make_name(cdn, entry->text) : NULL;
	return entry->name;
}
