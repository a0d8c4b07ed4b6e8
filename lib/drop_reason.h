/* drop_reason - the names and texts of drop_reason.def. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

enum drop_reason {
	DROP_none,
#define DROP_REASON(name, kind, text) DROP_##name,
#include "drop_reason.def"
#undef DROP_REASON
	DROP__COUNT
};

/* For any value below DROP__COUNT. Names are as in drop_reason.def. */
const char *drop_reason_name(enum drop_reason reason);
const char *drop_reason_text(enum drop_reason reason);

/* true: an error answer is sent; false: the packet ends silently. */
bool drop_reason_is_answered(enum drop_reason reason);
