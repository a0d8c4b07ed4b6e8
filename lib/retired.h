/* retired - what workers may still read, until their grace period is over. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/* Stands within what is retired; control/publish.h frees it. */
struct retired {
	struct retired *next;
	void (*release)(struct retired *retired);
	uint64_t token;
};
