/* restart - when images of the compiled state are written, and whether the last one may be used at the start. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"

/* The digest of everything that the configuration says, for the key of an image. false: a file cannot be read. */
bool restart_digest(const char *config_path, const struct config_reading *reading,
		    uint8_t digest[32]);

/* Another one as soon as one of the files is written to: cheap, where what they say was digested before. Any thread, both. */
bool restart_stamps(const char *config_path, const struct config_reading *reading,
		    uint8_t stamps[32]);

/* The view of the last image, with one reference, and the generation of the state file that it holds; NULL: there is none that fits, which
 * is logged. */
struct view *restart_read(struct control *control, const struct config_reading *reading,
			  uint64_t *generation);

/* Called once a second: has an image written by the helper when enough has changed since the last one. */
void restart_tend(struct control *control);

/* At the stop: writes one if what changed since the last one would take long to read again. */
void restart_finish(struct control *control);
