/* image_corpus_test - the images that fuzzing begins with are such as are written today. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/image.h"
#include "lib/hits.h"
#include "tests/support/image_seal.h"
}
#include "tests/support/image_world.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <unistd.h>

namespace
{

enum { VIEWS = 6 };

std::string corpus_path(unsigned seed)
{
	const char *top = getenv("TURNOUT_SOURCE");
	return std::string(top ? top : ".") + "/tests/fuzz/corpus/fuzz_image/view" +
	       std::to_string(seed);
}

void write_one(unsigned seed, struct pattern_cache *patterns)
{
	ImageWorld world(seed);
	ImageChange change;
	struct image_key key = {};
	char err[512] = "";
	for (const std::string &line : ImageWorld::basis())
		change.add(line);
	for (int i = 0; i < 15; i++)
		change.add(world.line());
	struct view *view = change.apply(nullptr, nullptr, patterns, 1);
	ASSERT_NE(view, nullptr) << change.refused;
	EXPECT_EQ(image_write(view, &key, corpus_path(seed).c_str(), err, sizeof(err)), 0) << err;
	view_release(view);
}

/* IMAGE_CORPUS_WRITE=1 writes them anew. */
TEST(ImageCorpus, can_be_read)
{
	ASSERT_TRUE(hits_init(1));
	struct pattern_cache *patterns = pattern_cache_new();
	for (unsigned seed = 0; seed < VIEWS; seed++) {
		if (getenv("IMAGE_CORPUS_WRITE"))
			write_one(seed, patterns);
		std::ifstream in(corpus_path(seed), std::ios::binary);
		std::string octets((std::istreambuf_iterator<char>(in)), {});
		image_seal(reinterpret_cast<uint8_t *>(octets.data()), octets.size());
		char path[] = "/tmp/image_corpus_test_XXXXXX", err[512] = "";
		int fd = mkstemp(path);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(write(fd, octets.data(), octets.size()), (ssize_t)octets.size());
		close(fd);
		struct image_key key = {};
		struct image_use use = {nullptr, patterns, 1, nullptr};
		struct view *view = nullptr;
		EXPECT_EQ(image_read(path, &key, &use, &view, err, sizeof(err)), IMAGE_READ) << err;
		EXPECT_TRUE(view && view->n_of[OBJECT_SCOPE]) << seed;
		view_release(view);
		unlink(path);
	}
	pattern_cache_free(patterns);
	hits_finish();
}

} // namespace
