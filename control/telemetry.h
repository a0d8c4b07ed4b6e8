/* telemetry - counters for DPDK's telemetry socket: /turnout/status, /turnout/view, /turnout/workers, /turnout/drops, /turnout/cycles. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

struct control;

/* Registers the commands. They run in a thread of DPDK's and read only worker counters and what
 * telemetry_update copied. One control in a process. */
void telemetry_start(const struct control *control);

/* Copies the figures of the published view. Control thread. */
void telemetry_update(const struct control *control);
