/* fuzz_fci - any JSON as each document of a peer: directory, network map, advertisement, filter, error, events of an update stream. What is
 * canonical is read as itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/alto_directory.h"
#include "control/alto_error.h"
#include "control/alto_update.h"
#include "control/fci_read.h"
#include "control/fci_write.h"
#include "control/json_strict.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits limits = {1 << 16, 50, 5000};

static json_t *bases_of(const struct fci_list *list)
{
	json_t *bases = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append(bases, list->list[i].base);
	return bases;
}

/* Reads what was read, as an advertisement of ours and as that of a peer. */
static void read_again(const struct fci_list *list)
{
	static const struct alto_vtag vtag = {"adv", "1"};
	const struct fci_how how = {NULL, false, true, NULL, 10000, 1000000};
	struct faults faults = {0};
	struct fci_list again;
	json_t *bases = bases_of(list), *body = fci_write(&vtag, NULL, bases);
	if (!fci_read(&how, body, &again, &faults) || again.n != list->n || faults.total)
		abort();
	json_t *same = bases_of(&again);
	if (!json_equal(bases, same))
		abort();
	fci_list_clear(&again);
	json_decref(same);
	json_decref(body);
	json_decref(bases);
}

static void read_advertisement(json_t *body, const struct alto_map *map, bool lenient,
			       bool keep_pids)
{
	const struct fci_how how = {"cdn-b", lenient, keep_pids, map, 1000, 10000};
	struct faults faults = {0};
	struct fci_list list;
	json_t *error;
	if (fci_read(&how, body, &list, &faults)) {
		if (list.refused != faults.total)
			abort();
		read_again(&list);
		json_t *bases = bases_of(&list), *kept = fci_filter(bases, body, &error);
		if ((kept == NULL) == (error == NULL))
			abort();
		json_decref(kept);
		json_decref(error);
		json_decref(bases);
	} else if (list.n || !faults.total) {
		abort();
	}
	fci_list_clear(&list);
	faults_clear(&faults);
}

static void read_directory(json_t *body)
{
	struct faults faults = {0};
	struct alto_choice choice;
	char err[300];
	struct alto_directory *directory = alto_directory_new("https://a.example/x/y");
	while (alto_directory_next(directory))
		alto_directory_read(directory, body, &faults);
	alto_directory_choose(directory, NULL, &choice, err, sizeof(err));
	alto_directory_free(directory);
	faults_clear(&faults);
}

static void read_error(const json_t *body)
{
	struct alto_error error;
	char text[200];
	if (alto_error_read(body, &error))
		alto_error_text(&error, text, sizeof(text));
}

/* The text as an event of each kind, twice, so that patches have something to apply to. */
static void take_events(const char *text, size_t len)
{
	static const char *const names[] = {
		"application/alto-updatestreamcontrol+json",
		"application/alto-cdni+json,s",
		"application/merge-patch+json,s",
		"application/alto-networkmap+json,m",
		"application/json-patch+json,s",
	};
	char err[700];
	struct alto_update *update = alto_update_new(&limits);
	alto_update_add(update, "s", "adv", true);
	alto_update_add(update, "m", "map", true);
	json_decref(alto_update_open(update));
	alto_update_take(update, names[0], text, len, err, sizeof(err));
	alto_update_take(update, names[0], "{\"control-uri\":null}", 20, err, sizeof(err));
	for (size_t i = 0; i < 10; i++)
		alto_update_take(update, names[i % 5], text, len, err, sizeof(err));
	json_decref(alto_update_open(update));
	alto_update_free(update);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults faults = {0};
	char err[300];
	take_events((const char *)data, size);
	json_t *body = json_strict_load((const char *)data, size, &limits, err, sizeof(err));
	if (!body)
		return 0;
	struct alto_map *map = alto_map_read(body, 1000, &faults);
	for (unsigned i = 0; i < 4; i++)
		read_advertisement(body, map, i & 1, i & 2);
	read_directory(body);
	read_error(body);
	alto_map_free(map);
	faults_clear(&faults);
	json_decref(body);
	return 0;
}
