/* pattern_scratch_test - scratch spaces grow with the sets, are shared when they fit, and fail whole. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <memory>
#include <numaif.h>
#include <set>
#include <string>
#include <sys/mman.h>
#include <vector>

extern "C" {
#include "lib/pattern_scratch.h"
#include "lib/request.h"
}

/* With -Wl,--wrap=mbind and mmap. */
struct Bound {
	uintptr_t at;
	unsigned long len;
	int node;
};
static std::vector<Bound> bound;

extern "C" {
void *__real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
long __real_mbind(void *at, unsigned long len, int mode, const unsigned long *mask,
		  unsigned long max, unsigned flags);

void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	return failing_malloc.fails() ? MAP_FAILED
				      : __real_mmap(at, len, protection, flags, fd, offset);
}
long __wrap_mbind(void *at, unsigned long len, int mode, const unsigned long *mask,
		  unsigned long max, unsigned flags)
{
	int node = -1;
	for (int i = 0; i < 1024; i++)
		node = mask[i / 64] >> i % 64 & 1 ? i : node;
	bound.push_back({reinterpret_cast<uintptr_t>(at), len, node});
	EXPECT_EQ(mode, MPOL_PREFERRED);
	return __real_mbind(at, len, mode, mask, max, flags);
}
}

namespace
{

enum { WORKERS = 3 };

pattern_set *compile(const std::string &regex)
{
	pattern p = {PATTERN_PATH, nullptr, regex.c_str(), false};
	char err[256] = "";
	size_t bad;
	pattern_set *set = pattern_set_compile(&p, 1, err, sizeof(err), &bad);
	EXPECT_NE(set, nullptr) << err;
	return set;
}

/* Sets of which each needs more than those before. */
std::vector<pattern_set *> growing_sets()
{
	std::vector<pattern_set *> sets;
	std::string alternatives = "x";
	for (int i = 0; i < 5; i++) {
		alternatives += "|(a.{" + std::to_string(10 * i + 5) + "}b[cd]+e)";
		sets.push_back(compile(alternatives));
	}
	return sets;
}

/* All spaces are there and serve the set. */
void expect_fits(const pattern_scratch *scratch, const pattern_set *set)
{
	auto req = std::make_unique<request>();
	ASSERT_TRUE(request_key_host(req.get(), reinterpret_cast<const uint8_t *>("a"), 1));
	ASSERT_TRUE(
		request_key_path(req.get(), reinterpret_cast<const uint8_t *>("/a12345bce"), 10));
	std::set<hs_scratch_t *> spaces;
	for (unsigned worker = 0; worker <= WORKERS; worker++) {
		pattern_matches matches;
		hs_scratch_t *space = pattern_scratch_of(scratch, worker);
		EXPECT_TRUE(spaces.insert(space).second) << "one for each";
		pattern_set_scan(set, req.get(), space, &matches);
		EXPECT_TRUE(pattern_matched(&matches, 0)) << worker;
	}
}

void release(const std::vector<pattern_set *> &sets)
{
	for (auto *set : sets)
		pattern_set_release(set);
}

TEST(PatternScratch, GrowsAndIsSharedWhenItFits)
{
	auto sets = growing_sets();
	std::vector<pattern_scratch *> views;
	pattern_scratch *last = nullptr;
	for (auto *set : sets) {
		pattern_scratch *next = pattern_scratch_fit(last, set, WORKERS);
		ASSERT_NE(next, nullptr);
		EXPECT_NE(next, last);
		views.push_back(last = next);
		for (auto *earlier : sets) {
			expect_fits(next, earlier);
			if (earlier == set)
				break;
		}
	}
	for (auto *set : sets) {
		pattern_scratch *same = pattern_scratch_fit(last, set, WORKERS);
		EXPECT_EQ(same, last);
		pattern_scratch_release(same);
	}
	expect_fits(views[0], sets[0]); /* an old view's is as it was */
	pattern_scratch_retain(last);
	pattern_scratch_release(last);
	for (auto *view : views)
		pattern_scratch_release(view);
	release(sets);
}

TEST(PatternScratch, NothingForSetsThatNeedNone)
{
	pattern_set *none = compile("^/live\\z"), *some = compile("a[0-9]+b");
	pattern_scratch *scratch = pattern_scratch_fit(nullptr, none, WORKERS);
	ASSERT_NE(scratch, nullptr);
	EXPECT_EQ(pattern_scratch_of(scratch, 0), nullptr);
	pattern_scratch *same = pattern_scratch_fit(scratch, none, WORKERS);
	EXPECT_EQ(same, scratch);
	pattern_scratch *grown = pattern_scratch_fit(scratch, some, WORKERS);
	ASSERT_NE(grown, nullptr);
	EXPECT_NE(grown, scratch);
	EXPECT_NE(pattern_scratch_of(grown, WORKERS), nullptr);
	for (auto *one : {scratch, same, grown})
		pattern_scratch_release(one);
	release({none, some});
	EXPECT_EQ(pattern_scratch_of(nullptr, 1), nullptr);
	pattern_scratch_retain(nullptr);
	pattern_scratch_release(nullptr);
}

TEST(PatternScratch, OutOfMemoryLeavesTheOldOne)
{
	pattern_scratch_node(1, 0); /* Hyperscan's allocations fail too, of both kinds */
	auto sets = growing_sets();
	pattern_scratch *old = pattern_scratch_fit(nullptr, sets[0], WORKERS);
	ASSERT_NE(old, nullptr);
	for (auto *set : {sets[0], sets.back()}) {
		int failures = 0;
		for (bool done = false; !done; failures++) {
			failing_malloc.reset(failures);
			pattern_scratch *next = pattern_scratch_fit(old, set, WORKERS);
			done = !failing_malloc.failed;
			failing_malloc.reset(-1);
			EXPECT_EQ(next != nullptr, done);
			expect_fits(old, sets[0]);
			pattern_scratch_release(next);
		}
		EXPECT_GE(failures, set == sets[0] ? 3 : 3 + WORKERS);
	}
	pattern_scratch_release(old);
	release(sets);
	pattern_scratch_node(1, -1);
}

/* The node that mbind was last asked for where the space is; -1: none. */
int node_of(const hs_scratch_t *space)
{
	auto at = reinterpret_cast<uintptr_t>(space);
	int node = -1;
	for (const auto &b : bound) {
		if (at >= b.at && at < b.at + b.len)
			node = b.node;
	}
	return node;
}

TEST(PatternScratch, EachLiesOnTheNodeOfItsWorker)
{
	auto sets = growing_sets();
	pattern_scratch *last = nullptr;
	int worker_nodes[WORKERS] = {0, -1, 65};
	for (unsigned i = 0; i < WORKERS; i++)
		pattern_scratch_node(i, worker_nodes[i]);
	for (auto *set : sets) {
		bound.clear();
		pattern_scratch *next = pattern_scratch_fit(last, set, WORKERS);
		ASSERT_NE(next, nullptr);
		for (unsigned i = 0; i < WORKERS; i++)
			EXPECT_EQ(node_of(pattern_scratch_of(next, i)), worker_nodes[i]) << i;
		EXPECT_EQ(node_of(pattern_scratch_of(next, WORKERS)), -1) << "of control";
		expect_fits(next, set); /* though this machine may not have that node */
		pattern_scratch_release(last);
		last = next;
	}
	int policy = -1;
	unsigned long mask[16] = {};
	if (get_mempolicy(&policy, mask, 1024, pattern_scratch_of(last, 0), MPOL_F_ADDR) == 0) {
		EXPECT_EQ(policy, MPOL_PREFERRED) << "the kernel has taken it";
		EXPECT_EQ(mask[0], 1u);
	} else {
		EXPECT_EQ(errno, ENOSYS);
	}
	pattern_scratch_release(last);
	for (unsigned i = 0; i < WORKERS; i++)
		pattern_scratch_node(i, -1);
	release(sets);
}

} // namespace
