/* control - the control thread: the event loop, signals, and what the process begins and ends with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include "capacity.h"
#include "config_signing.h"

#include "log.h"
#include "recursion.h"
#include "reload.h"
#include "restart.h"
#include "rpc.h"
#include "server.h"
#include "sessions.h"
#include "show_config.h"
#include "sign.h"
#include "telemetry.h"
#include "transaction.h"
#include "trim.h"
#include "watch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CLEAN_ROWS = 500,      /* deleted at once, */
	CLEAN_PAUSE_MS = 20,   /* and then so long nothing: some 25,000 a second at the most */
	WAL_OCTETS = 16 << 20, /* then it is worth moving into the file */
};

void control_set_clock(struct plane *plane)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t tsc = rte_rdtsc(), hz = plane->tsc_hz;
	uint64_t since = tsc / hz * UINT64_C(1000000000) + tsc % hz * UINT64_C(1000000000) / hz;
	uint64_t unix_ns = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
	__atomic_store_n(&plane->unix_ns_at_tsc0, unix_ns - since, __ATOMIC_RELAXED);
}

bool control_init(struct control *control, struct plane *plane, const struct settings *settings,
		  const char *config_path)
{
	*control = (struct control){
		.plane = plane,
		.settings = settings,
		.config_path = config_path,
		.match = {.worker = settings->n_workers, .random = rte_rdtsc() | 1},
	};
	control_set_clock(plane);
	control->started = plane_now_ns(plane) / UINT64_C(1000000000);
	control->base = event_base_new();
	control->patterns = pattern_cache_new();
	control->sign = sign_new();
	control->helper = control->base ? helper_new(control->base, settings->control_cpu) : NULL;
	return control->helper && control->patterns && control->sign &&
	       publish_init(&control->publisher, plane, control->base);
}

static bool begin_recursion(struct control *control, struct faults *faults)
{
	if (!control->settings->recursion.parked)
		return true;
	control->recursion = recursion_new(control);
	if (!control->recursion)
		faults_add(faults, (struct place){NULL, 0},
			   "no memory for the answers of other CDNs: lower recursion.answers");
	return control->recursion;
}

static bool open_state(struct control *control, struct faults *faults)
{
	const struct settings *settings = control->settings;
	char err[512];
	if (!settings->state_file)
		return true;
	control->state = state_open_unchecked(
		settings->state_file,
		settings->state_sync_full ? STATE_SYNC_FULL : STATE_SYNC_NORMAL, err, sizeof(err));
	if (!control->state) {
		faults_add(faults, (struct place){NULL, 0}, "%s", err);
		return false;
	}
	control->generation = state_generation(control->state);
	return true;
}

/* The image, or all of the files. */
static bool load_tables(struct control *control, struct config_reading *reading, bool *from_image,
			struct faults *faults)
{
	uint64_t generation = 0;
	struct view *image = faults->total ? NULL : restart_read(control, reading, &generation);
	*from_image = image && reload_image(control, image, generation, faults);
	view_release(image);
	if (!*from_image)
		return reload_first(control, reading, faults);
	config_close(reading);
	control->image_changes = 0;
	return true;
}

bool control_load(struct control *control, struct config_reading *reading, struct faults *faults)
{
	char err[512];
	bool from_image;
	sign_load(control->sign, &control->settings->signing, faults);
	if (!begin_recursion(control, faults) || !open_state(control, faults)) {
		config_close(reading);
		return false;
	}
	bool loaded = load_tables(control, reading, &from_image, faults);
	if (control->state && !state_check(control->state, err, sizeof(err))) {
		faults_add(faults, (struct place){NULL, 0}, "%s", err);
		return false;
	}
	if (!loaded)
		return false;
	log_faults(faults); /* of zones that were left out */
	faults_clear(faults);
	control->image_second = control->started;
	log_line(LOG_LEVEL_INFO, "started with generation %lu%s: %u scopes", control->generation,
		 from_image ? ", read from its image" : "", control->head->n_of[OBJECT_SCOPE]);
	return true;
}

bool control_publish(struct control *control, struct view *view, const struct state_commit *note)
{
	if (!history_add(&control->history, note, view))
		return false;
	view_retain(view);
	if (!publish_view(&control->publisher, view)) {
		view_release(view);
		return false;
	}
	control->head = view;
	control->generation = view->generation;
	control->image_changes += note->added + note->changed + note->removed;
	control->trim_changes += note->added + note->changed + note->removed;
	telemetry_update(control);
	sessions_changed(control->sessions);
	return true;
}

/* --- The loop ------------------------------------------------------------------------------- */

