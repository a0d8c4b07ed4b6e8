/* https_call_test - answers of peers that are late, long, broken, redirected, or come as a stream. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/client_box.h"

namespace
{

using HttpsCallTest = ClientBox;

ScriptedServer::Script says(const std::string &text)
{
	return [text](ScriptedLink &link) {
		link.request();
		link.say(text);
	};
}

TEST_F(HttpsCallTest, BrokenAnswersAreErrors)
{
	const struct {
		const char *answer, *said;
	} cases[] = {
		{"", "the connection broke, or what came is not HTTP"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		 "the connection broke, or what came is not HTTP"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
		 "the connection broke, or what came is not HTTP"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
		 "the connection broke, or what came is not HTTP"},
		{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc", "ask the peer's operators"},
		{"nonsense\r\n\r\n", "ask the peer's operators"},
		{"SSH-2.0-OpenSSH\r\n", "ask the peer's operators"},
	};
	for (const auto &c : cases) {
		serve("b", says(c.answer));
		ask("/x");
		EXPECT_EQ(told.status, 0) << c.answer;
		EXPECT_NE(told.error.find(c.said), std::string::npos)
			<< c.answer << ": " << told.error;
		EXPECT_EQ(told.error.find("GET " + server->url("/x") + ": "), 0u) << told.error;
	}
}

TEST_F(HttpsCallTest, MoreThanContentLengthIsNotTaken)
{
	serve("b", says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefHTTP/1.1 200 "
			"OK\r\nContent-Length: 1\r\n\r\nx"));
	ask("/x");
	EXPECT_EQ(told.body, "abc");
	ask("/x");
	EXPECT_EQ(told.body, "abc") << "octets that nobody asked for answer nothing";
	EXPECT_EQ(server->accepted, 2);
}

TEST_F(HttpsCallTest, OtherStatusesAreAnswers)
{
	for (int status : {204, 301, 302, 400, 404, 429, 500, 503}) {
		serve("b", says("HTTP/1.1 " + std::to_string(status) +
				" X\r\nLocation: /y\r\nContent-Type: text/z\r\nContent-Length: " +
				(status == 204 ? "0" : "3") + "\r\n\r\n" +
				(status == 204 ? "" : "abc")));
		ask("/x");
		EXPECT_EQ(told.status, status) << told.error;
		EXPECT_EQ(told.body, status == 204 ? "" : "abc");
		EXPECT_EQ(told.type, "text/z");
	}
}

TEST_F(HttpsCallTest, TooManyOctetsEndTheCallAtOnce)
{
	limits.octets = 1000;
	serve("b",
	      says("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')));
	ask("/x");
	EXPECT_EQ(told.body.size(), 1000u) << told.error;
	serve("b",
	      says("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x')));
	ask("/x");
	EXPECT_NE(told.error.find("the answer has more than 1000 octets; raise limits.octets of "
				  "the peer 'b' if that is right"),
		  std::string::npos)
		<< told.error;
}

TEST_F(HttpsCallTest, AHundredMegabytesAreNotTaken)
{
	for (const char *head :
	     {"Content-Length: 104857600\r\n", "Transfer-Encoding: chunked\r\n"}) {
		std::atomic<size_t> sent{0};
		serve("b", [&](ScriptedLink &link) {
			link.request();
			link.say(std::string("HTTP/1.1 200 OK\r\n") + head + "\r\n" +
				 (head[0] == 'T' ? "6400000\r\n" : ""));
			std::string piece(1 << 20, 'x');
			while (sent < 100 && link.say(piece))
				sent++;
		});
		ask("/x");
		EXPECT_NE(told.error.find("the answer has more than 16777216 octets"),
			  std::string::npos)
			<< told.error;
		EXPECT_LT(sent, 40u);
	}
}

TEST_F(HttpsCallTest, TheHeadHasALimit)
{
	serve("b", [](ScriptedLink &link) {
		link.request();
		link.say("HTTP/1.1 200 OK\r\n");
		while (link.say("X-More: " + std::string(1000, 'x') + "\r\n"))
			;
	});
	ask("/x");
	EXPECT_NE(told.error.find("the head of the answer has more than 65536 octets"),
		  std::string::npos)
		<< told.error;
	serve("b", [](ScriptedLink &link) {
		link.request();
		while (link.say("HTTP/1.1 100 Continue\r\n\r\n"))
			;
	});
	ask("/x");
	EXPECT_EQ(told.status, 0);
}

TEST_F(HttpsCallTest, NoAnswerInTimeIsSaid)
{
	limits.first_ms = 300;
	serve("b", [](ScriptedLink &link) { link.wait(); });
	ask("/x");
	EXPECT_NE(told.error.find("no answer began within 300 ms"), std::string::npos)
		<< told.error;
}

TEST_F(HttpsCallTest, OneOctetAtATimeEndsInTime)
{
	limits.first_ms = 2000;
	limits.total_ms = 1000;
	serve("b", [](ScriptedLink &link) {
		link.request();
		for (char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") +
				      std::string(1000, 'x')) {
			if (!link.say(std::string(1, c)))
				return;
			usleep(c == 'x' ? 50000 : 1000);
		}
	});
	ask("/x");
	EXPECT_NE(told.error.find("is the peer, or the network, overloaded?"), std::string::npos)
		<< told.error;
}

TEST_F(HttpsCallTest, AHandshakeThatHangsEndsInTime)
{
	limits.connect_ms = 400;
	serve("b", [](ScriptedLink &) {});
	std::string path = server->url("/x");
	ScriptedServer silent(*files, "", [](ScriptedLink &link) { link.wait(); });
	auto made = std::make_unique<Peers>();
	std::string url = "https://127.0.0.1:" + std::to_string(silent.port) + "/x";
	made->secure("b", PEER_DOWNSTREAM, "b.example").directory = strdup(url.c_str());
	set(std::move(made));
	get(url, &told);
	ASSERT_TRUE(finish(told, 2000));
	EXPECT_NE(told.error.find("overloaded"), std::string::npos) << told.error;
}

/* --- Redirects ------------------------------------------------------------------------------------------------------ */

