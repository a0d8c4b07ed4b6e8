/* peer_redirect_test - questions to a peer over real connections, what becomes of them, and when it is asked no more. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/client_box.h"

extern "C" {
#include "control/peer_redirect.h"
#include "control/sessions.h"
}

namespace
{

std::string message(const std::string &name)
{
	return R"({"dns": {"rcode": 0, "name": ")" + name + R"(", "cname": ["n1.b.example"]}})";
}

const std::string head = "Content-Type: application/cdni; ptype=redirection-response\r\n"
			 "Cache-Control: max-age=100, stale-if-error=300\r\n";

struct PeerRedirectTest : ClientBox {
	struct plane plane = {};
	struct settings settings = {};
	struct control control = {};
	struct sessions sessions = {};
	struct peer peer = {};
	std::vector<std::string> said;
	std::atomic<bool> silent{false}, mute{false};
	std::mutex mutex;
	std::string request; /* the last one, as it came */
	bool again = false;  /* who is told asks once more */

	void SetUp() override
	{
		ClientBox::SetUp();
		uint64_t before = rte_rdtsc();
		usleep(20000);
		plane.tsc_hz = (rte_rdtsc() - before) * 50;
		settings.recursion.wait_ms = 1000;
		control.settings = &settings;
		control.plane = &plane;
		control.base = base;
		sessions.control = &control;
		sessions.client = client;
		peer.sessions = &sessions;
		serve("b", [this](ScriptedLink &link) { answer(link); });
		peers->peers.list[0].redirection = strdup(server->url("/ri").c_str());
		peer.settings = &peers->peers.list[0];
		peer.redirect = peer_redirect_new(&peer);
		ASSERT_TRUE(peer.redirect);
	}
	void TearDown() override
	{
		peer_redirect_free(peer.redirect);
		ClientBox::TearDown();
	}
	void answer(ScriptedLink &link)
	{
		for (std::string text; !(text = link.request()).empty();) {
			if (silent)
				return;
			if (mute) {
				link.wait();
				return;
			}
			std::lock_guard<std::mutex> lock(mutex);
			request = text;
			link.answer(message("a.example"), head);
		}
	}
	void ask(const std::string &name)
	{
		ri_request one = {};
		one.protocol = PROTOCOL_DNS;
		ip_addr_parse("192.0.2.53", &one.resolver);
		one.qtype = 1;
		one.qname = name.c_str();
		one.max_hops = RI_NO_LIMIT;
		one.path.ids[one.path.n++] = "AS64500:1";
		peer_redirect_ask(&peer, &one, on_asked, this);
	}
	static void on_asked(void *arg, const ri_response *response, const struct freshness *left)
	{
		auto *test = static_cast<PeerRedirectTest *>(arg);
		test->said.push_back(!response ? "none"
				     : response->error_code
					     ? "error"
					     : "target " + std::to_string(left->fresh));
		if (test->again) {
			test->again = false;
			test->ask("again.example");
		}
	}
	bool heard(size_t n, int ms = 5000)
	{
		return soon([&] { return said.size() >= n; }, ms);
	}
	peer_redirect_counters counts()
	{
		peer_redirect_counters counters = {};
		EXPECT_TRUE(peer_redirect_counts(&peer, &counters));
		return counters;
	}
};

TEST_F(PeerRedirectTest, AsksAndKeeps)
{
	ask("a.example");
	EXPECT_EQ(counts().asking, 1u);
	ASSERT_TRUE(heard(1));
	EXPECT_EQ(said[0], "target 100");
	{
		std::lock_guard<std::mutex> lock(mutex);
		EXPECT_EQ(request.substr(0, 18), "POST /ri HTTP/1.1\r");
		EXPECT_NE(request.find(
				  "Content-Type: application/cdni; ptype=redirection-request\r\n"),
			  std::string::npos);
		EXPECT_NE(request.find("Accept: application/cdni; ptype=redirection-response\r\n"),
			  std::string::npos);
		EXPECT_NE(request.find(R"("qname":"a.example")"), std::string::npos);
	}
	ask("a.example");
	ASSERT_EQ(said.size(), 2u) << "at once";
	peer_redirect_counters c = counts();
	EXPECT_EQ(c.client.sent, 1u);
	EXPECT_EQ(c.client.cache.hits, 1u);
	EXPECT_EQ(c.asking, 0u);
	EXPECT_EQ(c.failed + c.held_back + c.opened, 0u);
	peer_redirect_reset(peer.redirect);
	ask("a.example");
	EXPECT_EQ(counts().client.sent, 2u) << "what was kept is forgotten";
	ASSERT_TRUE(heard(3));
}

