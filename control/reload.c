/* reload - the configuration and what was set at run time, read as one commit: at the start, and again when asked. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include "config_objects.h"
#include "config_signing.h"
#include "json_place.h"
#include "log.h"
#include "replay.h"
#include "restart.h"
#include "sessions.h"
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	AT_ONCE_MAX = 1 << 18
}; /* octets of a file that is read without the helper: it takes some 10 ms */

struct reload {
	struct control *control;
	struct config_reading *reading;
	bool large; /* what is read goes to the helper */
	struct settings settings;
	struct faults faults; /* of the file as a whole, and in the end all of them */
	struct faults *into;  /* where they go at the start; NULL: they are logged */
	struct reload_watch watch;
	struct view *runtime; /* whose objects set at run time are to be taken over; or NULL */
	uint8_t key[OBJECT_KEY_MAX + 1];
	size_t key_len;
	bool rows;          /* they come out of the state file */
	uint64_t after;     /* of which generation */
	struct view *image; /* to begin with, or NULL */
	uint8_t digest[32], stamps[32];
	bool digest_known;
	struct footprint_geo *geo;
	char geo_err[512];
};

/* --- What was set at run time ------------------------------------------------------------------- */

struct taking {
	struct reload *reload;
	struct compiler *compiler;
	unsigned left;
};

static bool take_object(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct taking *taking = arg;
	struct reload *reload = taking->reload;
	const struct object *object = value;
	memcpy(reload->key, key, len);
	reload->key[len] = 0;
	reload->key_len = len + 1;
	replay_object(taking->compiler, object);
	return --taking->left && !compiler_exhausted(taking->compiler);
}

/* --- The steps of the commit ---------------------------------------------------------------------- */

static bool read_runtime(struct reload *reload, struct compiler *compiler, unsigned budget)
{
	struct taking taking = {reload, compiler, budget};
	char err[512];
	if (reload->rows) {
		reload->rows = false;
		if (replay_rows(reload->control->state, reload->after, compiler, err, sizeof(err)) <
		    0)
			faults_add(&reload->faults, (struct place){NULL, 0}, "%s", err);
	}
	if (!reload->runtime)
		return false;
	struct compiler_source source = {.set = "operator", .runtime = true, .order = replay_order};
	compiler_source(compiler, &source);
	return !trie_walk(reload->runtime->objects, reload->key, reload->key_len, take_object,
			  &taking) &&
	       !compiler_exhausted(compiler);
}

/* Files that were written to while they were read are not what their digest says. */
static void check_digest(struct reload *reload)
{
	uint8_t stamps[32];
	reload->digest_known &=
		restart_stamps(reload->control->config_path, reload->reading, stamps) &&
		memcmp(stamps, reload->stamps, sizeof(stamps)) == 0;
}

static void close_reading(void *arg)
{
	struct config_reading **reading = arg;
	config_close(*reading);
	*reading = NULL;
}

static void reading_closed(void *arg)
{
	close_reading(arg);
	free(arg);
}

/* A large one takes long. */
static void give_up_reading(struct reload *reload)
{
	struct config_reading **reading =
		reload->large ? malloc(sizeof(struct config_reading *)) : NULL;
	struct helper_job job = {close_reading, reading_closed, reading};
	if (reading)
		*reading = reload->reading;
	if (!reading || !helper_run(reload->control->helper, &job)) {
		free(reading);
		config_close(reload->reading);
	}
	reload->reading = NULL;
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct reload *reload = arg;
	if (reload->reading) {
		if (config_read(reload->reading, compiler, faults, budget))
			return true;
		check_digest(reload);
		give_up_reading(reload);
	}
	return read_runtime(reload, compiler, budget);
}

static void progress(void *arg, struct commit_progress *out)
{
	struct reload *reload = arg;
	if (!reload->reading)
		return;
	struct config_tables_progress at = config_progress(reload->reading);
	out->lines = at.lines;
	out->octets = at.octets;
	out->octets_total = at.octets_total;
}

static void tell(void *arg, const struct commit_progress *at)
{
	struct reload *reload = arg;
	if (reload->watch.tell)
		reload->watch.tell(reload->watch.arg, at);
}

