/* digest_cache_test - what is in it until when, and what a full one does. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/digest_cache.h"
}

#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace
{

struct Digest {
	uint8_t octets[DIGEST_LEN] = {};
	/* Those of one `where` get into each other's way. */
	explicit Digest(uint64_t where, uint32_t what = 0)
	{
		memcpy(octets, &where, sizeof(where));
		memcpy(octets + 8, &what, sizeof(what));
	}
};

struct Cache {
	struct digest_cache *cache;
	explicit Cache(size_t entries) : cache(digest_cache_new(entries))
	{
	}
	~Cache()
	{
		digest_cache_free(cache);
	}
	bool add(const Digest &d, uint64_t expires, uint64_t now, bool evict = false)
	{
		return digest_cache_add(cache, d.octets, expires, now, evict);
	}
	bool has(const Digest &d, uint64_t now) const
	{
		return digest_cache_has(cache, d.octets, now);
	}
};

TEST(digest_cache, until_its_time)
{
	Cache cache(10);
	EXPECT_FALSE(cache.has(Digest(0), 0)) << "an empty place is not a digest of zeros";
	EXPECT_TRUE(cache.add(Digest(1), 100, 50));
	EXPECT_TRUE(cache.has(Digest(1), 99));
	EXPECT_FALSE(cache.has(Digest(1), 100));
	EXPECT_FALSE(cache.has(Digest(1, 1), 50));
	EXPECT_TRUE(cache.add(Digest(1), 200, 50));
	EXPECT_TRUE(cache.has(Digest(1), 199));
	digest_cache_flush(cache.cache);
	EXPECT_FALSE(cache.has(Digest(1), 50));
}

TEST(digest_cache, a_full_one)
{
	Cache cache(1);
	uint32_t n = 0;
	while (n < 100 && cache.add(Digest(7, n), 1000 + n, 0))
		n++;
	EXPECT_EQ(n, 16u);
	for (uint32_t i = 0; i < n; i++)
		EXPECT_TRUE(cache.has(Digest(7, i), 0));
	EXPECT_FALSE(cache.add(Digest(7, n), 5000, 999));
	EXPECT_TRUE(cache.add(Digest(7, 3), 5000, 999)) << "it is there already";
	EXPECT_TRUE(cache.add(Digest(7, n), 5000, 1000)) << "the first one has gone";
	EXPECT_FALSE(cache.has(Digest(7, 0), 1000));
	EXPECT_TRUE(cache.add(Digest(7, 99), 5000, 1000, true));
	EXPECT_FALSE(cache.has(Digest(7, 1), 1000)) << "the one that would go first made room";
	EXPECT_TRUE(cache.has(Digest(7, 2), 1000));
}

/* A used JWT ID must stay known whatever else comes. */
TEST(digest_cache, nothing_is_lost_before_its_time)
{
	std::mt19937_64 random(1);
	Cache cache(1000);
	std::vector<std::pair<Digest, uint64_t>> added;
	for (uint64_t now = 0; now < 5000; now++) {
		Digest digest(random());
		uint64_t expires = now + 1 + random() % 500;
		if (cache.add(digest, expires, now))
			added.push_back({digest, expires});
		for (size_t i = 0; now % 50 == 0 && i < added.size(); i++)
			ASSERT_EQ(cache.has(added[i].first, now), now < added[i].second);
	}
	EXPECT_GT(added.size(), 4900u);
}

} // namespace
