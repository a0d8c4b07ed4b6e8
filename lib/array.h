/* array - room for more items in a growing array. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Gives the array with room for at least `need` items of `size` bytes, perhaps moved, and sets *cap. NULL: no memory,
 * and the array is as it was. Control thread. */
static inline void *array_reserve(void *array, size_t *cap, size_t need, size_t size)
{
	if (array && need <= *cap)
		return array;
	size_t grown = *cap + *cap / 2 + 8;
	if (grown < need)
		grown = need;
	void *moved = grown > SIZE_MAX / size ? NULL : realloc(array, grown * size);
	if (moved)
		*cap = grown;
	return moved;
}