static void reload_free(struct reload *reload)
{
	if (reload->control->reload == reload)
		reload->control->reload = NULL;
	reload->control->reading = false;
	config_close(reload->reading);
	settings_clear(&reload->settings);
	faults_clear(&reload->faults);
	view_release(reload->runtime);
	if (reload->geo)
		footprint_geo_release(reload->geo);
	free(reload);
}

static void note_changes(struct control *control, const struct settings *settings)
{
	settings_changes(control->settings, settings, control->next_start);
	if (control->next_start[0])
		log_line(LOG_LEVEL_WARNING, "changes of %s take effect at the next start",
			 control->next_start);
}

static void keep_signing(struct control *control, struct settings *settings)
{
	config_signing_clear(&control->signing);
	control->signing = settings->signing;
	settings->signing = (struct signing_settings){0};
	control->reloaded = true;
}

struct settings reload_settings(const struct control *control)
{
	struct settings now = *control->settings;
	if (control->sessions) {
		now.peers = control->sessions->settings->peers;
		now.interconnection = control->sessions->settings->interconnection;
	}
	if (control->reloaded)
		now.signing = control->signing;
	return now;
}

static void log_end(struct reload *reload, const struct commit_result *result)
{
	struct control *control = reload->control;
	if (result->done) {
		note_changes(control, &reload->settings);
		sessions_reload(control->sessions, &reload->settings);
		sign_reload(control->sign, &reload->settings.signing);
		keep_signing(control, &reload->settings);
		log_line(LOG_LEVEL_INFO,
			 "reloaded %s: generation %lu, %u added, %u changed, %u removed in %.3f s",
			 control->config_path, control->generation, result->counts.added,
			 result->counts.changed, result->counts.removed, result->seconds);
		log_faults(result->faults);
		return;
	}
	log_faults(result->faults);
	log_line(LOG_LEVEL_ERROR, "%s was not loaded; generation %lu stays in use",
		 control->config_path, control->generation);
}

static void done(void *arg, const struct commit_result *result)
{
	struct reload *reload = arg;
	struct commit_result told = *result;
	told.done = result->done && !reload->faults.total;
	faults_append(&reload->faults, result->faults);
	told.faults = &reload->faults;
	if (!reload->into)
		log_end(reload, &told);
	if (told.done && !reload->image) {
		/* An image does not tell what was left out of it. */
		reload->control->digest_known = reload->digest_known && !reload->faults.total;
		memcpy(reload->control->digest, reload->digest, sizeof(reload->digest));
	}
	if (reload->watch.done)
		reload->watch.done(reload->watch.arg, &told);
	if (reload->into) {
		*reload->into = reload->faults;
		reload->faults = (struct faults){0};
	}
	reload_free(reload);
}

/* It ends before it began. */
static void end_faulty(struct reload *reload)
{
	static const struct faults none;
	struct commit_result result = {.generation = reload->control->generation, .faults = &none};
	done(reload, &result);
}

static void start(struct reload *reload, struct footprint_geo *geo, bool from_nothing)
{
	struct control *control = reload->control;
	struct commit_plan plan = {
		.origin = "configuration",
		.text = control->config_path,
		.source = {.set = "configuration",
			   .pass = ++control->pass,
			   .sweep = !from_nothing && !reload->image,
			   .tolerant = true,
			   .order = 1},
		.from_nothing = from_nothing,
		.from = reload->image,
		.geo = geo,
		.dry_run = reload->faults.total > 0,     /* to find out what else is wrong */
		.store = !from_nothing && !reload->into, /* what stands over nothing any more */
		.step = step,
		.progress = progress,
		.tell = tell,
		.done = done,
		.arg = reload,
	};
	commit_start(control, &plan);
}

/* --- Geolocation databases ------------------------------------------------------------------------ */

static bool geo_changed(const struct reload *reload)
{
	const char *const *paths;
	struct place place;
	size_t n = config_geo(reload->reading, &paths, &place);
	const struct view *head = reload->control->head;
	const struct footprint_geo *old = head ? footprint_table_geo(head->footprints) : NULL;
	return n ? !old || !footprint_geo_is(old, paths, n) : old != NULL;
}

static void load_geo(void *arg)
{
	struct reload *reload = arg;
	const char *const *paths;
	struct place place;
	size_t n = config_geo(reload->reading, &paths, &place);
	if (n)
		reload->geo =
			footprint_geo_load(paths, n, reload->geo_err, sizeof(reload->geo_err));
}

