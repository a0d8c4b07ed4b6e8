/* metadata_import_test - metadata of a scripted CDN in the tables: fetched, refreshed, kept for a while when it cannot be, refused as a whole. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/metadata_import.h"
#include "control/sessions.h"
}

#include "tests/support/control_test.h"
#include "tests/support/failing_malloc.h"
#include "tests/support/scripted_server.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>

namespace
{

const std::string index_type = "application/cdni; ptype=MI.HostIndex";
const std::string host_type = "application/cdni; ptype=\"MI.HostMetadata\"";

/* What the scripted CDN has at its paths, and what it was asked. */
struct Site {
	struct Document {
		std::string type, body, head = "Cache-Control: max-age=1000\r\n";
		int status = 200;
	};
	std::mutex mutex;
	std::map<std::string, Document> documents;
	std::vector<std::string> asked;

	void serve(ScriptedLink &link)
	{
		for (std::string request; !(request = link.request()).empty();) {
			std::string path = request.substr(4, request.find(' ', 4) - 4);
			std::unique_lock<std::mutex> lock(mutex);
			asked.push_back(request);
			Document found;
			found.status = 404;
			if (documents.count(path))
				found = documents[path];
			lock.unlock();
			bool known =
				request.find("If-None-Match: \"" +
					     std::to_string(std::hash<std::string>()(found.body)) +
					     "\"") != std::string::npos;
			std::string etag = "ETag: \"" +
					   std::to_string(std::hash<std::string>()(found.body)) +
					   "\"\r\n";
			if (known)
				link.say("HTTP/1.1 304 Not Modified\r\n" + etag + found.head +
					 "\r\n");
			else
				link.say("HTTP/1.1 " + std::to_string(found.status) +
					 " X\r\nContent-Type: " + found.type + "\r\n" + etag +
					 found.head +
					 "Content-Length: " + std::to_string(found.body.size()) +
					 "\r\n\r\n" + found.body);
		}
	}
};

struct MetadataImportTest : ControlTest {
	Site site;
	std::unique_ptr<ScriptedServer> server;
	std::unique_ptr<TlsFiles> files;
	struct sessions sessions = {};
	struct peer peer = {};
	Peers peers;
	std::string accept = R"({"candidates":[{"cdn":"a"}]})", url;

	void SetUp() override
	{
		signal(SIGPIPE, SIG_IGN);
		files = std::make_unique<TlsFiles>();
		server = std::make_unique<ScriptedServer>(
			*files, "", [this](ScriptedLink &link) { site.serve(link); });
		url = server->url("/m");
		struct peer_settings &up = peers.add("up", PEER_UPSTREAM);
		up.plain_http = true;
		up.hold_s = 30;
		up.metadata.host_index = url.data();
		up.metadata.accept = accept.data();
		up.metadata.dns = true;
		up.metadata.priority = 100;
		up.metadata.scopes = 50;
		up.metadata.refresh_min_s = 20;
		up.metadata.refresh_max_s = 500;
		up.limits.entries = 5;
		up.limits.octets = 10000;
		host("/m", index({{"x.t", ""}}), index_type);
		connect();
	}
	void connect()
	{
		sessions.control = &box.control;
		sessions.client = https_client_new(box.control.base, nullptr);
		ASSERT_TRUE(https_client_peers(sessions.client, &peers.peers));
		peer.sessions = &sessions;
		peer.settings = &peers.peers.list[0];
		peer.metadata = metadata_import_new(&peer);
		ASSERT_TRUE(peer.metadata);
	}
	void disconnect()
	{
		metadata_import_free(peer.metadata);
		peer.metadata = nullptr;
		https_client_free(sessions.client);
		sessions.client = nullptr;
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
		disconnect();
		server.reset();
		peers.peers.list[0].metadata = {};
	}
	struct peer_settings &settings()
	{
		return peers.peers.list[0];
	}
	void host(const std::string &path, const std::string &body, const std::string &type,
		  int status = 200)
	{
		std::lock_guard<std::mutex> lock(site.mutex);
		Site::Document document;
		document.type = type;
		document.body = body;
		document.status = status;
		site.documents[path] = document;
	}
	/* Hosts with a link to their metadata, or "": allowed to all, or "deny", or a type that nobody knows. */
	std::string index(const std::vector<std::pair<std::string, std::string>> &hosts)
	{
		std::string text;
		for (const auto &[name, what] : hosts) {
			std::string metadata = R"({"metadata":[)";
			if (what == "deny")
				metadata +=
					R"({"generic-metadata-type":"MI.LocationACL","generic-metadata-value":{"locations":[]}})";
			else if (!what.empty())
				metadata += R"({"generic-metadata-type":")" + what +
					    R"(","generic-metadata-value":{}})";
			metadata += "]}";
			if (what[0] == '/')
				metadata = R"({"href":")" + server->url(what) + R"("})";
			text += (text.empty() ? "" : ",") + (R"({"host":")" + name) +
				R"(","host-metadata":)" + metadata + "}";
		}
		return R"({"hosts":[)" + text + "]}";
	}
	Json shown()
	{
		return Json(metadata_import_json(peer.metadata));
	}
	std::string state()
	{
		return shown()["state"].text();
	}
	std::string error()
	{
		return shown()["error"].text();
	}
	bool soon(const std::function<bool()> &so)
	{
		for (int i = 0; i < 1000 && !so(); i++)
			run_for(box.control.base, 5);
		return so();
	}
	bool becomes(const std::string &wanted)
	{
		return soon([&] { return state() == wanted; });
	}
	/* Fetches all again, and waits for the end of it. */
	void again(bool fails)
	{
		const char *count = fails ? "failures" : "fetches";
		long before = shown()[count].number();
		metadata_import_order(peer.metadata, true);
		EXPECT_TRUE(soon([&] { return shown()[count].number() > before; }));
		EXPECT_TRUE(soon([&] {
			return fails || (state() == "fresh" && error() == "null");
		})) << error();
	}
	std::string who(const std::string &name)
	{
		View view = head();
		HttpAsk ask(name, "/", {}, "192.0.2.1");
		Verdict verdict = match(view, ask);
		return !verdict.scope                    ? "nobody"
		       : verdict.outcome == VERDICT_DENY ? "denied"
							 : "somebody";
	}
	uint64_t now()
	{
		return plane_now_ns(box.control.plane) / 1000000000;
	}
};

