/* qtype - DNS record types by name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "A", "aaaa", "TYPE65" (RFC 3597 §5). false: not a type. */
bool qtype_parse(const char *text, uint16_t *type);

enum { QTYPE_TEXT_MAX = 16 };
/* Gives buf. */
const char *qtype_text(uint16_t type, char buf[QTYPE_TEXT_MAX]);
