/* load_client_test - a server that answers rightly, wrongly, late, twice, not at all, and with rubbish: each is counted as what it is. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "tests/bench/load_client.h"
}

namespace
{

const std::string get = "GET /film HTTP/1.1\r\nHost: a.example\r\n\r\n";
const std::string query("\0\0\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1", 27);
const std::string redirect = "HTTP/1.1 302 Found\r\nLocation: http://b.example/\r\n\r\n";

using Octets = std::vector<uint8_t>;

class LoadClient : public testing::Test
{
      protected:
	std::unique_ptr<struct load_client> client_ = std::make_unique<struct load_client>();
	struct frame request_ = {};
	uint64_t now_ = 1000000;
	uint8_t room_[FRAME_MAX];

	void asks(uint8_t protocol, uint8_t family = 4)
	{
		const std::string &payload = protocol == FRAME_UDP ? query : get;
		request_.family = family;
		request_.protocol = protocol;
		request_.port_to = protocol == FRAME_UDP ? 53 : 80;
		request_.from[0] = 10;
		request_.to[0] = 192;
		request_.payload = {reinterpret_cast<const uint8_t *>(payload.data()),
				    (uint32_t)payload.size()};
		client_->requests = &request_;
		client_->n_requests = 1;
		client_->timeout = 1000;
		load_client_init(client_.get());
	}

	/* The frame that starts a request; it stays valid until the next one. */
	struct frame start(uint64_t meant = 0)
	{
		return read(load_client_start(client_.get(), now_, meant ? meant : now_, room_,
					      sizeof(room_)));
	}

	struct frame read(size_t len)
	{
		struct frame frame = {};
		EXPECT_TRUE(len && frame_read(&frame, room_, len));
		return frame;
	}

	/* The length of what is sent upon it. */
	size_t hears(const Octets &octets)
	{
		GuardPage page(octets.data(), octets.size());
		return load_client_hear(client_.get(), now_, page.data(), octets.size(), room_,
					sizeof(room_));
	}

	/* What the server sends back upon a frame. */
	static Octets back(const struct frame &to, const std::string &payload, uint8_t flags = 0,
			   uint32_t seq = 0)
	{
		struct frame frame = to;
		memcpy(frame.from, to.to, 16);
		memcpy(frame.to, to.from, 16);
		std::swap(frame.port_from, frame.port_to);
		frame.seq = seq;
		frame.ack = to.seq + to.payload.len + (to.flags & (FRAME_SYN | FRAME_FIN) ? 1 : 0);
		frame.flags = flags;
		frame.payload = {reinterpret_cast<const uint8_t *>(payload.data()),
				 (uint32_t)payload.size()};
		Octets octets(FRAME_MAX);
		octets.resize(frame_write(&frame, octets.data(), octets.size()));
		return octets;
	}

	static std::string dns_answer(const struct frame &to, uint8_t code = 0, uint8_t records = 1)
	{
		std::string answer((const char *)to.payload.at, to.payload.len);
		answer[2] = (char)0x84;
		answer[3] = (char)code;
		answer[7] = (char)records;
		return answer;
	}

	struct frame connected()
	{
		struct frame syn = start();
		EXPECT_EQ(syn.flags, FRAME_SYN);
		struct frame request = read(hears(back(syn, "", FRAME_SYN | FRAME_ACK, 5000)));
		EXPECT_EQ(request.seq, syn.seq + 1);
		EXPECT_EQ(request.ack, 5001u);
		EXPECT_EQ(std::string((const char *)request.payload.at, request.payload.len), get);
		return request;
	}

	void counts(uint64_t answered, uint64_t wrong, uint64_t timeouts, uint64_t strays)
	{
		EXPECT_EQ(client_->counts.answered, answered);
		EXPECT_EQ(client_->counts.wrong, wrong);
		EXPECT_EQ(client_->counts.timeouts, timeouts);
		EXPECT_EQ(client_->counts.strays, strays);
	}
};

