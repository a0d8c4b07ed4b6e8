/* ri_serve_test - redirection requests of an upstream peer over TLS: answered at once, when another CDN has answered, or never. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/https_box.h"
#include "tests/support/scripted_server.h"
#include "tests/support/tables_builder.h"

extern "C" {
#include "control/peer_redirect.h"
#include "control/ri_serve.h"
#include "control/sessions.h"
}

namespace
{

const std::string type = "application/cdni; ptype=redirection-request";

/* A node for node.t, the CDN `down` for cdn.t, which is asked, and the node behind it. */
View tables()
{
	TablesBuilder builder;
	builder.add("node", R"({"name": "n"})")
		.dri(R"({"node": "n", "dns-target": {"addresses": ["198.51.100.1"], "ttl": 9}})")
		.add("cdn", R"({"name": "down", "strategy": "semi-recursive"})")
		.add("cdn", R"({"name": "nobody", "strategy": "semi-recursive"})");
	builder.scope(R"({"name": "n", "hosts": ["node.t"], "candidates": [{"node": "n"}]})");
	builder.scope(
		R"({"name": "c", "hosts": ["cdn.t"], "candidates": [{"cdn": "down"}, {"node": "n"}]})");
	builder.scope(
		R"({"name": "x", "hosts": ["nobody.t"], "candidates": [{"cdn": "nobody"}, {"node": "n"}]})");
	return builder.finish();
}

std::string request(const std::string &name)
{
	return R"({"dns":{"resolver-ip":"192.0.2.53","qtype":"A","qclass":"IN","qname":")" + name +
	       R"("},"cdn-path":["AS64501:1"]})";
}

struct RiServeTest : HttpsBox {
	View view = tables();
	struct plane plane = {};
	struct settings waiting = {};
	struct control control = {};
	struct sessions sessions = {};
	struct interconnection self = {};
	struct settings settings = {};
	struct peer up = {}, down = {};
	char ours[10] = "AS64500:1", theirs[10] = "AS64501:1";
	std::unique_ptr<ScriptedServer> below;
	std::atomic<bool> mute{false};

