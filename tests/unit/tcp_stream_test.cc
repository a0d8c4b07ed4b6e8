/* tcp_stream_test - one connection clause by clause: what is taken, what is answered, when something is sent again. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/tcp_stream.h"
}

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

enum : uint32_t {
	THEIRS = 0xfffffff0,
	OURS = 0x7ffffff0
}; /* so that both wrap, or change sign, soon */

class TcpStreamTest : public ::testing::Test
{
      protected:
	struct tcp_stream stream;
	std::string in = std::string(1024, '\0'), out = std::string(8192, '\0');
	uint64_t now = 5000;

	void start(uint16_t window = 65535, bool timestamps = false)
	{
		struct tcp_segment first = segment(0, "");
		first.window = window;
		first.has_timestamp = timestamps;
		first.timestamp = 100;
		tcp_stream_start(&stream, THEIRS, OURS, 1024, 100, &first, 7, now);
		stream.in.at = reinterpret_cast<uint8_t *>(in.data());
		stream.in.cap = 1024;
		stream.out = reinterpret_cast<uint8_t *>(out.data());
		stream.out_cap = 8192;
	}
	void SetUp() override
	{
		start();
	}
	/* `at`: octets behind the handshake; ours: how many of our octets are acknowledged. */
	static struct tcp_segment segment(uint32_t at, const char *text, uint32_t ours = 0,
					  uint8_t flags = TCP_ACK)
	{
		struct tcp_segment s = {};
		s.seq = THEIRS + at;
		s.ack = OURS + ours;
		s.flags = flags;
		s.window = 65535;
		s.payload = reinterpret_cast<const uint8_t *>(text);
		s.len = static_cast<uint32_t>(strlen(text));
		return s;
	}
	enum tcp_stream_event input(const struct tcp_segment &s)
	{
		return tcp_stream_input(&stream, &s, now);
	}
	std::vector<struct tcp_segment> output()
	{
		std::vector<struct tcp_segment> list;
		struct tcp_segment s;
		while (tcp_stream_output(&stream, now, &s))
			list.push_back(s);
		return list;
	}
	void put(uint32_t n)
	{
		for (uint32_t i = 0; i < n; i++)
			out[stream.out_len + i] =
				static_cast<char>('a' + (stream.out_len + i) % 26);
		tcp_stream_put(&stream, n, now);
	}
	std::string came() const
	{
		return in.substr(0, stream.in.len);
	}
};

TEST_F(TcpStreamTest, Rfc9293_3_10_7_4_octets_outside_the_window_are_answered_and_dropped)
{
	input(segment(0, "hello"));
	EXPECT_EQ(output().size(), 1u);
	for (uint32_t at : {0u, 1029u, 100000u, -1u}) {
		input(segment(at, at == -1u ? "" : "hello"));
		auto list = output();
		ASSERT_EQ(list.size(), 1u) << at;
		EXPECT_EQ(list[0].ack, THEIRS + 5);
		EXPECT_EQ(list[0].len, 0u);
	}
	EXPECT_EQ(came(), "hello");
	EXPECT_EQ(stream.in.n, 0u);
}

TEST_F(TcpStreamTest, Rfc9293_3_8_6_2_window_closes_and_opens)
{
	std::string kilo(1024, 'x');
	input(segment(0, kilo.c_str()));
	EXPECT_EQ(output()[0].window, 0);
	input(segment(1024, "more"));
	auto list = output();
	EXPECT_EQ(list[0].ack, THEIRS + 1024);
	EXPECT_EQ(list[0].window, 0);
	tcp_stream_take(&stream, 1000, now);
	list = output();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_EQ(list[0].window, 1000);
	input(segment(1024, "more"));
	EXPECT_EQ(came(), std::string(24, 'x') + "more");
}

TEST_F(TcpStreamTest, Rfc9293_3_10_7_4_segments_without_ACK_and_urgent_data)
{
	input(segment(0, "hello", 0, 0));
	EXPECT_EQ(came(), "");
	input(segment(0, "hello", 0, TCP_ACK | 32));
	EXPECT_EQ(came(), "hello");
}

