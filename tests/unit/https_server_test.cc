/* https_server_test - peers, strangers and hostile clients at the HTTPS server: who comes in, and where it ends. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/https_box.h"

namespace
{

using HttpsServerTest = HttpsBox;

TEST_F(HttpsServerTest, WhoIsNoPeerDoesNotComeIn)
{
	start();
	const struct {
		const char *certificate;
		enum https_count count;
	} cases[] = {
		{"stranger", HTTPS_REFUSED_IDENTITY}, {"wild", HTTPS_REFUSED_IDENTITY},
		{"cn", HTTPS_REFUSED_IDENTITY},       {"ended", HTTPS_REFUSED_CERT},
		{"server", HTTPS_REFUSED_CERT},       {"forged", HTTPS_REFUSED_CERT},
	};
	for (const auto &c : cases) {
		uint64_t before = count(nullptr, c.count);
		std::string said = curl(c.certificate, "/echo");
		EXPECT_EQ(said.find("/echo"), std::string::npos) << c.certificate << said;
		EXPECT_NE(said.find("[56]"), std::string::npos) << c.certificate << said;
		EXPECT_TRUE(soon([&] { return count(nullptr, c.count) == before + 1; }))
			<< c.certificate;
	}
	EXPECT_EQ(asked, 0);
	EXPECT_EQ(count("up", HTTPS_CONNECTIONS), 0u);
}

TEST_F(HttpsServerTest, WithoutCertificateOrTlsNobodyComesIn)
{
	start();
	beside([&] {
		Link bare(port(), files, "");
		bare.say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
		EXPECT_EQ(bare.hear(), "<end>");
		Link open(port());
		open.say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
		EXPECT_EQ(open.hear().find("200"), std::string::npos);
		Link gone(port());
	});
	EXPECT_TRUE(soon([&] { return count(nullptr, HTTPS_REFUSED_HANDSHAKE) == 3; }))
		<< count(nullptr, HTTPS_REFUSED_HANDSHAKE);
	EXPECT_EQ(asked, 0);
}

TEST_F(HttpsServerTest, APeerHasItsOwnRightsAndNoMore)
{
	start();
	EXPECT_EQ(curl("up", "/down -T /dev/null -w %{http_code}"),
		  "The resource is for downstream CDNs.\n403[0]");
	EXPECT_EQ(curl("down", "/echo -w %{http_code}"),
		  "The resource is for upstream CDNs.\n403[0]");
	EXPECT_EQ(curl("down", "/down -X PUT -d x"), "down 8 /down x[0]");
	EXPECT_EQ(count("up", HTTPS_REFUSED_ROLE), 1u);
	EXPECT_EQ(count("down", HTTPS_REFUSED_ROLE), 1u);
}

TEST_F(HttpsServerTest, RequestsThatCanBeReadInTwoWaysAreRefused)
{
	start();
	const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
	for (const std::string &bad :
	     {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	      post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	      post + "Transfer-Encoding: identity\r\n\r\n",
	      post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", post + "Host: b\r\n\r\n",
	      std::string("GET /echo HTTP/1.1\r\n\r\n")}) {
		std::string said = ask(bad + "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "<end>");
		EXPECT_EQ(said.find("HTTP/1.1 400"), 0u) << bad << said;
		EXPECT_EQ(said.find("200 OK"), std::string::npos) << bad << said;
	}
	EXPECT_EQ(asked, 0);
	EXPECT_EQ(count("up", HTTPS_REFUSED_MALFORMED), 6u);
}

TEST_F(HttpsServerTest, TheRateOfAPeerIsLimited)
{
	peers->peers.list[0].limits.requests_per_second = 1;
	start();
	const std::string one = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
	beside([&] {
		Link link(port(), files, "up");
		link.say(one + one + one);
		std::string said;
		while (said.find("a second.", said.find("a second.") + 1) == std::string::npos)
			said += link.hear("a second.");
		EXPECT_EQ(said.find("HTTP/1.1 200"), 0u) << said;
		EXPECT_NE(said.find("More than 1 requests came in"), std::string::npos) << said;
		EXPECT_NE(said.find("Retry-After: 1\r\n"), std::string::npos) << said;
		usleep(50000);
		link.say(one);
		EXPECT_EQ(link.hear("a second.").find("HTTP/1.1 429"), 0u)
			<< "a part of a request is none";
		usleep(1000000);
		link.say(one);
		EXPECT_EQ(link.hear("/echo").find("HTTP/1.1 200"), 0u);
	});
	EXPECT_EQ(count("up", HTTPS_REFUSED_RATE), 3u);
	EXPECT_EQ(curl("down", "/down -X PUT -d x"), "down 8 /down x[0]")
		<< "it costs others nothing";
}

TEST_F(HttpsServerTest, LargeRequestsAreRefused)
{
	limits.body_octets = 1000;
	limits.head_octets = 1000;
	start();
	EXPECT_NE(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
			      std::string(1000, 'x'),
		      "xxx")
			  .find("200 OK"),
		  std::string::npos);
	EXPECT_NE(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
			  .find("HTTP/1.1 413"),
		  std::string::npos);
	EXPECT_NE(ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n")
			  .find("HTTP/1.1 413"),
		  std::string::npos);
	EXPECT_NE(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\nExpect: "
		      "100-continue\r\n\r\n")
			  .find("HTTP/1.1 413"),
		  std::string::npos);
	EXPECT_EQ(count("up", HTTPS_REFUSED_SIZE), 3u);
	EXPECT_NE(ask("GET /echo HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n")
			  .find("HTTP/1.1 4"),
		  std::string::npos);
	EXPECT_NE(ask("GET /" + std::string(2000, 'x')).find("HTTP/1.1 4"), std::string::npos);
	EXPECT_EQ(count("up", HTTPS_REFUSED_MALFORMED), 2u);
}

TEST_F(HttpsServerTest, MalformedRequestsAreRefusedAndEndTheConnection)
{
	start();
	for (const char *bad :
	     {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET /echo\r\n\r\n", "GET /echo HTTP/9x\r\n\r\n",
	      "GET /echo HTTP/1.1\r\nno colon\r\n\r\n",
	      "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n",
	      "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}) {
		std::string said = ask(bad);
		EXPECT_EQ(said.find("200 OK"), std::string::npos) << bad << said;
		EXPECT_NE(said.find("<end>"), std::string::npos) << bad << said;
	}
	EXPECT_EQ(asked, 0);
}

TEST_F(HttpsServerTest, OneOctetAtATimeIsTooSlow)
{
	limits.request_ms = limits.shake_ms = limits.idle_ms = 1500;
	start();
	beside([&] {
		Link link(port(), files, "up");
		for (int i = 0; i < 40 && link.say("G"); i++)
			usleep(100000);
		EXPECT_NE(link.hear("", 100).find("<end>"), std::string::npos);
		Link silent(port()), idle(port(), files, "up");
		EXPECT_EQ(silent.hear(), "<end>");
		EXPECT_EQ(idle.hear(), "<end>");
		Link body(port(), files, "up");
		body.say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
		EXPECT_NE(body.hear().find("<end>"), std::string::npos);
	});
	EXPECT_EQ(count("up", HTTPS_CUT_REQUEST), 2u);
	EXPECT_EQ(count("up", HTTPS_CUT_IDLE), 1u);
	EXPECT_EQ(count(nullptr, HTTPS_CUT_HANDSHAKE), 1u);
}

TEST_F(HttpsServerTest, ConnectionsOfAPeerAreLimited)
{
	peers->peers.list[0].limits.connections = 2;
	start();
	beside([&] {
		Link one(port(), files, "up"), two(port(), files, "up"), three(port(), files, "up"),
			other(port(), files, "down");
		three.say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
		EXPECT_EQ(three.hear("", 1000), "<end>");
		two.say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
		EXPECT_NE(two.hear("/echo").find("200 OK"), std::string::npos);
		other.say("PUT /down HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
		EXPECT_NE(other.hear("/down").find("200 OK"), std::string::npos);
	});
	EXPECT_EQ(count("up", HTTPS_REFUSED_CONNECTION), 1u);
	EXPECT_TRUE(soon([&] { return !https_server_counts(server, "up")->connections; }));
	EXPECT_EQ(curl("up", "/echo"), "up 1 /echo [0]");
}

TEST_F(HttpsServerTest, ThousandsOfSilentConnectionsKeepNobodyOut)
{
	start();
	std::vector<std::unique_ptr<Link>> crowd;
	beside([&] {
		for (int i = 0; i < 2000; i++)
			crowd.push_back(std::make_unique<Link>(port()));
	});
	EXPECT_EQ(curl("up", "/echo"), "up 1 /echo [0]");
	EXPECT_GE(count(nullptr, HTTPS_REFUSED_CONNECTION), 2000u - limits.shaking);
}

TEST_F(HttpsServerTest, WhoHasShakenHandsMakesNoRoomForOthers)
{
	limits.shaking = 2;
	start();
	beside([&] {
		std::vector<std::unique_ptr<Link>> known;
		for (int i = 0; i < 10; i++)
			known.push_back(std::make_unique<Link>(port(), files, "up"));
		for (const auto &link : known) {
			link->say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
			EXPECT_NE(link->hear("/echo").find("200 OK"), std::string::npos);
		}
	});
	EXPECT_EQ(count(nullptr, HTTPS_REFUSED_CONNECTION), 0u);
	EXPECT_EQ(count("up", HTTPS_REFUSED_CONNECTION), 0u);
}

TEST_F(HttpsServerTest, WithoutTlsNobodyHasHandsToShake)
{
	limits.shaking = 2;
	start();
	std::vector<std::unique_ptr<Link>> links;
	for (int i = 0; i < 10; i++) /* all are there before the first one is taken */
		links.push_back(std::make_unique<Link>(plain_port()));
	beside([&] {
		for (const auto &link : links) {
			link->say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
			EXPECT_NE(link->hear("/echo").find("200 OK"), std::string::npos);
		}
	});
}

