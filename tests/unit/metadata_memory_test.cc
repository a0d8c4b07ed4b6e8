/* metadata_memory_test - memory that runs out while metadata is read and compiled: all of it, or a fault, and no scope lost in between. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/metadata_world.h"

extern "C" {
#include "control/metadata_read.h"
#include "control/metadata_serve.h"
}

#include <gtest/gtest.h>

namespace
{

const char *const text =
	R"({"hosts":[{"host":"h.t","host-metadata":{"metadata":[{"generic-metadata-type":"MI.LocationACL","generic-metadata-value":{"locations":[)"
	R"({"footprints":[{"footprint-type":"ipv4cidr","footprint-value":["10.0.0.0/8"]}]},)"
	R"({"action":"allow","footprints":[{"footprint-type":"ipv4cidr","footprint-value":["11.0.0.0/8"]},{"footprint-type":"ipv6cidr","footprint-value":["::/0"]}]}]}},)"
	R"({"generic-metadata-type":"MI.TimeWindowACL","generic-metadata-value":{"times":[{"windows":[{"start":1,"end":2}]},{"action":"allow","windows":[{"start":1,"end":9}]}]}},)"
	R"({"generic-metadata-type":"MI.ProtocolACL","generic-metadata-value":{"protocol-acl":[{"action":"allow","protocols":["http/1.1"]}]}},)"
	R"({"generic-metadata-type":"MI.Grouping","generic-metadata-value":{"ccid":"c"}},{"generic-metadata-type":"MI.UriSigning","generic-metadata-value":{}}],)"
	R"("paths":[{"path-pattern":{"pattern":"/a*"},"path-metadata":{"metadata":[{"generic-metadata-type":"MI.FallbackTarget","generic-metadata-value":{"host":"u.t"}}],)"
	R"("paths":[{"path-pattern":{"pattern":"*b"},"path-metadata":{"metadata":[{"generic-metadata-type":"MI.New","generic-metadata-value":{}}]}}]}}]}}]})";

/* Those of jansson fail too, but not while it reads: its parser leaves octets out then and says nothing. */
void *json_malloc(size_t size)
{
	return malloc(size);
}

struct MetadataMemoryTest : testing::Test {
	void SetUp() override
	{
		json_set_alloc_funcs(json_malloc, free);
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
	}
};

struct Compiled {
	json_t *tree = json_loads(text, 0, nullptr),
	       *allow = json_loads(R"({"candidates": [{"cdn": "b"}]})", 0, nullptr);
	struct metadata_scopes scopes = {};
	struct faults faults = {};
	std::string all;
	bool good;

	Compiled(long fail_at, bool stay)
	{
		static const char *const types[] = {"MI.UriSigning", "MI.Grouping"};
		struct metadata_policy policy = {};
		policy.name = "md";
		policy.origin = "http://u/";
		policy.allow = allow;
		policy.types = types;
		policy.n_types = 2;
		policy.dns = true;
		policy.priority = 1000;
		policy.scopes = 1000;
		failing_malloc.reset(fail_at, stay);
		good = metadata_compile(tree, &policy, &scopes, &faults);
		EXPECT_EQ(good, faults.total == 0);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		size_t i;
		json_t *object;
		json_array_foreach (scopes.objects, i, object)
			all += dump(object) + "\n";
		all += dump(scopes.groups);
	}
	~Compiled()
	{
		metadata_scopes_clear(&scopes);
		faults_clear(&faults);
		json_decref(tree);
		json_decref(allow);
	}
	long failed;
};

TEST_F(MetadataMemoryTest, compiling)
{
	Compiled whole(-1, false);
	ASSERT_TRUE(whole.good);
	for (bool stay : {false, true}) {
		long i = 0, faults = 0;
		for (;; i++) {
			Compiled some(i, stay);
			if (!some.failed)
				break;
			faults += !some.good;
			ASSERT_TRUE(!some.good || some.all == whole.all) << i << some.all;
			ASSERT_TRUE(some.scopes.partial ||
				    some.all.find("h.t") != std::string::npos)
				<< "what may be committed denies the host";
		}
		EXPECT_GT(i, 300);
		EXPECT_GT(faults, i / 2);
	}
}

const struct metadata_limits limits = {10, 100000, 1000, 20};
const char *const type = "application/cdni; ptype=MI.HostIndex";

TEST_F(MetadataMemoryTest, reading)
{
	json_set_alloc_funcs(__real_malloc, free);
	const std::string body = R"({"hosts":[{"href":"http://u/1"},{"href":"http://u/2"}]})";
	long failed = 1;
	for (long i = 0; failed; i++) {
		struct faults faults = {};
		struct metadata_document next;
		failing_malloc.reset(i);
		struct metadata_read *read = metadata_read_new("http://u/", &limits);
		bool good = read && metadata_read_next(read, &next) &&
			    metadata_read_answer(read, next.href, type, body.data(), body.size(),
						 &faults);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(good, !failed) << i;
		EXPECT_TRUE(good || !read || faults.total);
		metadata_read_free(read);
		faults_clear(&faults);
	}
}

TEST_F(MetadataMemoryTest, putting_together_and_serving)
{
	const std::string body =
		R"({"hosts":[{"host":"h.t","host-metadata":{"href":"http://u/hosts/h.t","type":"MI.HostMetadata"}}]})";
	json_t *wanted = json_loads(text, 0, nullptr);
	long failed = 1;
	for (long i = 0; failed; i++) {
		struct faults faults = {};
		struct metadata_document next;
		struct metadata_answer answer = {};
		struct metadata_read *read = metadata_read_new("http://u/", &limits);
		ASSERT_TRUE(metadata_read_next(read, &next));
		ASSERT_TRUE(
			metadata_read_answer(read, next.href, type, text, strlen(text), &faults));
		failing_malloc.reset(i);
		json_t *tree = metadata_read_tree(read, &faults);
		json_t *passed = tree ? metadata_serve_transit(tree) : nullptr;
		bool served = passed && metadata_serve(passed, "http://u/", "", &answer);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(tree != nullptr, faults.total == 0);
		EXPECT_TRUE(!tree || json_equal(tree, wanted)) << i;
		EXPECT_TRUE(!passed || json_equal(passed, wanted)) << i;
		EXPECT_EQ(served, answer.body != nullptr);
		EXPECT_TRUE(!served || answer.body == body) << answer.body;
		EXPECT_TRUE(failed || served);
		free(answer.body);
		json_decref(passed);
		json_decref(tree);
		metadata_read_free(read);
		faults_clear(&faults);
	}
	json_decref(wanted);
}

} // namespace
