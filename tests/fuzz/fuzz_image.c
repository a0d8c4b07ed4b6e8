/* fuzz_image - any octets as an image, with checksums made right; what can be read must be usable in every way. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/image.h"
#include "tests/support/image_exercise.h"
#include "tests/support/image_seal.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct view *read_octets(const uint8_t *data, size_t size, struct pattern_cache *patterns)
{
	struct image_use use = {NULL, patterns, 1, NULL};
	struct image_key key = {{0}, 0};
	struct view *view = NULL;
	char path[64], err[256];
	int fd = memfd_create("image", MFD_CLOEXEC);
	uint8_t *copy = malloc(size + 1);
	if (fd < 0 || !copy)
		abort();
	memcpy(copy, data, size);
	image_seal(copy, size);
	if (write(fd, copy, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	image_read(path, &key, &use, &view, err, sizeof(err));
	close(fd);
	free(copy);
	return view;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pattern_cache *patterns;
	if (!patterns)
		patterns = pattern_cache_new();
	struct view *view = read_octets(data, size, patterns);
	if (view)
		image_exercise(view, patterns);
	view_release(view);
	return 0;
}
