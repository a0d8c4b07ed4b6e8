/* advertise_params - what a client asks of an update stream: the body that opens it, and that of its control. RFC 8895 §6.5, §7.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_error.h"
#include "alto_vtag.h"

enum { ADVERTISE_SUBSTREAMS_MAX = 16 }; /* in one body, and in the life of one stream */

struct advertise_added {
	char id[ALTO_NAME_MAX + 1];  /* of the substream */
	char tag[ALTO_NAME_MAX + 1]; /* of the version that the client has; "": none */
	unsigned resource;           /* which of those that there are */
	bool incremental;
};

struct advertise_params {
	unsigned n_added, n_removed;
	struct advertise_added added[ADVERTISE_SUBSTREAMS_MAX];
	char removed[ADVERTISE_SUBSTREAMS_MAX][ALTO_NAME_MAX + 1];
	bool remove_all;
};

/* Of `resources` there are updates; NULL ends them. opens: the body opens a stream, so that something has to be added, and nothing can be
 * removed. Members that are not known are passed over (RFC 7285 §8.3.7). false: the error says where and why. */
bool advertise_params_read(const json_t *body, const char *const *resources, bool opens,
			   struct advertise_params *params, struct alto_error *error);
