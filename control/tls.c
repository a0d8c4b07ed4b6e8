/* tls - who we are and whom we believe: our certificate and the authorities of peers, for connections both ways. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tls.h"

#include "lib/ip.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20"; /* of TLS 1.2: RFC 9325 §4.2 */
enum { CHAIN_MAX = 4 }; /* certificates between a peer's and an authority */

struct tls {
	SSL_CTX *server; /* holds what was read */
};

/* Where a connection, and a context for the connecting side, have their check. What OpenSSL calls app_data is libcurl's. */
static int ssl_index = -1, context_index = -1;

/* --- Files -------------------------------------------------------------------------------------- */

/* OpenSSL puts what happened first, and what this led to behind it. */
static const char *reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
						  : ERR_reason_error_string(code);
	return text ? text : "no memory";
}

/* Nobody is there to type a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static uint64_t end_of(const X509 *certificate)
{
	struct tm tm;
	if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm))
		return 1;
	time_t seconds = timegm(&tm);
	return seconds > 0 ? (uint64_t)seconds : 1;
}

static bool use_certificate(SSL_CTX *context, const char *file, char *err, size_t err_len)
{
	if (SSL_CTX_use_certificate_chain_file(context, file) != 1) {
		snprintf(err, err_len,
			 "the certificate %s cannot be read: %s; expected a PEM file with our "
			 "certificate first",
			 file, reason());
		return false;
	}
	uint64_t end = end_of(SSL_CTX_get0_certificate(context));
	if (end > (uint64_t)time(NULL))
		return true;
	struct tm tm;
	time_t seconds = (time_t)end;
	char date[32];
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&seconds, &tm));
	snprintf(err, err_len, "the certificate %s ended at %s; put a new one there", file, date);
	return false;
}

static bool use_key(SSL_CTX *context, const struct tls_files *files, char *err, size_t err_len)
{
	if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(context) == 1)
		return true;
	if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509)
		snprintf(err, err_len, "the key %s does not belong to the certificate %s: %s",
			 files->key, files->certificate, reason());
	else
		snprintf(err, err_len,
			 "the key %s cannot be read: %s; expected a PEM file with a private key "
			 "without passphrase",
			 files->key, reason());
	return false;
}

static bool use_authorities(SSL_CTX *context, const char *file, char *err, size_t err_len)
{
	STACK_OF(X509_NAME) *names = NULL;
	if (SSL_CTX_load_verify_file(context, file) == 1)
		names = SSL_load_client_CA_file(file);
	if (!names) {
		snprintf(err, err_len,
			 "the authorities %s cannot be read: %s; expected a PEM file with the "
			 "certificates of those who vouch for peers",
			 file, reason());
		return false;
	}
	SSL_CTX_set_client_CA_list(context, names);
	return true;
}

static int on_certificate(int good, X509_STORE_CTX *store);

static bool configure(SSL_CTX *context)
{
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   on_certificate);
	SSL_CTX_set_verify_depth(context, CHAIN_MAX);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
	       SSL_CTX_set_num_tickets(context, 0) == 1;
}

/* NULL: err says why. */
static SSL_CTX *read_files(const struct tls_files *files, char *err, size_t err_len)
{
	ERR_clear_error();
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	snprintf(err, err_len, "no memory for TLS");
	if (context)
		SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	bool good = context && configure(context) &&
		    use_certificate(context, files->certificate, err, err_len) &&
		    use_key(context, files, err, err_len) &&
		    use_authorities(context, files->authorities, err, err_len);
	ERR_clear_error();
	if (good)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

struct tls *tls_new(const struct tls_files *files, char *err, size_t err_len)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	if (ssl_index < 0)
		ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (context_index < 0)
		context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (!tls || ssl_index < 0 || context_index < 0) {
		free(tls);
		snprintf(err, err_len, "no memory for TLS");
		return NULL;
	}
	tls->server = read_files(files, err, err_len);
	if (tls->server)
		return tls;
	free(tls);
	return NULL;
}

bool tls_reload(struct tls *tls, const struct tls_files *files, char *err, size_t err_len)
{
	SSL_CTX *context = read_files(files, err, err_len);
	if (!context)
		return false;
	SSL_CTX_free(tls->server);
	tls->server = context;
	return true;
}

void tls_free(struct tls *tls)
{
	if (tls)
		SSL_CTX_free(tls->server);
	free(tls);
}

/* --- Connections -------------------------------------------------------------------------------- */

