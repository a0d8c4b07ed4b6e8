/* apply - the method that takes a table file in as one commit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

rpc_method apply_file;
