/* jwks - the keys of issuers of tokens, from JWK sets and PEM files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwks.h"

#include "jwk.h"
#include "lib/array.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 1024 };

/* A file while it is read. */
struct loading {
	struct jwks *jwks;
	const struct jwks_owner *owner;
	struct faults *faults;
	struct place place;
	char key[32]; /* "key 3" */
};

static uint8_t algs_of(const EVP_PKEY *pkey)
{
	uint8_t algs = 0;
	for (unsigned alg = 0; alg < JWT_ALGS; alg++)
		algs |= (uint8_t)(jwt_alg_fits((enum jwt_alg)alg, pkey) << alg);
	return algs;
}

/* Takes pkey over. */
static bool add(const struct loading *loading, EVP_PKEY *pkey, const char *kid, uint8_t algs,
		bool can_sign)
{
	struct jwks *jwks = loading->jwks;
	struct jwks_key *keys = jwks->n < KEYS_MAX ? array_reserve(jwks->keys, &jwks->room,
								   jwks->n + 1, sizeof(*keys))
						   : NULL;
	struct jwks_key key = {.pkey = pkey, .algs = algs, .can_sign = can_sign};
	if (keys) {
		jwks->keys = keys;
		key.issuer = strdup(loading->owner->issuer);
		key.kid = kid ? strdup(kid) : NULL;
		keys[jwks->n++] = key;
	} else {
		EVP_PKEY_free(pkey);
	}
	if (keys && key.issuer && (key.kid || !kid))
		return true;
	faults_add(loading->faults, loading->place, "%s: no memory, or more than %d keys in all",
		   loading->key, KEYS_MAX);
	return false;
}

/* Which algorithms a key is good for; 0 with a fault. */
static uint8_t judge(const struct loading *loading, const EVP_PKEY *pkey)
{
	uint8_t algs = algs_of(pkey);
	if (!algs)
		faults_add(loading->faults, loading->place,
			   "%s: a key of type %s that is not taken; expected EC P-256, RSA of 2048 "
			   "to 8192 bits, Ed25519, or oct of 32 octets or more",
			   loading->key, EVP_PKEY_get0_type_name(pkey));
	if (algs == 1 << JWT_HS256 && !loading->owner->shared) {
		faults_add(loading->faults, loading->place,
			   "%s: a symmetric key cannot be shared with another CDN (RFC 9246 "
			   "section 5.2); use EC, RSA or OKP",
			   loading->key);
		algs = 0;
	}
	return algs;
}

/* --- PEM ---------------------------------------------------------------------------------------------------------- */

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static EVP_PKEY *read_certificate(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;
	X509_free(certificate);
	return pkey;
}

static EVP_PKEY *read_pem(const char *text, size_t len, bool *can_sign)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	*can_sign = pkey;
	if (!pkey && bio && BIO_reset(bio) > 0)
		pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	if (!pkey && bio && BIO_reset(bio) > 0)
		pkey = read_certificate(bio);
	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}

static void load_pem(struct loading *loading, const char *text, size_t len)
{
	bool can_sign;
	EVP_PKEY *pkey = read_pem(text, len, &can_sign);
	snprintf(loading->key, sizeof(loading->key), "key");
	if (!pkey) {
		faults_add(loading->faults, loading->place,
			   "no key: expected PEM with a public key, a private key without "
			   "passphrase, or a certificate");
		return;
	}
	uint8_t algs = judge(loading, pkey);
	if (algs)
		add(loading, pkey, loading->owner->kid, algs, can_sign);
	else
		EVP_PKEY_free(pkey);
}

/* --- JWK sets ----------------------------------------------------------------------------------------------------- */

enum use { USE_OTHER, USE_SIGNATURE, USE_ENCRYPTION };

/* RFC 7517 §4.2, §4.3. */
static enum use use_of(struct json_in *in)
{
	const char *use = json_in_text(in, "use", JSON_IN_OPTIONAL);
	json_t *operations = json_in_list(in, "key_ops"), *operation;
	size_t i;
	bool found = !operations;
	json_array_foreach (operations, i, operation) {
		const char *text = json_in_text_of(in, operation, "key_ops");
		found |= text && (!strcmp(text, "verify") || !strcmp(text, "sign"));
	}
	if (use && !strcmp(use, "enc"))
		return USE_ENCRYPTION;
	return found && (!use || !strcmp(use, "sig")) ? USE_SIGNATURE : USE_OTHER;
}

/* A key that decrypts is of AES. */
static void load_cipher(const struct loading *loading, struct json_in *in, const char *kid)
{
	bool unused;
	size_t len;
	const char *kty = json_in_text(in, "kty", JSON_IN_NEEDED);
	EVP_PKEY *pkey = kty && !strcmp(kty, "oct") ? jwk_read(in, &unused) : NULL;
	if (!pkey)
		return;
	if (EVP_PKEY_get_raw_private_key(pkey, NULL, &len) > 0 && (len == 16 || len == 32)) {
		add(loading, pkey, kid, 0, false);
		return;
	}
	json_in_fault(in, NULL, "k: expected 16 octets for A128GCM, or 32 for A256GCM");
	EVP_PKEY_free(pkey);
}

