/* ctl_run - does one command of turnoutctl: asks the daemon, shows the answer, and tells the exit code. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_run.h"

#include "ctl_complete.h"
#include "ctl_interrupt.h"
#include "ctl_link.h"
#include "ctl_params.h"
#include "ctl_print.h"
#include "ctl_progress.h"
#include "ctl_shell.h"
#include "ctl_trace.h"
#include "ctl_words.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- What the daemon says ------------------------------------------------------------------- */

struct shown {
	const struct ctl_request *request;
	struct ctl_progress progress;
};

/* Of many, each takes one line. */
static void print_json(const struct ctl_request *request, const json_t *value)
{
	bool many = request->options.watch > 0 || request->verb->way == CTL_STREAMS ||
		    request->verb->way == CTL_PAGES;
	json_dumpf(value, stdout, many ? JSON_COMPACT : JSON_INDENT(2));
	putchar('\n');
}

static void print_result(const struct ctl_request *request, const json_t *result)
{
	if (request->options.json)
		print_json(request, result);
	else if (request->verb->way == CTL_STREAMS)
		fprintf(stderr,
			"turnoutctl: %" JSON_INTEGER_FORMAT " traced, %" JSON_INTEGER_FORMAT
			" lost\n",
			json_integer_value(json_object_get(result, "traced")),
			json_integer_value(json_object_get(result, "lost")));
	else
		request->verb->print(result);
}

static void on_told(void *arg, const char *method, const json_t *params)
{
	struct shown *shown = arg;
	const struct ctl_request *request = shown->request;
	if (!strcmp(method, "progress")) {
		ctl_progress_show(&shown->progress, params, now_ms());
		return;
	}
	if (request->options.json)
		print_json(request, params);
	else if (request->verb->way == CTL_STREAMS)
		request->verb->print(params);
	fflush(stdout);
}

static enum ctl_exit code_of(const json_t *result)
{
	const json_t *refused = json_object_get(json_object_get(result, "refused"), "total");
	if (json_integer_value(refused) > 0)
		return CTL_PARTLY;
	return json_array_size(json_object_get(result, "differences")) ? CTL_DIFFERS : CTL_DONE;
}

static enum ctl_exit show_answer(const struct ctl_request *request, const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const json_t *result = json_object_get(answer, "result");
	if (error && request->options.json)
		print_json(request, error);
	if (error)
		ctl_print_error(error);
	else
		print_result(request, result);
	return error ? CTL_REFUSED : code_of(result);
}

/* --- Asking --------------------------------------------------------------------------------- */

/* true: there is a next page, and the parameters ask for it. */
static bool turn_page(const struct ctl_request *request, const json_t *answer)
{
	json_t *next = json_object_get(json_object_get(answer, "result"), "next");
	return request->verb->way == CTL_PAGES && next &&
	       !json_equal(next, json_object_get(request->params, "offset")) &&
	       !json_object_set(request->params, "offset", next);
}

/* A stream has no other end than Ctrl-C. */
static enum ctl_exit code_without_answer(const struct ctl_request *request, const char *err)
{
	if (!ctl_interrupted() || request->verb->way == CTL_CHANGES)
		fprintf(stderr, "turnoutctl: %s\n", err);
	if (!ctl_interrupted())
		return CTL_UNREACHABLE;
	return request->verb->way == CTL_STREAMS ? CTL_DONE : CTL_INTERRUPTED;
}

static enum ctl_exit ask(const struct ctl_request *request, struct ctl_link *link)
{
	char err[256];
	struct shown shown = {.request = request};
	enum ctl_exit code = CTL_DONE;
	bool more = true;
	ctl_progress_begin(&shown.progress, stderr, now_ms());
	ctl_trace_begin();
	while (more) {
		json_t *answer = ctl_link_ask(link, request->verb->method, request->params, on_told,
					      &shown, -1, err, sizeof(err));
		ctl_progress_end(&shown.progress);
		more = turn_page(request, answer);
		if (answer) {
			code = show_answer(request, answer);
		} else {
			code = code_without_answer(request, err);
		}
		json_decref(answer);
	}
	return code;
}

static enum ctl_exit ask_once(const struct ctl_request *request)
{
	char err[256];
	struct ctl_link link;
	if (!ctl_link_open(&link, request->options.socket, err, sizeof(err))) {
		fprintf(stderr, "turnoutctl: %s\n", err);
		return CTL_UNREACHABLE;
	}
	enum ctl_exit code = ask(request, &link);
	ctl_link_close(&link);
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	if (!ctl_interrupted())
		fprintf(stderr, "turnoutctl: the answer cannot be written: %s\n", strerror(errno));
	clearerr(stdout);
	return ctl_interrupted() ? CTL_INTERRUPTED : CTL_REFUSED;
}