TEST_F(MetadataImportTest, FetchedAndInTheTables)
{
	EXPECT_EQ(state(), "waiting");
	ASSERT_TRUE(becomes("fresh")) << error();
	EXPECT_EQ(who("x.t"), "somebody");
	EXPECT_EQ(shown()["hosts"].number(), 1);
	EXPECT_EQ(shown()["documents"].number(), 1);
	EXPECT_NE(site.asked[0].find("Accept: application/cdni; ptype=MI.HostIndex\r\n"),
		  std::string::npos);
	EXPECT_STREQ(head().object(OBJECT_SCOPE, "md/up:x.t#1")->set, "peer up metadata");
}

TEST_F(MetadataImportTest, LinksAreFollowed)
{
	host("/m", index({{"x.t", "/1"}, {"y.t", "/2"}, {"z.t", "/1"}}), index_type);
	host("/1", R"({"metadata":[]})", host_type);
	host("/2", R"({"metadata":[{"generic-metadata-type":"MI.X","generic-metadata-value":{}}]})",
	     host_type);
	ASSERT_TRUE(becomes("fresh")) << error();
	EXPECT_EQ(who("x.t") + who("y.t") + who("z.t"), "somebodydeniedsomebody");
	EXPECT_EQ(shown()["documents"].number(), 3);
	EXPECT_EQ(shown()["notes"].number(), 1);
}

/* Documents that are there already are not sent again, and what is unchanged makes no generation. */
TEST_F(MetadataImportTest, Refreshed)
{
	settings().metadata.refresh_min_s = settings().metadata.refresh_max_s = 1;
	host("/m", index({{"x.t", "/1"}}), index_type);
	host("/1", R"({"metadata":[]})", host_type);
	ASSERT_TRUE(becomes("fresh")) << error();
	uint64_t generation = box.generation();
	ASSERT_TRUE(soon([&] { return shown()["not-modified"].number() == 2; }));
	EXPECT_EQ(shown()["documents"].number(), 2);
	EXPECT_EQ(box.generation(), generation);
	EXPECT_EQ(state(), "fresh");
	host("/1", R"({"metadata":[{"generic-metadata-type":"MI.X","generic-metadata-value":{}}]})",
	     host_type);
	ASSERT_TRUE(soon([&] { return who("x.t") == "denied"; }));
	EXPECT_EQ(shown()["documents"].number(), 3);
}

