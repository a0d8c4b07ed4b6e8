/* https_client_test - the client and its connections: whom it believes, what it keeps, and what changes while it asks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/client_box.h"

namespace
{

using HttpsClientTest = ClientBox;

void echo(ScriptedLink &link)
{
	for (std::string request; !(request = link.request()).empty();)
		link.answer(request, "Content-Type: text/x\r\n");
}

TEST_F(HttpsClientTest, AnAnswerIsGivenWhole)
{
	serve("b", echo);
	headers = {"Accept: application/json", "X-One: 1"};
	get(server->url("/x?y=z"), &told);
	EXPECT_EQ(told.done, 0) << "never from within";
	EXPECT_EQ(https_client_calls(client, "b"), 1u);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.error, "");
	EXPECT_EQ(told.status, 200);
	EXPECT_EQ(told.type, "text/x");
	EXPECT_EQ(told.body.find("GET /x?y=z HTTP/1.1\r\n"), 0u) << told.body;
	EXPECT_NE(told.body.find("Accept: application/json\r\nX-One: 1\r\n"), std::string::npos)
		<< told.body;
	EXPECT_EQ(told.body.find("Accept-Encoding"), std::string::npos);
	EXPECT_EQ(https_client_calls(client, "b"), 0u);
}

TEST_F(HttpsClientTest, APostCarriesItsBody)
{
	serve("b", echo);
	headers = {"Content-Type: application/json"};
	post(server->url("/ri"), std::string("{\0}", 3), &told);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.body.find("POST /ri HTTP/1.1\r\n"), 0u);
	EXPECT_NE(told.body.find("Content-Length: 3\r\n"), std::string::npos) << told.body;
	EXPECT_EQ(told.body.substr(told.body.size() - 3), std::string("{\0}", 3));
	told = {};
	std::string large(3 << 20, 'x');
	limits.octets = 8 << 20;
	post(server->url("/ri"), large, &told);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.body.size() > large.size(), true) << told.error;
	EXPECT_EQ(told.body.find("Expect:"), std::string::npos);
}

TEST_F(HttpsClientTest, ConnectionsAreKept)
{
	serve("b", echo);
	for (int i = 0; i < 5; i++) {
		ask("/" + std::to_string(i));
		EXPECT_EQ(told.status, 200) << told.error;
	}
	EXPECT_EQ(server->accepted, 1);
}

TEST_F(HttpsClientTest, OnlyTheConfiguredIdentityIsBelieved)
{
	const struct {
		const char *certificate, *said;
	} cases[] = {
		{"other", "its certificate (DNS:other.example, IP:127.0.0.1) is not that of "
			  "'b.example'; compare"},
		{"wild", "its certificate (DNS:*.example) is not that of 'b.example'"},
		{"cn", "its certificate (no name) is not that of 'b.example'"},
		{"ended", "its certificate (DNS:b.example) is refused: certificate has expired"},
		{"client",
		 "its certificate (DNS:b.example) is refused: unsuitable certificate purpose"},
		{"forged", "its certificate (DNS:b.example) is refused: unable to get local issuer "
			   "certificate"},
	};
	for (const auto &c : cases) {
		std::atomic<int> heard{0};
		serve(c.certificate, [&](ScriptedLink &link) { heard += !link.request().empty(); });
		ask("/secret");
		EXPECT_EQ(told.status, 0);
		EXPECT_EQ(told.error.find("GET " + server->url("/secret") + ": its certificate"),
			  0u)
			<< told.error;
		EXPECT_NE(told.error.find(c.said), std::string::npos)
			<< c.certificate << ": " << told.error;
		EXPECT_EQ(heard, 0) << "nothing is asked";
	}
}

TEST_F(HttpsClientTest, WhatIsNotThePeersIsNotAsked)
{
	serve("b", echo);
	peers->peers.list[0].hosts[peers->peers.list[0].n_hosts++] = strdup("Alto.Example:444");
	const struct {
		const char *url, *said;
	} cases[] = {
		{"https://127.0.0.1:1/", "https://127.0.0.1:1/ is on a host that is not one of the "
					 "peer 'b'; if it is, add \"127.0.0.1:1\" to its hosts"},
		{"https://alto.example/",
		 "https://alto.example/ is on a host that is not one of the peer 'b'; if it is, "
		 "add \"alto.example:443\" to its hosts"},
		{"http://127.0.0.1/", "http://127.0.0.1/ is without TLS, and the peer 'b' is "
				      "configured without plain-http"},
		{"ftp://127.0.0.1/", "ftp://127.0.0.1/ is not a URL as \"https://host:port/path\""},
		{"file:///etc/passwd",
		 "file:///etc/passwd is not a URL as \"https://host:port/path\""},
		{"", " is not a URL as \"https://host:port/path\""},
	};
	for (const auto &c : cases) {
		get(c.url, &told);
		EXPECT_EQ(told.call, nullptr);
		EXPECT_EQ(told.refused, c.said);
	}
	get("https://alto.example:444/x", &told);
	EXPECT_TRUE(told.call) << told.refused;
	struct https_call_plan p = plan(&told, false);
	char err[256];
	EXPECT_EQ(https_client_get(client, "c", "https://c/", &p, err, sizeof(err)), nullptr);
	EXPECT_STREQ(err, "there is no peer 'c'");
}

TEST_F(HttpsClientTest, NobodyThereIsSaid)
{
	serve("b", echo);
	std::string url = server->url("/x");
	server.reset();
	get(url, &told);
	ASSERT_TRUE(finish(told));
	EXPECT_NE(told.error.find("is the peer up, and its port open?"), std::string::npos)
		<< told.error;
}

TEST_F(HttpsClientTest, AServerThatWantsAnotherCertificateIsSaid)
{
	serve("b", echo);
	files->run("cp evil.crt other-ca.crt");
	server = std::make_unique<ScriptedServer>(*files, "b", echo);
	TlsFiles others;
	others.make("b", {"DNS:b.example"});
	ScriptedServer strict(others, "b", echo);
	auto made = std::make_unique<Peers>();
	made->secure("b", PEER_DOWNSTREAM, "b.example").directory = strdup(strict.url("/").c_str());
	set(std::move(made));
	get(strict.url("/"), &told);
	ASSERT_TRUE(finish(told));
	EXPECT_NE(told.error.find("refused"), std::string::npos) << told.error;
}

TEST_F(HttpsClientTest, ManyCallsShareFewConnections)
{
	serve("b", echo);
	auto made = std::make_unique<Peers>();
	struct peer_settings &b = made->secure("b", PEER_DOWNSTREAM, "b.example");
	b.directory = strdup(server->url("/").c_str());
	b.limits.connections = 4;
	set(std::move(made));
	std::vector<Told> many(2000);
	limits.first_ms = limits.total_ms = 20000;
	for (Told &one : many)
		get(server->url("/x"), &one);
	EXPECT_TRUE(soon([&] { return !https_client_calls(client, "b"); }, 20000));
	for (Told &one : many)
		EXPECT_EQ(one.status, 200) << one.error;
	EXPECT_LE(server->accepted, 4);
}

TEST_F(HttpsClientTest, TooManyCallsAreRefused)
{
	serve("b", [](ScriptedLink &link) { link.wait(); });
	std::vector<Told> many(4097);
	for (Told &one : many)
		get(server->url("/x"), &one);
	EXPECT_TRUE(many[4095].call);
	EXPECT_FALSE(many[4096].call);
	EXPECT_EQ(many[4096].refused, "4096 calls to the peer 'b' are under way already");
}

TEST_F(HttpsClientTest, CallsEndAtAnyTime)
{
	serve("b", [](ScriptedLink &link) {
		link.request();
		link.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
		link.wait();
	});
	for (int turns : {0, 1, 2, 5, 10, 20, 50}) {
		told = {};
		get(server->url("/x"), &told, turns % 2);
		for (int i = 0; i < turns; i++) {
			event_base_loop(base, EVLOOP_NONBLOCK);
			usleep(500);
		}
		https_client_cancel(told.call);
		run_for(base, 20);
		EXPECT_EQ(told.done, 0);
		EXPECT_EQ(https_client_calls(client, "b"), 0u);
	}
	get(server->url("/x"), &told);
	run_for(base, 50);
	https_client_free(client);
	client = nullptr;
	EXPECT_EQ(told.done, 0);
}

TEST_F(HttpsClientTest, DoneMayAskAgain)
{
	serve("b", echo);
	Told second;
	told.then = [&] { get(server->url("/second"), &second); };
	get(server->url("/first"), &told);
	ASSERT_TRUE(finish(second));
	EXPECT_EQ(second.status, 200) << second.error;
	EXPECT_EQ(told.done, 1);
}

TEST_F(HttpsClientTest, APeerThatGoesOrChangesEndsItsCalls)
{
	serve("b", [](ScriptedLink &link) { link.wait(); });
	Told waiting;
	get(server->url("/x"), &told);
	run_for(base, 100);
	get(server->url("/x"), &waiting);
	auto same = std::make_unique<Peers>();
	same->secure("b", PEER_DOWNSTREAM, "b.example").directory =
		strdup(server->url("/").c_str());
	set(std::move(same));
	EXPECT_EQ(told.done, 0);
	auto other = std::make_unique<Peers>();
	other->secure("b", PEER_DOWNSTREAM, "other.example").directory =
		strdup(server->url("/").c_str());
	set(std::move(other));
	EXPECT_EQ(told.done, 1);
	EXPECT_NE(told.error.find("the configuration has another identity for the peer now"),
		  std::string::npos)
		<< told.error;
	EXPECT_EQ(waiting.done, 0);
	Told again;
	waiting.then = [&] { get(server->url("/x"), &again); };
	set(std::make_unique<Peers>());
	EXPECT_EQ(waiting.done, 1);
	EXPECT_EQ(again.refused, "there is no peer 'b'");
	EXPECT_NE(waiting.error.find("the configuration does not have the peer any more"),
		  std::string::npos)
		<< waiting.error;
}

TEST_F(HttpsClientTest, AnotherIdentityIsAskedForAnew)
{
	serve("b", echo);
	ask("/x");
	EXPECT_EQ(told.status, 200);
	auto other = std::make_unique<Peers>();
	other->secure("b", PEER_DOWNSTREAM, "c.example").directory =
		strdup(server->url("/").c_str());
	set(std::move(other));
	ask("/x");
	EXPECT_NE(told.error.find("is not that of 'c.example'"), std::string::npos) << told.error;
}

TEST_F(HttpsClientTest, ReloadedAuthoritiesCountForNewConnections)
{
	serve("b", echo);
	ask("/x");
	EXPECT_EQ(told.status, 200);
	char err[512];
	std::string c = files->path("a.crt"), k = files->path("a.key"), a = files->path("evil.crt");
	struct tls_files paths = {c.c_str(), k.c_str(), a.c_str()};
	ASSERT_TRUE(tls_reload(tls, &paths, err, sizeof(err))) << err;
	ask("/x");
	EXPECT_EQ(told.status, 200) << "the connection is kept";
	serve("b", echo);
	ask("/x");
	EXPECT_NE(told.error.find("is refused"), std::string::npos) << told.error;
}

TEST_F(HttpsClientTest, ACertificateThatEndsEndsTheCalls)
{
	files->make("brief", {"DNS:b.example", "serverAuth,clientAuth", "ca", "x", 6});
	limits.first_ms = limits.idle_ms = 20000;
	serve("brief", [](ScriptedLink &link) {
		link.request();
		link.say("HTTP/1.1 200 OK\r\n\r\nabc");
		link.wait();
	});
	get(server->url("/x"), &told, true);
	ASSERT_TRUE(finish(told, 15000));
	EXPECT_EQ(told.stream, "abc");
	EXPECT_NE(told.error.find(
			  "the certificate of the peer, or one that vouches for it, has ended"),
		  std::string::npos)
		<< told.error;
	ask("/x");
	EXPECT_NE(told.error.find("certificate has expired"), std::string::npos) << told.error;
}

TEST_F(HttpsClientTest, APlainPeerIsAskedWithoutTls)
{
	server = std::make_unique<ScriptedServer>(*files, "", echo);
	auto made = std::make_unique<Peers>();
	struct peer_settings &b = made->add("b", PEER_DOWNSTREAM);
	b.plain_http = true;
	b.directory = strdup(server->url("/").c_str());
	set(std::move(made));
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	ask("/x");
	unsetenv("http_proxy");
	EXPECT_EQ(told.status, 200) << told.error;
	get("https://127.0.0.1:" + std::to_string(server->port) + "/", &told);
	EXPECT_NE(told.refused.find("is with TLS, and the peer 'b' is configured with plain-http"),
		  std::string::npos)
		<< told.refused;
}

TEST_F(HttpsClientTest, TheOpensslProgramAnswers)
{
	serve("b", echo);
	uint16_t port = server->port;
	server.reset();
	std::string command =
		"cd " + files->folder +
		" && exec timeout 20 openssl s_server -quiet -www -Verify 1 -verify_return_error "
		"-CAfile ca.crt -cert b.crt -key b.key -accept 127.0.0.1:" +
		std::to_string(port) + " >>log 2>&1 & echo $!";
	FILE *out = popen(command.c_str(), "r");
	int pid = 0;
	EXPECT_EQ(fscanf(out, "%d", &pid), 1);
	for (int i = 0; i < 50 && told.status != 200; i++) {
		told = {};
		get("https://127.0.0.1:" + std::to_string(port) + "/", &told);
		ASSERT_TRUE(finish(told));
		run_for(base, 50);
	}
	kill(pid, SIGTERM);
	pclose(out);
	EXPECT_EQ(told.status, 200) << told.error;
	EXPECT_NE(told.body.find("DNS:cdn-a.example"), std::string::npos) << told.body;
}

} // namespace
