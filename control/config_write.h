/* config_write - settings and objects as they are now, said as a configuration file in the syntax of libconfig. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/settings.h"
#include "lib/view.h"

#include <jansson.h>

/* A text that grows. All zero is empty. */
struct config_text {
	char *at; /* UTF-8, without NUL; to be freed */
	size_t len, cap;
	bool failed; /* no memory: something is missing from here on */
};
void config_text_clear(struct config_text *text);

/* Adds "name = value;" and an end of line. Of JSON's values, null and numbers with a fraction cannot be said; nothing in a configuration
 * has them. */
void config_write_member(struct config_text *text, const char *name, json_t *value);

/* Writes one version in pieces, each with bounded work; what comes after it changes nothing of the text. config_open and
 * config_read make the same settings and objects of it, with the same JSON values, but for what a configuration cannot say: the state
 * that was set for a CDN or node becomes its configured one, and one set for a CDN or node that is not there is left out.
 *
 * Some objects that are equal in all else are told apart by which was said first (scopes, DRIs of one target, distinguished hosts), so
 * all stand in the order of object->order. No trie has it, and a sort of all of them at once would take too long for one piece: those of
 * a kind are put into a heap first, some in each piece, then taken out one by one, which costs log n for each. The heap takes 16 octets an
 * object. Control thread. */
struct config_writer;

/* The view is kept by a reference, of the settings nothing. secrets: with the cookie keys that were configured; else a
 * comment in their place. NULL: no memory. */
struct config_writer *config_writer_new(const struct settings *settings, struct view *view,
					bool secrets);
void config_writer_free(struct config_writer *writer); /* NULL is fine */

/* Adds whole lines to the text, for about `ns` nanoseconds or until it has at least `octets` octets. */
enum config_written { CONFIG_WRITTEN_PART, CONFIG_WRITTEN_ALL, CONFIG_WRITTEN_NO_MEMORY };
enum config_written config_writer_run(struct config_writer *writer, struct config_text *text,
				      size_t octets, uint64_t ns);

/* Objects that are in the text so far. */
uint64_t config_writer_objects(const struct config_writer *writer);
