/* ctl_link - a connection to turnoutd: one request, what it tells meanwhile, its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CTL_LINK_LINE_MAX = 64 << 20 }; /* octets of a line from the daemon */

struct ctl_link {
	const char *path; /* of the socket */
	int fd;
	char *buf; /* what was read and is not used yet */
	size_t len, room;
};

/* false: err says why, and what to do. path is not copied. */
bool ctl_link_open(struct ctl_link *link, const char *path, char *err, size_t err_len);
void ctl_link_close(struct ctl_link *link);

/* A notification that comes before the answer. */
typedef void ctl_told(void *arg, const char *method, const json_t *params);

/* Asks and waits, without end (ms -1) or at most ms for each line. Gives the answer, with its "result" or
 * "error"; NULL: err says why. Ctrl-C (ctl_interrupt) ends it too. */
json_t *ctl_link_ask(struct ctl_link *link, const char *method, json_t *params, ctl_told *told,
		     void *arg, int ms, char *err, size_t err_len);
