/* https_answer_test - answers to peers: at once, later, in pieces, and to those who do not read them or go away. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/https_box.h"

namespace
{

using HttpsAnswerTest = HttpsBox;

TEST_F(HttpsAnswerTest, CurlAsksInAllMethods)
{
	start();
	EXPECT_EQ(curl("up", "/echo"), "up 1 /echo [0]");
	EXPECT_EQ(curl("up", "/echo?a=b%20c -d text"), "up 4 /echo?a=b%20c text[0]");
	EXPECT_EQ(curl("up", "/echo -X PUT -d text"), "up 8 /echo text[0]");
	EXPECT_EQ(curl("up", "/echo -X DELETE -H 'X-TEST: here'"), "up 16 /echohere [0]");
	EXPECT_NE(curl("up", "/echo -I").find("X-Answer: yes"), std::string::npos);
	EXPECT_EQ(curl("up", "/echo -d text -H 'Transfer-Encoding: chunked'"),
		  "up 4 /echo text[0]");
	EXPECT_EQ(curl("up", "/echo -d text -H 'Expect: 100-continue'"), "up 4 /echo text[0]");
	EXPECT_EQ(curl("up", "/echo --http1.0"), "up 1 /echo [0]");
	EXPECT_EQ(count("up", HTTPS_REQUESTS), 8u);
	EXPECT_EQ(count("up", HTTPS_CONNECTIONS), 8u);
	EXPECT_GT(count("up", HTTPS_OCTETS_IN), 8u * 60);
	EXPECT_GT(count("up", HTTPS_OCTETS_OUT), 8u * 60);
	EXPECT_TRUE(soon([&] { return !https_server_counts(server, "up")->connections; }));
	EXPECT_EQ(count("up", HTTPS_CUT_LOST), 0u);
}

TEST_F(HttpsAnswerTest, PathsAndMethodsAreMatched)
{
	start();
	EXPECT_EQ(curl("up", "/all/a/b"), "up 1 /all/a/b [0]");
	EXPECT_EQ(curl("up", "/all/"), "up 1 /all/ [0]");
	EXPECT_EQ(curl("up", "/all/x -d y"), "up 4 /all/x y[0]");
	EXPECT_EQ(curl("down", "/all/x"), "down 1 /all/x [0]");
	EXPECT_EQ(curl("up", "/all/x"), "This resource takes POST.\n[0]");
	EXPECT_NE(curl("up", "/all/x -i -X DELETE").find("Allow: POST\r\n"), std::string::npos);
	for (const char *path :
	     {"/", "/ech", "/echo/", "/echoo", "/all", "/ECHO", "//echo", "/%65cho"})
		EXPECT_EQ(curl("up", std::string(path) + " --path-as-is -w %{http_code}"),
			  "There is no such resource.\n404[0]")
			<< path;
	EXPECT_EQ(count("up", HTTPS_REFUSED_PATH), 8u);
	EXPECT_EQ(count("up", HTTPS_REFUSED_METHOD), 2u);
	EXPECT_NE(ask("PATCH /echo HTTP/1.1\r\nHost: a\r\n\r\n").find("HTTP/1.1 501"),
		  std::string::npos);
	EXPECT_EQ(count("up", HTTPS_REFUSED_METHOD), 3u);
	EXPECT_EQ(curl("up", "/none -w %{http_code}"), "The request was not answered.\n500[0]");
}

/* RFC 9110 §9.3.2: else its body would be taken for the next answer. */
TEST_F(HttpsAnswerTest, AHeadHasNoBody)
{
	start();
	std::string both = ask("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n"
			       "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	size_t end = both.find("\r\n\r\n");
	ASSERT_NE(end, std::string::npos) << both;
	EXPECT_NE(both.substr(0, end).find("Content-Length: 11"), std::string::npos) << both;
	EXPECT_EQ(both.find("HTTP/1.1 200", end), end + 4) << both;
}

TEST_F(HttpsAnswerTest, RequestsThatComeAtOnceAreAnsweredInOrder)
{
	start();
	std::string many, expected;
	for (int i = 0; i < 200; i++) {
		many += "POST /echo?" + std::to_string(i) +
			" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
		expected += "up 4 /echo?" + std::to_string(i) + " abc";
	}
	std::string said = ask(many, "?199 abc"), bodies;
	for (size_t at = 0; (at = said.find("\r\n\r\n", at)) != std::string::npos;) {
		at += 4;
		bodies += said.substr(at, said.find("HTTP/1.1", at) - at);
	}
	EXPECT_EQ(bodies, expected);
	EXPECT_EQ(count("up", HTTPS_CONNECTIONS), 1u);
	EXPECT_EQ(count("up", HTTPS_REQUESTS), 200u);
}

// Nagle's algorithm beside delayed receipts makes 40 ms of each answer.
TEST_F(HttpsAnswerTest, AnswersDoNotWaitForEachOther)
{
	start();
	std::string many;
	for (int i = 0; i < 10; i++)
		many += "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
	beside([&] {
		Link link(plain_port());
		struct timespec begin, end;
		clock_gettime(CLOCK_MONOTONIC, &begin);
		for (int i = 0; i < 25; i++) {
			size_t answers = 0;
			link.say(many);
			while (answers < 10) {
				std::string said = link.hear("/echo");
				for (size_t at = 0;
				     (at = said.find("/echo", at)) != std::string::npos; at++)
					answers++;
				ASSERT_NE(said, "");
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &end);
		double ms = static_cast<double>(end.tv_sec - begin.tv_sec) * 1e3 +
			    static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e6;
		EXPECT_LT(ms, 25 * 40);
	});
}

TEST_F(HttpsAnswerTest, AnAnswerMayComeLater)
{
	start();
	std::string said;
	std::thread client([&] {
		Link link(port(), files, "up");
		link.say("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\nHost: "
			 "a\r\n\r\n");
		said = link.hear("/echo");
	});
	EXPECT_TRUE(soon([&] { return held.request; }));
	run_for(base, 100);
	EXPECT_EQ(asked, 0) << "the second one waits";
	https_answer(held.request, 200, nullptr, "late;", 5);
	run_for(base, 200);
	client.join();
	EXPECT_NE(said.find("late;HTTP/1.1 200"), std::string::npos) << said;
	EXPECT_EQ(held.ended, 0);
	EXPECT_EQ(asked, 1);
}

TEST_F(HttpsAnswerTest, WhoGoesAwayBeforeTheAnswerIsTold)
{
	start();
	for (const char *path : {"/hold", "/stream"}) {
		held = {};
		beside([&] {
			Link link(port(), files, "up");
			link.say("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
			usleep(100000);
		});
		EXPECT_TRUE(soon([&] { return held.ended; })) << path;
		EXPECT_EQ(held.ended, 1);
	}
	EXPECT_EQ(count("up", HTTPS_CUT_LOST), 2u);
	EXPECT_EQ(https_server_counts(server, "up")->connections, 0u);
}

TEST_F(HttpsAnswerTest, OctetsDuringAWaitDoNoHarm)
{
	start();
	for (const char *path : {"/hold", "/stream"}) {
		held = {};
		beside([&] {
			Link link(port(), files, "up");
			link.say("POST " + std::string(path) +
				 " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
			usleep(50000);
			for (int i = 0; i < 20; i++)
				link.say(std::string(10000, 'x'));
			usleep(50000);
		});
		EXPECT_TRUE(soon([&] { return !https_server_counts(server, "up")->connections; }))
			<< path;
	}
}

TEST_F(HttpsAnswerTest, AStreamComesInPieces)
{
	start();
	std::string said;
	std::thread client([&] {
		said = output_of("curl -sN --cacert " + files->path("ca.crt") + " --cert " +
				 files->path("up.crt") + " --key " + files->path("up.key") +
				 " https://127.0.0.1:" + std::to_string(port()) + "/stream");
	});
	ASSERT_TRUE(soon([&] { return held.request; }));
	for (int i = 0; i < 5; i++) {
		EXPECT_TRUE(https_answer_chunk(held.request, "data: x\n\n", 9));
		run_for(base, 20);
		EXPECT_EQ(https_answer_pending(held.request), 0u);
	}
	https_answer_end(held.request);
	run_for(base, 200);
	client.join();
	EXPECT_EQ(said, "data: x\n\ndata: x\n\ndata: x\n\ndata: x\n\ndata: x\n\n[0]");
	EXPECT_EQ(held.ended, 0);
}

TEST_F(HttpsAnswerTest, ASlowReaderOfAStreamIsCutOff)
{
	limits.pending_octets = 1 << 20;
	start();
	std::unique_ptr<Link> link;
	beside([&] {
		link = std::make_unique<Link>(port(), files, "up");
		link->say("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	});
	ASSERT_TRUE(soon([&] { return held.request; }));
	std::string event(100000, 'e');
	int sent = 0;
	while (held.request && https_answer_chunk(held.request, event.data(), event.size()) &&
	       sent < 500) {
		sent++;
		run_for(base, 1);
	}
	EXPECT_LT(sent, 200);
	EXPECT_GE(sent, 10);
	EXPECT_FALSE(https_answer_chunk(held.request, "x", 1)) << "nothing more is taken";
	EXPECT_EQ(held.ended, 0) << "not from within";
	run_for(base, 10);
	EXPECT_EQ(held.ended, 1);
	EXPECT_EQ(count("up", HTTPS_CUT_SLOW), 1u);
	EXPECT_EQ(count("up", HTTPS_CUT_LOST), 0u);
}

TEST_F(HttpsAnswerTest, WhoTakesNothingIsCutOff)
{
	limits.stuck_ms = 500;
	start();
	std::unique_ptr<Link> link;
	beside([&] {
		link = std::make_unique<Link>(port(), files, "up");
		link->say("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	});
	EXPECT_TRUE(soon([&] { return count("up", HTTPS_CUT_SLOW) == 1; }));
	EXPECT_TRUE(soon([&] { return !https_server_counts(server, "up")->connections; }));
}

TEST_F(HttpsAnswerTest, ItsEndEndsAll)
{
	start();
	std::unique_ptr<Link> link, silent;
	beside([&] {
		link = std::make_unique<Link>(port(), files, "up");
		silent = std::make_unique<Link>(port());
		link->say("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	});
	ASSERT_TRUE(soon([&] { return held.request; }));
	https_server_free(server);
	server = nullptr;
	EXPECT_EQ(held.ended, 1);
}

} // namespace