TEST_F(LoadClient, TimesADnsAnswerFromWhenTheQueryWasMeant)
{
	for (uint8_t family : {4, 6}) {
		asks(FRAME_UDP, family);
		struct frame asked = start(now_ - 30);
		std::string answer = dns_answer(asked);
		now_ += 70;
		EXPECT_EQ(hears(back(asked, answer)), 0u);
		EXPECT_EQ(client_->latency.max, 100u);
		EXPECT_EQ(client_->under_way, 0u);
	}
	counts(2, 0, 0, 0);
}

TEST_F(LoadClient, DoesNotMeasureWhatWasMeantForTheWarmUp)
{
	asks(FRAME_UDP);
	client_->measure_from = now_ + 1;
	struct frame asked = start();
	hears(back(asked, dns_answer(asked)));
	counts(1, 0, 0, 0);
	EXPECT_EQ(client_->measured, 0u);
}

TEST_F(LoadClient, CountsRefusalsAndEmptyAnswersAsWrong)
{
	asks(FRAME_UDP);
	struct frame asked = start();
	hears(back(asked, dns_answer(asked, 5)));
	asked = start();
	hears(back(asked, dns_answer(asked, 0, 0)));
	counts(0, 2, 0, 0);
	EXPECT_EQ(client_->latency.n, 0u);
}

TEST_F(LoadClient, TakesAnAnswerOnlyOnceAndOnlyToItsQuestion)
{
	asks(FRAME_UDP);
	struct frame asked = start();
	std::string answer = dns_answer(asked), other = answer,
		    question((const char *)asked.payload.at, asked.payload.len);
	other[0] = (char)(other[0] + 1);
	Octets from_elsewhere = back(asked, answer), right = from_elsewhere;
	from_elsewhere[14 + 12] ^= 1;
	hears(back(asked, other));
	hears(back(asked, question));
	hears(back(asked, answer.substr(0, 11)));
	hears(from_elsewhere);
	counts(0, 0, 0, 4);
	hears(right);
	hears(right);
	counts(1, 0, 0, 5);
}

TEST_F(LoadClient, GivesUpWhenTheTimeIsOver)
{
	asks(FRAME_UDP);
	struct frame asked = start();
	Octets late = back(asked, dns_answer(asked));
	now_ += 500;
	start();
	load_client_expire(client_.get(), now_ + 499);
	counts(0, 0, 0, 0);
	load_client_expire(client_.get(), now_ + 500);
	counts(0, 0, 1, 0);
	hears(late);
	counts(0, 0, 1, 1);
	EXPECT_EQ(client_->under_way, 1u);
}

TEST_F(LoadClient, OpensAConnectionForEachGetAndClosesIt)
{
	for (uint8_t family : {4, 6}) {
		asks(FRAME_TCP, family);
		struct frame asked = connected();
		now_ += 40;
		struct frame fin =
			read(hears(back(asked, redirect, FRAME_ACK | FRAME_PSH | FRAME_FIN, 5001)));
		EXPECT_EQ(fin.flags, FRAME_FIN | FRAME_ACK);
		EXPECT_EQ(fin.seq, asked.seq + get.size());
		EXPECT_EQ(fin.ack, 5001 + redirect.size() + 1);
		EXPECT_EQ(client_->latency.max, 40u);
		hears(back(fin, "", FRAME_ACK, fin.ack));
		EXPECT_EQ(client_->counts.ends, family == 4 ? 1u : 2u);
	}
	counts(2, 0, 0, 0);
}

