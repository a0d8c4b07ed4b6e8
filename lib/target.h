/* target - what a request can be sent to: a downstream CDN or an own delivery node, and its DRIs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum target_kind { TARGET_CDN, TARGET_NODE };

/* up: chosen as the policy says. drain: only when nothing that is up can be chosen. down: never. */
enum target_state { TARGET_UP, TARGET_DRAIN, TARGET_DOWN };

enum { DRI_ADDRESSES_MAX = 16, DNS_NAME_MAX = 255 };

/* A Downstream Resource Identifier, whatever its source: how a request is sent to the target. The members are those of
 * FCI.RedirectTarget (RFC 8804 §2). Immutable. At least one of the two parts is there. */
struct dri {
	uint32_t target; /* index into tables->targets */
	unsigned line;   /* of the configuration, for the operator; 0: not from it */
	unsigned n_hosts;
	char **hosts;     /* redirecting-hosts, lower case; none: every host */
	char **host_keys; /* the same in key form: "com.example.vod" (lib/request.h) */

	/* DNS part: a name or addresses; neither: no DNS target. */
	uint8_t cname_len; /* 0: none */
	uint8_t n_v4, n_v6;
	uint32_t ttl;                /* seconds */
	uint8_t cname[DNS_NAME_MAX]; /* wire form, uncompressed */
	uint8_t v4[DRI_ADDRESSES_MAX][4];
	uint8_t v6[DRI_ADDRESSES_MAX][16];

	/* HTTP part: authority NULL: no HTTP target. */
	char *authority;   /* host[:port] */
	char *scheme;      /* "http", "https", or NULL: that of the request */
	char *path_prefix; /* starts and ends with '/'; "/" when none is configured */
	bool include_redirecting_host;
};

/* Immutable but for what stands in view->states. */
struct target {
	char *name;
	char *provider_id; /* CDN Provider ID (RFC 7975 §4.8) or NULL */
	enum target_kind kind;
	unsigned line;
	uint64_t seed; /* hash of the name, for consistent hashing */
	unsigned n_dris;
	struct dri **dris; /* those with redirecting-hosts first */
};

const char *target_state_name(enum target_state state);

/* "cdn" or "node". */
const char *target_kind_name(enum target_kind kind);

/* The target's DRI for a host in key form: one that names the host, else one for every host, else NULL. Any thread. */
const struct dri *target_dri(const struct target *target, const uint8_t *host_key, size_t len);
