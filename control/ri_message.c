/* ri_message - what requests and responses of the Redirection Interface have in common. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_message.h"

#include <stdlib.h>
#include <string.h>

json_t *ri_message_load(const void *octets, size_t len, struct faults *faults)
{
	const struct place nowhere = {NULL, 0};
	json_error_t error;
	if (len > RI_OCTETS_MAX) {
		faults_add(faults, nowhere, "the message has %zu octets; at most %d are read", len,
			   RI_OCTETS_MAX);
		return NULL;
	}
	json_t *json = json_loadb(octets, len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		faults_add(faults, nowhere, "the message is not I-JSON: octet %d: %s",
			   error.position, error.text);
	return json;
}

/* json_dumps gives broken text when its memory runs out on the way, so the buffer is ours. */
char *ri_message_text(const json_t *message, size_t flags)
{
	char usual[4096];
	size_t size = json_dumpb(message, usual, sizeof(usual), flags | JSON_COMPACT);
	char *text = size ? malloc(size + 1) : NULL;
	if (!text)
		return NULL;
	if (size <= sizeof(usual))
		memcpy(text, usual, size);
	else if (json_dumpb(message, text, size, flags | JSON_COMPACT) != size)
		size = 0;
	text[size] = '\0';
	if (size)
		return text;
	free(text);
	return NULL;
}

void ri_message_begin(struct json_in *in, const struct json_source *source, json_t *object,
		      const char *what)
{
	json_in_begin(in, source, object, source->place, what);
	in->name = NULL;
}

bool ri_message_address(struct json_in *in, const char *key, struct ip_addr *addr)
{
	const char *text = json_in_text(in, key, JSON_IN_NEEDED);
	if (!text)
		return false;
	bool is_address = ip_addr_parse(text, addr);
	if (!is_address)
		json_in_fault(in, NULL, "%s: '%.64s' is not an IP address", key, text);
	return is_address;
}