TEST_F(PeerRedirectTest, NobodyWaitsForLong)
{
	mute = true;
	uint64_t before = plane_tsc_ms(&plane);
	ask("a.example");
	ask("a.example");
	ASSERT_TRUE(heard(2));
	uint64_t ms = plane_tsc_ms(&plane) - before;
	EXPECT_GE(ms, 1000u);
	EXPECT_EQ(said, (std::vector<std::string>{"none", "none"}));
	EXPECT_EQ(counts().client.pending.late, 2u);
	EXPECT_EQ(counts().asking, 1u) << "a late answer would be of use";
	ASSERT_TRUE(soon([&] { return counts().asking == 0; }));
	EXPECT_EQ(counts().failed, 1u);
}

TEST_F(PeerRedirectTest, OneThatDoesNotAnswerIsNotAsked)
{
	ask("kept.example");
	ASSERT_TRUE(heard(1));
	silent = true;
	for (int i = 0; i < 5; i++) {
		EXPECT_FALSE(counts().open) << i;
		ask(std::to_string(i) + ".example");
		ASSERT_TRUE(heard(2 + i));
		EXPECT_EQ(said.back(), "error") << "it is a refusal of ours";
	}
	peer_redirect_counters c = counts();
	EXPECT_TRUE(c.open);
	EXPECT_EQ(c.failed, 5u);
	EXPECT_NE(std::string(c.error).find("POST https://127.0.0.1:"), std::string::npos);
	said.clear();
	ask("5.example");
	EXPECT_EQ(said, (std::vector<std::string>{"none"})) << "at once";
	ask("kept.example");
	EXPECT_EQ(said.back().substr(0, 7), "target ") << "what is kept serves";
	EXPECT_EQ(counts().held_back, 1u);
	EXPECT_EQ(counts().client.sent, 6u);
	/* It comes back: a probe shows it. */
	silent = false;
	for (int i = 0; i < 500 && counts().open; i++) {
		ask("6.example");
		run_for(base, 10);
	}
	EXPECT_FALSE(counts().open);
	EXPECT_EQ(counts().client.sent, 7u) << "one probe";
	said.clear();
	ask("7.example");
	ASSERT_TRUE(heard(1));
	EXPECT_EQ(said[0], "target 100");
}

TEST_F(PeerRedirectTest, TheOperatorSetItDown)
{
	peer.set_down = true;
	ask("a.example");
	EXPECT_EQ(said, (std::vector<std::string>{"none"}));
}

TEST_F(PeerRedirectTest, FreedWhileQuestionsAreOnTheirWay)
{
	mute = true;
	ask("a.example");
	ask("b.example");
	run_for(base, 100);
	again = true;
	peer_redirect_free(peer.redirect);
	EXPECT_FALSE(peer.redirect);
	EXPECT_EQ(said, (std::vector<std::string>{"none", "none", "none"}));
	run_for(base, 100);
	EXPECT_EQ(said.size(), 3u);
	peer_redirect_counters counters;
	EXPECT_FALSE(peer_redirect_counts(&peer, &counters));
}

TEST_F(PeerRedirectTest, OneThatTheClientDoesNotKnow)
{
	auto known = std::move(peers);
	set(std::make_unique<Peers>());
	ask("a.example");
	ASSERT_TRUE(heard(1));
	EXPECT_EQ(said[0], "error");
	EXPECT_EQ(counts().failed, 1u);
	set(std::move(known));
}

} // namespace
