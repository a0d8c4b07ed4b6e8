/* jwe - JSON Web Encryption in compact form with a shared key that encrypts the content itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwe.h"

#include "base64url.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum { IV_LEN = 12, TAG_LEN = 16 };

bool jwe_split(struct span token, struct jwe *jwe)
{
	struct span *parts[] = {&jwe->header, &jwe->key, &jwe->iv, &jwe->ciphertext, &jwe->tag};
	uint32_t from = 0, n = 0;
	for (uint32_t i = 0; i <= token.len; i++) {
		if (i < token.len && token.at[i] != '.')
			continue;
		if (n == 5)
			return false;
		*parts[n++] = (struct span){token.at + from, i - from};
		from = i + 1;
	}
	return n == 5 && jwe->header.len;
}

/* RFC 7516 §5.2: the header as it stands is authenticated with the content. */
static bool decrypt(EVP_CIPHER_CTX *ctx, const struct jwe *jwe, const EVP_CIPHER *cipher,
		    struct span key, const uint8_t *iv, uint8_t *tag, uint8_t *content, int *len)
{
	int unused;
	return EVP_DecryptInit_ex(ctx, cipher, NULL, key.at, iv) > 0 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) > 0 &&
	       EVP_DecryptUpdate(ctx, NULL, &unused, jwe->header.at, (int)jwe->header.len) > 0 &&
	       EVP_DecryptUpdate(ctx, content, len, content, *len) > 0 &&
	       EVP_DecryptFinal_ex(ctx, content + *len, &unused) > 0;
}

bool jwe_open(const struct jwe *jwe, struct span key, uint8_t *out, size_t cap, size_t *n)
{
	uint8_t iv[IV_LEN], tag[TAG_LEN];
	size_t iv_len, tag_len;
	const EVP_CIPHER *cipher = key.len == 16   ? EVP_aes_128_gcm()
				   : key.len == 32 ? EVP_aes_256_gcm()
						   : NULL;
	if (!cipher || jwe->key.len || !base64url_read(jwe->iv, iv, sizeof(iv), &iv_len) ||
	    iv_len != IV_LEN || !base64url_read(jwe->tag, tag, sizeof(tag), &tag_len) ||
	    tag_len != TAG_LEN || !base64url_read(jwe->ciphertext, out, cap, n))
		return false;
	int len = (int)*n;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool good = ctx && decrypt(ctx, jwe, cipher, key, iv, tag, out, &len);
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return good;
}
