/* restart - when images of the compiled state are written, and whether the last one may be used at the start. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "restart.h"

#include "image.h"
#include "log.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SECONDS = 60,         /* between two images that are written for small changes */
	SECONDS_MIN = 10,     /* and for large ones */
	MANY_OBJECTS = 20000, /* that changed: reading them again takes noticeable time */
};

/* --- What an image belongs to --------------------------------------------------------------- */

/* false also when it includes other files: what they say is not known here. */
static bool add_text(EVP_MD_CTX *sum, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool good = true;
	while (good && (n = getline(&line, &room, file)) > 0)
		good = EVP_DigestUpdate(sum, line, (size_t)n) &&
		       !memmem(line, (size_t)n, "@include", strlen("@include"));
	good = good && !ferror(file);
	free(line);
	fclose(file);
	return good;
}

static bool add_stamp(EVP_MD_CTX *sum, const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return false;
	int64_t stamp[] = {(int64_t)info.st_size,         (int64_t)info.st_ino,
			   (int64_t)info.st_dev,          (int64_t)info.st_mtim.tv_sec,
			   (int64_t)info.st_mtim.tv_nsec, (int64_t)info.st_ctim.tv_sec,
			   (int64_t)info.st_ctim.tv_nsec};
	return EVP_DigestUpdate(sum, path, strlen(path) + 1) &&
	       EVP_DigestUpdate(sum, stamp, sizeof(stamp));
}

bool restart_digest(const char *config_path, const struct config_reading *reading,
		    uint8_t digest[32])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	const char *path;
	bool good = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) &&
		    EVP_DigestUpdate(sum, TURNOUT_VERSION, sizeof(TURNOUT_VERSION)) &&
		    add_text(sum, config_path);
	for (size_t i = 0; good && (path = config_file(reading, i)); i++)
		good = add_stamp(sum, path);
	good = good && EVP_DigestFinal_ex(sum, digest, NULL);
	EVP_MD_CTX_free(sum);
	return good;
}

bool restart_stamps(const char *config_path, const struct config_reading *reading,
		    uint8_t stamps[32])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	const char *path;
	bool good =
		sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) && add_stamp(sum, config_path);
	for (size_t i = 0; good && (path = config_file(reading, i)); i++)
		good = add_stamp(sum, path);
	good = good && EVP_DigestFinal_ex(sum, stamps, NULL);
	EVP_MD_CTX_free(sum);
	return good;
}

static bool image_path(const struct control *control, char *path, size_t cap)
{
	return control->state &&
	       snprintf(path, cap, "%s.image", control->settings->state_file) < (int)cap;
}

/* --- Reading -------------------------------------------------------------------------------- */

/* NULL: it can be used. */
static const char *why_stale(const struct control *control, const struct image_key *key)
{
	if (memcmp(key->digest, control->digest, sizeof(key->digest)) != 0)
		return "another configuration or version of turnoutd";
	if (key->generation > control->generation)
		return "a later generation than the state file";
	if (key->generation < state_forgotten(control->state))
		return "an earlier generation than the state file can go on from";
	return NULL;
}

struct view *restart_read(struct control *control, const struct config_reading *reading,
			  uint64_t *generation)
{
	char path[4096], err[4096 + 512] = "";
	struct image_key key;
	uint32_t n_compiled = 0;
	struct image_use use = {NULL, control->patterns, control->settings->n_workers, &n_compiled};
	struct view *view = NULL;
	control->digest_known = restart_digest(control->config_path, reading, control->digest);
	if (!control->digest_known || !image_path(control, path, sizeof(path)))
		return NULL;
	enum image_outcome outcome = image_read_key(path, &key, err, sizeof(err));
	const char *stale = outcome == IMAGE_READ ? why_stale(control, &key) : NULL;
	if (stale) {
		outcome = IMAGE_STALE;
		snprintf(err, sizeof(err), "the image %s is of %s", path, stale);
	}
	const char *const *paths;
	struct place place;
	size_t n_geo = config_geo(reading, &paths, &place);
	if (outcome == IMAGE_READ && n_geo &&
	    !(use.geo = footprint_geo_load(paths, n_geo, err, sizeof(err))))
		outcome = IMAGE_STALE;
	if (outcome == IMAGE_READ)
		outcome = image_read(path, &key, &use, &view, err, sizeof(err));
	if (use.geo)
		footprint_geo_release(use.geo);
	if (outcome != IMAGE_READ && outcome != IMAGE_ABSENT)
		log_line(outcome == IMAGE_STALE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
			 "%s; everything is read anew", err);
	if (outcome != IMAGE_READ)
		return NULL;
	*generation = key.generation;
	/* One that had to be compiled again is written again. */
	control->image_generation = n_compiled ? 0 : key.generation;
	if (n_compiled)
		log_line(LOG_LEVEL_INFO,
			 "the patterns in the image %s are of another version of Hyperscan or "
			 "another "
			 "processor; %u sets of them were compiled again",
			 path, n_compiled);
	state_keep_removals(control->state, key.generation);
	return view;
}

/* --- Writing -------------------------------------------------------------------------------- */

struct writing {
	struct control *control;
	struct view *view;
	struct image_key key;
	char path[4096], err[512];
	bool done;
};

static void write_image(void *arg)
{
	struct writing *writing = arg;
	writing->done = image_write(writing->view, &writing->key, writing->path, writing->err,
				    sizeof(writing->err)) == 0;
}

static void image_written(void *arg)
{
	struct writing *writing = arg;
	struct control *control = writing->control;
	control->image_pending = false;
	if (writing->done) {
		control->image_generation = writing->key.generation;
		if (control->state)
			state_keep_removals(control->state, writing->key.generation);
	} else if (writing->err[0]) {
		log_line(LOG_LEVEL_WARNING, "%s", writing->err);
	}
	view_release(writing->view);
	free(writing);
}

static struct writing *writing_new(struct control *control)
{
	struct writing *writing = calloc(1, sizeof(*writing));
	if (!writing || !image_path(control, writing->path, sizeof(writing->path))) {
		free(writing);
		return NULL;
	}
	writing->control = control;
	writing->view = control->head;
	writing->key.generation = control->generation;
	memcpy(writing->key.digest, control->digest, sizeof(writing->key.digest));
	view_retain(writing->view);
	return writing;
}

static bool is_due(const struct control *control)
{
	uint64_t now = plane_now_ns(control->plane) / UINT64_C(1000000000);
	uint64_t since = now - control->image_second;
	return control->digest_known && control->head &&
	       control->generation != control->image_generation && !control->image_pending &&
	       (since >= SECONDS ||
		(since >= SECONDS_MIN && control->image_changes >= MANY_OBJECTS));
}

void restart_tend(struct control *control)
{
	if (!is_due(control) || helper_pending(control->helper))
		return;
	struct writing *writing = writing_new(control);
	struct helper_job job = {write_image, image_written, writing};
	if (!writing)
		return;
	control->image_second = plane_now_ns(control->plane) / UINT64_C(1000000000);
	control->image_changes = 0;
	control->image_pending = helper_run(control->helper, &job);
	if (!control->image_pending)
		image_written(writing);
}

void restart_finish(struct control *control)
{
	if (!control->digest_known || !control->head || control->image_changes < MANY_OBJECTS)
		return;
	struct writing *writing = writing_new(control);
	if (!writing)
		return;
	write_image(writing);
	image_written(writing);
}
