/* connections_test - the table of kept connections: found by their four numbers, bounded, and gone through by age and by time. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/connections.h"
}

#include "tests/packet/packet_world.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace
{

const uint8_t key[16] = {9};
const uint8_t client[16] = {192, 0, 2, 1}, server[16] = {192, 0, 2, 2};

struct syn_tuple tuple_of(unsigned n)
{
	return {client, server, static_cast<uint8_t>(n & 1 ? 4 : 16), static_cast<uint16_t>(n), 80};
}

class ConnectionsTest : public ::testing::Test
{
      protected:
	World eal; /* for its memory */
	struct connections *table = connections_new(16, 8, 64, key, SOCKET_ID_ANY);
	~ConnectionsTest() override
	{
		connections_free(table);
	}
	struct connection *open(unsigned n)
	{
		struct syn_tuple tuple = tuple_of(n);
		return connections_open(table, &tuple);
	}
	struct connection *find(unsigned n)
	{
		struct syn_tuple tuple = tuple_of(n);
		return connections_find(table, &tuple);
	}
};

TEST_F(ConnectionsTest, BoundedAndFoundByAllOfTheirNumbers)
{
	for (unsigned n = 0; n < 16; n++)
		ASSERT_NE(open(n), nullptr);
	EXPECT_EQ(open(16), nullptr);
	EXPECT_EQ(connections_count(table), 16u);
	std::set<struct connection *> seen;
	for (unsigned n = 0; n < 16; n++)
		seen.insert(find(n));
	EXPECT_EQ(seen.size(), 16u);
	EXPECT_EQ(seen.count(nullptr), 0u);
	EXPECT_EQ(find(16), nullptr);
	struct syn_tuple other = tuple_of(3);
	other.destination_port = 53;
	EXPECT_EQ(connections_find(table, &other), nullptr);
	connections_close(table, find(3));
	EXPECT_EQ(find(3), nullptr);
	EXPECT_NE(open(16), nullptr);
}

TEST_F(ConnectionsTest, OldestIsTheOneThatDidNothingForLongest)
{
	for (unsigned n = 0; n < 4; n++)
		open(n);
	EXPECT_EQ(connections_oldest(table, false), find(0));
	connections_hold(table, find(0));
	EXPECT_EQ(connections_oldest(table, false), find(1));
	EXPECT_TRUE(connections_release(table, find(0)));
	EXPECT_EQ(connections_oldest(table, false), find(1));
	EXPECT_EQ(connections_oldest(table, true), nullptr);
	EXPECT_TRUE(connections_buffer_out(table, find(2)));
	EXPECT_EQ(connections_oldest(table, true), find(2));
}

TEST_F(ConnectionsTest, HeldConnectionStaysUntilItIsReleased)
{
	struct connection *connection = open(1);
	ASSERT_TRUE(connections_buffer_in(table, connection));
	uint8_t *buffer = connection->stream.in.at;
	connections_touch(table, connection);
	connections_hold(table, connection);
	connections_close(table, connection);
	EXPECT_EQ(find(1), nullptr);
	EXPECT_EQ(connections_due(table), nullptr);
	EXPECT_EQ(connection->stream.in.at, buffer);
	EXPECT_EQ(connections_count(table), 1u);
	struct connection *other = open(1);
	EXPECT_NE(other, connection);
	EXPECT_EQ(find(1), other);
	EXPECT_FALSE(connections_release(table, connection));
	EXPECT_EQ(connections_count(table), 1u);
}

TEST_F(ConnectionsTest, BuffersGoBackWhenTheyAreEmpty)
{
	for (unsigned n = 0; n < 8; n++) {
		ASSERT_TRUE(connections_buffer_in(table, open(n)));
		EXPECT_EQ(find(n)->stream.in.cap, 64u);
	}
	EXPECT_FALSE(connections_buffer_in(table, open(8)));
	EXPECT_EQ(find(8)->stream.in.cap, 0u);
	find(0)->stream.in.len = 1;
	connections_settle(table, find(0), 100);
	EXPECT_FALSE(connections_buffer_out(table, find(8)));
	connections_settle(table, find(1), 100);
	EXPECT_EQ(find(1)->stream.in.at, nullptr);
	EXPECT_TRUE(connections_buffer_out(table, find(8)));
	connections_close(table, find(2));
	EXPECT_TRUE(connections_buffer_in(table, find(8)));
}

TEST_F(ConnectionsTest, TouchedOnceGivenOnce)
{
	connections_touch(table, open(1));
	connections_touch(table, open(2));
	connections_touch(table, find(1));
	EXPECT_EQ(connections_due(table), find(1));
	EXPECT_EQ(connections_due(table), find(2));
	EXPECT_EQ(connections_due(table), nullptr);
}

TEST_F(ConnectionsTest, LateOnesComeInTheirTime)
{
	EXPECT_EQ(connections_late(table, 1000), nullptr);
	connections_settle(table, open(1), 5000);
	connections_settle(table, open(2), 100000); /* more than a turn of the wheel */
	connections_settle(table, open(3), 0);      /* past: at once */
	EXPECT_EQ(connections_late(table, 1032), find(3));
	EXPECT_EQ(connections_late(table, 4999), nullptr);
	EXPECT_EQ(connections_late(table, 5016), find(1));
	connections_settle(table, find(1), 6000);
	connections_settle(table, find(1), 90000);
	EXPECT_EQ(connections_late(table, 89000), nullptr);
	EXPECT_EQ(connections_late(table, 90032), find(1));
	EXPECT_EQ(connections_late(table, 99000), nullptr);
	EXPECT_EQ(connections_late(table, 300000), find(2)); /* however late the look */
	EXPECT_EQ(connections_late(table, 300000), nullptr);
}

TEST_F(ConnectionsTest, RandomUseLeavesNothingBehind)
{
	std::mt19937 random(3);
	uint64_t now = 1;
	for (int step = 0; step < 200000; step++) {
		unsigned n = random() % 24;
		struct connection *connection = find(n);
		switch (random() % 8) {
		case 0:
			if (!connection)
				open(n);
			break;
		case 1:
			if (connection && !connection->held)
				connections_close(table, connection);
			break;
		case 2:
			if (connection)
				connections_buffer_in(table, connection);
			break;
		case 3:
			if (connection)
				connections_settle(table, connection, now + random() % 40000);
			break;
		case 4:
			if (connection)
				connections_touch(table, connection);
			break;
		case 5:
			if (connection && !connection->held) {
				connections_hold(table, connection);
				if (random() % 2)
					connections_close(table, connection);
				connections_release(table, connection);
			}
			break;
		case 6:
			while (connections_due(table))
				;
			break;
		default:
			now += random() % 100;
			while (connections_late(table, now))
				;
		}
	}
	for (unsigned n = 0; n < 24; n++)
		if (find(n))
			connections_close(table, find(n));
	EXPECT_EQ(connections_count(table), 0u);
	for (unsigned n = 0; n < 8; n++)
		EXPECT_TRUE(connections_buffer_in(table, open(n)));
	EXPECT_EQ(connections_due(table), nullptr);
	EXPECT_EQ(connections_late(table, now + 1000000), nullptr);
}

} // namespace