TEST_F(LoadClient, ClosesTheConnectionOfAServerThatKeepsIt)
{
	asks(FRAME_TCP);
	struct frame asked = connected();
	struct frame fin = read(hears(back(asked, redirect, FRAME_ACK, 5001)));
	EXPECT_EQ(fin.flags, FRAME_FIN | FRAME_ACK);
	EXPECT_EQ(fin.seq, asked.seq + get.size());
	EXPECT_EQ(client_->under_way, 1u);
	EXPECT_EQ(hears(back(fin, "", FRAME_ACK, fin.ack)), 0u);
	struct frame more = read(hears(back(fin, "content", FRAME_ACK, fin.ack)));
	EXPECT_EQ(more.flags, FRAME_ACK);
	EXPECT_EQ(more.ack, fin.ack + 7);
	struct frame last = read(hears(back(fin, "", FRAME_ACK | FRAME_FIN, more.ack)));
	EXPECT_EQ(last.flags, FRAME_ACK);
	EXPECT_EQ(last.seq, fin.seq + 1);
	EXPECT_EQ(last.ack, more.ack + 1);
	counts(1, 0, 0, 0);
}

TEST_F(LoadClient, CountsResetsErrorsAndSilenceAsWrong)
{
	asks(FRAME_TCP);
	struct frame syn = start();
	hears(back(syn, "", FRAME_RST | FRAME_ACK));
	hears(back(connected(), "", FRAME_RST | FRAME_ACK));
	hears(back(connected(), "HTTP/1.1 404 Not Found\r\n\r\n", FRAME_ACK | FRAME_FIN, 5001));
	hears(back(connected(), "HTTP", FRAME_ACK, 5001));
	hears(back(connected(), "", FRAME_ACK | FRAME_FIN, 5001));
	counts(0, 5, 0, 0);
}

TEST_F(LoadClient, PassesOverSegmentsThatDoNotFit)
{
	asks(FRAME_TCP);
	struct frame syn = start(), bad = syn;
	hears(back(syn, redirect, FRAME_ACK, 5001)); /* not opened yet */
	bad.seq++;
	hears(back(bad, "", FRAME_SYN | FRAME_ACK, 5000)); /* acknowledges what was not sent */
	Octets opens = back(syn, "", FRAME_SYN | FRAME_ACK, 5000);
	struct frame asked = read(hears(opens));
	Octets answer = back(asked, redirect, FRAME_ACK | FRAME_FIN, 5001);
	Octets hole = back(asked, redirect, FRAME_ACK | FRAME_FIN, 5002);
	hears(opens); /* once more */
	hears(hole);
	counts(0, 0, 0, 4);
	hears(answer);
	counts(1, 0, 0, 4);
}

TEST_F(LoadClient, HasNoMoreUnderWayThanSlots)
{
	asks(FRAME_UDP);
	for (int i = 0; i < LOAD_SLOTS; i++)
		ASSERT_NE(load_client_start(client_.get(), now_, now_, room_, sizeof(room_)), 0u);
	EXPECT_EQ(load_client_start(client_.get(), now_, now_, room_, sizeof(room_)), 0u);
	load_client_expire(client_.get(), now_ + 1000);
	counts(0, 0, LOAD_SLOTS, 0);
	EXPECT_NE(load_client_start(client_.get(), now_, now_, room_, sizeof(room_)), 0u);
}

TEST_F(LoadClient, OutlivesRubbish)
{
	std::mt19937 random(3);
	for (uint8_t protocol : {FRAME_UDP, FRAME_TCP}) {
		asks(protocol);
		for (int run = 0; run < 20000; run++, now_ += 10) {
			struct frame asked = start();
			Octets octets =
				back(asked, protocol == FRAME_UDP ? dns_answer(asked) : redirect,
				     (uint8_t)random(), (uint32_t)(random() % 2));
			for (unsigned n = random() % 3; n; n--)
				octets[random() % octets.size()] = (uint8_t)random();
			octets.resize(random() % 4 ? octets.size() : random() % octets.size());
			hears(octets);
			load_client_expire(client_.get(), now_);
		}
		const struct load_counts *c = &client_->counts;
		EXPECT_EQ(c->sent, c->answered + c->wrong + c->timeouts + client_->under_way);
		EXPECT_GT(c->strays, 0u);
	}
}

} // namespace
