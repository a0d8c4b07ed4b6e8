/* save - the method that writes all objects as they are now into a configuration file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

/* Answers later. The text is made in portions in the event loop, and written by the helper, so that a slow disk holds up nobody: into FILE.new
 * (mode 0600: it may hold cookie keys), which is brought to the disk and then renamed to FILE. An error, or a client that goes away,
 * leaves FILE as it was and no FILE.new. One at a time. */
rpc_method save_file;