/* RFC 9111: the shortest of them, within the limits. */
TEST_F(MetadataImportTest, HowLongItIsFresh)
{
	const struct {
		const char *first, *second;
		uint64_t seconds;
	} cases[] = {
		{"Cache-Control: max-age=100\r\n", "Cache-Control: max-age=50\r\n", 50},
		{"Cache-Control: max-age=100\r\n", "Cache-Control: no-store\r\n", 20},
		{"Cache-Control: max-age=1\r\n", "Cache-Control: max-age=100\r\n", 20},
		{"Cache-Control: max-age=9000\r\n", "", 500},
	};
	host("/m", index({{"x.t", "/1"}}), index_type);
	host("/1", R"({"metadata":[]})", host_type);
	ASSERT_TRUE(becomes("fresh")) << error();
	for (const auto &c : cases) {
		{
			std::lock_guard<std::mutex> lock(site.mutex);
			site.documents["/m"].head = c.first;
			site.documents["/1"].head = c.second;
		}
		again(false);
		uint64_t left;
		ASSERT_TRUE(metadata_import_transit(peer.metadata, &left));
		EXPECT_LE(left, c.seconds) << c.first << c.second;
		EXPECT_GE(left + 5, c.seconds) << c.first << c.second;
	}
}

TEST_F(MetadataImportTest, WhatIsWrongIsRefusedAsAWhole)
{
	ASSERT_TRUE(becomes("fresh")) << error();
	uint64_t generation = box.generation();
	std::string many =
		index({{"a.t", "/1"}, {"b.t", "/2"}, {"c.t", "/3"}, {"d.t", "/4"}, {"e.t", "/5"}});
	const struct {
		std::string body, type, fault;
		int status;
	} cases[] = {
		{index({}), "application/json", "its media type is application/json", 200},
		{"{", index_type, "not JSON", 200},
		{"[]", index_type, "expected an object", 200},
		{"{}", index_type, "'hosts' is missing", 200},
		{index({{"x.t", "/none"}}), index_type, "/none: answered status 404", 200},
		{index({}), index_type, "/m: answered status 500", 500},
		{"", index_type, "answered status 204", 204},
		{many, index_type, "more than 5 documents", 200},
		{std::string(20000, ' '), index_type, "more than 10000 octets", 200},
		{R"({"hosts":[{"href":"http://elsewhere.test/"}]})", index_type,
		 "not one of the peer", 200},
		{R"({"hosts":[{"href":"https://127.0.0.1/"}]})", index_type, "plain-http", 200},
	};
	for (const auto &c : cases) {
		host("/m", c.body, c.type, c.status);
		again(true);
		EXPECT_NE(error().find(c.fault), std::string::npos) << c.body << error();
		EXPECT_EQ(state(), "stale");
		EXPECT_EQ(who("x.t"), "somebody");
	}
	EXPECT_EQ(box.generation(), generation);
	host("/m", index({{"x.t", "deny"}}), index_type);
	again(false);
	EXPECT_EQ(who("x.t"), "denied");
}

TEST_F(MetadataImportTest, AHostWithFaultsIsDenied)
{
	host("/m",
	     R"({"hosts":[{"host":"x.t","host-metadata":{"metadata":5}},{"host":"y.t","host-metadata":{"metadata":[]}}]})",
	     index_type);
	ASSERT_TRUE(becomes("fresh")) << error();
	EXPECT_EQ(who("x.t") + who("y.t"), "deniedsomebody");
	EXPECT_EQ(shown()["faults"].number(), 1);
	/* More than the limit of scopes: nothing is left open by it. */
	std::vector<std::pair<std::string, std::string>> hosts;
	for (int i = 0; i < 60; i++)
		hosts.push_back({std::to_string(i) + ".t", "deny"});
	host("/m", index(hosts), index_type);
	settings().limits.octets = 100000;
	again(true);
	EXPECT_NE(error().find("too many scopes"), std::string::npos) << error();
	EXPECT_EQ(who("x.t") + who("y.t") + who("1.t"), "deniedsomebodynobody");
}

/* What the tables refuse is refused as a whole, too. */
TEST_F(MetadataImportTest, TheTablesRefuse)
{
	ASSERT_TRUE(becomes("fresh")) << error();
	std::string other = R"({"candidates":[{"cdn":"nobody"}]})";
	settings().metadata.accept = other.data();
	again(true);
	EXPECT_NE(error().find("cdn 'nobody', which is not configured"), std::string::npos);
	EXPECT_EQ(who("x.t"), "somebody");
	EXPECT_EQ(state(), "stale");
	uint64_t left;
	EXPECT_FALSE(metadata_import_transit(peer.metadata, &left));
	settings().metadata.accept = accept.data();
	again(false);
	EXPECT_TRUE(metadata_import_transit(peer.metadata, &left));
}

/* RFC 8006 §6.2. */
TEST_F(MetadataImportTest, DeniedWhenTheHoldTimeIsOver)
{
	host("/m", index({{"x.t", ""}, {"y.t", ""}}), index_type);
	ASSERT_TRUE(becomes("fresh")) << error();
	uint64_t fetched = now(), left;
	host("/m", "", "", 500);
	again(true);
	EXPECT_EQ(state(), "stale");
	metadata_import_tend(peer.metadata, fetched + 500 + 29);
	EXPECT_EQ(state(), "stale");
	EXPECT_EQ(who("x.t"), "somebody");
	metadata_import_tend(peer.metadata, fetched + 500 + 60);
	EXPECT_EQ(state(), "denied");
	EXPECT_EQ(who("x.t") + who("y.t"), "denieddenied");
	EXPECT_FALSE(metadata_import_transit(peer.metadata, &left));
	host("/m", index({{"x.t", ""}}), index_type);
	again(false);
	EXPECT_EQ(who("x.t") + who("y.t"), "somebodynobody");
}

TEST_F(MetadataImportTest, Orders)
{
	ASSERT_TRUE(becomes("fresh")) << error();
	peer.set_down = true;
	metadata_import_order(peer.metadata, false);
	EXPECT_EQ(state(), "denied");
	EXPECT_EQ(who("x.t"), "denied");
	long fetches = shown()["fetches"].number();
	run_for(box.control.base, 100);
	EXPECT_EQ(shown()["fetches"].number(), fetches);
	peer.set_down = false;
	again(false);
	EXPECT_EQ(who("x.t"), "somebody");
}

TEST_F(MetadataImportTest, KeptOverARestart)
{
	host("/m", index({{"x.t", "deny"}, {"y.t", ""}}), index_type);
	ASSERT_TRUE(becomes("fresh")) << error();
	disconnect();
	host("/m", "", "", 500);
	box.restart();
	connect();
	EXPECT_EQ(state(), "stale");
	EXPECT_EQ(who("x.t") + who("y.t"), "deniedsomebody");
	metadata_import_tend(peer.metadata, now() + 29);
	EXPECT_EQ(state(), "stale");
	metadata_import_tend(peer.metadata, now() + 60);
	EXPECT_EQ(who("x.t") + who("y.t"), "denieddenied");
}

TEST_F(MetadataImportTest, WithoutItsConfigurationItGoes)
{
	ASSERT_TRUE(becomes("fresh")) << error();
	settings().metadata.host_index = nullptr;
	metadata_import_change(peer.metadata);
	EXPECT_EQ(shown().text(), "null");
	EXPECT_EQ(who("x.t"), "nobody");
	settings().metadata.host_index = url.data();
	metadata_import_change(peer.metadata);
	EXPECT_EQ(state(), "waiting");
	ASSERT_TRUE(becomes("fresh"));
	EXPECT_EQ(who("x.t"), "somebody");
	/* And at the start, when it was taken out meanwhile. */
	disconnect();
	settings().metadata.host_index = nullptr;
	box.restart();
	connect();
	EXPECT_EQ(who("x.t"), "nobody");
}

/* Parts that are not safe to pass on are marked (RFC 8006 §3.2). */
TEST_F(MetadataImportTest, PassedOn)
{
	host("/m",
	     R"({"hosts":[{"host":"x.t","host-metadata":{"metadata":[{"generic-metadata-type":"MI.X","generic-metadata-value":{},"safe-to-redistribute":false,"mandatory-to-enforce":false}]}}]})",
	     index_type);
	uint64_t left;
	EXPECT_FALSE(metadata_import_transit(peer.metadata, &left));
	ASSERT_TRUE(becomes("fresh")) << error();
	Json tree(json_incref((json_t *)metadata_import_transit(peer.metadata, &left)));
	EXPECT_TRUE(json_is_true(
		tree["hosts"][(size_t)0]["host-metadata"]["metadata"][(size_t)0]["incomprehensible"]
			.get()));
	EXPECT_GT(left, 400u);
}

TEST_F(MetadataImportTest, MemoryRunsOut)
{
	ASSERT_TRUE(becomes("fresh")) << error();
	disconnect();
	server.reset();
	sessions.client = https_client_new(box.control.base, nullptr);
	long i = 0;
	for (bool failed = true; failed; i++) {
		failing_malloc.reset(i);
		peer.metadata = metadata_import_new(&peer);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_TRUE(peer.metadata || failed);
		EXPECT_EQ(peer.metadata ? state() : "stale", "stale") << i;
		metadata_import_free(peer.metadata);
	}
	EXPECT_GE(i, 2);
	peer.metadata = nullptr;
	EXPECT_EQ(who("x.t"), "somebody");
}

} // namespace
