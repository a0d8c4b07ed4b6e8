/* model - the objects of a configuration or a table file as they were said, before they are compiled. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/footprint.h"
#include "lib/scope.h"
#include "lib/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every string is owned by the object that holds it, or by the JSON value that it was read from, as its reader says. An
 * object lives only until the compiler took it in. Names of targets are references, checked by the compiler. json is the
 * object in canonical form, one line; NULL: not kept. */

struct model_target {
	enum target_kind kind;
	const char *name;
	const char *provider_id; /* or NULL */
	enum target_state state;
	bool learnt; /* its DRIs come from a peer */
	enum redirection_strategy strategy;
	const char **excluded; /* hosts whose content provider excludes it */
	size_t n_excluded;
	const char *json;
};

/* The state of a target that was set at run time. */
struct model_state {
	enum target_kind kind;
	const char *name;
	enum target_state state;
	const char *json;
};

/* A list of footprint objects, or the name of such a list. */
struct model_footprints {
	size_t n;
	struct footprint *list;
	size_t n_names;
	const char **
		names; /* alternatives of each other, as the values of one object; they narrow the list */
};

enum { DRI_SOURCE_MAX = 32 };

/* A name server. */
struct model_server {
	const char *name;
	size_t n_addresses;
	struct ip_addr *addresses;
};

struct model_dri {
	enum target_kind kind;
	const char *target; /* its name */
	size_t n_hosts;
	const char **hosts;
	const char *dns_host; /* or NULL */
	size_t n_addresses;
	struct ip_addr *addresses;
	const char *label; /* or NULL */
	size_t n_servers;  /* with a label */
	struct model_server *servers;
	uint32_t ttl;
	const char *authority;   /* or NULL: no HTTP target */
	const char *scheme;      /* or NULL */
	const char *path_prefix; /* or NULL */
	bool include_redirecting_host;
	struct model_footprints footprints; /* without names; empty: everywhere */
	bool withdrawn;                     /* neither target */
	const char *source;                 /* who gave it, when it was not an operator; or NULL */
	const char *json;
};

/* A capability of a CDN, as it is advertised or agreed. */
struct model_advert {
	const char *cdn;
	const char *type;                   /* "FCI.DeliveryProtocol" */
	uint64_t offers;                    /* struct advert */
	uint64_t capacity;                  /* requests a second; UINT64_MAX: no limit */
	struct model_footprints footprints; /* without names; empty: everywhere */
	const char *json;
};

struct model_footprint_name {
	const char *name;
	struct model_footprints footprints; /* no names inside */
	const char *json;
};

struct zone_source;

struct model_zone {
	const char *file; /* that says all of it, so that nothing below is said; or NULL */
	struct zone_source
		*source; /* what the file said, once it was read; control/zone_source.h */
	const char *name, *primary,
		*contact; /* NULL primary: the first server; NULL contact: hostmaster at the zone */
	uint32_t serial, refresh, retry, expire, negative_ttl, ttl;
	size_t n_servers;
	struct model_server *servers;
	size_t n_records;
	const char **records;  /* lines of a master file */
	bool no_client_subnet; /* said beside a file, too */
	const char *json;
};

struct model_distinguished {
	const char *host;
	const char *path_prefix; /* or NULL */
	const char *json;
};

struct model_target_ref {
	enum target_kind kind;
	const char *name; /* NULL: none */
	uint32_t weight;
};

/* Where requests go that nothing else is left for. */
struct model_fallback {
	struct model_target_ref target;
	const char *json;
};

struct model_pattern {
	const char *pattern;
	bool case_sensitive;
};

struct model_header {
	const char *name; /* lower case */
	const char *regex;
};

/* Hosts x (paths + patterns + regexes) are the places where the scope hangs; all else narrows it. */
struct model_scope {
	const char *name;
	uint8_t protocols; /* bits of enum request_protocol; 0: what fits the other conditions */
	size_t n_hosts;
	const char **hosts; /* "vod.example.com", "*.example.com", "*" */
	size_t n_paths;
	const char **paths; /* prefixes; no paths, patterns and regexes at all: every path */
	size_t n_patterns;
	struct model_pattern *patterns;
	size_t n_regexes;
	const char **regexes;
	const char *query_regex; /* or NULL */
	size_t n_headers;
	struct model_header *headers;
	size_t n_qtypes;
	uint16_t *qtypes;
	struct model_footprints footprints; /* empty: everywhere */
	size_t n_times;
	struct scope_time *times;
	enum scope_action action;
	enum scope_policy policy;
	size_t n_candidates;
	struct model_target_ref *candidates;
	struct model_target_ref fallback;
	int16_t priority;
	uint16_t http_status;
	bool deny_nxdomain;
	uint64_t metadata;   /* generic metadata that a CDN has to support: advert_offer */
	char *cache_control; /* value of the field (RFC 9111 §5.2), the object's own; NULL: none */
	char *signing; /* the object's own; control/sign_policy.h. NULL: URIs need no signature */
	const char *json;
};