/* What the member "alg" leaves of the algorithms that the key is good for. */
static uint8_t narrow(struct json_in *in, const char *alg, uint8_t algs)
{
	enum jwt_alg only;
	if (!alg)
		return algs;
	if (jwt_alg_parse(alg, &only) && algs >> only & 1)
		return (uint8_t)(1 << only);
	json_in_fault(in, json_object_get(in->object, "alg"),
		      "alg: '%.32s' is not taken for a key of this kind", alg);
	return 0;
}

static void load_jwk(struct loading *loading, json_t *json)
{
	struct json_source source = {.faults = loading->faults, .place = loading->place};
	struct json_in in;
	bool can_sign;
	json_in_begin(&in, &source, json, loading->place, loading->key);
	const char *kid = in.name = json_in_text(&in, "kid", JSON_IN_OPTIONAL);
	const char *alg = json_in_text(&in, "alg", JSON_IN_OPTIONAL);
	enum use use = use_of(&in);
	if (in.object && use == USE_ENCRYPTION)
		load_cipher(loading, &in, kid);
	if (!in.object || use != USE_SIGNATURE)
		return;
	EVP_PKEY *pkey = jwk_read(&in, &can_sign);
	uint8_t algs = pkey ? judge(loading, pkey) : 0;
	algs = algs ? narrow(&in, alg, algs) : 0;
	if (algs)
		add(loading, pkey, kid, algs, can_sign);
	else
		EVP_PKEY_free(pkey);
}

static void load_set(struct loading *loading, const char *text, size_t len)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error), *key;
	json_t *keys = json_object_get(json, "keys");
	size_t i;
	if (!json) {
		faults_add(loading->faults, loading->place, "not JSON: %s in line %d", error.text,
			   error.line);
		return;
	}
	snprintf(loading->key, sizeof(loading->key), "key");
	if (!keys)
		load_jwk(loading, json);
	else if (!json_is_array(keys))
		faults_add(loading->faults, loading->place, "keys: expected a list of JWKs");
	json_array_foreach (keys, i, key) {
		snprintf(loading->key, sizeof(loading->key), "key %zu", i + 1);
		load_jwk(loading, key);
	}
	json_decref(json);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static void forget(struct jwks *jwks, size_t from)
{
	while (jwks->n > from) {
		struct jwks_key *key = &jwks->keys[--jwks->n];
		free(key->issuer);
		free(key->kid);
		EVP_PKEY_free(key->pkey);
	}
}

/* The whole file, for free(). */
static char *read_file(const char *path, size_t *len, struct faults *faults)
{
	FILE *file = fopen(path, "rbe");
	char *text = file ? malloc(JWKS_FILE_MAX + 1) : NULL;
	*len = text ? fread(text, 1, JWKS_FILE_MAX + 1, file) : 0;
	bool good = text && !ferror(file) && *len <= JWKS_FILE_MAX;
	if (!good)
		faults_add(faults, (struct place){path, 0}, "cannot be read: %s",
			   *len > JWKS_FILE_MAX ? "it is larger than 1 MiB" : strerror(errno));
	if (file)
		fclose(file);
	if (!good) {
		free(text);
		text = NULL;
	}
	return text;
}

bool jwks_load(struct jwks *jwks, const char *path, const struct jwks_owner *owner,
	       struct faults *faults)
{
	static const char begin[] = "-----BEGIN";
	struct loading loading = {jwks, owner, faults, {path, 0}, ""};
	size_t before = faults->total, had = jwks->n, len;
	char *text = read_file(path, &len, faults);
	if (!text)
		return false;
	if (len >= strlen(begin) && !memcmp(text, begin, strlen(begin)))
		load_pem(&loading, text, len);
	else
		load_set(&loading, text, len);
	if (faults->total == before && jwks->n == had)
		faults_add(faults, loading.place, "it has no key for signatures that is taken");
	OPENSSL_cleanse(text, len);
	free(text);
	if (faults->total > before)
		forget(jwks, had);
	return faults->total == before;
}

void jwks_clear(struct jwks *jwks)
{
	forget(jwks, 0);
	free(jwks->keys);
	*jwks = (struct jwks){0};
}

const struct jwks_key *jwks_next(const struct jwks *jwks, const char *issuer, const char *kid,
				 enum jwt_alg alg, const struct jwks_key *after)
{
	size_t i = after ? (size_t)(after - jwks->keys) + 1 : 0;
	for (; i < jwks->n; i++) {
		const struct jwks_key *key = &jwks->keys[i];
		if ((!issuer || !strcmp(issuer, key->issuer)) && key->algs >> alg & 1 &&
		    (!kid || !key->kid || !strcmp(kid, key->kid)))
			return key;
	}
	return NULL;
}

const struct jwks_key *jwks_next_cipher(const struct jwks *jwks, const char *issuer,
					const struct jwks_key *after)
{
	for (size_t i = after ? (size_t)(after - jwks->keys) + 1 : 0; i < jwks->n; i++)
		if (!jwks->keys[i].algs && (!issuer || !strcmp(issuer, jwks->keys[i].issuer)))
			return &jwks->keys[i];
	return NULL;
}

bool jwks_knows(const struct jwks *jwks, const char *issuer)
{
	for (size_t i = 0; i < jwks->n; i++)
		if (!strcmp(issuer, jwks->keys[i].issuer))
			return true;
	return false;
}
