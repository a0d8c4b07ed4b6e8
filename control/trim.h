/* trim - memory that large changes left free is given back to the system when nothing is going on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"

/* Called once a second. Control thread. */
void trim_tend(struct control *control);
