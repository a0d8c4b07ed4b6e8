/* failing_malloc - memory that runs out when a test says so. Link with the flags below. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup,--wrap=vasprintf
 *
 * Only calls from objects that are linked in statically are counted and fail: not those within
 * shared libraries, nor operator new. Any thread, but reset by one alone. Include it in one source file. */

#include <cstdarg>
#include <cstddef>

struct FailingMalloc {
	long calls = 0;    /* so far */
	long fail_at = -1; /* this call fails, counted from 0; -1: none */
	bool stay = false; /* and all later ones */
	long failed = 0;

	bool fails()
	{
		long call = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
		bool now = fail_at >= 0 && (stay ? call >= fail_at : call == fail_at);
		if (now)
			__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
		return now;
	}
	void reset(long at, bool later = false)
	{
		*this = {};
		fail_at = at;
		stay = later;
	}
};

inline FailingMalloc failing_malloc;

extern "C" {
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
int __real_vasprintf(char **out, const char *format, va_list args);

void *__wrap_malloc(size_t size)
{
	return failing_malloc.fails() ? nullptr : __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
	return failing_malloc.fails() ? nullptr : __real_calloc(n, size);
}
void *__wrap_realloc(void *at, size_t size)
{
	return failing_malloc.fails() ? nullptr : __real_realloc(at, size);
}
char *__wrap_strdup(const char *text)
{
	return failing_malloc.fails() ? nullptr : __real_strdup(text);
}
char *__wrap_strndup(const char *text, size_t len)
{
	return failing_malloc.fails() ? nullptr : __real_strndup(text, len);
}
int __wrap_vasprintf(char **out, const char *format, va_list args)
{
	return failing_malloc.fails() ? -1 : __real_vasprintf(out, format, args);
}
}
