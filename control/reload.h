/* reload - the configuration and what was set at run time, read as one commit: at the start, and again when asked. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"

/* Told of a reload that somebody asked for; all but done may be NULL. */
struct reload_watch {
	void (*tell)(void *arg, const struct commit_progress *progress);
	void (*done)(void *arg, const struct commit_result *result);
	void *arg;
};

/* Reads the configuration again. It is logged, and told to the watch (NULL: nobody), perhaps from within the call. Only one reading is under way
 * at a time: a second one is refused. Control thread. */
void reload_start(struct control *control, const struct reload_watch *watch);

/* Nobody wants to know any more; the reload goes on. */
void reload_forget(struct control *control);

/* Begins with the view of an image and what was set at run time after its generation. */
bool reload_image(struct control *control, struct view *image, uint64_t generation,
		  struct faults *faults);

/* The settings in use: those of the start, but peers, interconnection and signing of the last reload. Good until the next one. Control thread. */
struct settings reload_settings(const struct control *control);

/* The first reading, which is taken over. false: faults say why. */
bool reload_first(struct control *control, struct config_reading *reading, struct faults *faults);
