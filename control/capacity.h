/* capacity - what comes to CDNs that advertise limits, weighed against them once a second. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"

/* Called about once a second. Control thread. */
void capacity_tend(struct control *control);