SSL *tls_accept(struct tls *tls, struct tls_check *check)
{
	SSL *ssl = SSL_new(tls->server);
	if (ssl && SSL_set_ex_data(ssl, ssl_index, check) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

bool tls_connect(struct tls *tls, SSL_CTX *context, struct tls_check *check)
{
	STACK_OF(X509) *chain = NULL;
	SSL_CTX_get0_chain_certs(tls->server, &chain);
	SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(tls->server));
	return configure(context) && SSL_CTX_set_ex_data(context, context_index, check) == 1 &&
	       SSL_CTX_use_certificate(context, SSL_CTX_get0_certificate(tls->server)) == 1 &&
	       SSL_CTX_set1_chain(context, chain) == 1 &&
	       SSL_CTX_use_PrivateKey(context, SSL_CTX_get0_privatekey(tls->server)) == 1;
}

static uint64_t first_end(const STACK_OF(X509) * chain)
{
	uint64_t first = UINT64_MAX;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		uint64_t end = end_of(sk_X509_value(chain, i));
		first = end < first ? end : first;
	}
	return first;
}

/* OpenSSL goes from the authority down to the peer, whose own certificate is the last one at depth 0. */
static int on_certificate(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_check *check = SSL_get_ex_data(ssl, ssl_index);
	if (!check)
		check = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index);
	if (!good) {
		char names[TLS_WHY_MAX / 2];
		const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
		snprintf(check->why, sizeof(check->why), "its certificate (%s) is refused: %s",
			 certificate ? tls_certificate_names(certificate, names, sizeof(names))
				     : "no name",
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
		return 0;
	}
	if (X509_STORE_CTX_get_error_depth(store) > 0)
		return 1;
	check->ends = first_end(X509_STORE_CTX_get0_chain(store));
	check->why[0] = '\0';
	if (check->fits(check, X509_STORE_CTX_get_current_cert(store)))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* --- Names -------------------------------------------------------------------------------------- */

static bool same_octets(const ASN1_STRING *name, const void *octets, size_t len)
{
	return (size_t)ASN1_STRING_length(name) == len &&
	       !memcmp(ASN1_STRING_get0_data(name), octets, len);
}

/* Lengths are compared, since a name may hold a NUL. */
static bool same_host(const ASN1_STRING *name, const char *host)
{
	size_t len = strlen(host);
	const char *text = (const char *)ASN1_STRING_get0_data(name);
	return (size_t)ASN1_STRING_length(name) == len && !strchr(host, '*') &&
	       !strncasecmp(text, host, len);
}

static bool name_fits(const GENERAL_NAME *name, const char *identity, const struct ip_addr *address)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	switch (type) {
	case GEN_DNS:
		return !address && same_host(value, identity);
	case GEN_URI:
		return !address && strchr(identity, ':') &&
		       same_octets(value, identity, strlen(identity));
	case GEN_IPADD:
		return address && same_octets(value, address->bytes, ip_bits(address) / 8);
	default:
		return false;
	}
}

bool tls_certificate_fits(const X509 *certificate, const char *identity)
{
	struct ip_addr address;
	bool numeric = ip_addr_parse(identity, &address), fits = false;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !fits; i++)
		fits = name_fits(sk_GENERAL_NAME_value(names, i), identity,
				 numeric ? &address : NULL);
	GENERAL_NAMES_free(names);
	return fits;
}

bool tls_identity_fits(const SSL *ssl, const char *identity)
{
	const X509 *certificate = SSL_get0_peer_certificate(ssl);
	return certificate && tls_certificate_fits(certificate, identity);
}

static int print_name(const GENERAL_NAME *name, char *buf, size_t len)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	if (type == GEN_DNS || type == GEN_URI)
		return snprintf(buf, len, "%s:%.*s", type == GEN_DNS ? "DNS" : "URI",
				ASN1_STRING_length(value),
				(const char *)ASN1_STRING_get0_data(value));
	if (type != GEN_IPADD)
		return snprintf(buf, len, "another kind of name");
	char text[IP_TEXT_MAX];
	struct ip_addr address = {.family = ASN1_STRING_length(value) == 4 ? 4 : 6};
	if (ASN1_STRING_length(value) != (int)ip_bits(&address) / 8)
		return snprintf(buf, len, "IP:?");
	memcpy(address.bytes, ASN1_STRING_get0_data(value), ip_bits(&address) / 8);
	return snprintf(buf, len, "IP:%s", ip_addr_text(&address, text));
}

const char *tls_certificate_names(const X509 *certificate, char *buf, size_t len)
{
	size_t at = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	snprintf(buf, len, "no name");
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && at < len; i++) {
		if (i)
			at += (size_t)snprintf(buf + at, len - at, ", ");
		if (at < len)
			at += (size_t)print_name(sk_GENERAL_NAME_value(names, i), buf + at,
						 len - at);
	}
	GENERAL_NAMES_free(names);
	return buf;
}
