/* control - the control thread: the event loop, signals, reload, states of targets, and who may ask what. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "admin.h"
#include "config.h"
#include "lib/faults.h"
#include "lib/match.h"
#include "publish.h"

/* All of it belongs to the control thread. */
struct control {
	struct plane *plane;
	const struct settings *settings; /* as at start */
	const char *config_path;
	struct event_base *base;
	struct publisher publisher;
	struct admin_states admin;
	struct match_context match; /* of explain */
	uint64_t generation;        /* of the newest view */
	uint64_t started;           /* seconds since 1970-01-01 UTC */
	/* Parts of the settings that changed since the start: "ports, tcp". */
	char next_start[SETTINGS_CHANGES_MAX];
};

/* Before the workers start. The three pointers must outlive control; plane->qsbr, settings and the
 * clock are set. false: no memory. */
bool control_init(struct control *control, struct plane *plane, const struct settings *settings,
		  const char *config_path);

/* Makes a view of tables and publishes it: the first one, or a new version. states are as
 * configured, by target; those that the operator set win. The caller's reference on tables stays
 * the caller's. false: no memory, nothing changed. */
bool control_adopt(struct control *control, struct tables *tables, const uint8_t *states);

/* Opens the control socket, then serves until SIGINT or SIGTERM, and sets plane->stop. SIGHUP
 * reloads. The exit code: 0, or 1 when the socket cannot be opened (said on stderr). */
int control_run(struct control *control);

/* Frees everything, the views too. After all workers have returned. */
void control_clear(struct control *control);

/* --- What signals and methods ask for ------------------------------------------------------- */

/* Reads the configuration again and publishes it. false: faults say why, and nothing changed. */
bool control_reload(struct control *control, struct faults *faults);

/* Publishes a view with one state changed. */
enum control_set_result { CONTROL_SET, CONTROL_UNKNOWN, CONTROL_NO_MEMORY };
enum control_set_result control_set_state(struct control *control, enum target_kind kind,
					  const char *name, enum target_state state);

/* Sets plane->unix_ns_at_tsc0 from the system's clock. Also done every second by control_run. */
void control_set_clock(struct plane *plane);
