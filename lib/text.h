/* text - names and hosts as an operator reads them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* How many of the len octets of a text can stand in `max` octets without a character of UTF-8 (RFC
 * 3629 §3) cut in two. Any thread. */
size_t text_fit(const char *text, size_t len, size_t max);

/* A host in key form (lib/request.h: "com.example.vod") as it is usually written: "vod.example.com";
 * "." for the root. An octet that is not visible becomes '?'. out has room for len + 2 octets;
 * always terminated. Any thread. */
void text_host(const uint8_t *key, size_t len, char *out);
