/* tls - who we are and whom we believe: our certificate and the authorities of peers, for connections both ways. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All functions are for the control thread. Connections are mutually authenticated TLS 1.2 or 1.3 with the ciphers of BCP 195
 * (RFC 9325 §3, §4.2), without renegotiation and without resumption, so that every connection begins with a look at certificates. */
struct tls;

/* Paths of PEM files. The certificate may be followed by those between it and an authority. */
struct tls_files {
	const char *certificate, *key, *authorities;
};

enum { TLS_WHY_MAX = 512 };

/* What is asked about the certificate at the other end, and what was found. It has to stay where it is while hands are shaken. */
struct tls_check {
	/* Is this one expected? Asked once the authorities vouch for it; false has put the reason into why. */
	bool (*fits)(struct tls_check *check, const X509 *certificate);
	uint64_t
		ends; /* when the first certificate of the chain ends: seconds since 1970-01-01 UTC; 0: none was seen */
	char why[TLS_WHY_MAX]; /* why it was refused; "" otherwise */
};

/* Reads the files. NULL: err says which one is at fault, why, and what is expected of it. */
struct tls *tls_new(const struct tls_files *files, char *err, size_t err_len);

/* Reads them again, for connections that begin from now on. false: err says why, and nothing has changed. */
bool tls_reload(struct tls *tls, const struct tls_files *files, char *err, size_t err_len);

/* Connections that were made live on. NULL is fine. */
void tls_free(struct tls *tls);

/* The accepting side of a new connection. NULL: no memory. */
SSL *tls_accept(struct tls *tls, struct tls_check *check);

/* Makes a context of somebody else (libcurl) one for the connecting side. It must not outlive check. false: no memory. */
bool tls_connect(struct tls *tls, SSL_CTX *context, struct tls_check *check);

/* Has the certificate a subjectAltName that is this identity: a DNS name (letters without case), a URI (octet by octet) or an IP
 * address (RFC 5280 §4.2.1.6)? The common name never counts, and a name with a wildcard is nobody's. */
bool tls_certificate_fits(const X509 *certificate, const char *identity);

/* The same for the certificate at the other end of a connection whose hands were shaken. */
bool tls_identity_fits(const SSL *ssl, const char *identity);

/* Its subjectAltNames as "DNS:cdn-b.example, IP:192.0.2.1", or "no name" when it has none; cut off where buf ends. Gives buf. */
const char *tls_certificate_names(const X509 *certificate, char *buf, size_t len);
