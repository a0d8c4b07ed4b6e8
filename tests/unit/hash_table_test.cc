/* hash_table_test - members come, are found, and go. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

extern "C" {
#include "lib/hash_table.h"
}

namespace
{

/* How often the member is reached by its hash. */
int count(const hash_table &table, const hash_member &member)
{
	int n = 0;
	for (hash_member *at = hash_table_first(&table, member.hash); at; at = at->next)
		n += at == &member;
	return n;
}

TEST(hash_table, random_members_against_a_map)
{
	for (size_t size : {0u, 1u, 7u, 64u}) {
		hash_table table;
		ASSERT_TRUE(hash_table_init(&table, size));
		std::vector<hash_member> members(100);
		std::vector<bool> in(100);
		std::mt19937 random(size);
		for (auto &member : members)
			member.hash = random() % 50;
		for (int i = 0; i < 5000; i++) {
			size_t k = random() % 100;
			if (in[k])
				hash_table_remove(&table, &members[k]);
			else
				hash_table_add(&table, &members[k]);
			in[k] = !in[k];
			size_t other = random() % 100;
			ASSERT_EQ(count(table, members[other]), in[other]);
		}
		hash_table_clear(&table);
	}
}

TEST(hash_table, the_last_one_is_in_front)
{
	hash_table table;
	ASSERT_TRUE(hash_table_init(&table, 4));
	hash_member a = {nullptr, 9}, b = {nullptr, 9};
	hash_table_add(&table, &a);
	hash_table_add(&table, &b);
	EXPECT_EQ(hash_table_first(&table, 9), &b);
	hash_table_remove(&table, &b);
	EXPECT_EQ(hash_table_first(&table, 9), &a);
	hash_table_clear(&table);
}

TEST(hash_table, no_memory)
{
	hash_table table;
	failing_malloc.reset(0);
	EXPECT_FALSE(hash_table_init(&table, 4));
	failing_malloc.reset(-1);
}

} // namespace
