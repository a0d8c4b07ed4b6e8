/* ctl_print_peers - what the daemon answers about other CDNs, as an operator reads it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>

void ctl_print_peers(const json_t *result);
void ctl_print_peer(const json_t *result);
void ctl_print_routes(const json_t *result);
