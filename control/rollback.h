/* rollback - the methods about versions: the history, what differs between two, and the way back to one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

rpc_method rollback_to, rollback_diff, rollback_history;
