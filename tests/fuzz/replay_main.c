/* replay_main - runs a fuzz entry without libFuzzer: every file of a corpus, then mutations of each, always the same ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 65536, MUTATIONS = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static uint64_t state = 1;

static uint32_t random_below(uint32_t limit)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % limit);
}

/* The input is a block of its own size, so that a sanitizer sees a read past its end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void mutate(const uint8_t *data, size_t size)
{
	static uint8_t changed[INPUT_MAX];
	memcpy(changed, data, size);
	for (unsigned n = 1 + random_below(4); n && size; n--) {
		switch (random_below(3)) {
		case 0:
			changed[random_below((uint32_t)size)] = (uint8_t)random_below(256);
			break;
		case 1:
			changed[random_below((uint32_t)size)] ^= (uint8_t)(1 << random_below(8));
			break;
		default:
			size = random_below((uint32_t)size) + 1;
		}
	}
	run(changed, size);
}

static unsigned replay_file(const char *dir, const char *name)
{
	static uint8_t data[INPUT_MAX];
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(1);
	}
	size_t size = fread(data, 1, sizeof(data), file);
	fclose(file);
	run(data, size);
	for (unsigned i = 0; i < MUTATIONS; i++)
		mutate(data, size);
	return 1 + MUTATIONS;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	struct dirent **names;
	int n = scandir(argv[1], &names, NULL, alphasort);
	unsigned runs = 0;
	if (n < 0) {
		perror(argv[1]);
		return 1;
	}
	const char *dir = argv[1];
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	run((const uint8_t *)"", 0);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			runs += replay_file(dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	printf("%u inputs\n", runs);
	return runs ? 0 : 1;
}
