/* ctl_print_peers - what the daemon answers about other CDNs, as an operator reads it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_print_peers.h"

#include "ctl_table.h"

#include <stdio.h>

void ctl_print_peers(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"PEER", "name"},
		{"ROLES", "roles"},
		{"STATE", "state"},
		{"SINCE", "since"},
		{"ROUTES", "routes"},
		{"ACCEPTED", "accepted"},
		{"REFUSED", "refused"},
		{"SUPPRESSED", "suppressed"},
		{"DRI SOURCE", "dri-source"},
		{"TOLD", "told"},
		{"STREAMS", "streams"},
		{"BREAKER", "breaker"},
		{"LAST ERROR", "error"},
		{NULL, NULL},
	};
	ctl_table_print(json_object_get(result, "peers"), columns);
}

static void print_faults(const json_t *learnt)
{
	static const struct ctl_column columns[] = {{"LEFT OUT", "text"}, {NULL, NULL}};
	const json_t *list = json_object_get(json_object_get(learnt, "faults"), "faults");
	if (!json_array_size(list))
		return;
	putchar('\n');
	ctl_table_print(list, columns);
}

/* A part that the configuration has, below an empty line. */
static void print_part(const json_t *result, const char *key, const struct ctl_column *fields)
{
	if (!json_is_object(json_object_get(result, key)))
		return;
	putchar('\n');
	ctl_table_fields(result, fields);
}

void ctl_print_peer(const json_t *result)
{
	static const struct ctl_column fields[] = {
		{"peer", "name"},
		{"roles", "roles"},
		{"identity", "identity"},
		{"provider id", "provider-id"},
		{"directory", "directory"},
		{"redirection", "redirection"},
		{"state", "state"},
		{"since", "since"},
		{"last error", "error"},
		{"routes", "routes"},
		{"lost", "session.lost"},
		{"next attempt, ms", "session.next-attempt-ms"},
		{"attempts", "session.attempts"},
		{"sessions", "session.sessions"},
		{"losses", "session.losses"},
		{"updates", "session.updates"},
		{"updates refused", "session.refused-updates"},
		{"octets", "session.octets"},
		{"accepted now", "accepted"},
		{"refused now", "refused"},
		{"suppressed now", "suppressed"},
		{"learnt", "learnt.received"},
		{"withdrawn", "learnt.withdrawn"},
		{"pushes", "pushes"},
		{"pushed", "pushed.received"},
		{"DRI source", "dri-source"},
		{"told, capabilities", "told"},
		{"told, tag", "telling.tag"},
		{"streams", "telling.streams"},
		{"streams refused", "telling.streams-refused"},
		{"events", "telling.events"},
		{"requests", "requests.requests"},
		{"redirection requests of it", "redirects.requests"},
		{"redirected", "redirects.redirects"},
		{"asked further", "redirects.asked"},
		{"errors 4xx", "redirects.bad"},
		{"errors 5xx", "redirects.errors"},
		{"redirection requests to it", "asking.sent"},
		{"under way", "asking.under-way"},
		{"without answer", "asking.failed"},
		{"refused by it", "asking.refused"},
		{"unusable", "asking.unusable"},
		{"cache hits", "asking.hits"},
		{"cache hits, stale", "asking.stale"},
		{"cache hits, refused", "asking.negative"},
		{"cache misses", "asking.misses"},
		{"waited with others", "asking.joined"},
		{"late", "asking.late"},
		{"held back", "asking.held-back"},
		{"breaker", "breaker"},
		{"breaker opened", "asking.opened"},
		{"last failure", "asking.error"},
		{NULL, NULL},
	};
	static const struct ctl_column imported[] = {
		{"metadata", "metadata.state"},          {"since", "metadata.since"},
		{"fresh until", "metadata.fresh-until"}, {"last error", "metadata.error"},
		{"fetches", "metadata.fetches"},         {"failures", "metadata.failures"},
		{"documents", "metadata.documents"},     {"not modified", "metadata.not-modified"},
		{"octets", "metadata.octets"},           {"hosts", "metadata.hosts"},
		{"scopes", "metadata.scopes"},           {"faults", "metadata.faults"},
		{"parts denied", "metadata.notes"},      {"with URI signing", "metadata.signing"},
		{"in groups", "metadata.groups"},        {NULL, NULL},
	};
	static const struct ctl_column served[] = {
		{"metadata for it", "served-metadata.file"},
		{"passed on from", "served-metadata.from"},
		{"hosts in it", "served-metadata.hosts"},
		{"documents served", "served-metadata.documents"},
		{NULL, NULL},
	};
	ctl_table_fields(result, fields);
	print_part(result, "metadata", imported);
	print_part(result, "served-metadata", served);
	print_faults(json_object_get(result, "learnt"));
	print_faults(json_object_get(result, "pushed"));
}

void ctl_print_routes(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"PEER", "peer"},
		{"SOURCE", "source"},
		{"TYPE", "type"},
		{"STATE", "state"},
		{"SINCE", "since"},
		{"PENALTY", "penalty"},
		{"AGAIN IN", "reused-in"},
		{"NAME", "name"},
		{"REASON", "reason"},
		{"VALUE", "value"},
		{"FOOTPRINTS", "footprints"},
		{NULL, NULL},
	};
	ctl_table_print(json_object_get(result, "routes"), columns);
}
