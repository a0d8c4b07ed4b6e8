/* client_box - an HTTPS client with a peer, and what became of the calls to it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/scripted_server.h"

extern "C" {
#include "control/https_client.h"
}

#include <gtest/gtest.h>
#include <memory>

/* A call and what it was told. */
struct Told {
	struct https_call *call = nullptr;
	int done = 0, status = 0;
	std::string body, error, type, stream, refused;
	bool take = true; /* pieces of a stream */
	bool cancel_in_chunk = false;
	std::function<void()> then; /* when it is done */
};

class ClientBox : public testing::Test
{
      public:
	static inline TlsFiles *files;
	struct event_base *base = nullptr;
	struct tls *tls = nullptr;
	struct https_client *client = nullptr;
	std::unique_ptr<Peers> peers;
	std::unique_ptr<ScriptedServer> server;
	struct https_call_limits limits = {2000, 2000, 3000, 1000, 0};
	std::vector<const char *> headers;
	Told told;

	static void SetUpTestSuite()
	{
		signal(SIGPIPE, SIG_IGN);
		files = new TlsFiles;
		files->make("a", {"DNS:cdn-a.example"});
		files->make("b", {"DNS:b.example"});
		files->make("other", {"DNS:other.example,IP:127.0.0.1"});
		files->make("wild", {"DNS:*.example"});
		files->make("cn", {"", "serverAuth,clientAuth", "ca", "b.example"});
		files->make("ended", {"DNS:b.example", "serverAuth,clientAuth", "ca", "x", -60});
		files->make("client", {"DNS:b.example", "clientAuth"});
		files->make_authority("evil");
		files->make("forged", {"DNS:b.example", "serverAuth,clientAuth", "evil"});
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
		client = https_client_new(base, tls);
		ASSERT_TRUE(client);
	}
	void TearDown() override
	{
		https_client_free(client);
		server.reset();
		tls_free(tls);
		event_base_free(base);
	}
	/* The peer b at a server that does as the script says. */
	void serve(const std::string &certificate, ScriptedServer::Script script)
	{
		server = std::make_unique<ScriptedServer>(*files, certificate, std::move(script));
		auto made = std::make_unique<Peers>();
		struct peer_settings &b = made->secure("b", PEER_DOWNSTREAM, "b.example");
		b.directory = strdup(server->url("/directory").c_str());
		set(std::move(made));
	}
	void set(std::unique_ptr<Peers> made)
	{
		ASSERT_TRUE(https_client_peers(client, &made->peers));
		peers = std::move(made);
	}
	struct https_call_plan plan(Told *one, bool stream)
	{
		struct https_call_plan plan = {};
		headers.push_back(nullptr);
		plan.headers = headers.data();
		plan.limits = limits;
		plan.chunk = stream ? on_chunk : nullptr;
		plan.done = on_done;
		plan.arg = one;
		return plan;
	}
	void get(const std::string &url, Told *one, bool stream = false)
	{
		char err[1024] = "";
		struct https_call_plan p = plan(one, stream);
		one->call = https_client_get(client, "b", url.c_str(), &p, err, sizeof(err));
		one->refused = err;
	}
	void post(const std::string &url, const std::string &body, Told *one)
	{
		char err[1024] = "";
		struct https_call_plan p = plan(one, false);
		one->call = https_client_post(client, "b", url.c_str(), body.data(), body.size(),
					      &p, err, sizeof(err));
		one->refused = err;
	}
	bool soon(const std::function<bool()> &so, int ms = 5000)
	{
		for (int i = 0; i < ms / 5 && !so(); i++)
			run_for(base, 5);
		return so();
	}
	bool finish(const Told &one, int ms = 5000)
	{
		return soon([&] { return one.done > 0; }, ms);
	}
	/* A GET of a path, until it is done. */
	void ask(const std::string &path)
	{
		told = {};
		get(server->url(path), &told);
		ASSERT_TRUE(told.call) << told.refused;
		ASSERT_TRUE(finish(told));
	}

	static bool on_chunk(void *arg, struct https_call *call, const uint8_t *octets, size_t len)
	{
		Told *one = static_cast<Told *>(arg);
		EXPECT_EQ(https_client_status(call), 200);
		if (one->cancel_in_chunk)
			https_client_cancel(call);
		if (!one->take)
			return false;
		one->stream.append(reinterpret_cast<const char *>(octets), len);
		return true;
	}
	static void on_done(void *arg, struct https_call *call,
			    const struct https_call_answer *answer)
	{
		Told *one = static_cast<Told *>(arg);
		const char *type = https_client_header(call, "content-TYPE");
		one->done++;
		one->call = nullptr;
		one->status = answer->status;
		one->type = type ? type : "-";
		one->error = answer->error ? answer->error : "";
		one->body.assign(reinterpret_cast<const char *>(answer->body), answer->len);
		EXPECT_EQ(answer->status == 0, answer->error != nullptr);
		if (one->then)
			one->then();
	}
};