TEST_F(TcpStreamTest, Rfc9293_3_6_fin_counts_when_all_before_it_is_there)
{
	input(segment(5, "world", 0, TCP_ACK | TCP_FIN));
	EXPECT_FALSE(stream.fin_came);
	EXPECT_EQ(output()[0].ack, +THEIRS);
	input(segment(0, "hello"));
	EXPECT_EQ(came(), "helloworld");
	input(segment(5, "world", 0, TCP_ACK | TCP_FIN));
	EXPECT_TRUE(stream.fin_came);
	EXPECT_EQ(output()[0].ack, THEIRS + 11);
	input(segment(11, "never"));
	EXPECT_EQ(came(), "helloworld");
}

TEST_F(TcpStreamTest, Rfc5961_3_2_and_5_2_acceptable_values)
{
	put(100);
	output();
	EXPECT_EQ(input(segment(1, "", 0, TCP_RST)), TCP_STREAM_GOES_ON);
	EXPECT_EQ(output().size(), 1u);
	EXPECT_EQ(input(segment(2000, "", 0, TCP_RST)), TCP_STREAM_GOES_ON);
	EXPECT_EQ(output().size(), 0u);
	now += 1000;
	EXPECT_EQ(input(segment(0, "x", 101)),
		  TCP_STREAM_GOES_ON); /* acknowledges what was not sent */
	EXPECT_EQ(came(), "");
	EXPECT_EQ(output().size(), 1u);
	now += 1000;
	EXPECT_EQ(input(segment(0, "x", -70000u)), TCP_STREAM_GOES_ON);
	EXPECT_EQ(came(), "");
	EXPECT_EQ(input(segment(0, "x", -60000u)), TCP_STREAM_GOES_ON);
	EXPECT_EQ(came(), "x");
	EXPECT_EQ(input(segment(1, "", 0, TCP_RST)), TCP_STREAM_RESET);
}

TEST_F(TcpStreamTest, Rfc7323_5_3_old_duplicates_by_their_timestamp)
{
	start(65535, true);
	struct tcp_segment s = segment(0, "he");
	EXPECT_EQ(input(s), TCP_STREAM_GOES_ON); /* section 3.2: none at all */
	EXPECT_EQ(came(), "");
	s.has_timestamp = true;
	s.timestamp = 99;
	input(s);
	EXPECT_EQ(came(), "");
	s.timestamp = 200;
	input(s);
	EXPECT_EQ(came(), "he");
	auto list = output();
	EXPECT_EQ(list[0].echo, 200u);
	EXPECT_TRUE(list[0].has_timestamp);
	EXPECT_EQ(list[0].timestamp, 7u);
	now += 50;
	s = segment(2, "", 0, TCP_RST);
	EXPECT_EQ(input(s), TCP_STREAM_RESET);
}

TEST_F(TcpStreamTest, Rfc6298_5_timer_and_backoff)
{
	put(250);
	EXPECT_EQ(output().size(), 3u);
	EXPECT_EQ(stream.send_again, 6000u);
	for (uint64_t wait : {2000u, 4000u, 8000u}) {
		now = stream.send_again;
		ASSERT_TRUE(tcp_stream_timeout(&stream));
		auto list = output(); /* RFC 5681 section 3.1: one segment at first */
		ASSERT_EQ(list.size(), 1u);
		EXPECT_EQ(list[0].seq, +OURS);
		EXPECT_EQ(list[0].len, 100u);
		EXPECT_EQ(stream.send_again, now + wait);
	}
	input(segment(0, "", 100));
	EXPECT_EQ(output().size(), 2u);
	input(segment(0, "", 250));
	EXPECT_EQ(stream.send_again, 0u);
	EXPECT_EQ(stream.out_len, 0u);
	put(10);
	unsigned n = 0;
	output();
	while (tcp_stream_timeout(&stream)) {
		output();
		n++;
	}
	EXPECT_EQ(n, 6u);
}