static void on_stop(evutil_socket_t signal_number, short what, void *arg)
{
	(void)what;
	struct control *control = arg;
	if (signal_number == SIGTERM && drain_begin(control)) {
		log_line(LOG_LEVEL_INFO, "stopping in at most %u ms on signal %d",
			 control->settings->drain_ms, (int)signal_number);
		return;
	}
	log_line(LOG_LEVEL_INFO, "stopping on signal %d", (int)signal_number);
	event_base_loopbreak(control->base);
}

static void on_reload(evutil_socket_t signal_number, short what, void *arg)
{
	(void)signal_number;
	(void)what;
	reload_start(arg, NULL);
}

static void checkpoint_work(void *arg)
{
	char err[512];
	const struct control *control = arg;
	if (state_checkpoint(control->settings->state_file, err, sizeof(err)) < 0)
		log_line(LOG_LEVEL_WARNING, "%s", err);
}

static void checkpoint_done(void *arg)
{
	(void)arg;
}

/* More than can come in the same time, or the state file would grow without end. */
static void on_clean(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval pause = {.tv_usec = CLEAN_PAUSE_MS * 1000};
	(void)fd;
	(void)what;
	struct control *control = arg;
	if (!control->commits && state_clean(control->state, CLEAN_ROWS))
		evtimer_add(control->cleaner, &pause);
}

/* What can wait is done when nothing else is. */
static void tend_state(struct control *control)
{
	struct helper_job job = {checkpoint_work, checkpoint_done, control};
	if (!control->state)
		return;
	if (!evtimer_pending(control->cleaner, NULL))
		on_clean(-1, 0, control);
	if (state_wal_octets(control->state) > WAL_OCTETS && !helper_pending(control->helper))
		helper_run(control->helper, &job);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct control *control = arg;
	control_set_clock(control->plane);
	telemetry_update(control);
	transaction_expire(control);
	capacity_tend(control);
	tend_state(control);
	restart_tend(control);
	trim_tend(control);
}

static char *on_line(void *arg, struct server_client *client, const char *line, size_t len)
{
	return rpc_answer(arg, client, line, len);
}

enum { N_EVENTS = 4 };

static bool add_events(struct control *control, struct event *events[N_EVENTS])
{
	static const struct timeval second = {.tv_sec = 1};
	events[0] = evsignal_new(control->base, SIGINT, on_stop, control);
	events[1] = evsignal_new(control->base, SIGTERM, on_stop, control);
	events[2] = evsignal_new(control->base, SIGHUP, on_reload, control);
	events[3] = event_new(control->base, -1, EV_PERSIST, on_second, control);
	control->cleaner = evtimer_new(control->base, on_clean, control);
	bool added = control->cleaner;
	for (int i = 0; i < N_EVENTS; i++)
		added &= events[i] && !event_add(events[i], i == 3 ? &second : NULL);
	return added;
}

int control_run(struct control *control)
{
	struct event *events[N_EVENTS] = {NULL};
	char err[512] = "no memory for the event loop";
	signal(SIGPIPE, SIG_IGN);
	struct server *server = NULL;
	if (add_events(control, events))
		server = server_new(control->base, control->settings->socket, on_line, control, err,
				    sizeof(err));
	if (server)
		control->sessions = sessions_start(control, err, sizeof(err));
	int exit_code = control->sessions ? 0 : 1;
	if (control->sessions)
		event_base_dispatch(control->base);
	else
		log_line(LOG_LEVEL_ERROR, "%s", err);
	__atomic_store_n(&control->plane->stop, true, __ATOMIC_RELEASE);
	server_free(server);
	sessions_free(control->sessions);
	control->sessions = NULL;
	drain_clear(control);
	if (control->cleaner)
		event_free(control->cleaner);
	for (int i = 0; i < N_EVENTS; i++)
		if (events[i])
			event_free(events[i]);
	return exit_code;
}

void control_clear(struct control *control)
{
	control->stopping = true;
	helper_free(control->helper);
	control->helper = NULL;
	commit_cancel_all(control);
	watch_clear(control);
	restart_finish(control);
	/* First of all, since the next process may be waiting for it. */
	state_close(control->state);
	control->state = NULL;
	transaction_clear(control);
	show_config_clear(control);
	history_clear(&control->history);
	recursion_free(control->recursion);
	control->recursion = NULL;
	publish_finish(&control->publisher);
	control->head = NULL;
	pattern_cache_free(control->patterns);
	sign_free(control->sign);
	config_signing_clear(&control->signing);
	control->sign = NULL;
	if (control->base)
		event_base_free(control->base);
	control->base = NULL;
}
