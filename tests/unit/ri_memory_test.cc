/* ri_memory_test - memory that runs out at each place while an upstream CDN is answered. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/ri_box.h"

#include <gtest/gtest.h>

namespace
{

/* jansson is a shared library: its memory runs out by its own functions. */
struct JsonMemory {
	static long calls, fail_at;
	JsonMemory()
	{
		calls = 0;
		fail_at = -1;
		json_set_alloc_funcs(take, free);
	}
	~JsonMemory()
	{
		json_set_alloc_funcs(malloc, free);
	}
	static void *take(size_t size)
	{
		return calls++ == fail_at ? nullptr : malloc(size);
	}
};
long JsonMemory::calls, JsonMemory::fail_at;

const char *const http =
	R"j({"http": {"c-ip": "192.0.2.1", "cs-uri": "http://a.example/x", "cs-method": "GET",
	"cs-version": "HTTP/1.1", "cs-(accept)": "*"}, "cdn-path": ["AS64500:1"], "max-hops": 3})j";
const char *const dns = R"({"dns": {"resolver-ip": "192.0.2.1", "qtype": "A", "qclass": "IN",
	"qname": "a.example", "dns-only": true}, "cdn-path": ["AS64500:1"]})";

View tables()
{
	TablesBuilder builder;
	return builder.cdn("b")
		.add("node", R"({"name": "n"})")
		.dri(R"({"node": "n", "dns-target": {"addresses": ["198.51.100.1", "2001:db8::1"]},
			"http-target": {"host": "n.example"}})")
		.scope(R"({"name": "s", "hosts": ["a.example"], "candidates": [{"cdn": "b"}, {"node": "n"}]})")
		.finish();
}

/* An answer is either the one that is right, or an error: never half of it. */
void check(const RiAnswer &answer, const std::string &right)
{
	if (answer.status == 200) {
		EXPECT_EQ(answer.json().text(), right) << answer.body;
		return;
	}
	EXPECT_GE(answer.error(), 400);
	EXPECT_EQ(answer.cache_control, "no-store");
}

void run_out(const char *body, bool recursive)
{
	RiBox box(tables());
	if (recursive)
		box.recursive("b");
	box.says["b"] = R"({"error": {"error-code": 504}})";
	std::string right = box.must_answer(body).json().text();
	JsonMemory memory;
	box.must_answer(body);
	long calls = JsonMemory::calls;
	EXPECT_GT(calls, 20);
	for (long at = 0; at < calls; at++) {
		JsonMemory::calls = 0;
		JsonMemory::fail_at = at;
		bool answered = box.post(body);
		JsonMemory::fail_at = -1;
		ASSERT_TRUE(answered) << at;
		check(box.answers.back(), right);
	}
}

TEST(ri_memory, of_json)
{
	run_out(http, false);
	run_out(http, true);
	run_out(dns, false);
	run_out(dns, true);
}

TEST(ri_memory, of_the_exchange)
{
	RiBox box(tables());
	std::string right = box.must_answer(http).json().text();
	failing_malloc.reset(0);
	bool answered = box.post(http);
	failing_malloc.reset(-1);
	ASSERT_TRUE(answered);
	EXPECT_EQ(box.answers.back().error(), RI_FAILED);
	EXPECT_EQ(box.answers.back().reason(), "no memory");
	/* The reason of a fault is gone, the fault is not. */
	for (long at = 1; at < 5; at++) {
		failing_malloc.reset(at);
		answered = box.post("{}");
		failing_malloc.reset(-1);
		ASSERT_TRUE(answered);
		EXPECT_EQ(box.answers.back().error(), RI_REQUEST_BAD);
	}
	check(box.must_answer(http), right);
}

} // namespace
