/* show_config - the method that shows all objects as they are now, page by page, as a configuration file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

enum {
	SHOW_CONFIG_PAGE_OCTETS = 256 << 10, /* at most; no character is cut in two */
	SHOW_CONFIG_MAX = 8, /* at a time; another one ends the one that was idle the longest */
	SHOW_CONFIG_SECONDS = 600, /* that it waits for the next page to be asked for */
};

/* Answers later. Each page is asked for once, with the `next` of the one before; the version that is shown is kept in between. */
rpc_method show_config;

void show_config_clear(struct control *control);
