/* turnoutd - main(): from the configuration to a running daemon and back. The one file that knows both planes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compile.h"
#include "config.h"
#include "control.h"
#include "dataplane/boot.h"
#include "json_arena.h"
#include "lib/hits.h"
#include "log.h"
#include "reload.h"
#include "sign.h"
#include "telemetry.h"

#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] = "usage: turnoutd [-t] -c FILE\n"
			    "  -c FILE  configuration (see turnout.conf(5))\n"
			    "  -t       check the configuration and exit\n"
			    "  -V       print the version and exit\n";

struct options {
	const char *config;
	bool check;
};

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct options *options)
{
	int option;
	while ((option = getopt(argc, argv, "c:tVh")) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 't':
			options->check = true;
			break;
		case 'V':
			printf("turnoutd %s\n", TURNOUT_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (options->config && optind == argc)
		return -1;
	fputs(usage, stderr);
	return 2;
}

/* A fleet shares its cookie keys by configuration; a single appliance can do with one of its own. */
static bool make_keys(struct settings *settings, struct plane *plane, struct faults *faults)
{
	bool made = RAND_bytes(plane->top_key, sizeof(plane->top_key)) == 1;
	if (!settings->n_cookie_keys) {
		settings->n_cookie_keys = 1;
		settings->cookie_key_made = true;
		made &= RAND_bytes(settings->cookie_keys[0], sizeof(settings->cookie_keys[0])) == 1;
	}
	struct dns_settings *dns = &settings->dns;
	if (!dns->n_secrets) {
		dns->n_secrets = 1;
		dns->secret_made = true;
		made &= RAND_bytes(dns->secrets[0], sizeof(dns->secrets[0])) == 1;
	}
	if (!made)
		faults_add(faults, (struct place){NULL, 0},
			   "OpenSSL gives no random numbers for keys; look at its configuration");
	return made;
}

static bool load(struct control *control, struct config_reading *reading, struct faults *faults)
{
	sign_load(control->sign, &control->settings->signing, faults);
	return reload_first(control, reading, faults);
}

/* Reads everything as a start would, without ports and workers, and without the state file. */
static int check(const struct options *options, struct settings *settings,
		 struct config_reading *reading, struct faults *faults)
{
	static struct plane plane;
	static struct control control;
	int code = 1;
	plane.settings = settings;
	plane.tsc_hz = 1000000000;
	if (!control_init(&control, &plane, settings, options->config)) {
		faults_add(faults, (struct place){NULL, 0}, "no memory to start");
		config_close(reading);
	} else if (load(&control, reading, faults) && !faults->total) {
		const struct view *view = control.head;
		printf("%s: good: %u scopes, %u targets, %u zones, %zu ports\n", options->config,
		       view->n_of[OBJECT_SCOPE], view->n_of[OBJECT_CDN] + view->n_of[OBJECT_NODE],
		       view->n_of[OBJECT_ZONE], settings->n_ports);
		code = 0;
	}
	control_clear(&control);
	return code;
}

static void warn_of_far_workers(const struct plane *plane)
{
	for (unsigned i = 0; i < plane->n_ports; i++) {
		const struct port_info *port = &plane->ports[i];
		unsigned far = boot_workers_far(plane, port);
		if (far)
			log_line(LOG_LEVEL_WARNING,
				 "port '%s' is on NUMA node %d, but %u of %u workers are not, and "
				 "wait for its packets longer: choose workers.cpus of that node",
				 port->settings->name, port->socket, far, plane->n_workers);
	}
}

static int serve(const char *program, const struct options *options, struct settings *settings,
		 struct config_reading *reading, struct faults *faults)
{
	static struct plane plane;
	static struct control control;
	int code = 1;
	if (faults->total || !make_keys(settings, &plane, faults) ||
	    !boot_eal(program, settings, &plane, faults)) {
		config_close(reading);
		return 1;
	}
	if (!settings->state_file)
		log_line(LOG_LEVEL_WARNING, "no state.file is configured: what is set at run time "
					    "ends with the process");
	control_set_clock(&plane);
	if (!hits_init(settings->n_workers) ||
	    !control_init(&control, &plane, settings, options->config)) {
		faults_add(faults, (struct place){NULL, 0}, "no memory to start");
		config_close(reading);
		boot_eal_stop(&plane);
		return 1;
	}
	if (control_load(&control, reading, faults) && boot_ports(&plane, faults) &&
	    boot_workers(&plane, faults)) {
		warn_of_far_workers(&plane);
		telemetry_start(&control);
		code = control_run(&control);
	}
	boot_workers_stop(&plane);
	boot_ports_stop(&plane);
	control_clear(&control);
	hits_finish();
	boot_eal_stop(&plane);
	return code;
}

/* On huge pages a walk through a table of a million scopes takes a quarter less time. glibc's malloc is told when a process starts, so this one
 * starts once more; whoever has set its tunables is left alone. */
static void use_huge_pages(char **argv)
{
	static const char tunables[] = "GLIBC_TUNABLES";
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (len <= 0 || getenv(tunables) || setenv(tunables, "glibc.malloc.hugetlb=1", 0) != 0)
		return;
	program[len] = '\0';
	execv(program, argv);
}

int main(int argc, char **argv)
{
	use_huge_pages(argv);
	struct options options = {0};
	struct settings settings = {0};
	struct faults faults = {0};
	int code = read_options(argc, argv, &options);
	if (code >= 0)
		return code;

	json_arena_init();
	struct config_reading *reading = config_open(options.config, &settings, &faults);
	code = 1;
	if (reading)
		code = options.check ? check(&options, &settings, reading, &faults)
				     : serve(argv[0], &options, &settings, reading, &faults);
	log_faults(&faults);
	faults_clear(&faults);
	settings_clear(&settings);
	return code;
}
