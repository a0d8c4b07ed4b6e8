/* fci_object - the object of the tables that an advertised capability becomes, and its name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "fci.h"

/* Makes entry->object, text and name of its base object. FCI.RedirectTarget becomes a DRI, with "withdrawn" when it has no target
 * (RFC 8804 §2.1); the others become {"cdn", "type", "value", "footprints"}. false: no memory. Control thread. */
bool fci_object_make(struct fci_entry *entry, const char *cdn);
