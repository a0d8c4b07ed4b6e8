/* zone - a DNS zone that Turnout is authoritative for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone.h"

#include <stdlib.h>

void zone_release(struct zone *zone)
{
	if (--zone->refs)
		return;
	free(zone->text);
	free(zone);
}
