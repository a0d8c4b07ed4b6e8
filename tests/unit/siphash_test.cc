/* siphash_test - SipHash-2-4 against the published vectors and against OpenSSL. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/siphash.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <random>
#include <vector>

namespace
{

uint64_t by_openssl(const uint8_t key[16], const std::vector<uint8_t> &bytes, unsigned each = 2,
		    unsigned last = 4)
{
	EVP_MAC *mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	unsigned size = 8;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &each),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &last),
		OSSL_PARAM_construct_end(),
	};
	uint8_t out[8] = {};
	size_t out_len = 0;
	EXPECT_EQ(EVP_MAC_init(context, key, 16, params), 1);
	EXPECT_EQ(EVP_MAC_update(context, bytes.data(), bytes.size()), 1);
	EXPECT_EQ(EVP_MAC_final(context, out, &out_len, sizeof(out)), 1);
	EXPECT_EQ(out_len, 8u);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
	uint64_t hash = 0;
	for (int i = 7; i >= 0; i--)
		hash = hash << 8 | out[i];
	return hash;
}

/* Key 00..0f, input 00..len-1: the vectors that came with the reference implementation; the one for
 * 15 is that of the paper's appendix A. */
TEST(siphash, reference_vectors)
{
	const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
		{0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},
		{7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},  {15, 0xa129ca6149be45e5},
		{16, 0x3f2acc7f57c29bdb}, {63, 0x958a324ceb064572},
	};
	uint8_t bytes[64];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (const auto &vector : vectors)
		EXPECT_EQ(siphash(bytes, bytes, vector.len), vector.hash) << vector.len;
}

TEST(siphash, as_openssl_for_all_lengths_up_to_64)
{
	std::mt19937 random(3);
	for (size_t len = 0; len <= 64; len++) {
		for (int i = 0; i < 20; i++) {
			uint8_t key[16];
			std::vector<uint8_t> bytes(len);
			for (uint8_t &octet : key)
				octet = (uint8_t)random();
			for (uint8_t &octet : bytes)
				octet = (uint8_t)random();
			GuardPage guarded(bytes.data(), len), guarded_key(key, 16);
			ASSERT_EQ(siphash(guarded_key.data(), guarded.data(), len),
				  by_openssl(key, bytes))
				<< len;
			ASSERT_EQ(siphash_table(guarded_key.data(), guarded.data(), len),
				  by_openssl(key, bytes, 1, 3))
				<< len;
		}
	}
}

TEST(siphash, words_are_octets_the_lowest_first)
{
	uint8_t key[16] = {1, 2, 3}, octets[64] = {};
	for (size_t len = 0; len < sizeof(octets) - 8; len++) {
		uint64_t words[8] = {};
		for (size_t i = 0; i < len; i++) {
			octets[i] = (uint8_t)(37 * i + len);
			words[i / 8] |= (uint64_t)octets[i] << 8 * (i % 8);
		}
		EXPECT_EQ(siphash_words(key, words, len), siphash(key, octets, len)) << len;
	}
}

TEST(siphash, long_input)
{
	std::vector<uint8_t> bytes(1000, 0xff);
	EXPECT_EQ(siphash(bytes.data(), bytes.data(), bytes.size()),
		  by_openssl(bytes.data(), bytes));
}

} // namespace
