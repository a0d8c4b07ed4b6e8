/* control - the control thread: the event loop, signals, and what the process begins and ends with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "commit.h"
#include "config.h"
#include "drain.h"
#include "helper.h"
#include "history.h"
#include "lib/faults.h"
#include "lib/match.h"
#include "publish.h"
#include "state.h"

/* All of it belongs to the control thread. */
struct control {
	struct plane *plane;
	const struct settings *settings; /* as at start */
	const char *config_path;
	struct event_base *base;
	struct publisher publisher;
	struct helper *helper;
	struct pattern_cache *patterns;
	struct state *state; /* NULL: what is set at run time ends with the process */
	struct history history;
	struct view *head;                /* the newest one, as published */
	struct commit *commits;           /* under way */
	struct transaction *transactions; /* open ones */
	uint64_t last_transaction;
	struct show_config *shows; /* of show.config, between their pages */
	uint64_t last_show;
	struct saving *saving;       /* under way, or NULL */
	struct reload *reload;       /* under way, or NULL */
	struct tracing *trace;       /* under way, or NULL */
	struct recursion *recursion; /* NULL: no CDN is asked for workers */
	struct sessions *sessions;   /* with peers; NULL: before and after the loop */
	struct sign *sign;           /* signed URIs */
	struct signing_settings
		signing; /* of the last reload, when there was one; the start's are control->settings */
	struct drain drain;
	struct event *cleaner;      /* of the state file */
	uint32_t pass;              /* of the last reading of files */
	bool reading;               /* one is under way */
	struct match_context match; /* of explain */
	uint64_t generation;        /* of the newest view */
	uint64_t started;           /* seconds since 1970-01-01 UTC */
	bool stopping;
	bool reloaded;      /* at least once */
	uint8_t digest[32]; /* of what the configuration says; control/restart.h */
	bool digest_known;
	bool image_pending;        /* one is being written */
	uint64_t image_generation; /* of the last image, 0: none */
	uint64_t image_second;     /* when it was begun, or the process started */
	uint64_t image_changes;    /* objects that changed since */
	uint64_t trim_changes;     /* objects that changed since memory was given back */
	uint64_t trim_generation;  /* of the second before */
	unsigned trim_quiet;       /* seconds for which it is the same */
	uint64_t capacity_ns;      /* of the last look at capacities */
	/* Parts of the settings that changed since the start: "ports, tcp". */
	char next_start[SETTINGS_CHANGES_MAX];
};

/* Before the workers start. The three pointers must outlive control; plane->qsbr, settings and the
 * clock are set. false: no memory. */
bool control_init(struct control *control, struct plane *plane, const struct settings *settings,
		  const char *config_path);

/* Loads the keys of signing, opens the state file, if there is one, and publishes the first view: what the configuration says and what was set at run time.
 * The reading is taken over. false: faults say why. */
bool control_load(struct control *control, struct config_reading *reading, struct faults *faults);

/* Publishes a view (taking a reference of its own) and notes it in the history. false: no memory, nothing changed. */
bool control_publish(struct control *control, struct view *view, const struct state_commit *note);

/* Opens the control socket, then serves until SIGINT, or SIGTERM and the end of the drain, and sets plane->stop. SIGHUP
 * reloads. The exit code: 0, or 1 when the socket cannot be opened (said on stderr). */
int control_run(struct control *control);

/* Frees everything, the views too. After all workers have returned. */
void control_clear(struct control *control);

/* Sets plane->unix_ns_at_tsc0 from the system's clock. Also done every second by control_run. */
void control_set_clock(struct plane *plane);
