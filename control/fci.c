/* fci - footprint and capabilities advertisements (RFC 8008): their entries, as they go from the reader to the tables and to the writer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[FCI_DELIVERY_PROTOCOL] = "FCI.DeliveryProtocol",
	[FCI_ACQUISITION_PROTOCOL] = "FCI.AcquisitionProtocol",
	[FCI_REDIRECTION_MODE] = "FCI.RedirectionMode",
	[FCI_METADATA] = "FCI.Metadata",
	[FCI_LOGGING] = "FCI.Logging",
	[FCI_REDIRECT_TARGET] = "FCI.RedirectTarget",
	[FCI_CAPACITY_LIMITS] = "FCI.CapacityLimits",
	[FCI_TELEMETRY] = "FCI.Telemetry",
	[FCI_OTHER] = "?",
};

enum fci_type fci_type_parse(const char *text)
{
	unsigned type = 0;
	while (type < FCI_OTHER && strcmp(names[type], text) != 0)
		type++;
	return (enum fci_type)type;
}

const char *fci_type_name(enum fci_type type)
{
	return names[type];
}

void fci_entry_clear(struct fci_entry *entry)
{
	json_decref(entry->base);
	json_decref(entry->object);
	free(entry->nobody);
	free(entry->text);
	free(entry->name);
}

void fci_list_clear(struct fci_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		fci_entry_clear(&list->list[i]);
	free(list->list);
	*list = (struct fci_list){0};
}
