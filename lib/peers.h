/* peers - what the configuration says about other CDNs: how they reach us, who they are, what each of them may do. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "damping.h"
#include "ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LISTEN_MAX = 16,
	PEERS_MAX = 1024,
	PEER_HOSTS_MAX = 16,
	PEER_CASCADE_MAX = 16,
	PEER_ENFORCED_MAX = 32,
	PEER_NAME_MAX = 64,
	PROVIDER_ID_MAX = 128
};

/* Where something listens; the port in host order. */
struct listen_at {
	struct ip_addr address;
	uint16_t port;
};

/* Our side of it. All zero: we talk to no other CDN. */
struct interconnection {
	char *provider_id; /* CDN Provider ID (RFC 7975 §4.8) */
	size_t n_listen, n_plain;
	struct listen_at listen[LISTEN_MAX]; /* with TLS */
	struct listen_at plain[LISTEN_MAX];  /* without, for peers with plain_http */
	/* Paths of PEM files; all three or none. */
	char *certificate, *key, *authorities;
	char *router; /* the node whose DRIs say how our request router is reached; NULL: nobody is told */
};

/* What a peer is to us: requests go down to it, or come down from it, or both. */
enum peer_role { PEER_UPSTREAM = 1, PEER_DOWNSTREAM = 2 };

/* What an upstream peer may learn from our answers. */
enum disclosure { DISCLOSE_REQUEST_ROUTERS, DISCLOSE_NODES };

struct peer_limits {
	uint32_t entries;             /* of its advertisement; 10000 */
	uint32_t footprints;          /* in all entries; 100000 */
	uint32_t octets;              /* of one answer or event of it; 16 MiB */
	uint32_t requests_per_second; /* that it may send; 1000 */
	uint32_t connections;         /* in each direction; 16 */
};

/* The CDNI metadata of an upstream peer that we accept requests by (RFC 8006). */
struct peer_metadata {
	char *host_index; /* URI of its HostIndex; NULL: there is none */
	char *accept;     /* members of the scopes that accept requests: a JSON object */
	size_t n_enforced;
	char *enforced[PEER_ENFORCED_MAX];     /* generic metadata that our delivery enforces */
	bool dns;                              /* true: it decides on DNS queries, too */
	int16_t priority;                      /* 20000: of the first scope of each host */
	uint32_t scopes;                       /* 10000: at the most */
	uint32_t refresh_min_s, refresh_max_s; /* 10, 3600 */
};

/* The CDNI metadata that a downstream peer can fetch from us: of a file, or of an upstream peer. */
struct peer_serving {
	char *file;         /* its path, or NULL */
	char *tree;         /* what it says: a HostIndex without links, as JSON */
	char *from;         /* or the name of the upstream peer; or NULL */
	uint32_t max_age_s; /* 60 */
};

struct peer_settings {
	char *name; /* and of the CDN object of a downstream peer */
	unsigned line;
	unsigned roles; /* of enum peer_role */
	char *identity; /* a subjectAltName of its certificate; NULL: plain_http */
	struct ip_addr
		address; /* with plain_http: where its requests come from; else family is 0 */
	char *provider_id;
	char *directory;   /* URL of its ALTO directory (RFC 7285 §9), or NULL */
	char *redirection; /* URL of its redirection interface (RFC 7975 §3), or NULL */
	size_t n_hosts;
	char *hosts
		[PEER_HOSTS_MAX]; /* host[:port], besides those of its URLs, that we may ask for it */
	uint32_t hold_s;          /* 90: what it said holds so long after it went away */
	uint32_t stale_s;         /* 3600: and is kept, but not used, so long after that */
	struct peer_limits limits;
	bool lenient;    /* false: its messages are as the RFCs say */
	bool plain_http; /* false: TLS both ways */
	enum disclosure disclose;
	uint32_t max_hops; /* 4: CDNs in a chain behind us (RFC 7975 §4.8) */
	/* What an upstream peer is told: base objects (RFC 8008 §5.1), a JSON list in canonical form; or NULL. */
	char *advertise;
	size_t n_cascade;
	char *cascade[PEER_CASCADE_MAX]; /* downstream peers whose capabilities it is told, too */
	struct damping_settings damping; /* of what a downstream peer advertises */
	struct peer_metadata metadata;
	struct peer_serving serving;
};

/* In the order of the configuration, no two with the same name. */
struct peers {
	struct peer_settings *list;
	size_t n;
};