TEST_F(HttpsServerTest, WithoutTlsAPeerIsItsAddress)
{
	start();
	std::string said, stranger;
	beside([&] {
		said = output_of("curl -s http://127.0.0.1:" + std::to_string(plain_port()) +
				 "/echo");
		Link other(plain_port(), nullptr, "", "127.0.0.2");
		other.say("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
		stranger = other.hear("", 1000);
	});
	EXPECT_EQ(said, "plain 1 /echo [0]");
	EXPECT_EQ(stranger.find("200"), std::string::npos) << stranger;
	EXPECT_EQ(count(nullptr, HTTPS_REFUSED_IDENTITY), 1u);
	EXPECT_EQ(asked, 1);
}

TEST_F(HttpsServerTest, ACertificateThatEndsEndsTheConnection)
{
	files->make("brief", {"DNS:up.example", "serverAuth,clientAuth", "ca", "x", 6});
	start();
	beside([&] {
		Link link(port(), files, "brief");
		link.say("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
		EXPECT_EQ(link.hear("", 12000), "<end>");
	});
	EXPECT_EQ(count("up", HTTPS_CUT_EXPIRED), 1u);
	EXPECT_EQ(held.ended, 1);
}

TEST_F(HttpsServerTest, PeersChangeWhileTheyAreConnected)
{
	start();
	std::unique_ptr<Link> up, down;
	beside([&] {
		up = std::make_unique<Link>(port(), files, "up");
		down = std::make_unique<Link>(port(), files, "down");
		up->say("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
		down->say("PUT /down HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
		down->hear("/down");
	});
	std::unique_ptr<Peers> same = usual(), other = std::make_unique<Peers>();
	other->secure("down", PEER_DOWNSTREAM, "down.example");
	ASSERT_TRUE(https_server_peers(server, &same->peers));
	peers = std::move(same);
	EXPECT_EQ(held.ended, 0);
	EXPECT_EQ(https_server_counts(server, "up")->connections, 1u);
	ASSERT_TRUE(https_server_peers(server, &other->peers));
	peers = std::move(other);
	EXPECT_EQ(held.ended, 1);
	EXPECT_EQ(https_server_counts(server, "up"), nullptr);
	EXPECT_EQ(count("down", HTTPS_REQUESTS), 1u) << "counts stay";
	beside([&] {
		EXPECT_EQ(up->hear(), "<end>");
		down->say("PUT /down HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
		EXPECT_NE(down->hear("/down").find("200 OK"), std::string::npos);
	});
	EXPECT_NE(curl("up", "/echo").find("[56]"), std::string::npos);
	std::unique_ptr<Peers> renamed = std::make_unique<Peers>();
	renamed->secure("down", PEER_DOWNSTREAM, "up.example");
	ASSERT_TRUE(https_server_peers(server, &renamed->peers));
	peers = std::move(renamed);
	EXPECT_EQ(count("down", HTTPS_CUT_CHANGED), 1u);
	beside([&] { EXPECT_EQ(down->hear(), "<end>"); });
}

TEST_F(HttpsServerTest, WhatCannotBeListenedAtIsSaid)
{
	start();
	char err[512] = "";
	struct listen_at at = {};
	ip_addr_parse("127.0.0.1", &at.address);
	at.port = port();
	EXPECT_FALSE(https_server_listen(server, &at, false, err, sizeof(err)));
	EXPECT_EQ(std::string(err), "interconnection: 127.0.0.1 port " + std::to_string(at.port) +
					    " cannot be listened at: Address already in use; is it "
					    "an address of this machine, and the port free?");
}

TEST_F(HttpsServerTest, ConnectionsLeaveDescriptorsForOthers)
{
	EXPECT_EQ(https_limits_for(1024).connections, 512u);
	EXPECT_EQ(https_limits_for(UINT64_MAX).connections, https_limits_default.connections);
	EXPECT_EQ(https_limits_for(1024).shaking, https_limits_default.shaking);
}

TEST_F(HttpsServerTest, CountsHaveNames)
{
	EXPECT_STREQ(https_count_name(HTTPS_CONNECTIONS), "connections");
	EXPECT_STREQ(https_count_name(HTTPS_REFUSED_RATE), "refused_rate");
	EXPECT_STREQ(https_count_name(HTTPS_CUT_HANDSHAKE), "cut_handshake");
	EXPECT_STREQ(https_count_name(HTTPS_CUT_LOST), "cut_lost");
}

} // namespace