	void SetUp() override
	{
		char err[512];
		HttpsBox::SetUp();
		plane.view = view.get();
		plane.tsc_hz = 2000000000;
		plane.unix_ns_at_tsc0 = UINT64_C(1700000000) * 1000000000;
		waiting.recursion.wait_ms = 1000;
		control.settings = &waiting;
		control.plane = &plane;
		control.base = base;
		control.match.worker = 1;
		control.match.random = 1;
		settings.interconnection.provider_id = ours;
		sessions.control = &control;
		sessions.settings = &settings;
		below = std::make_unique<ScriptedServer>(
			*files, "down", [this](ScriptedLink &link) { answer(link); });
		peers->peers.list[1].redirection = strdup(below->url("/ri").c_str());
		sessions.client = https_client_new(base, tls);
		ASSERT_TRUE(https_client_peers(sessions.client, &peers->peers));
		add(up, 0);
		add(down, 1);
		up.next = &down;
		sessions.list = &up;
		down.redirect = peer_redirect_new(&down);
		ASSERT_TRUE(down.redirect);
		ri_serve_settings(&sessions);
		struct listen_at at = {};
		ip_addr_parse("127.0.0.1", &at.address);
		server = https_server_new(base, tls, &limits);
		ASSERT_TRUE(https_server_listen(server, &at, false, err, sizeof(err))) << err;
		ASSERT_TRUE(https_server_peers(server, &peers->peers));
		ASSERT_TRUE(https_server_route(server, PEER_UPSTREAM, HTTPS_POST, RI_SERVE_PATH,
					       ri_serve, &sessions));
	}
	void add(struct peer &peer, size_t i)
	{
		peers->peers.list[i].disclose = DISCLOSE_NODES;
		peers->peers.list[i].max_hops = 4;
		peer.sessions = &sessions;
		peer.settings = &peers->peers.list[i];
	}
	void TearDown() override
	{
		ri_serve_forget(&up);
		peer_redirect_free(down.redirect);
		EXPECT_TRUE(LIST_EMPTY(&up.servings));
		https_client_free(sessions.client);
		HttpsBox::TearDown();
	}
	void answer(ScriptedLink &link)
	{
		while (!link.request().empty()) {
			if (mute) {
				link.wait();
				return;
			}
			link.answer(
				R"({"dns": {"rcode": 0, "name": "cdn.t", "a": ["203.0.113.1"]}})",
				"Content-Type: application/cdni; "
				"ptype=redirection-response\r\nCache-Control: max-age=7\r\n");
		}
	}
	std::string post(const std::string &name)
	{
		return curl("up", "/ri -H 'Content-Type: " + type + "' -d '" + request(name) +
					  "' -w ' %{http_code} %header{cache-control}'");
	}
	/* What was said to it is not answered yet. */
	void say(Link &link, const std::string &name)
	{
		std::string body = request(name);
		link.say("POST /ri HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
			 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
	}
};

TEST_F(RiServeTest, AtOnce)
{
	std::string said = post("node.t");
	EXPECT_NE(said.find(R"("a":["198.51.100.1"])"), std::string::npos) << said;
	EXPECT_NE(said.find(" 200 max-age=9, stale-while-revalidate=9, stale-if-error=300"),
		  std::string::npos)
		<< said;
	EXPECT_NE(post("else.t").find(" 500 no-store"), std::string::npos);
	EXPECT_NE(post("nobody.t").find(R"("a":["198.51.100.1"])"), std::string::npos)
		<< "a CDN that is no peer is passed over";
	EXPECT_EQ(up.ri_counters.requests, 3u);
	EXPECT_EQ(up.ri_counters.redirects, 2u);
	EXPECT_EQ(up.ri_counters.errors[0], 1u);
	EXPECT_NE(curl("down", "/ri -d x -w %{http_code}").find("403"), std::string::npos);
}

TEST_F(RiServeTest, WhenAnotherCdnHasAnswered)
{
	std::string said = post("cdn.t");
	EXPECT_NE(said.find(R"("a":["203.0.113.1"])"), std::string::npos) << said;
	EXPECT_NE(said.find(" 200 max-age=7, "), std::string::npos) << said;
	EXPECT_EQ(up.ri_counters.asked, 1u);
	peer_redirect_free(down.redirect);
	EXPECT_NE(post("cdn.t").find(R"("a":["198.51.100.1"])"), std::string::npos)
		<< "the next candidate";
}

TEST_F(RiServeTest, WhenAnotherCdnDoesNotAnswer)
{
	mute = true;
	EXPECT_NE(post("cdn.t").find(R"("a":["198.51.100.1"])"), std::string::npos);
}

TEST_F(RiServeTest, ThePeerGoesAwayMeanwhile)
{
	mute = true;
	beside([&] {
		Link link(port(), files, "up");
		say(link, "cdn.t");
		usleep(200000);
	});
	EXPECT_TRUE(soon([&] { return LIST_EMPTY(&up.servings); }));
	EXPECT_EQ(up.ri_counters.requests, 1u);
	run_for(base, 1500);
	EXPECT_EQ(up.ri_counters.redirects, 0u);
}

TEST_F(RiServeTest, ThePeerIsConfiguredNoMore)
{
	mute = true;
	std::string said;
	std::thread client([&] {
		Link link(port(), files, "up");
		say(link, "cdn.t");
		said = link.hear("", 700);
	});
	EXPECT_TRUE(soon([&] { return !LIST_EMPTY(&up.servings); }));
	ri_serve_forget(&up);
	run_for(base, 800);
	client.join();
	EXPECT_EQ(said.substr(0, 12), "HTTP/1.1 503");
	peer_redirect_free(down.redirect);
}

} // namespace
