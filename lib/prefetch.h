/* prefetch - brings a cache line in before it is needed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* A hint, but of an address that is mapped: of another one it costs a page walk. A function that does nothing else is not left out by the
 * compiler, as it would be with the builtin alone. */
static inline void prefetch(const void *at)
{
	__builtin_prefetch(at);
	__asm__ volatile("");
}

static inline void prefetch_to_write(const void *at)
{
	__builtin_prefetch(at, 1);
	__asm__ volatile("");
}
