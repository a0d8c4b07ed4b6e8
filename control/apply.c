/* apply - the method that takes a table file in as one commit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply.h"

#include "change.h"
#include "config_tables.h"
#include "json_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct applying {
	struct control *control;
	struct config_tables *tables;
	struct config_tables_progress at;
	struct compiler_source source;
};

/* What a line at fault was about may be unknown, and so is what comes behind one that cannot be read. */
static void take_nothing_away(struct applying *applying, struct compiler *compiler,
			      struct faults *faults)
{
	applying->source.sweep = false;
	compiler_source(compiler, &applying->source);
	faults_add(faults, (struct place){NULL, 0},
		   "nothing was removed from set '%s', because a part of the file was refused",
		   applying->source.set);
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct applying *applying = arg;
	bool more = config_tables_read(applying->tables, compiler, faults, budget);
	config_tables_progress(applying->tables, &applying->at);
	if (!more && faults->total && applying->source.sweep)
		take_nothing_away(applying, compiler, faults);
	return more;
}

static void progress(void *arg, struct commit_progress *progress)
{
	const struct applying *applying = arg;
	progress->lines = applying->at.lines;
	progress->octets = applying->at.octets;
	progress->octets_total = applying->at.octets_total;
}

static void answer(void *arg, json_t *answer, const struct commit_result *result)
{
	const struct applying *applying = arg;
	json_object_set_new(answer, "lines", json_integer((json_int_t)applying->at.lines));
	json_object_set_new(answer, "refused", rpc_faults(result->faults));
}

static void clear(void *arg)
{
	struct applying *applying = arg;
	applying->control->reading = false;
	config_tables_close(applying->tables);
	free(applying);
}

/* The set that a file makes when none is named: its name without folders. */
static const char *set_of(const char *file, const char *set)
{
	const char *slash = strrchr(file, '/');
	return json_place_file(set ? set : slash + 1);
}

static struct applying *open_file(struct control *control, const char *file, struct rpc_call *call)
{
	struct faults faults = {0};
	struct applying *applying = calloc(1, sizeof(*applying));
	if (!applying)
		return NULL;
	applying->control = control;
	applying->tables = config_tables_open(file, &faults, (struct place){NULL, 0});
	if (!applying->tables) {
		snprintf(call->text, sizeof(call->text), "%s",
			 faults.n ? faults.list[0].text : "no memory");
		free(applying);
		applying = NULL;
	}
	faults_clear(&faults);
	return applying;
}

json_t *apply_file(struct control *control, struct json_in *params, struct rpc_call *call)
{
	const char *file = json_in_text(params, "file", JSON_IN_NEEDED);
	const char *set = json_in_text(params, "set", JSON_IN_OPTIONAL);
	bool replace = json_in_flag(params, "replace", false);
	bool all = json_in_flag(params, "all-or-nothing", false);
	bool dry_run = json_in_flag(params, "dry-run", false);
	if (file && (file[0] != '/' || file[strlen(file) - 1] == '/'))
		json_in_fault(params, NULL,
			      "file: expected the path of a file that starts with '/'");
	if (set && !strcmp(set, "configuration"))
		json_in_fault(params, NULL,
			      "set: 'configuration' is what the configuration file says; choose "
			      "another name");
	if (!json_in_end(params))
		return NULL;
	if (control->reading) {
		snprintf(call->text, sizeof(call->text),
			 "files are being read already; try again when that is done");
		return NULL;
	}
	struct applying *applying = open_file(control, file, call);
	if (!applying)
		return NULL;
	control->reading = true;
	applying->source = (struct compiler_source){
		.set = set_of(file, set),
		.runtime = true,
		.pass = ++control->pass,
		.sweep = replace,
		.order = change_order(control),
	};
	char origin[300];
	change_origin(call, file, origin, sizeof(origin));
	struct commit_plan plan = {
		.origin = origin,
		.source = applying->source,
		.keep_going = !all,
		.dry_run = dry_run,
		.store = true,
	};
	struct change_work work = {applying, step, progress, answer, clear};
	return change_run(control, call, &plan, &work);
}
