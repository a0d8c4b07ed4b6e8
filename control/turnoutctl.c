/* turnoutctl - asks a running turnoutd over its control socket, for operators and scripts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_print.h"
#include "ctl_verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef TURNOUT_VERSION
#define TURNOUT_VERSION "0.1.0"
#endif

enum { EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE };

struct options {
	const char *socket;
	bool json;
};

static void print_usage(FILE *out)
{
	fputs("usage: turnoutctl [-s SOCKET] [--json] VERB...\n"
	      "  -s, --socket SOCKET  the daemon's control socket (else $TURNOUT_SOCKET, else\n"
	      "                       /run/turnout/turnout.sock)\n"
	      "  -j, --json           print the answer as JSON\n"
	      "  -h, --help           this text; 'help VERB' for one verb\n"
	      "  -V, --version        print the version\n"
	      "verbs:\n",
	      out);
}

static int help(int argc, char **argv)
{
	if (!argc)
		print_usage(stdout);
	if (ctl_verb_help(stdout, argc, argv))
		return EXIT_DONE;
	fprintf(stderr, "turnoutctl: there is no verb '%s'; 'turnoutctl help' lists them\n",
		argv[0]);
	return EXIT_USAGE;
}

static const char *connect_advice(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such socket; start turnoutd, or name its socket with -s";
	case ECONNREFUSED:
		return "nobody listens on it; turnoutd has ended, start it again";
	case EACCES:
	case EPERM:
		return "you may not use it; become root or a member of the group that owns it";
	default:
		return strerror(error);
	}
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr,
			"turnoutctl: the path of the socket is longer than %zu octets: %s\n",
			sizeof(address.sun_path) - 1, path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	fprintf(stderr, "turnoutctl: cannot reach turnoutd at %s: %s\n", path,
		connect_advice(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* One line there, one line back; NULL: said on stderr. */
static json_t *exchange(FILE *daemon, const json_t *request, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	json_error_t parse;
	json_t *answer = NULL;
	if (json_dumpf(request, daemon, JSON_COMPACT) || fputc('\n', daemon) == EOF ||
	    fflush(daemon) || getline(&line, &room, daemon) < 0)
		fprintf(stderr,
			"turnoutctl: turnoutd at %s ended the connection before it answered\n",
			path);
	else if (!(answer = json_loads(line, 0, &parse)))
		fprintf(stderr, "turnoutctl: the answer from %s is not JSON: %s\n", path,
			parse.text);
	free(line);
	return answer;
}

static int show(const struct ctl_verb *verb, const json_t *answer, bool json)
{
	const json_t *error = json_object_get(answer, "error");
	const json_t *result = json_object_get(answer, "result");
	if (error) {
		if (json && json_dumpf(error, stdout, JSON_INDENT(2)) == 0)
			putchar('\n');
		ctl_print_error(error);
		return EXIT_REFUSED;
	}
	if (!json)
		verb->print(result);
	else if (json_dumpf(result, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
	return EXIT_DONE;
}

static int run(const struct options *options, const struct ctl_verb *verb, json_t *params)
{
	int fd = connect_to(options->socket);
	FILE *daemon = fd < 0 ? NULL : fdopen(fd, "r+");
	if (!daemon)
		return EXIT_UNREACHABLE;
	json_t *request = json_pack("{s:s, s:i, s:s, s:O}", "jsonrpc", "2.0", "id", 1, "method",
				    verb->method, "params", params);
	json_t *answer = exchange(daemon, request, options->socket);
	int code = answer ? show(verb, answer, options->json) : EXIT_UNREACHABLE;
	json_decref(answer);
	json_decref(request);
	fclose(daemon);
	return code;
}

static int run_verb(const struct options *options, int argc, char **argv)
{
	int used;
	char err[256];
	const struct ctl_verb *verb = ctl_verb_find(argc, argv, &used);
	if (!verb) {
		fprintf(stderr,
			"turnoutctl: there is no verb '%s%s%s'; 'turnoutctl help' lists them\n",
			argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		return EXIT_USAGE;
	}
	json_t *params = ctl_verb_params(verb, argc - used, argv + used, err, sizeof(err));
	if (!params) {
		fprintf(stderr, "turnoutctl: %s\nusage: turnoutctl %s %s\n", err, verb->words,
			verb->arguments);
		return EXIT_USAGE;
	}
	int code = run(options, verb, params);
	json_decref(params);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	const char *from_env = getenv("TURNOUT_SOCKET");
	struct options options = {.socket = from_env && from_env[0] ? from_env
								    : "/run/turnout/turnout.sock"};
	int option;
	while ((option = getopt_long(argc, argv, "+s:jhV", longs, NULL)) != -1) {
		switch (option) {
		case 's':
			options.socket = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'h':
			return help(0, NULL);
		case 'V':
			puts("turnoutctl " TURNOUT_VERSION);
			return EXIT_DONE;
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc) {
		print_usage(stderr);
		ctl_verb_help(stderr, 0, NULL);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[0], "help"))
		return help(argc - 1, argv + 1);
	return run_verb(&options, argc, argv);
}