ScriptedServer::Script redirects(const std::string &status, const std::string &to)
{
	return [=](ScriptedLink &link) {
		for (std::string request; !(request = link.request()).empty();) {
			if (request.find(" /from") != std::string::npos)
				link.say("HTTP/1.1 " + status + " X\r\nLocation: " + to +
					 "\r\nContent-Length: 4\r\n\r\nold!");
			else
				link.answer(request);
		}
	};
}

TEST_F(HttpsCallTest, A307RepeatsTheRequest)
{
	serve("b", redirects("307", "/to?x"));
	post(server->url("/from"), "body", &told);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.body.find("POST /to?x HTTP/1.1"), 0u) << told.error << told.body;
	EXPECT_EQ(told.body.substr(told.body.size() - 4), "body");
}

TEST_F(HttpsCallTest, A303AsksWithGet)
{
	serve("b", redirects("303", "/to"));
	post(server->url("/from"), "body", &told);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.body.find("GET /to HTTP/1.1"), 0u) << told.error << told.body;
	EXPECT_EQ(told.body.find("body"), std::string::npos);
}

TEST_F(HttpsCallTest, RedirectsStayWithThePeer)
{
	const struct {
		const char *to, *said;
	} cases[] = {
		{"https://169.254.169.254/latest",
		 "it redirects, but https://169.254.169.254/latest is on a host that is not one of "
		 "the peer 'b'"},
		{"http://127.0.0.1/", "it redirects, but http://127.0.0.1/ is without TLS"},
		{"file:///etc/passwd", "it redirects"},
		{"/from", "it redirects more than 3 times"},
		{"", "it redirects"},
	};
	for (const auto &c : cases) {
		serve("b", redirects("307", c.to));
		ask("/from");
		EXPECT_EQ(told.status, 0);
		EXPECT_NE(told.error.find(c.said), std::string::npos) << c.to << ": " << told.error;
	}
	serve("b", says("HTTP/1.1 307 X\r\nContent-Length: 0\r\n\r\n"));
	ask("/x");
	EXPECT_NE(told.error.find("it redirects with status 307 to nowhere"), std::string::npos)
		<< told.error;
}

/* --- Streams -------------------------------------------------------------------------------------------------------- */

TEST_F(HttpsCallTest, AStreamComesInPieces)
{
	limits.total_ms = 300;
	serve("b", [](ScriptedLink &link) {
		link.request();
		link.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
			 "chunked\r\n\r\n");
		for (int i = 0; i < 10; i++) {
			usleep(80000);
			link.say("3\r\na" + std::to_string(i) + "\n\r\n");
		}
		link.say("0\r\n\r\n");
	});
	get(server->url("/x"), &told, true);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.stream, "a0\na1\na2\na3\na4\na5\na6\na7\na8\na9\n") << told.error;
	EXPECT_EQ(told.status, 200) << told.error;
	EXPECT_EQ(told.body, "");
}

TEST_F(HttpsCallTest, ASilentStreamEnds)
{
	limits.idle_ms = 300;
	serve("b", [](ScriptedLink &link) {
		link.request();
		link.say("HTTP/1.1 200 OK\r\n\r\nabc");
		link.wait();
	});
	get(server->url("/x"), &told, true);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.stream, "abc");
	EXPECT_NE(told.error.find("nothing came for 300 ms"), std::string::npos) << told.error;
}

TEST_F(HttpsCallTest, AnErrorInPlaceOfAStreamIsGivenWhole)
{
	serve("b", says("HTTP/1.1 400 X\r\nContent-Type: "
			"application/alto-error+json\r\nContent-Length: 2\r\n\r\n{}"));
	get(server->url("/x"), &told, true);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.status, 400);
	EXPECT_EQ(told.body, "{}");
	EXPECT_EQ(told.stream, "");
}

TEST_F(HttpsCallTest, AStreamWaitsForWhoIsNotReady)
{
	std::atomic<size_t> sent{0};
	limits.idle_ms = 300;
	const size_t whole = 32;
	serve("b", [&](ScriptedLink &link) {
		link.request();
		link.say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(whole << 20) +
			 "\r\n\r\n");
		std::string piece(1 << 20, 'x');
		while (sent < whole && link.say(piece))
			sent++;
	});
	told.take = false;
	get(server->url("/x"), &told, true);
	run_for(base, 800);
	EXPECT_EQ(told.done, 0) << "waiting is not idle: " << told.error;
	EXPECT_LT(sent, whole);
	EXPECT_EQ(told.stream, "");
	told.take = true;
	https_client_resume(told.call);
	ASSERT_TRUE(finish(told));
	EXPECT_EQ(told.stream.size(), whole << 20) << told.error;
}

TEST_F(HttpsCallTest, AStreamMayBeCancelledFromWithin)
{
	serve("b", says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"));
	for (bool take : {true, false}) {
		told = {};
		told.cancel_in_chunk = true;
		told.take = take;
		get(server->url("/x"), &told, true);
		run_for(base, 200);
		EXPECT_EQ(told.done, 0);
		EXPECT_EQ(https_client_calls(client, "b"), 0u);
	}
}

} // namespace
