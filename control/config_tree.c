/* config_tree - a libconfig file as a JSON value, with the place of each part. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_tree.h"

#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, FILES_MAX = 64 };

struct conversion {
	struct json_places *places;
	struct faults *faults;
	unsigned n_files; /* files seen, for the check of their numbers; the first one first */
	const char *files[FILES_MAX];
};

static json_t *convert(struct conversion *c, const config_setting_t *setting, struct place around,
		       unsigned depth);

/* libconfig names an included file as it stands in the @include, which counts from the folder of
 * the first file. */
static const char *file_named(const char *top, const char *source)
{
	const char *slash = strrchr(top, '/');
	char path[PATH_MAX];
	if (!strcmp(source, top))
		return top;
	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - top + 1) : 0, top, source);
	const char *file = json_place_file(path);
	return file ? file : top;
}

static struct place place_of(struct conversion *c, const config_setting_t *setting,
			     struct place around)
{
	const char *source = config_setting_source_file(setting);
	struct place place = {source ? file_named(c->files[0], source) : around.file,
			      config_setting_source_line(setting)};
	for (unsigned i = 0; i < c->n_files; i++)
		if (c->files[i] == place.file)
			return place;
	if (c->n_files < FILES_MAX)
		c->files[c->n_files++] = place.file;
	return place;
}

static json_t *convert_group(struct conversion *c, const config_setting_t *setting,
			     struct place place, unsigned depth)
{
	json_t *object = json_object();
	for (int i = 0; object && i < config_setting_length(setting); i++) {
		const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
		json_t *value = convert(c, member, place, depth + 1);
		if (!value)
			continue;
		if (json_object_set_new(object, config_setting_name(member), value))
			faults_add(c->faults, place, "%s: no memory", config_setting_name(member));
	}
	return object;
}

static json_t *convert_list(struct conversion *c, const config_setting_t *setting,
			    struct place place, unsigned depth)
{
	json_t *array = json_array();
	for (int i = 0; array && i < config_setting_length(setting); i++) {
		json_t *value =
			convert(c, config_setting_get_elem(setting, (unsigned)i), place, depth + 1);
		if (value && json_array_append_new(array, value))
			faults_add(c->faults, place, "no memory");
	}
	return array;
}

static json_t *convert_scalar(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_BOOL:
		return json_boolean(config_setting_get_bool(setting));
	case CONFIG_TYPE_INT:
		return json_integer(config_setting_get_int(setting));
	case CONFIG_TYPE_INT64:
		return json_integer(config_setting_get_int64(setting));
	case CONFIG_TYPE_FLOAT:
		return json_real(config_setting_get_float(setting));
	default:
		return json_string(config_setting_get_string(setting));
	}
}

/* NULL adds a fault. */
static json_t *convert(struct conversion *c, const config_setting_t *setting, struct place around,
		       unsigned depth)
{
	struct place place = place_of(c, setting, around);
	json_t *value;
	if (depth > DEPTH_MAX) {
		faults_add(c->faults, place, "more than %d groups and lists within each other",
			   DEPTH_MAX);
		return NULL;
	}
	if (config_setting_is_group(setting))
		value = convert_group(c, setting, place, depth);
	else if (config_setting_is_aggregate(setting))
		value = convert_list(c, setting, place, depth);
	else
		value = convert_scalar(setting);
	if (!value)
		faults_add(c->faults, place, "%s: the text is not in UTF-8",
			   config_setting_name(setting) ? config_setting_name(setting) : "value");
	else if (!json_place_add(c->places, value, place))
		faults_add(c->faults, place, "no memory");
	return value;
}

/* The end of what starts at `at` if that is a comment, a text or a word, else `at`. */
static const char *skip_other(const char *at)
{
	if (*at == '#' || (at[0] == '/' && at[1] == '/'))
		return at + strcspn(at, "\n");
	if (at[0] == '/' && at[1] == '*') {
		const char *end = strstr(at + 2, "*/");
		return end ? end + 2 : at + strlen(at);
	}
	if (*at == '"') {
		for (at++; *at && *at != '"'; at++)
			if (*at == '\\' && at[1])
				at++;
		return *at ? at + 1 : at;
	}
	if (isalpha((unsigned char)*at) || *at == '*')
		while (isalnum((unsigned char)*at) || *at == '*' || *at == '_' || *at == '-')
			at++;
	return at;
}

/* libconfig keeps the low 32 bits of a number without the suffix L, and says nothing. */
static void check_numbers(struct faults *faults, const char *file, const char *text)
{
	struct place place = {file, 1};
	for (const char *at = text; *at;) {
		const char *end = skip_other(at);
		if (end == at && isdigit((unsigned char)*at)) {
			char *after;
			errno = 0;
			long long number = strtoll(at, &after, strncasecmp(at, "0x", 2) ? 10 : 16);
			bool fraction = *after && strchr(".eE", *after);
			if (errno || (number > INT_MAX && *after != 'L' && !fraction))
				faults_add(faults, place,
					   "the number %.*s is too large; write it with the suffix "
					   "L if it "
					   "has at most 64 bits",
					   (int)(after - at), at);
			end = after + strspn(after, ".eE+-0123456789L");
		} else if (end == at) {
			end++;
		}
		for (; at < end; at++)
			place.line += *at == '\n';
	}
}

static void check_file(struct faults *faults, const char *file)
{
	char *text = NULL;
	size_t room = 0;
	FILE *in = fopen(file, "re");
	if (in && getdelim(&text, &room, '\0', in) >= 0)
		check_numbers(faults, file, text);
	else if (!in || ferror(in))
		faults_add(faults, (struct place){file, 0}, "cannot be read: %s", strerror(errno));
	free(text);
	if (in)
		fclose(in);
}

static void read_fault(const config_t *config, const char *path, int error, struct faults *faults)
{
	if (config_error_type(config) == CONFIG_ERR_FILE_IO) {
		faults_add(faults, (struct place){path, 0}, "cannot be read: %s", strerror(error));
		return;
	}
	const char *source = config_error_file(config);
	const char *file = source ? file_named(path, source) : path;
	faults_add(faults, (struct place){file, (unsigned)config_error_line(config)}, "%s",
		   config_error_text(config));
}

json_t *config_tree_read(const char *path, struct json_places *places, struct faults *faults)
{
	json_t *root = NULL;
	size_t before = faults->total;
	char *folder = strdup(path);
	const char *file = json_place_file(path);
	config_t config;
	config_init(&config);
	if (folder)
		config_set_include_dir(&config, dirname(folder));
	errno = 0;
	if (!folder || !file) {
		faults_add(faults, (struct place){path, 0}, "no memory");
	} else if (!config_read_file(&config, path)) {
		read_fault(&config, file, errno, faults);
	} else {
		struct conversion c = {places, faults, 1, {file}};
		root = convert(&c, config_root_setting(&config), (struct place){file, 0}, 0);
		for (unsigned i = 0; i < c.n_files; i++)
			check_file(faults, c.files[i]);
		json_place_sort(places);
	}
	config_destroy(&config);
	free(folder);
	if (faults->total == before)
		return root;
	json_decref(root);
	return NULL;
}
