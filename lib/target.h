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
 * FCI.RedirectTarget (RFC 8804 §2). Immutable, counted by the control thread. At least one of the two parts is there. */
struct dri {
	uint32_t refs;
	uint64_t order; /* the lower one was said first */
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

/* Immutable, counted by the control thread; a change of its state or of its DRIs makes a new one in the same place. One block of
 * memory. */
struct target {
	uint32_t refs;
	uint32_t id;        /* place in view->targets */
	uint8_t kind;       /* enum target_kind */
	uint8_t state;      /* enum target_state */
	uint8_t configured; /* the state when none was set at run time */
	uint64_t seed;      /* hash of the name, for consistent hashing */
	const char *name;
	const char *provider_id; /* CDN Provider ID (RFC 7975 §4.8) or NULL */
	uint32_t n_dris;
	struct dri
		*dris[]; /* those with redirecting-hosts first, then those that were said first */
};

/* Control thread. A target with room for n_dris; NULL: no memory. The DRIs are the caller's to fill in, with a reference each. */
struct target *target_new(enum target_kind kind, const char *name, const char *provider_id,
			  uint32_t n_dris);
void target_release(struct target *target);
void dri_release(struct dri *dri);

/* Those that name hosts come first, so that the first one that fits is the right one; then those that were said first; what
 * was said at once goes by its hosts. */
bool dri_before(const struct dri *a, const struct dri *b);

const char *target_state_name(enum target_state state);

/* "cdn" or "node". */
const char *target_kind_name(enum target_kind kind);

/* The target's DRI for a host in key form: one that names the host, else one for every host, else NULL. Any thread. */
const struct dri *target_dri(const struct target *target, const uint8_t *host_key, size_t len);
