/* metadata_serve_test - the documents of a tree, that they read back as the tree, and what is marked on the way. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/metadata_read.h"
#include "control/metadata_serve.h"
}

#include <gtest/gtest.h>
#include <string>

namespace
{

const char *const base = "https://md.u.example/tree/";
const char *const text =
	R"({"hosts":[{"host":"A.example","host-metadata":{"metadata":[{"generic-metadata-type":"MI.New","generic-metadata-value":{}}],)"
	R"("paths":[{"path-pattern":{"pattern":"/x"},"path-metadata":{"metadata":[{"generic-metadata-type":"MI.Own","generic-metadata-value":{},)"
	R"("safe-to-redistribute":false}]}}]}},{"host":"[2001:db8::1]:80","host-metadata":{"metadata":[]}}]})";

struct Tree {
	json_t *json = json_loads(text, 0, nullptr);
	~Tree()
	{
		json_decref(json);
	}
	/* "ptype body" */
	std::string serve(const std::string &path, std::string *etag = nullptr) const
	{
		struct metadata_answer answer;
		if (!metadata_serve(json, base, path.c_str(), &answer)) {
			EXPECT_EQ(answer.body, nullptr);
			return "-";
		}
		std::string all = std::string(answer.ptype) + " " + answer.body;
		if (etag)
			*etag = answer.etag;
		free(answer.body);
		return all;
	}
};

TEST(metadata_serve, documents)
{
	Tree tree;
	std::string etag, other;
	EXPECT_EQ(
		tree.serve("", &etag),
		R"(MI.HostIndex {"hosts":[{"host":"a.example","host-metadata":{"href":"https://md.u.example/tree/hosts/a.example","type":"MI.HostMetadata"}},)"
		R"({"host":"[2001:db8::1]:80","host-metadata":{"href":"https://md.u.example/tree/hosts/[2001:db8::1]:80","type":"MI.HostMetadata"}}]})");
	EXPECT_EQ(tree.serve("hosts/[2001:db8::1]:80", &other),
		  R"(MI.HostMetadata {"metadata":[]})");
	EXPECT_EQ(etag.size(), 45u);
	EXPECT_EQ(etag.front(), '"');
	EXPECT_EQ(etag.back(), '"');
	EXPECT_NE(etag, other);
	for (const char *path : {"x", "hosts", "hosts/", "hosts/A.example", "hosts/a.example/",
				 "hosts/b.example", "/"})
		EXPECT_EQ(tree.serve(path), "-") << path;
}

TEST(metadata_serve, an_etag_changes_with_its_document_alone)
{
	Tree tree, same;
	std::string index, host, index2, host2;
	tree.serve("", &index);
	tree.serve("hosts/a.example", &host);
	json_object_set_new(json_object_get(json_array_get(json_object_get(same.json, "hosts"), 0),
					    "host-metadata"),
			    "metadata", json_array());
	same.serve("", &index2);
	same.serve("hosts/a.example", &host2);
	EXPECT_EQ(index, index2);
	EXPECT_NE(host, host2);
}

/* What a dCDN of ours reads is what we have. */
TEST(metadata_serve, reads_back)
{
	Tree tree;
	const struct metadata_limits limits = {10, 10000, 100, 10};
	struct metadata_read *read = metadata_read_new(base, &limits);
	struct metadata_document next;
	struct faults faults = {};
	while (metadata_read_next(read, &next)) {
		struct metadata_answer answer;
		ASSERT_TRUE(metadata_serve(tree.json, base, next.href + strlen(base), &answer))
			<< next.href;
		std::string type = std::string("application/cdni; ptype=") + answer.ptype;
		EXPECT_TRUE(metadata_read_answer(read, next.href, type.c_str(), answer.body,
						 strlen(answer.body), &faults));
		free(answer.body);
	}
	json_t *back = metadata_read_tree(read, &faults);
	ASSERT_TRUE(back);
	json_object_set_new(json_array_get(json_object_get(tree.json, "hosts"), 0), "host",
			    json_string("a.example"));
	EXPECT_TRUE(json_equal(back, tree.json));
	json_decref(back);
	metadata_read_free(read);
	faults_clear(&faults);
}

/* RFC 8006 section 3.2. */
TEST(metadata_serve, what_is_not_safe_to_redistribute_is_marked)
{
	Tree tree;
	json_t *passed = metadata_serve_transit(tree.json);
	char *dump = json_dumps(passed, JSON_COMPACT);
	std::string made = dump;
	free(dump);
	std::string wanted = text, mark = R"("safe-to-redistribute":false)";
	wanted.insert(wanted.find(mark) + mark.size(), R"(,"incomprehensible":true)");
	EXPECT_EQ(made, wanted);
	json_t *again = metadata_serve_transit(passed);
	EXPECT_TRUE(json_equal(again, passed));
	json_decref(again);
	json_decref(passed);
}

} // namespace
