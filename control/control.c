/* control - the control thread: the event loop, signals, reload, states of targets, and who may ask what. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.h"

#include "config.h"
#include "log.h"
#include "rpc.h"
#include "server.h"
#include "telemetry.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
		.match = {.worker = WORKERS_MAX, .random = rte_rdtsc() | 1},
	};
	control_set_clock(plane);
	control->started = plane_now_ns(plane) / UINT64_C(1000000000);
	control->base = event_base_new();
	return control->base && publish_init(&control->publisher, plane, control->base);
}

bool control_adopt(struct control *control, struct tables *tables, const uint8_t *states)
{
	struct view *view = view_new(tables, control->generation + 1,
				     plane_now_ns(control->plane) / UINT64_C(1000000000), states);
	if (!view)
		return false;
	admin_apply(&control->admin, tables, view->states);
	if (!publish_view(&control->publisher, view)) {
		view_free(view);
		return false;
	}
	control->generation++;
	telemetry_update(control);
	return true;
}

/* --- Reload --------------------------------------------------------------------------------- */

static void note_changes(struct control *control, const struct settings *settings)
{
	settings_changes(control->settings, settings, control->next_start);
	if (control->next_start[0])
		log_line(LOG_LEVEL_WARNING, "changes of %s take effect at the next start",
			 control->next_start);
}

static bool load(struct control *control, struct compiler *compiler, struct faults *faults)
{
	struct place place = {control->config_path, 0};
	struct settings settings;
	bool loaded = config_load(control->config_path, &settings, compiler, faults);
	struct tables *tables =
		loaded ? compiler_finish(compiler, control->plane->n_workers) : NULL;
	if (tables) {
		if (!control_adopt(control, tables, compiler_states(compiler)))
			faults_add(faults, place, "no memory for a new view");
		else
			note_changes(control, &settings);
		tables_release(tables);
	} else if (!faults->total) {
		faults_add(faults, place, "no memory for the tables");
	}
	settings_clear(&settings);
	return !faults->total;
}

bool control_reload(struct control *control, struct faults *faults)
{
	struct compiler *compiler = compiler_new(faults);
	if (!compiler)
		faults_add(faults, (struct place){control->config_path, 0},
			   "no memory for the tables");
	bool done = compiler && load(control, compiler, faults);
	compiler_free(compiler);
	if (done) {
		log_line(LOG_LEVEL_INFO, "reloaded %s: generation %lu, %u scopes",
			 control->config_path, control->generation,
			 control->plane->view->tables->n_scopes);
	} else {
		log_faults(faults);
		log_line(LOG_LEVEL_ERROR, "%s was not loaded; generation %lu stays in use",
			 control->config_path, control->generation);
	}
	return done;
}

/* --- States --------------------------------------------------------------------------------- */

enum control_set_result control_set_state(struct control *control, enum target_kind kind,
					  const char *name, enum target_state state)
{
	const struct view *view = control->plane->view;
	uint32_t i = 0;
	while (i < view->tables->n_targets && (view->tables->targets[i].kind != kind ||
					       strcmp(view->tables->targets[i].name, name) != 0))
		i++;
	if (i == view->tables->n_targets)
		return CONTROL_UNKNOWN;
	if (!admin_set(&control->admin, kind, name, state) ||
	    !control_adopt(control, view->tables, view->states))
		return CONTROL_NO_MEMORY;
	log_line(LOG_LEVEL_INFO, "%s %s is %s: generation %lu", target_kind_name(kind), name,
		 target_state_name(state), control->generation);
	return CONTROL_SET;
}

/* --- The loop ------------------------------------------------------------------------------- */

static void on_stop(evutil_socket_t signal_number, short what, void *arg)
{
	(void)what;
	struct control *control = arg;
	log_line(LOG_LEVEL_INFO, "stopping on signal %d", (int)signal_number);
	event_base_loopbreak(control->base);
}

static void on_reload(evutil_socket_t signal_number, short what, void *arg)
{
	(void)signal_number;
	(void)what;
	struct faults faults = {0};
	control_reload(arg, &faults);
	faults_clear(&faults);
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct control *control = arg;
	control_set_clock(control->plane);
	telemetry_update(control);
}

static char *on_line(void *arg, const char *line, size_t len)
{
	return rpc_answer(arg, line, len);
}

enum { N_EVENTS = 4 };

static bool add_events(struct control *control, struct event *events[N_EVENTS])
{
	static const struct timeval second = {.tv_sec = 1};
	events[0] = evsignal_new(control->base, SIGINT, on_stop, control);
	events[1] = evsignal_new(control->base, SIGTERM, on_stop, control);
	events[2] = evsignal_new(control->base, SIGHUP, on_reload, control);
	events[3] = event_new(control->base, -1, EV_PERSIST, on_second, control);
	bool added = true;
	for (int i = 0; i < N_EVENTS; i++)
		added &= events[i] && !event_add(events[i], i == 3 ? &second : NULL);
	return added;
}

int control_run(struct control *control)
{
	struct event *events[N_EVENTS] = {NULL};
	char err[256] = "no memory for the event loop";
	signal(SIGPIPE, SIG_IGN);
	struct server *server = NULL;
	if (add_events(control, events))
		server = server_new(control->base, control->settings->socket, on_line, control, err,
				    sizeof(err));
	if (server)
		event_base_dispatch(control->base);
	else
		log_line(LOG_LEVEL_ERROR, "%s", err);
	__atomic_store_n(&control->plane->stop, true, __ATOMIC_RELEASE);
	int exit_code = server ? 0 : 1;
	server_free(server);
	for (int i = 0; i < N_EVENTS; i++)
		if (events[i])
			event_free(events[i]);
	return exit_code;
}

void control_clear(struct control *control)
{
	publish_finish(&control->publisher);
	admin_clear(&control->admin);
	if (control->base)
		event_base_free(control->base);
	control->base = NULL;
}
