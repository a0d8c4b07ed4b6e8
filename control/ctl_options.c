/* ctl_options - what goes for every verb of turnoutctl: the socket, JSON, repetition. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double watch_default = 2, watch_min = 0.1, watch_max = 86400;

void ctl_options_init(struct ctl_options *options)
{
	const char *from_env = getenv("TURNOUT_SOCKET");
	*options = (struct ctl_options){
		.socket = from_env && from_env[0] ? from_env : "/run/turnout/turnout.sock",
		.input = stdin,
	};
}

static bool is_one_of(const char *word, const char *brief, const char *full)
{
	return !strcmp(word, brief) || !strcmp(word, full);
}

static bool read_seconds(const char *text, double *seconds)
{
	char *end;
	*seconds = strtod(text, &end);
	return end != text && !*end && isfinite(*seconds);
}

static int take_watch(struct ctl_options *options, int argc, char **argv, char *err, size_t err_len)
{
	const char *equals = strchr(argv[0], '=');
	const char *value = equals ? equals + 1 : argc > 1 ? argv[1] : "";
	double seconds;
	bool number = read_seconds(value, &seconds);
	if (!number && !equals) {
		seconds = watch_default;
	} else if (!number || seconds < watch_min || seconds > watch_max) {
		snprintf(err, err_len, "--watch takes 0.1 to 86400 seconds, not '%s'", value);
		return -1;
	}
	options->watch = seconds;
	return number && !equals ? 2 : 1;
}

static int take_socket(struct ctl_options *options, int argc, char **argv, char *err,
		       size_t err_len)
{
	const char *equals = strchr(argv[0], '=');
	if (equals)
		options->socket = equals + 1;
	else if (argc > 1)
		options->socket = argv[1];
	else
		snprintf(err, err_len, "a path is missing behind '%s'", argv[0]);
	return equals ? 1 : argc > 1 ? 2 : -1;
}

int ctl_options_take(struct ctl_options *options, int argc, char **argv, char *err, size_t err_len)
{
	const char *word = argc ? argv[0] : "";
	if (is_one_of(word, "-s", "--socket") || !strncmp(word, "--socket=", 9))
		return take_socket(options, argc, argv, err, err_len);
	if (is_one_of(word, "-w", "--watch") || !strncmp(word, "--watch=", 8))
		return take_watch(options, argc, argv, err, err_len);
	bool *flag = is_one_of(word, "-j", "--json")      ? &options->json
		     : is_one_of(word, "-h", "--help")    ? &options->help
		     : is_one_of(word, "-V", "--version") ? &options->version
							  : NULL;
	if (!flag)
		return 0;
	*flag = true;
	return 1;
}