/* With other databases every footprint is made anew, and with them all that refers to them. */
static void geo_loaded(void *arg)
{
	struct reload *reload = arg;
	const char *const *paths;
	struct place place;
	config_geo(reload->reading, &paths, &place);
	if (reload->geo_err[0])
		faults_add(&reload->faults, place, "%s", reload->geo_err);
	/* Without its databases all that needs them would be at fault, too. */
	if (!reload->control->stopping && !reload->geo_err[0])
		start(reload, reload->geo, true);
	else
		end_faulty(reload);
}

/* --- Asked for ------------------------------------------------------------------------------------ */

static void refuse(struct control *control, const struct reload_watch *watch, const char *text)
{
	struct faults faults = {0};
	struct commit_result result = {.generation = control->generation, .faults = &faults};
	faults_add(&faults, (struct place){NULL, 0}, "%s", text);
	log_faults(&faults);
	if (watch && watch->done)
		watch->done(watch->arg, &result);
	faults_clear(&faults);
}

static void open_config(void *arg)
{
	struct reload *reload = arg;
	const char *path = reload->control->config_path;
	reload->reading = config_open(path, &reload->settings, &reload->faults);
	reload->digest_known = reload->reading &&
			       restart_stamps(path, reload->reading, reload->stamps) &&
			       restart_digest(path, reload->reading, reload->digest);
}

static void config_opened(void *arg)
{
	struct reload *reload = arg;
	struct control *control = reload->control;
	struct helper_job job = {load_geo, geo_loaded, reload};
	if (!reload->reading || control->stopping) {
		end_faulty(reload);
		return;
	}
	if (!geo_changed(reload)) {
		start(reload, NULL, false);
		return;
	}
	reload->runtime = control->head;
	view_retain(reload->runtime);
	if (!helper_run(control->helper, &job)) {
		load_geo(reload);
		geo_loaded(reload);
	}
}

static bool is_large(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && info.st_size > AT_ONCE_MAX;
}

void reload_start(struct control *control, const struct reload_watch *watch)
{
	if (control->reading) {
		refuse(control, watch, "files are being read already; try again when that is done");
		return;
	}
	struct reload *reload = calloc(1, sizeof(*reload));
	if (!reload) {
		refuse(control, watch, "no memory to read the configuration");
		return;
	}
	struct helper_job job = {open_config, config_opened, reload};
	reload->control = control;
	reload->large = is_large(control->config_path);
	if (watch)
		reload->watch = *watch;
	control->reading = true;
	control->reload = reload;
	if (!reload->large || !helper_run(control->helper, &job)) {
		open_config(reload);
		config_opened(reload);
	}
}

void reload_forget(struct control *control)
{
	if (control->reload)
		control->reload->watch = (struct reload_watch){NULL, NULL, NULL};
}

static void first_done(void *arg, const struct commit_result *result)
{
	*(bool *)arg = result->done;
}

static struct reload *first_new(struct control *control, bool *well, struct faults *faults)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	if (!reload) {
		faults_add(faults, (struct place){NULL, 0}, "no memory to start");
		return NULL;
	}
	reload->control = control;
	reload->faults = *faults;
	reload->into = faults;
	reload->watch = (struct reload_watch){NULL, first_done, well};
	reload->rows = control->state;
	control->reading = true;
	control->reload = reload;
	return reload;
}

bool reload_first(struct control *control, struct config_reading *reading, struct faults *faults)
{
	bool well = false;
	struct reload *reload = first_new(control, &well, faults);
	if (!reload) {
		config_close(reading);
		return false;
	}
	reload->reading = reading;
	reload->digest_known = control->digest_known &&
			       restart_stamps(control->config_path, reading, reload->stamps);
	memcpy(reload->digest, control->digest, sizeof(reload->digest));
	load_geo(reload);
	geo_loaded(reload);
	commit_wait(control);
	return well;
}

bool reload_image(struct control *control, struct view *image, uint64_t generation,
		  struct faults *faults)
{
	bool well = false;
	struct reload *reload = first_new(control, &well, faults);
	if (!reload)
		return false;
	reload->image = image;
	reload->after = generation;
	start(reload, NULL, false);
	commit_wait(control);
	return well;
}
