/* metadata_read_test - documents wanted, answers taken and refused, links followed, loops and limits. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/metadata_read.h"
}

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace
{

const struct metadata_limits usual = {100, 100000, 1000, 20};

/* A peer: its documents, by URI. */
struct Peer {
	struct Document {
		std::string body, type;
	};
	std::map<std::string, Document> documents;
	std::vector<std::string> asked;

	void put(const std::string &uri, const std::string &ptype, const std::string &body)
	{
		documents[uri] = {body, "application/cdni; ptype=" + ptype};
	}
	/* The tree, or what is said. */
	std::string read(const struct metadata_limits &limits = usual)
	{
		struct metadata_read *read = metadata_read_new("http://u/", &limits);
		struct metadata_document next;
		struct faults faults = {};
		bool good = true;
		asked.clear();
		while (good && metadata_read_next(read, &next)) {
			asked.push_back(std::string(next.href) + " " + next.ptype);
			auto found = documents.find(next.href);
			if (found != documents.end())
				good = metadata_read_answer(read, next.href,
							    found->second.type.c_str(),
							    found->second.body.data(),
							    found->second.body.size(), &faults);
		}
		json_t *tree = good ? metadata_read_tree(read, &faults) : nullptr;
		char *text = tree ? json_dumps(tree, JSON_COMPACT) : nullptr;
		std::string result = text ? text : "";
		for (size_t i = 0; i < faults.n; i++)
			result += std::string(faults.list[i].file) + ": " + faults.list[i].text +
				  "\n";
		EXPECT_EQ(tree != nullptr, faults.total == 0);
		free(text);
		json_decref(tree);
		faults_clear(&faults);
		metadata_read_free(read);
		return result;
	}
	std::string root(const std::string &body)
	{
		put("http://u/", "MI.HostIndex", body);
		return read();
	}
};

const std::string empty = R"({"hosts":[{"host":"a","host-metadata":{"metadata":[]}}]})";

TEST(metadata_read, one_document)
{
	Peer peer;
	EXPECT_EQ(peer.root(empty), empty);
	EXPECT_EQ(peer.asked, std::vector<std::string>{"http://u/ MI.HostIndex"});
}

TEST(metadata_read, links_of_every_kind)
{
	Peer peer;
	peer.put("http://u/match", "MI.HostMatch",
		 R"({"host":"a","host-metadata":{"href":"https://u/host"}})");
	peer.put(
		"https://u/host", "mi.hostmetadata",
		R"({"metadata":[{"generic-metadata-type":"MI.LocationACL","generic-metadata-value":{"href":"http://u/acl","type":"MI.LocationACL"}}],
		"paths":[{"href":"http://u/path"},{"path-pattern":{"href":"http://u/pattern"},"path-metadata":{"href":"http://u/md","type":"MI.PathMetadata"}}]})");
	peer.put("http://u/acl", "MI.LocationACL",
		 R"({"locations":[{"footprints":[{"href":"http://u/fp"}]}]})");
	peer.put("http://u/fp", "MI.Footprint",
		 R"({"footprint-type":"asn","footprint-value":["as1"]})");
	peer.put("http://u/path", "MI.PathMatch",
		 R"({"path-pattern":{"pattern":"/x"},"path-metadata":{"href":"http://u/md"}})");
	peer.put("http://u/pattern", "MI.PatternMatch", R"({"pattern":"/y"})");
	peer.put("http://u/md", "MI.PathMetadata", R"({"metadata":[]})");
	EXPECT_EQ(
		peer.root(R"({"hosts":[{"href":"http://u/match","type":"MI.HostMatch"}]})"),
		R"({"hosts":[{"host":"a","host-metadata":{"metadata":[{"generic-metadata-type":"MI.LocationACL","generic-metadata-value":)"
		R"({"locations":[{"footprints":[{"footprint-type":"asn","footprint-value":["as1"]}]}]}}],)"
		R"("paths":[{"path-pattern":{"pattern":"/x"},"path-metadata":{"metadata":[]}},{"path-pattern":{"pattern":"/y"},"path-metadata":{"metadata":[]}}]}}]})");
	EXPECT_EQ(peer.asked.size(), 8u) << "what is linked to twice is fetched once";
}

/* What is in metadata that is not known here has no links. */
TEST(metadata_read, links_that_are_none)
{
	Peer peer;
	std::string body =
		R"({"hosts":[{"host":"a","host-metadata":{"metadata":[{"generic-metadata-type":"MI.New","generic-metadata-value":{"x":{"href":"http://u/x"},"y":[{"href":1}]}}]}}]})";
	EXPECT_EQ(peer.root(body), body);
}

TEST(metadata_read, loops)
{
	Peer peer;
	const std::string link =
		R"({"metadata":[],"paths":[{"path-pattern":{"pattern":"/"},"path-metadata":{"href":"http://u/)";
	peer.put("http://u/a", "MI.PathMetadata", link + R"(b"}}]})");
	peer.put("http://u/b", "MI.PathMetadata", link + R"(a"}}]})");
	EXPECT_EQ(peer.root(R"({"hosts":[{"host":"h","host-metadata":)" + link + R"(a"}}]}}]})"),
		  "http://u/b: a loop: the link to http://u/a leads back here\n");
	peer.put("http://u/c", "MI.PathMetadata", link + R"(c"}}]})");
	EXPECT_EQ(peer.root(R"({"hosts":[{"host":"h","host-metadata":)" + link + R"(c"}}]}}]})"),
		  "http://u/c: a loop: the link to http://u/c leads back here\n");
}

