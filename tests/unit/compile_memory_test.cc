/* compile_memory_test - a compiler whose memory runs out at any moment refuses, and loses none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/tables_builder.h"

#include <gtest/gtest.h>

namespace
{

/* Hyperscan asks for its memory here too. */
void *scratch_alloc(size_t size)
{
	return failing_malloc.fails() ? nullptr : __real_malloc(size);
}

/* Everything that the compiler takes, from JSON to tables. The fault list is the caller's. */
bool compile_all()
{
	TablesBuilder builder(2);
	builder.cdn("a").cdn("b").node("n").zone("t");
	builder.add("cdn", R"({"name": "p", "provider-id": "AS64496:0"})");
	builder.dri(
		R"({"cdn": "p", "redirecting-hosts": ["v.t", "w.t", "x.t"], "http-target": {"host": "p.t", "scheme": "https", "path-prefix": "/p/"}})");
	builder.distinguished(R"({"host": "d.t"})");
	builder.footprint(
		R"({"name": "near", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.0.0.0/8"]}]})");
	builder.fallback(R"({"cdn": "a"})");
	builder.add("state", R"({"node": "n", "state": "down"})");
	builder.scope(
		R"({"name": "one", "hosts": ["v.t", "*.t"], "paths": ["/a", "/b"], "footprints": ["near"], "candidates": [{"cdn": "a"}]})");
	builder.scope(
		R"({"name": "two", "hosts": ["v.t"], "regexes": ["x"], "headers": [{"name": "h", "regex": "y"}], "candidates": [{"cdn": "b"}], "fallback": {"node": "n"}})");
	builder.scope(
		R"({"name": "three", "hosts": ["v.t"], "footprints": [{"footprint-type": "ipv6cidr", "footprint-value": ["2001:db8::/32"]}], "candidates": [{"cdn": "p"}]})");
	View view = builder.try_finish();
	bool faulty = !builder.faults().empty();
	if (!view)
		return false;
	EXPECT_FALSE(faulty);
	HttpAsk ask("v.t", "/x", {{"h", "y"}});
	EXPECT_EQ(match(view, ask).scope_name(), "two");
	return true;
}

class CompileMemory : public testing::TestWithParam<bool>
{
      protected:
	void SetUp() override
	{
		hs_set_allocator(scratch_alloc, free);
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
		hs_set_allocator(nullptr, nullptr);
	}
};

/* One allocation fails, or that one and all after it. Tables come out only when nothing was missing in them. */
TEST_P(CompileMemory, every_allocation_may_fail)
{
	bool stay = GetParam();
	int refused = 0, made = 0;
	for (long n = 0;; n++) {
		failing_malloc.reset(n, stay);
		bool done = false;
		try {
			done = compile_all();
		} catch (const std::bad_alloc &) {
			/* compiler_new gave NULL */
		} catch (const std::invalid_argument &) {
			/* the test's own */
		}
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		ASSERT_FALSE(HasFailure()) << n;
		refused += !done;
		made += done;
		if (!failed) {
			EXPECT_TRUE(done);
			break;
		}
	}
	EXPECT_GT(refused, 100);
	EXPECT_LE(made, 30) << "few allocations can be done without";
}

INSTANTIATE_TEST_SUITE_P(failures, CompileMemory, testing::Bool());

/* One fault, whatever comes after it. */
TEST(compile_memory, is_said_once)
{
	for (long n : {0L, 1L, 2L, 3L}) {
		struct faults faults = {};
		struct pattern_cache *patterns = pattern_cache_new();
		struct compiler *compiler = compiler_new(nullptr, patterns, 1, &faults);
		ASSERT_NE(compiler, nullptr);
		const char *hosts[] = {"*.t"};
		struct model_target target = {TARGET_CDN,         "a",   "AS1:0", TARGET_UP, false,
					      STRATEGY_ITERATIVE, hosts, 1,       "{}"};
		failing_malloc.reset(n);
		EXPECT_FALSE(compiler_add_target(compiler, &target, {"test", 1}));
		EXPECT_EQ(failing_malloc.failed, 1) << n;
		failing_malloc.reset(-1);
		target.name = "b";
		for (int i = 0; i < 3; i++)
			EXPECT_FALSE(compiler_add_target(compiler, &target, {"test", 2}));
		EXPECT_TRUE(compiler_exhausted(compiler));
		EXPECT_EQ(compiler_finish(compiler), nullptr);
		compiler_free(compiler);
		pattern_cache_free(patterns);
		ASSERT_EQ(faults.n, 1u) << n;
		EXPECT_EQ(faults.total, 1u);
		EXPECT_EQ(std::string(faults.list[0].text)
				  .find("not enough memory for the table: it ran out at a"),
			  0u)
			<< faults.list[0].text;
		EXPECT_EQ(faults.list[0].line, 1u);
		faults_clear(&faults);
	}
}

} // namespace
