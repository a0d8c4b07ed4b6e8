/* ri_path - the CDNs that a request of the Redirection Interface has gone through. RFC 7975 §4.8. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"

enum { RI_PATH_MAX = 32 };

/* CDN Provider IDs ("AS64500:1") in the order in which the CDNs were asked. The texts belong to whoever filled it. */
struct ri_path {
	unsigned n;
	const char *ids[RI_PATH_MAX];
};

/* The member "cdn-path" of in; missing or empty is a fault when it is needed. */
void ri_path_read(struct json_in *in, enum json_in_need need, struct ri_path *path);

/* NULL: no memory. */
json_t *ri_path_json(const struct ri_path *path);

/* Provider IDs compare octet by octet. */
bool ri_path_has(const struct ri_path *path, const char *provider_id);

/* false: it is full. The text is not copied. */
bool ri_path_add(struct ri_path *path, const char *provider_id);