static void print_watch_head(const struct ctl_options *options, bool first)
{
	char text[32];
	struct tm local;
	time_t now = time(NULL);
	if (options->json)
		return;
	if (!isatty(STDOUT_FILENO)) {
		fputs(first ? "" : "\n", stdout);
		return;
	}
	strftime(text, sizeof(text), "%F %T", localtime_r(&now, &local));
	printf("\033[H\033[2J%s, every %g s until Ctrl-C\n\n", text, options->watch);
}

/* A daemon that was there and is not for a while, does not end it. */
static enum ctl_exit watch(const struct ctl_request *request)
{
	for (bool first = true;; first = false) {
		print_watch_head(&request->options, first);
		enum ctl_exit code = ask_once(request);
		if (code == CTL_INTERRUPTED)
			return CTL_DONE;
		if (code == CTL_REFUSED || (first && code == CTL_UNREACHABLE))
			return code;
		if (ctl_interrupt_wait(-1, (int)(request->options.watch * 1000)) < 0)
			return CTL_DONE;
	}
}

/* --- Commands ------------------------------------------------------------------------------- */

static void print_options(FILE *out)
{
	fputs("usage: turnoutctl [-s SOCKET] [--json] [--watch [SECONDS]] VERB...\n"
	      "       turnoutctl [-s SOCKET] [--json]     a prompt, or commands on standard input\n"
	      "  -s, --socket SOCKET    the daemon's control socket (else $TURNOUT_SOCKET, else\n"
	      "                         /run/turnout/turnout.sock)\n"
	      "  -j, --json             print answers as JSON\n"
	      "  -w, --watch [SECONDS]  look again and again, every 2 s unless told, until Ctrl-C\n"
	      "  -h, --help             this text; 'help VERB' for one verb\n"
	      "  -V, --version          print the version\n"
	      "verbs:\n",
	      out);
}

static enum ctl_exit help(int argc, char **argv)
{
	if (!argc)
		print_options(stdout);
	bool found = ctl_verb_help(stdout, argc, argv);
	if (!argc)
		fputs("  completion bash|zsh\n      Prints a completion script for that shell.\n"
		      "  help [VERB]\n      This text.\n",
		      stdout);
	if (found)
		return CTL_DONE;
	fprintf(stderr, "turnoutctl: there is no verb '%s'; 'help' lists them\n", argv[0]);
	return CTL_USAGE;
}

static enum ctl_exit run_verb(const struct ctl_options *options, int argc, char **argv)
{
	char err[512];
	struct ctl_request request;
	if (!ctl_params_read(&request, options, argc, argv, err, sizeof(err))) {
		fprintf(stderr, "turnoutctl: %s\n", err);
		if (request.verb) {
			fputs("usage: ", stderr);
			ctl_verb_usage(stderr, request.verb);
			fputc('\n', stderr);
		}
		return CTL_USAGE;
	}
	enum ctl_exit code = CTL_DONE;
	if (request.options.help)
		ctl_verb_describe(stdout, request.verb);
	else
		code = request.options.watch > 0 ? watch(&request) : ask_once(&request);
	json_decref(request.params);
	return code;
}

enum ctl_exit ctl_run(const struct ctl_options *options, int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "help";
	if (!strcmp(verb, "help"))
		return help(argc - (argc > 0), argv + (argc > 0));
	if (!strcmp(verb, "completion") && argc == 2 && ctl_shell_print(stdout, argv[1]))
		return CTL_DONE;
	if (!strcmp(verb, "completion")) {
		fputs("turnoutctl: usage: completion bash|zsh\n", stderr);
		return CTL_USAGE;
	}
	/* Hidden: what the completion scripts ask. */
	if (!strcmp(verb, "complete") && argc == 2)
		return ctl_complete_print(stdout, options, argv[1]) ? CTL_DONE : CTL_REFUSED;
	return run_verb(options, argc, argv);
}

enum ctl_exit ctl_run_line(const struct ctl_options *options, const char *line)
{
	struct ctl_words words;
	enum ctl_exit code = CTL_DONE;
	if (!ctl_words_split(&words, line)) {
		fputs("turnoutctl: no memory\n", stderr);
		return CTL_REFUSED;
	}
	if (line[strspn(line, " \t")] == '#')
		words.n = 0;
	else if (words.open)
		fprintf(stderr, "turnoutctl: the line ends within %s\n",
			words.open == '\\' ? "a backslash" : "a quote");
	if (words.n && words.open)
		code = CTL_USAGE;
	else if (words.n)
		code = ctl_run(options, words.n, words.list);
	ctl_words_clear(&words);
	return code;
}
