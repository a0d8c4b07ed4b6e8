/* ctl_script - commands of turnoutctl, one a line, that come from a file or another program. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ctl_run.h"

/* Ends at the first that is not done, with its exit code, else with that of the last one. */
enum ctl_exit ctl_script_run(const struct ctl_options *options, FILE *in);
