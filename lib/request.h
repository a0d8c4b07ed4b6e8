/* request - everything that decode learnt about one content request. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "ip.h"

#include <stdbool.h>
#include <stdint.h>

/* Longest path that is matched, and longest key. A host in text form has at most 253 octets (RFC 1035 §3.1). */
enum {
	REQUEST_HOST_MAX = 256,
	REQUEST_PATH_MAX = 2048,
	REQUEST_KEY_MAX = REQUEST_HOST_MAX + REQUEST_PATH_MAX,
};

/* Bits, so that a scope can say which of them it takes. HTTPS: the effective URI has the scheme https. */
enum request_protocol {
	PROTOCOL_DNS = 1 << 0,
	PROTOCOL_HTTP = 1 << 1,
	PROTOCOL_HTTPS = 1 << 2,
};

/* Those of RFC 9110 §9.3, and PATCH (RFC 5789). */
enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_PATCH,
	HTTP_TRACE,
	HTTP_CONNECT,
	HTTP_METHODS
};

/* Which option a FORMERR is for. */
enum dns_malformed { DNS_MALFORMED_OTHER, DNS_MALFORMED_SUBNET, DNS_MALFORMED_COOKIE };

/* Learnt by lib/dns_query (RFC 1035 §4.1, RFC 6891, RFC 7871). Numbers are in host byte order. */
struct request_dns {
	const uint8_t *qname; /* wire form, in the message; NULL: there is none */
	uint16_t id;
	uint16_t flags; /* the query's header flags word */
	uint16_t qtype;
	uint16_t qclass;
	uint16_t
		question_end; /* offset from the message's first byte to the byte after the question; 0: none */
	uint16_t rcode;    /* not 0: answer with this error (12 bits with EDNS) and do not match */
	uint8_t reason;    /* enum drop_reason that decode gave: why it is not matched */
	uint8_t malformed; /* enum dns_malformed: said in an extended error */
	uint16_t udp_size; /* what the client can take; 512 without EDNS; at least 512 */
	uint8_t qname_len;
	uint8_t qname_labels; /* labels without the root */
	bool edns;            /* the query had one OPT record */
	bool tcp;             /* it came over TCP: set before decode */
	bool dnssec_ok;
	bool nsid;               /* the server's identifier is asked for (RFC 5001) */
	bool cookie;             /* it had a COOKIE option: `cookies` is what goes back */
	bool cookie_sent;        /* with a server cookie */
	bool cookie_valid;       /* that we made */
	uint8_t cookies[24];     /* client cookie and ours (RFC 9018 §4) */
	bool ecs;                /* it had a client subnet option, kept below to be echoed */
	uint8_t ecs_source;      /* SOURCE PREFIX-LENGTH */
	uint16_t ecs_family;     /* 1 or 2; 0 with ecs_source 0 is possible */
	struct ip_addr resolver; /* the peer, whatever `client` is */
};

/* Learnt by lib/http_request. The spans point into the packet and hold the client's own bytes. */
struct request_http {
	uint16_t status; /* not 0: answer with this error and do not match */
	uint8_t method;  /* enum http_method */
	uint8_t minor;   /* HTTP/1.minor */
	bool keep; /* the client wants the connection kept, and the next request begins behind the head */
	uint32_t head_len;  /* octets up to the end of the head, with those skipped before it */
	struct span target; /* of the request line, as it came: http_request_uri */
	struct span host;   /* without port; after unstacking: the stacked host */
	struct span
		path; /* starts with '/', without query; after unstacking: what follows the stacked host */
	struct span query;   /* with its '?'; empty when there is none */
	struct span headers; /* from the first field line to the last one's CRLF */
	uint8_t unstacked; /* how many distinguished hosts of ours were taken off (RFC 7336 §3.2) */
};

/* Before decode all in front of the protocol's own member is set; the parser writes that member whole, and the key. Owned by one worker (or by explain) until the reply is written. */
struct request {
	uint8_t protocol; /* enum request_protocol */
	/* Whom the decision is for: the ECS prefix, else the resolver; the peer for HTTP. Bits past client_len are 0. */
	uint8_t client_len;
	/* Asked by an upstream CDN over the Redirection Interface: a DNS name need not lie in a zone of ours, and
	 * verdict.ecs_scope is found whatever the protocol (RFC 7975 §4.6). */
	bool via_ri;
	struct ip_addr client;
	uint64_t now; /* seconds since 1970-01-01 UTC */
	union {
		struct request_dns dns;
		struct request_http http;
	};
	/* The key of the scope trie: host labels from the right, joined by '.', in lower case, then the path in
	 * normal form: "com.example.vod/live/a". For DNS the path is "/". key[host_len] is always '/'. */
	uint16_t host_len;
	uint16_t key_len;
	uint8_t key[REQUEST_KEY_MAX];
};

/* In capitals, as it is sent. Any thread. */
const char *http_method_name(enum http_method method);

/* Writes the host part and "/" of the key from a host in text form (a trailing dot is dropped, letters are
 * lowered; an IPv6 literal in brackets is one label). false: not a host name (RFC 1123 §2.1 plus '_'); the key is
 * then unspecified. Used by decode and by the table compiler, so that both agree. Any thread. */
bool request_key_host(struct request *req, const uint8_t *host, size_t len);

/* The same, somewhat faster when octets behind the host, up to `end`, can be read, too. */
bool request_key_host_in(struct request *req, const uint8_t *host, size_t len, const uint8_t *end);

/* Writes the path of the key behind the host part, in normal form (RFC 3986 §6.2.2). false: not a valid path
 * (bad percent-encoding, not starting with '/') or longer than REQUEST_PATH_MAX. Any thread. */
bool request_key_path(struct request *req, const uint8_t *path, size_t len);
