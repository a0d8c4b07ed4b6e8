/* ctl_options - what goes for every verb of turnoutctl: the socket, JSON, repetition. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ctl_options {
	const char *socket;
	bool json;
	double watch; /* seconds from one time to the next; 0: once */
	bool help, version;
	FILE *input; /* what "-" stands for; NULL: the commands themselves come from there */
};

/* From the environment. */
void ctl_options_init(struct ctl_options *options);

/* Takes the option that argv begins with. How many words it is; 0: it is none; -1: err says what is
 * wrong with it. */
int ctl_options_take(struct ctl_options *options, int argc, char **argv, char *err, size_t err_len);
