/* https_box - an HTTPS server with three peers, and handlers that echo, hold, stream or send much. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/https_world.h"

extern "C" {
#include "control/https_server.h"
}

#include <gtest/gtest.h>
#include <memory>

struct Held {
	struct https_request *request = nullptr;
	int ended = 0;
};

class HttpsBox : public testing::Test
{
      public:
	static inline TlsFiles *files;
	struct event_base *base = nullptr;
	struct tls *tls = nullptr;
	struct https_server *server = nullptr;
	std::unique_ptr<Peers> peers;
	struct https_limits limits = https_limits_default;
	Held held;
	int asked = 0;

	static void SetUpTestSuite()
	{
		signal(SIGPIPE, SIG_IGN);
		files = new TlsFiles;
		files->make("a", {"DNS:cdn-a.example,IP:127.0.0.1"});
		files->make("up", {"DNS:up.example"});
		files->make("down", {"DNS:down.example"});
		files->make("stranger", {"DNS:stranger.example"});
		files->make("wild", {"DNS:*.example"});
		files->make("cn", {"", "serverAuth,clientAuth", "ca", "up.example"});
		files->make("ended", {"DNS:up.example", "serverAuth,clientAuth", "ca", "x", -60});
		files->make("server", {"DNS:up.example", "serverAuth"});
		files->make_authority("evil");
		files->make("forged", {"DNS:up.example", "serverAuth,clientAuth", "evil"});
	}
	static void TearDownTestSuite()
	{
		delete files;
	}
	void SetUp() override
	{
		char err[512];
		std::string c = files->path("a.crt"), k = files->path("a.key"),
			    a = files->path("ca.crt");
		struct tls_files paths = {c.c_str(), k.c_str(), a.c_str()};
		base = event_base_new();
		tls = tls_new(&paths, err, sizeof(err));
		ASSERT_TRUE(tls) << err;
		peers = usual();
	}
	std::unique_ptr<Peers> usual()
	{
		auto made = std::make_unique<Peers>();
		made->secure("up", PEER_UPSTREAM, "up.example");
		made->secure("down", PEER_DOWNSTREAM, "down.example");
		struct peer_settings &plain = made->add("plain", PEER_UPSTREAM);
		plain.plain_http = true;
		ip_addr_parse("127.0.0.1", &plain.address);
		return made;
	}
	void TearDown() override
	{
		https_server_free(server);
		tls_free(tls);
		run_for(base, 1);
		event_base_free(base);
	}
	void start()
	{
		char err[512] = "";
		struct listen_at at = {};
		ip_addr_parse("127.0.0.1", &at.address);
		server = https_server_new(base, tls, &limits);
		ASSERT_TRUE(https_server_listen(server, &at, false, err, sizeof(err))) << err;
		ASSERT_TRUE(https_server_listen(server, &at, true, err, sizeof(err))) << err;
		ASSERT_TRUE(https_server_peers(server, &peers->peers));
		const unsigned all = HTTPS_GET | HTTPS_HEAD | HTTPS_POST | HTTPS_PUT | HTTPS_DELETE;
		https_server_route(server, PEER_UPSTREAM, all, "/echo", echo, this);
		https_server_route(server, PEER_UPSTREAM, HTTPS_GET, "/all/", echo, this);
		https_server_route(server, PEER_UPSTREAM, HTTPS_POST, "/all/x", echo, this);
		https_server_route(server, PEER_DOWNSTREAM, HTTPS_PUT, "/down", echo, this);
		https_server_route(server, PEER_DOWNSTREAM, HTTPS_GET, "/all/x", echo, this);
		https_server_route(server, PEER_UPSTREAM, HTTPS_GET | HTTPS_POST, "/hold", hold,
				   this);
		https_server_route(server, PEER_UPSTREAM, HTTPS_GET, "/stream", stream, this);
		https_server_route(server, PEER_UPSTREAM, HTTPS_GET, "/big", big, this);
		https_server_route(
			server, PEER_UPSTREAM, HTTPS_GET, "/none",
			[](void *, struct https_request *) {}, this);
	}
	uint16_t port() const
	{
		return https_server_port(server, 0);
	}
	uint16_t plain_port() const
	{
		return https_server_port(server, 1);
	}
	uint64_t count(const char *peer, enum https_count what) const
	{
		return https_server_counts(server, peer)->n[what];
	}
	void beside(const std::function<void()> &client)
	{
		run_beside(base, client);
	}
	/* Until it is so, or three seconds are over. */
	bool soon(const std::function<bool()> &so)
	{
		for (int i = 0; i < 300 && !so(); i++)
			run_for(base, 10);
		return so();
	}
	std::string curl(const std::string &certificate, const std::string &rest)
	{
		std::string said;
		beside([&] {
			said = output_of("curl -s --cacert " + files->path("ca.crt") + " --cert " +
					 files->path(certificate + ".crt") + " --key " +
					 files->path(certificate + ".key") +
					 " https://127.0.0.1:" + std::to_string(port()) + rest);
		});
		return said;
	}
	/* All that is answered to some octets sent over TLS as `up`. */
	std::string ask(const std::string &octets, const std::string &until = "", int ms = 700)
	{
		std::string said;
		beside([&] {
			Link link(port(), files, "up");
			link.say(octets);
			said = link.hear(until, ms);
		});
		return said;
	}

	static void echo(void *arg, struct https_request *request)
	{
		size_t len;
		static_cast<HttpsBox *>(arg)->asked++;
		const uint8_t *body = https_request_body(request, &len);
		const char *query = https_request_query(request),
			   *accept = https_request_header(request, "x-Test");
		std::string text = std::string(https_request_peer(request)->name) + " " +
				   std::to_string(https_request_method(request)) + " " +
				   https_request_path(request) +
				   (query ? std::string("?") + query : "") +
				   (accept ? accept : "") + " " +
				   std::string(reinterpret_cast<const char *>(body), len);
		EXPECT_TRUE(https_answer_header(request, "X-Answer", "yes"));
		EXPECT_FALSE(https_answer_header(request, "X-Bad", "a\r\nb: c"));
		https_answer(request, 200, "text/x", text.data(), text.size());
	}
	static void note_end(void *arg)
	{
		Held *one = static_cast<Held *>(arg);
		one->ended++;
		one->request = nullptr;
	}
	static void hold(void *arg, struct https_request *request)
	{
		HttpsBox *test = static_cast<HttpsBox *>(arg);
		test->held.request = request;
		https_answer_hold(request, note_end, &test->held);
	}
	static void stream(void *arg, struct https_request *request)
	{
		hold(arg, request);
		https_answer_begin(request, 200, "text/event-stream");
	}
	static void big(void *arg, struct https_request *request)
	{
		(void)arg;
		std::string body(8 << 20, 'x');
		https_answer(request, 200, "text/x", body.data(), body.size());
	}
};