TEST(metadata_read, what_is_not_there_or_of_another_type)
{
	Peer peer;
	EXPECT_EQ(peer.read(), "http://u/: it is not there\n");
	EXPECT_EQ(peer.root(R"({"hosts":[{"href":"http://u/x"}]})"),
		  "http://u/: http://u/x is not there\n");
	const std::pair<const char *, const char *> links[] = {
		{R"({"href":1})", "http://u/: href: expected an absolute http or https URI of at "
				  "most 2048 octets\n"},
		{R"({"href":"/x"})", "http://u/: href: expected an absolute http or https URI of "
				     "at most 2048 octets\n"},
		{R"({"href":"file:///etc/passwd"})", "http://u/: href: expected an absolute http "
						     "or https URI of at most 2048 octets\n"},
		{R"({"href":"http://u/ x"})", "http://u/: href: expected an absolute http or https "
					      "URI of at most 2048 octets\n"},
		{R"({"href":"http://u/x","type":"MI.HostMetadata"})",
		 "http://u/: the link to http://u/x is of type MI.HostMetadata where MI.HostMatch "
		 "is expected\n"},
		{R"({"href":"http://u/x","type":1})",
		 "http://u/: the link to http://u/x is of type ? where MI.HostMatch is expected\n"},
		{R"({"href":"http://u/"})",
		 "http://u/: http://u/ is linked to as MI.HostIndex and as MI.HostMatch\n"},
	};
	for (const auto &link : links)
		EXPECT_EQ(peer.root(std::string(R"({"hosts":[)") + link.first + "]}"), link.second);
}

TEST(metadata_read, media_types)
{
	Peer peer;
	for (const char *type :
	     {"application/cdni; ptype=MI.HostIndex", "Application/CDNI;PTYPE=mi.hostindex",
	      "application/cdni ; ptype=\"MI.HostIndex\"",
	      "application/cdni; a=b; ptype=MI.HostIndex; c"}) {
		peer.documents["http://u/"] = {empty, type};
		EXPECT_EQ(peer.read(), empty) << type;
	}
	for (const char *type :
	     {"", "application/json", "application/cdni",
	      "application/cdni; ptype=", "application/cdni; ptype=MI.HostInde",
	      "application/cdni; ptype=MI.HostIndexX", "application/cdni; ptype=\"MI.HostIndex",
	      "application/cdnix; ptype=MI.HostIndex", "application/cdni; xptype=MI.HostIndex",
	      "application/cdni; ptype=FCI.X; ptype=MI.HostIndex"}) {
		peer.documents["http://u/"] = {empty, type};
		EXPECT_EQ(peer.read(),
			  std::string("http://u/: its media type is ") + type +
				  " where application/cdni; ptype=MI.HostIndex is expected\n");
	}
}

TEST(metadata_read, only_i_json)
{
	Peer peer;
	for (const char *body : {"", "{", "{\"hosts\":[],\"hosts\":[]}", "{\"a\":\"\xff\"}", "{}x"})
		EXPECT_EQ(peer.root(body).substr(0, 20), "http://u/: not JSON:") << body;
	for (const char *body : {"[]", R"({"href":"http://u/x"})"})
		EXPECT_EQ(peer.root(body),
			  "http://u/: expected an object of type MI.HostIndex, and no link\n");
}

TEST(metadata_read, limits)
{
	Peer peer;
	peer.put("http://u/x", "MI.HostMatch", R"({"host":"a","host-metadata":{"metadata":[]}})");
	peer.put("http://u/", "MI.HostIndex",
		 R"({"hosts":[{"href":"http://u/x"},{"href":"http://u/x"}]})");
	EXPECT_EQ(peer.read({2, 1000, 7, 3}).substr(0, 9), R"({"hosts":)");
	EXPECT_EQ(peer.read({1, 1000, 7, 3}), "http://u/: more than 1 documents in all\n");
	EXPECT_EQ(peer.read({2, 70, 7, 3}), "http://u/x: more than 70 octets in all\n");
	EXPECT_EQ(peer.read({2, 10, 7, 3}), "http://u/: more than 10 octets in all\n");
	EXPECT_EQ(peer.read({2, 1000, 6, 3}),
		  "http://u/x: more than 6 objects, or more than 3 within each other\n");
	EXPECT_EQ(peer.read({2, 1000, 7, 2}),
		  "http://u/x: more than 7 objects, or more than 2 within each other\n");
	EXPECT_EQ(peer.read({2, 1000, 7, 0}), "http://u/: more than 0 objects within each other\n");
	/* Few documents, very many objects. */
	for (int i = 0; i < 10; i++) {
		std::string href = "{\"path-pattern\":{\"pattern\":\"/"
				   "\"},\"path-metadata\":{\"href\":\"http://u/" +
				   std::to_string(i + 1) + "\"}}";
		peer.put("http://u/" + std::to_string(i), "MI.PathMetadata",
			 "{\"metadata\":[],\"paths\":[" +
				 (i < 9 ? href + "," + href + "," + href + "," + href : "") + "]}");
	}
	peer.put(
		"http://u/", "MI.HostIndex",
		R"({"hosts":[{"host":"a","host-metadata":{"metadata":[],"paths":[{"path-pattern":{"pattern":"/"},"path-metadata":{"href":"http://u/0"}}]}}]})");
	EXPECT_NE(peer.read({100, 100000, 10000, 100}).find("more than 10000 objects"),
		  std::string::npos);
}

TEST(metadata_read, answers_that_nobody_asked_for)
{
	struct metadata_read *read = metadata_read_new("http://u/", &usual);
	struct faults faults = {};
	struct metadata_document next;
	const char *type = "application/cdni; ptype=MI.HostIndex";
	EXPECT_FALSE(metadata_read_answer(read, "http://u/", type, "{}", 2, &faults))
		<< "not given yet";
	ASSERT_TRUE(metadata_read_next(read, &next));
	EXPECT_FALSE(metadata_read_next(read, &next)) << "each is given once";
	EXPECT_FALSE(metadata_read_answer(read, "http://v/", type, "{}", 2, &faults));
	EXPECT_TRUE(metadata_read_answer(read, "http://u/", type, "{}", 2, &faults));
	EXPECT_FALSE(metadata_read_answer(read, "http://u/", type, "{}", 2, &faults))
		<< "a second time";
	faults_clear(&faults);
	metadata_read_free(read);
}

TEST(metadata_read, what_a_peer_says_stays_visible_text)
{
	Peer peer;
	EXPECT_EQ(peer.root(R"({"hosts":[{"href":"http://u/x","type":"\u001b[2J\u00e9"}]})"),
		  "http://u/: the link to http://u/x is of type ?[2J?? where MI.HostMatch is "
		  "expected\n");
}

} // namespace
