/* settings - what the configuration says about the process: ports, workers, EAL, protocols. Fixed from start to stop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "http_settings.h"
#include "ip.h"
#include "peers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PORTS_MAX = 16, PORT_ADDRESSES_MAX = 64, EAL_ARGUMENTS_MAX = 32, COOKIE_KEYS = 2 };

struct port_settings {
	char *name;
	char *device; /* PCI address, or NULL */
	char *vdev;   /* --vdev string, or NULL; one of both */
	unsigned line;
	uint16_t mtu;            /* 1500 */
	uint16_t rx_descriptors; /* 1024 */
	uint16_t tx_descriptors; /* 1024 */
	uint32_t mbufs;          /* 16384 in the port's pool */
	bool keep_alive;         /* false: an HTTP connection is for one request */
	size_t n_addresses;
	struct ip_addr addresses[PORT_ADDRESSES_MAX];
};

/* Whose signatures on URIs are taken, or ours (RFC 9246). */
struct signing_key {
	char *issuer; /* as the claim iss says it; of our own key NULL */
	char *file;   /* absolute: a JWK set, a JWK, or PEM */
	char *kid;    /* or NULL */
	bool shared;  /* may be symmetric */
};

struct signing_settings {
	char *name; /* ours, as audience and issuer; NULL: no URI is signed */
	size_t n_keys;
	struct signing_key *keys;
	struct signing_key own;
	uint32_t verified, used; /* 100000: how many good tokens and used JWT IDs are remembered */
};

enum { DNS_PREFIXES_MAX = 64 };
struct dns_prefixes {
	size_t n;
	struct ip_prefix list[DNS_PREFIXES_MAX];
};

struct dns_rate_settings {
	unsigned
		per_second; /* 0: as many answers as are asked for; else of each kind to each prefix */
	unsigned burst;     /* so many at once; 0: twice per_second */
	unsigned slip;      /* 2: each so manieth limited answer goes out truncated; 0: none */
	uint8_t ipv4_prefix;        /* 24 */
	uint8_t ipv6_prefix;        /* 56 */
	unsigned table;             /* 65536: prefixes and kinds that a worker keeps in mind */
	struct dns_prefixes exempt; /* never limited */
};

enum dns_cookies { DNS_COOKIES_OFF, DNS_COOKIES_ANSWERED, DNS_COOKIES_REQUIRED };
enum { DNS_SECRETS = 2, DNS_NSID_MAX = 128, DNS_CHAOS_MAX = 255 };

struct dns_settings {
	uint16_t udp_size;                   /* 1232: largest answer over UDP */
	bool client_subnet;                  /* true: RFC 7871 is used */
	struct dns_prefixes trusted_subnets; /* resolvers whose option is believed; none: all */
	enum dns_cookies cookies;            /* answered */
	unsigned
		n_secrets; /* 1 or 2; the first makes server cookies, both are accepted; 0: a random one is made */
	uint8_t secrets[DNS_SECRETS][16];
	bool secret_made; /* at start, because none was configured */
	bool nsid_hex;    /* it was configured so */
	uint8_t nsid_len; /* 0: none */
	uint8_t nsid[DNS_NSID_MAX];
	char version[DNS_CHAOS_MAX + 1]; /* of version.bind and version.server; "": REFUSED */
	char id[DNS_CHAOS_MAX + 1];      /* of id.server and hostname.bind; "": REFUSED */
	bool error_text;                 /* false: extended errors name the scope that denies */
	struct dns_rate_settings rate;
	unsigned
		fragments; /* 64: queries in fragments that a worker puts together at once; 0: none */
};

enum idle_mode { IDLE_POLL, IDLE_SLEEP };

struct settings {
	/* eal */
	bool hugepages;  /* true */
	unsigned memory; /* MiB; 0: as EAL likes */
	char *prefix;    /* "turnout": name of this instance for EAL and telemetry */
	size_t n_eal_arguments;
	char *eal_arguments[EAL_ARGUMENTS_MAX];
	/* workers */
	unsigned n_workers; /* 1 */
	size_t n_cpus;      /* 0: workers float over all CPUs; else one for each worker */
	unsigned cpus[64];
	int control_cpu; /* -1: floats */
	enum idle_mode idle;
	/* ports */
	size_t n_ports;
	struct port_settings ports[PORTS_MAX];
	/* tcp */
	struct tcp_settings {
		unsigned connections; /* 4096: that a worker keeps state for; 0: none */
		unsigned buffers;     /* 512: for what comes and goes on them */
		unsigned buffer;      /* 16384 octets of each */
		unsigned idle_ms;     /* 10000: without any progress */
	} tcp;
	unsigned
		n_cookie_keys; /* 1 or 2; the first makes cookies, both are accepted; 0: a random one is made */
	uint8_t cookie_keys[COOKIE_KEYS][16];
	bool cookie_key_made; /* at start, because none was configured */
	struct dns_settings dns;
	struct http_settings http;
	/* control */
	char *socket;      /* "/run/turnout/turnout.sock" */
	unsigned drain_ms; /* 500: at the most so long between SIGTERM and the end; 0: at once */
	/* state */
	char *state_file;     /* NULL: what is set at run time ends with the process */
	bool state_sync_full; /* false: it outlives the process, but perhaps not the power */
	/* recursion */
	struct recursion_settings {
		unsigned
			parked; /* 1024: requests of a worker that wait for an answer of another CDN; 0: none may */
		unsigned wait_ms; /* 800: for so long at the most */
		unsigned answers; /* 65536: that are kept for workers */
	} recursion;
	/* other CDNs */
	struct interconnection interconnection;
	struct peers peers; /* read again at a reload, as the three files of interconnection */
	struct signing_settings signing; /* the same */
};