TEST_F(TcpStreamTest, Rfc6298_2_round_trips_are_learnt)
{
	for (int i = 0; i < 20; i++) {
		put(10);
		output();
		now += 30;
		input(segment(0, "", 10 + 10 * static_cast<uint32_t>(i)));
	}
	put(10);
	output();
	EXPECT_EQ(stream.send_again, now + 200);
	EXPECT_NEAR(stream.round_trip, 30, 2);
}

TEST_F(TcpStreamTest, Rfc5681_3_2_three_equal_acknowledgements)
{
	put(900);
	EXPECT_EQ(output().size(), 9u);
	for (int i = 0; i < 2; i++) {
		input(segment(0, "", 0));
		EXPECT_EQ(output().size(), 0u);
	}
	input(segment(0, "", 0));
	auto list = output();
	ASSERT_GE(list.size(), 1u);
	EXPECT_EQ(list[0].seq, +OURS);
}

TEST_F(TcpStreamTest, Rfc6928_2_initial_window)
{
	put(8000);
	EXPECT_EQ(output().size(), 10u);
	uint32_t sent = 1000, rounds = 0;
	while (stream.out_len && rounds++ < 50) {
		input(segment(0, "", sent));
		for (const auto &s : output())
			sent = s.seq + s.len - OURS;
	}
	EXPECT_EQ(sent, 8000u);
	EXPECT_LT(rounds, 8u);
}

TEST_F(TcpStreamTest, Rfc9293_3_8_6_2_1_no_silly_segments)
{
	start(150);
	put(400);
	auto list = output();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_EQ(list[0].len, 100u);
	struct tcp_segment s = segment(0, "", 100);
	s.window = 150;
	input(s);
	EXPECT_EQ(output().size(), 1u);
}

TEST_F(TcpStreamTest, Rfc9293_3_8_6_1_zero_window_is_probed_for_as_long_as_the_peer_answers)
{
	start(0);
	put(50);
	EXPECT_EQ(output().size(), 0u);
	for (int i = 0; i < 20; i++) {
		ASSERT_GT(stream.send_again, now);
		now = stream.send_again;
		ASSERT_TRUE(tcp_stream_timeout(&stream));
		auto list = output();
		ASSERT_EQ(list.size(), 1u);
		EXPECT_EQ(list[0].len, 1u);
		EXPECT_EQ(list[0].seq, +OURS);
		struct tcp_segment s = segment(0, "");
		s.window = 0;
		input(s);
	}
	input(segment(0, ""));
	auto list = output();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_EQ(list[0].seq, +OURS);
	EXPECT_EQ(list[0].len, 50u);
}

TEST_F(TcpStreamTest, Rfc9293_3_6_1_end)
{
	put(150);
	input(segment(0, "rest"));
	tcp_stream_end(&stream);
	auto list = output();
	ASSERT_EQ(list.size(), 2u);
	EXPECT_EQ(list[0].flags, +TCP_ACK);
	EXPECT_EQ(list[1].flags, TCP_ACK | TCP_PSH | TCP_FIN);
	input(segment(4, "more", 150));
	list = output();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_EQ(list[0].ack, THEIRS + 8);
	EXPECT_EQ(list[0].seq, OURS + 151);
	EXPECT_EQ(input(segment(8, "", 151)), TCP_STREAM_ENDED);
}

TEST_F(TcpStreamTest, end_alone_is_sent_again)
{
	tcp_stream_end(&stream);
	EXPECT_EQ(output()[0].flags, TCP_ACK | TCP_FIN);
	now = stream.send_again;
	ASSERT_TRUE(tcp_stream_timeout(&stream));
	auto list = output();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_EQ(list[0].seq, +OURS);
	EXPECT_EQ(list[0].flags, TCP_ACK | TCP_FIN);
	EXPECT_EQ(input(segment(0, "", 1)), TCP_STREAM_ENDED);
}

} // namespace
