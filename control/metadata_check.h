/* metadata_check - a whole tree of CDNI metadata, looked at before it is served to others. RFC 8006 §4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"

/* Is it a HostIndex without links whose objects, access-control lists and patterns have the form that the RFC says, with no host twice? Generic
 * metadata of other types is looked at no further. false: faults, each with the host that it is of. Control thread, or the helper. */
bool metadata_check(const struct json_source *source, json_t *tree);
