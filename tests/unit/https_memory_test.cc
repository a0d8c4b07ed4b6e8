/* https_memory_test - the HTTPS server and client while memory runs out: nothing crashes, leaks or is half done, and afterwards all is well. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/https_world.h"

extern "C" {
#include "control/https_client.h"
#include "control/https_server.h"
}

#include <gtest/gtest.h>

namespace
{

struct Told {
	int done = 0, status = 0;
	bool error = false;
};

class HttpsMemoryTest : public testing::Test
{
      public:
	TlsFiles files;
	Peers peers;
	struct event_base *base = event_base_new();
	struct tls *tls = nullptr;
	struct https_server *server = nullptr;
	struct https_client *client = nullptr;
	std::string url;

	void SetUp() override
	{
		signal(SIGPIPE, SIG_IGN);
		files.make("a", {"DNS:a.example"});
		peers.secure("a", PEER_UPSTREAM | PEER_DOWNSTREAM, "a.example");
		tls = make_tls();
		ASSERT_TRUE(tls);
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
		https_client_free(client);
		https_server_free(server);
		tls_free(tls);
		run_for(base, 1);
		event_base_free(base);
	}
	struct tls *make_tls()
	{
		char err[512];
		std::string c = files.path("a.crt"), k = files.path("a.key"),
			    a = files.path("ca.crt");
		struct tls_files paths = {c.c_str(), k.c_str(), a.c_str()};
		return tls_new(&paths, err, sizeof(err));
	}
	bool make_server()
	{
		char err[512];
		struct listen_at at = {};
		ip_addr_parse("127.0.0.1", &at.address);
		server = https_server_new(base, tls, &https_limits_default);
		bool made =
			server && https_server_listen(server, &at, false, err, sizeof(err)) &&
			https_server_peers(server, &peers.peers) &&
			https_server_route(server, PEER_UPSTREAM, HTTPS_GET, "/x", answer, nullptr);
		if (made)
			url = "https://127.0.0.1:" + std::to_string(https_server_port(server, 0)) +
			      "/x";
		return made;
	}
	bool make_client()
	{
		free(peers.peers.list[0].directory);
		peers.peers.list[0].directory = __real_strdup(url.c_str());
		client = https_client_new(base, tls);
		return client && https_client_peers(client, &peers.peers);
	}
	/* Turns of the loop in this thread, so that only its own calls are counted. */
	bool turn_until(const std::function<bool()> &so)
	{
		for (int i = 0; i < 20000 && !so(); i++) {
			event_base_loop(base, EVLOOP_NONBLOCK);
			usleep(50);
		}
		return so();
	}
	bool ask(Told *told)
	{
		char err[1024] = "";
		static const char *const headers[] = {"Accept: text/x", nullptr};
		struct https_call_plan plan = {};
		plan.headers = headers;
		plan.limits = {1000, 1000, 1000, 1000, 0};
		plan.done = [](void *arg, struct https_call *,
			       const struct https_call_answer *answer) {
			Told *one = static_cast<Told *>(arg);
			one->done++;
			one->status = answer->status;
			one->error = answer->error;
		};
		plan.arg = told;
		bool begun = https_client_post(client, "a", url.c_str(), "q", 1, &plan, err,
					       sizeof(err));
		EXPECT_EQ(begun, !err[0]);
		return begun;
	}
	static void answer(void *, struct https_request *request)
	{
		https_answer(request, 200, "text/x", "well", 4);
	}
};

TEST_F(HttpsMemoryTest, WhatCannotBeMadeLeavesNothing)
{
	for (long i = 0;; i++) {
		failing_malloc.reset(i);
		struct tls *one = make_tls();
		bool made = make_server();
		made &= made && make_client();
		bool failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(made && one, !failed) << i;
		tls_free(one);
		https_client_free(client);
		https_server_free(server);
		client = nullptr;
		server = nullptr;
		if (!failed)
			break;
	}
}

TEST_F(HttpsMemoryTest, ACallEndsOneWayOrTheOther)
{
	ASSERT_TRUE(make_server());
	for (long i = 0;; i++) {
		ASSERT_TRUE(make_client());
		Told told;
		failing_malloc.reset(i);
		bool begun = ask(&told);
		EXPECT_TRUE(!begun || turn_until([&] { return told.done; })) << i;
		bool failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(told.done, begun ? 1 : 0);
		https_client_free(client);
		client = nullptr;
		if (!failed) {
			EXPECT_EQ(told.status, 405);
			break;
		}
	}
	EXPECT_TRUE(turn_until([&] { return !https_server_counts(server, "a")->connections; }));
}

} // namespace
