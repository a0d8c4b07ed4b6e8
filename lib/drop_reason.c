/* drop_reason - the names and texts of drop_reason.def. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "drop_reason.h"

enum kind { drop, refuse };

static const struct {
	const char *name;
	const char *text;
	enum kind kind;
} reasons[DROP__COUNT] = {
	[DROP_none] = {"none", "no reason", drop},
#define DROP_REASON(name, kind, text) [DROP_##name] = {#name, text, kind},
#include "drop_reason.def"
#undef DROP_REASON
};

const char *drop_reason_name(enum drop_reason reason)
{
	return reasons[reason].name;
}

const char *drop_reason_text(enum drop_reason reason)
{
	return reasons[reason].text;
}

bool drop_reason_is_answered(enum drop_reason reason)
{
	return reasons[reason].kind == refuse;
}
