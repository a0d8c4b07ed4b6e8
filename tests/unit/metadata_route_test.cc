/* metadata_route_test - metadata served over TLS to the peers that it is configured for, and to no others. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/metadata_route.h"
#include "control/sessions.h"
}

#include "tests/support/failing_malloc.h"
#include "tests/support/https_box.h"

#include <string>

namespace
{

const char *const tree = R"({"hosts":[{"host":"A.t","host-metadata":{"metadata":[]}}]})";

struct MetadataRouteTest : HttpsBox {
	struct sessions sessions = {};
	struct peer down = {}, other = {};
	std::string text = tree, file = "down.json";

	void SetUp() override
	{
		HttpsBox::SetUp();
		files->make("other", {"DNS:other.example"});
		peers->secure("other", PEER_DOWNSTREAM, "other.example");
		start();
		struct peer_settings *list = peers->peers.list;
		list[1].serving.file = file.data();
		list[1].serving.tree = text.data();
		list[1].serving.max_age_s = 7;
		down.settings = &list[1];
		other.settings = &list[3];
		down.next = &other;
		sessions.list = &down;
		ASSERT_TRUE(metadata_route_set(&down));
		ASSERT_TRUE(metadata_route_set(&other));
		https_server_route(server, PEER_DOWNSTREAM, HTTPS_GET | HTTPS_HEAD,
				   METADATA_ROUTE_PATH, metadata_route, &sessions);
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
		json_decref(down.served);
		HttpsBox::TearDown();
	}
	std::string ask(const std::string &path, const std::string &head = "Host: rr.t:8443\r\n",
			const std::string &who = "down", const std::string &method = "GET")
	{
		std::string answer;
		run_beside(base, [&] {
			Link link(https_server_port(server, 0), files, who);
			link.say(method + " " + path + " HTTP/1.1\r\nConnection: close\r\n" + head +
				 "\r\n");
			answer = link.hear("<end>");
		});
		return answer;
	}
};

TEST_F(MetadataRouteTest, Documents)
{
	std::string index = ask("/metadata/"), host = ask("/metadata/hosts/a.t");
	EXPECT_EQ(index.find("HTTP/1.1 200"), 0u) << index;
	EXPECT_NE(index.find("application/cdni; ptype=MI.HostIndex\r\n"), std::string::npos);
	EXPECT_NE(index.find("max-age=7\r\n"), std::string::npos);
	EXPECT_NE(index.find(R"("href":"https://rr.t:8443/metadata/hosts/a.t")"),
		  std::string::npos);
	EXPECT_NE(host.find("application/cdni; ptype=MI.HostMetadata\r\n"), std::string::npos);
	EXPECT_NE(host.find("\r\n\r\n{\"metadata\":[]}"), std::string::npos);
	EXPECT_EQ(ask("/metadata/hosts/b.t").find("HTTP/1.1 404"), 0u);
	EXPECT_EQ(ask("/metadata/hosts/").find("HTTP/1.1 404"), 0u);
	EXPECT_EQ(ask("/metadata/x").find("HTTP/1.1 404"), 0u);
	std::string head = ask("/metadata/", "Host: rr.t:8443\r\n", "down", "HEAD");
	EXPECT_EQ(head.find("HTTP/1.1 200"), 0u);
	EXPECT_EQ(head.find("hosts"), std::string::npos);
	EXPECT_EQ(down.served_documents, 3u);
}

TEST_F(MetadataRouteTest, WhatIsThereAlready)
{
	std::string index = ask("/metadata/");
	size_t at = index.find("ETag: ");
	ASSERT_NE(at, std::string::npos) << index;
	std::string etag = index.substr(at + 6, index.find("\r\n", at) - at - 6);
	std::string host = "Host: rr.t:8443\r\n";
	EXPECT_EQ(ask("/metadata/", host + "If-None-Match: " + etag + "\r\n").find("HTTP/1.1 304"),
		  0u);
	EXPECT_EQ(ask("/metadata/", host + "If-None-Match: \"x\", " + etag + "\r\n")
			  .find("HTTP/1.1 304"),
		  0u);
	EXPECT_EQ(ask("/metadata/", host + "If-None-Match: \"x\"\r\n").find("HTTP/1.1 200"), 0u);
	text = R"({"hosts":[]})";
	ASSERT_TRUE(metadata_route_set(&down));
	EXPECT_EQ(ask("/metadata/", host + "If-None-Match: " + etag + "\r\n").find("HTTP/1.1 200"),
		  0u)
		<< "it is another one";
}

TEST_F(MetadataRouteTest, EachPeerItsOwn)
{
	EXPECT_EQ(ask("/metadata/", "Host: rr.t\r\n", "other").find("HTTP/1.1 404"), 0u);
	EXPECT_EQ(ask("/metadata/hosts/a.t", "Host: rr.t\r\n", "other").find("HTTP/1.1 404"), 0u);
	EXPECT_EQ(ask("/metadata/", "Host: rr.t\r\n", "up").find("HTTP/1.1 403"), 0u)
		<< "it is upstream";
}

/* Links begin with the name that we are called by, which is the peer's to say. */
TEST_F(MetadataRouteTest, TheHostOfLinks)
{
	for (const char *bad : {"", "Host: \r\n", "Host: a/b\r\n", "Host: a b\r\n", "Host: a:x\r\n",
				"Host: a\"b\r\n", "Host: a@b\r\n"}) {
		std::string answer = ask("/metadata/", bad);
		EXPECT_EQ(answer.find("HTTP/1.1 400"), 0u) << bad << answer;
	}
	EXPECT_EQ(ask("/metadata/", "Host: " + std::string(400, 'a') + "\r\n").find("HTTP/1.1 400"),
		  0u);
	EXPECT_NE(ask("/metadata/", "Host: [2001:db8::1]:8443\r\n")
			  .find("https://[2001:db8::1]:8443/metadata/hosts/a.t"),
		  std::string::npos);
}

/* Of an upstream peer that has none yet. */
TEST_F(MetadataRouteTest, NoneAtTheMoment)
{
	std::string from = "gone";
	peers->peers.list[1].serving = {};
	peers->peers.list[1].serving.from = from.data();
	ASSERT_TRUE(metadata_route_set(&down));
	std::string answer = ask("/metadata/");
	EXPECT_EQ(answer.find("HTTP/1.1 503"), 0u);
	EXPECT_NE(answer.find("Retry-After: 10"), std::string::npos);
}

TEST_F(MetadataRouteTest, MemoryRunsOut)
{
	json_set_alloc_funcs([](size_t size) { return malloc(size); }, free);
	long i = 0;
	for (bool failed = true; failed; i++) {
		failing_malloc.reset(i);
		bool good = metadata_route_set(&down);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(good, down.served != nullptr);
		EXPECT_TRUE(good || failed);
	}
	EXPECT_GT(i, 2);
}

} // namespace
