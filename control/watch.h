/* watch - the methods that follow the traffic while it flows: top and trace. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

rpc_method watch_top, watch_trace;

/* Forgets the trace that is under way, or on its way out. After all workers have returned. */
void watch_clear(struct control *control);
