/* target - what a request can be sent to: a downstream CDN or an own delivery node, and its DRIs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "advert.h"
#include "ip.h"
#include "request.h"
#include "zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum target_kind { TARGET_CDN, TARGET_NODE };

/* up: chosen as the policy says. drain: only when nothing that is up can be chosen. down: never. */
enum target_state { TARGET_UP, TARGET_DRAIN, TARGET_DOWN };

/* How requests get to a downstream CDN: its request router is told as its DRIs say, or it is asked for each request (RFC 7975) and
 * names a redirection target. Fully recursive: that has to be a delivery node. */
enum redirection_strategy { STRATEGY_ITERATIVE, STRATEGY_SEMI_RECURSIVE, STRATEGY_FULL_RECURSIVE };

enum {
	DRI_ADDRESSES_MAX = 16,
	DRI_SERVERS_MAX = 8,
	DRI_SERVER_ADDRESSES_MAX = 4,
	DRI_LABEL_MAX = 63,
	DNS_NAME_MAX = 255,
	TARGET_EXCLUDED_MAX = 64
};

struct dri_server {
	struct dns_name name;
	uint8_t n_addresses;
	struct ip_addr addresses[DRI_SERVER_ADDRESSES_MAX];
};

/* Iterative DNS redirection (RFC 7336 §3.4): a host is a CNAME of the name with this label in front of it, which is delegated to these servers
 * of the CDN. */
struct dri_delegation {
	uint8_t label[1 + DRI_LABEL_MAX]; /* with its length octet, lower case */
	uint8_t n_servers;
	struct dri_server servers[DRI_SERVERS_MAX];
};

/* A Downstream Resource Identifier, whatever its source: how a request is sent to the target. The members are those of
 * FCI.RedirectTarget (RFC 8804 §2). Immutable, counted by the control thread. One that was withdrawn has neither part: what it fits
 * cannot be sent. */
struct dri {
	uint32_t refs;
	uint32_t footprint; /* of the clients that it is for: an id, or SCOPE_ANY_FOOTPRINT */
	uint64_t order;     /* the lower one was said first */
	unsigned n_hosts;
	char **hosts;     /* redirecting-hosts, lower case; none: every host */
	char **host_keys; /* the same in key form: "com.example.vod" (lib/request.h) */

	/* DNS part: a name, addresses, or a delegation (then there are hosts); none of them: no DNS target. */
	struct dri_delegation *delegation;
	uint8_t cname_len; /* 0: none */
	uint8_t n_v4, n_v6;
	uint32_t ttl;                /* seconds */
	uint8_t cname[DNS_NAME_MAX]; /* wire form, uncompressed */
	uint8_t *cname_key;          /* the same in key form; seven octets behind it can be read */
	uint8_t cname_key_len;
	bool cname_plain; /* the key says all of it but which letters are capitals */
	uint8_t v4[DRI_ADDRESSES_MAX][4];
	uint8_t v6[DRI_ADDRESSES_MAX][16];

	/* HTTP part: authority NULL: no HTTP target. */
	char *authority;   /* host[:port] */
	char *scheme;      /* "http", "https", or NULL: that of the request */
	char *path_prefix; /* starts and ends with '/'; "/" when none is configured */
	bool include_redirecting_host;
	char *location; /* of one that was asked for: the whole URI; then authority is there, and the others are not */
	char *start; /* how every Location begins: scheme "://" authority path-prefix; NULL: it depends on the request */
	uint32_t start_len;
	char *cookie; /* value of a Set-Cookie field that goes with location, without controls; or NULL */
	bool signed_uri; /* location was signed for one request, whose URI was verified (RFC 9246) */
};

/* Immutable, counted by the control thread; a change of its state or of its DRIs makes a new one in the same place. One block of
 * memory. */
struct target {
	uint32_t refs;
	uint32_t id;        /* place in view->targets */
	uint8_t kind;       /* enum target_kind */
	uint8_t state;      /* enum target_state */
	uint8_t configured; /* the state when none was set at run time */
	uint8_t strategy;   /* enum redirection_strategy */
	uint64_t seed;      /* hash of the name, for consistent hashing */
	const char *name;
	const char *provider_id; /* CDN Provider ID (RFC 7975 §4.8) or NULL */
	const char *
		excluded; /* keys of hosts that are never sent to it, each behind a space; "com.example.*": all below; or NULL */
	bool learnt;      /* its DRIs come from a peer: there may be none yet */
	uint32_t n_dris, n_adverts;
	struct dri **dris;       /* in the order of dri_before */
	struct advert **adverts; /* those of a type together */
};

/* Control thread. A target with room for n_dris and n_adverts; NULL: no memory. They are the caller's to put in. provider_id and
 * excluded may be NULL. */
struct target *target_new(enum target_kind kind, const char *name, const char *provider_id,
			  const char *excluded, uint32_t n_dris, uint32_t n_adverts);
void target_release(struct target *target);
void dri_release(struct dri *dri);

/* The name of its DNS part. false: no memory. */
bool dri_set_cname(struct dri *dri, const uint8_t *wire, size_t len);

/* What follows from the members of its HTTP part. false: no memory. */
bool dri_set_start(struct dri *dri);

/* Puts one in, to its place, with a reference of its own; there has to be room. */
void target_put_dri(struct target *target, struct dri *dri);
void target_put_advert(struct target *target, struct advert *advert);

/* Those that name hosts come first, then those with a footprint, so that the first one that fits is the right one; then those that
 * were said first; what was said at once goes by its hosts, and then by what it says: so a view is the same however it was made. */
bool dri_before(const struct dri *a, const struct dri *b);

const char *target_state_name(enum target_state state);
const char *redirection_strategy_name(enum redirection_strategy strategy);

/* Of a target's name. */
uint64_t target_seed(const char *name);

/* "cdn" or "node". */
const char *target_kind_name(enum target_kind kind);

/* Is a host in key form never sent to it? Any thread. */
bool target_excludes(const struct target *target, const uint8_t *host_key, size_t len);

/* The key of the name that a DRI with a delegation delegates for one of its hosts: "com.example.b". Gives its length. */
size_t dri_cut_key(const struct dri *dri, unsigned host, uint8_t key[REQUEST_HOST_MAX]);

/* Is it for a host in key form? Any thread. */
bool dri_is_for(const struct dri *dri, const uint8_t *host_key, size_t len);
