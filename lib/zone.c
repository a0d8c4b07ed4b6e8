/* zone - a DNS zone that Turnout is authoritative for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone.h"

#include "zone_data.h"

#include <stdlib.h>

void zone_release(struct zone *zone)
{
	if (--zone->refs)
		return;
	for (size_t i = 0; i < zone->n_files; i++)
		free(zone->files[i]);
	free(zone->files);
	zone_data_free(zone->data);
	free(zone->text);
	free(zone);
}
