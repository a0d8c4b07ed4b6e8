/* image_memory_test - images are written and read, or not, when memory runs out at any moment, and none of it is lost. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/image.h"
#include "lib/hits.h"
}
#include "tests/support/failing_malloc.h"
#include "tests/support/image_world.h"
#include "tests/support/make_mmdb.h"
#include "tests/support/view_text.h"

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <pthread.h>

/* All on one thread: with -Wl,--wrap=pthread_create. */
extern "C" int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
{
	return EAGAIN;
}

namespace
{

class ImageMemory : public testing::TestWithParam<bool>
{
      protected:
	struct pattern_cache *patterns = nullptr;
	struct view *view = nullptr;
	struct image_key key = {};
	TestFile file;
	char err[512] = "";

	void SetUp() override
	{
		ImageWorld world(1);
		ImageChange change;
		ASSERT_TRUE(hits_init(1));
		patterns = pattern_cache_new();
		change.set = "configuration";
		for (const std::string &line : ImageWorld::basis())
			change.add(line);
		change.add(R"({"distinguished": {"host": "d.t"}})");
		for (int i = 0; i < 25; i++)
			change.add(world.line());
		view = change.apply(nullptr, nullptr, patterns, 1);
		ASSERT_NE(view, nullptr) << change.refused;
	}
	void TearDown() override
	{
		view_release(view);
		pattern_cache_free(patterns);
		hits_finish();
	}
};

TEST_P(ImageMemory, every_allocation_of_reading_may_fail)
{
	int refused = 0, read = 0;
	ASSERT_EQ(image_write(view, &key, file.path(), err, sizeof(err)), 0) << err;
	for (long n = 0;; n++) {
		struct view *again = nullptr;
		struct image_use use = {nullptr, pattern_cache_new(), 1, nullptr};
		failing_malloc.reset(n, GetParam());
		enum image_outcome outcome =
			image_read(file.path(), &key, &use, &again, err, sizeof(err));
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		/* The compiler of patterns does not tell. */
		if (outcome == IMAGE_DAMAGED && strstr(err, "there is no memory"))
			outcome = IMAGE_NO_MEMORY;
		refused += outcome == IMAGE_NO_MEMORY;
		read += outcome == IMAGE_READ;
		ASSERT_EQ(outcome == IMAGE_READ, again != nullptr);
		ASSERT_TRUE(outcome == IMAGE_READ || (outcome == IMAGE_NO_MEMORY && failed)) << err;
		if (again) {
			EXPECT_TRUE(ViewText::of(again) == ViewText::of(view)) << n;
		}
		view_release(again);
		pattern_cache_free(use.patterns);
		if (!failed)
			break;
	}
	EXPECT_GT(refused, 200);
	EXPECT_LE(read, 60) << "places of hits can be done without";
}

TEST_P(ImageMemory, every_allocation_of_writing_may_fail)
{
	int refused = 0;
	file.write("what was there");
	for (long n = 0;; n++) {
		failing_malloc.reset(n, GetParam());
		bool done = image_write(view, &key, file.path(), err, sizeof(err)) == 0;
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_NE(access((std::string(file.path()) + ".new").c_str(), F_OK), 0);
		ASSERT_EQ(done, !failed) << n;
		if (done)
			break;
		EXPECT_EQ(file.read(), "what was there");
		refused++;
	}
	EXPECT_GT(refused, 5);
}

INSTANTIATE_TEST_SUITE_P(failures, ImageMemory, testing::Bool());

} // namespace
