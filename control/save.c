/* save - the method that writes all objects as they are now into a configuration file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "save.h"

#include "change.h"
#include "config_write.h"
#include "reload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SLICE_NS = 5000000,       /* then the event loop has its turn */
	PORTION_OCTETS = 1 << 20, /* that the helper writes at a time */
	TELL_NS = 500000000,
};

struct saving {
	struct control *control;
	struct rpc_later *later;
	struct config_writer *writer;
	struct config_text text; /* made, but not in the file yet */
	struct event *timer;
	char *file, *beside; /* FILE, FILE.new */
	int fd;
	bool last;               /* portion */
	bool waiting, cancelled; /* the helper has a job of it */
	const char *failed;      /* by the helper: what could not be done */
	int error;               /* errno of that */
	uint64_t octets, told_ns;
};

/* FILE.new goes, if it is still there. */
static void saving_free(struct saving *saving)
{
	if (saving->fd >= 0) {
		close(saving->fd);
		unlink(saving->beside);
	}
	saving->control->saving = NULL;
	config_writer_free(saving->writer);
	config_text_clear(&saving->text);
	if (saving->timer)
		event_free(saving->timer);
	free(saving->file);
	free(saving->beside);
	free(saving);
}

static void refuse(struct saving *saving, const char *text)
{
	struct rpc_later *later = saving->later;
	saving_free(saving);
	rpc_later_refuse(later, text, NULL);
}

static void answer(struct saving *saving)
{
	struct rpc_later *later = saving->later;
	close(saving->fd);
	saving->fd = -1; /* it has its name */
	json_t *result = json_pack("{s:s, s:I, s:I}", "file", saving->file, "objects",
				   (json_int_t)config_writer_objects(saving->writer), "octets",
				   (json_int_t)saving->octets);
	saving_free(saving);
	rpc_later_result(later, result);
}

/* --- On the helper thread ------------------------------------------------------------------------ */

static bool write_all(int fd, const char *at, size_t len)
{
	while (len) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno != EINTR)
			return false;
		at += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	return true;
}

/* Without this the new name may be lost with the machine's power, but not the file. */
static void sync_folder(const char *file)
{
	char *folder = strndup(file, (size_t)(strrchr(file, '/') - file) + 1);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static void write_portion(void *arg)
{
	struct saving *saving = arg;
	const struct config_text *text = &saving->text;
	if (!write_all(saving->fd, text->at, text->len))
		saving->failed = "written";
	else if (saving->last && fsync(saving->fd))
		saving->failed = "brought to the disk";
	else if (saving->last && rename(saving->beside, saving->file))
		saving->failed = "renamed";
	else if (saving->last)
		sync_folder(saving->file);
	saving->error = saving->failed ? errno : 0;
}

/* --- On the control thread ----------------------------------------------------------------------- */

static void work_later(struct saving *saving)
{
	static const struct timeval at_once = {0};
	evtimer_add(saving->timer, &at_once);
}

static void portion_done(void *arg)
{
	struct saving *saving = arg;
	char text[512];
	saving->waiting = false;
	saving->octets += saving->text.len;
	saving->text.len = 0;
	if (saving->cancelled) {
		saving_free(saving);
	} else if (saving->failed) {
		snprintf(text, sizeof(text), "%.200s cannot be %s: %s; %.200s is as it was",
			 saving->beside, saving->failed, strerror(saving->error), saving->file);
		refuse(saving, text);
	} else if (saving->last) {
		answer(saving);
	} else {
		work_later(saving);
	}
}

static void tell(struct saving *saving)
{
	uint64_t now = plane_now_ns(saving->control->plane);
	struct commit_progress progress = {
		.phase = "writing",
		.lines = config_writer_objects(saving->writer),
		.octets = saving->octets,
	};
	if (now < saving->told_ns + TELL_NS)
		return;
	saving->told_ns = now;
	change_tell(saving->later, &progress);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct saving *saving = arg;
	struct helper_job job = {write_portion, portion_done, saving};
	(void)fd;
	(void)what;
	enum config_written written =
		config_writer_run(saving->writer, &saving->text, PORTION_OCTETS, SLICE_NS);
	tell(saving);
	saving->last = written == CONFIG_WRITTEN_ALL;
	if (written == CONFIG_WRITTEN_NO_MEMORY) {
		refuse(saving, "not enough memory for the text of the configuration");
	} else if (!saving->last && saving->text.len < PORTION_OCTETS) {
		work_later(saving);
	} else {
		saving->waiting = helper_run(saving->control->helper, &job);
		if (saving->waiting)
			return;
		write_portion(saving);
		portion_done(saving);
	}
}

/* The client went away. */
static void gone(void *arg)
{
	struct saving *saving = arg;
	saving->cancelled = true;
	if (!saving->waiting)
		saving_free(saving);
}

/* What a save that was killed left behind is replaced. */
static bool open_beside(struct saving *saving, struct rpc_call *call)
{
	struct stat info;
	if (!lstat(saving->file, &info) && !S_ISREG(info.st_mode)) {
		snprintf(call->text, sizeof(call->text),
			 "%.400s is there already and is not a file; name another one",
			 saving->file);
		return false;
	}
	unlink(saving->beside);
	saving->fd =
		open(saving->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (saving->fd >= 0)
		return true;
	snprintf(call->text, sizeof(call->text), "%.400s cannot be made: %s", saving->beside,
		 strerror(errno));
	return false;
}

static bool begin(struct saving *saving, const char *file, struct rpc_call *call)
{
	struct control *control = saving->control;
	control->saving = saving;
	saving->fd = -1;
	saving->told_ns = plane_now_ns(control->plane);
	saving->file = strdup(file);
	if (asprintf(&saving->beside, "%s.new", file) < 0)
		saving->beside = NULL;
	saving->timer = evtimer_new(control->base, on_timer, saving);
	const struct settings settings = reload_settings(control);
	saving->writer = config_writer_new(&settings, control->head, true);
	if (!saving->file || !saving->beside || !saving->timer || !saving->writer ||
	    !open_beside(saving, call))
		return false;
	saving->later = rpc_later(call, gone, saving);
	if (saving->later)
		work_later(saving);
	return saving->later;
}

json_t *save_file(struct control *control, struct json_in *params, struct rpc_call *call)
{
	const char *file = json_in_text(params, "file", JSON_IN_NEEDED);
	if (file && (file[0] != '/' || file[strlen(file) - 1] == '/'))
		json_in_fault(params, NULL,
			      "file: expected the path of a file that starts with '/'");
	if (!json_in_end(params))
		return NULL;
	if (control->saving) {
		snprintf(call->text, sizeof(call->text),
			 "a configuration is being saved already; try again when that is done");
		return NULL;
	}
	struct saving *saving = calloc(1, sizeof(*saving));
	if (!saving)
		return NULL;
	saving->control = control;
	if (!begin(saving, file, call))
		saving_free(saving);
	return NULL;
}
