/* turnoutd - main(): from the configuration to a running daemon and back. The one file that knows both planes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compile.h"
#include "config.h"
#include "control.h"
#include "dataplane/boot.h"
#include "log.h"
#include "telemetry.h"

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

/* A fleet shares its keys by configuration; a single appliance can do with one of its own. */
static bool make_cookie_key(struct settings *settings, struct faults *faults)
{
	if (settings->n_cookie_keys)
		return true;
	settings->n_cookie_keys = 1;
	settings->cookie_key_made = true;
	if (RAND_bytes(settings->cookie_keys[0], sizeof(settings->cookie_keys[0])) == 1)
		return true;
	faults_add(faults, (struct place){NULL, 0},
		   "no random numbers for a cookie key: set tcp.cookie-keys");
	return false;
}

static int serve(const char *program, const struct options *options, struct settings *settings,
		 struct compiler *compiler, struct tables *tables, struct faults *faults)
{
	static struct plane plane;
	static struct control control;
	int code = 1;
	if (!make_cookie_key(settings, faults) || !boot_eal(program, settings, &plane, faults))
		return 1;
	control_set_clock(&plane);
	if (!control_init(&control, &plane, settings, options->config) ||
	    !control_adopt(&control, tables, compiler_states(compiler))) {
		faults_add(faults, (struct place){NULL, 0}, "no memory to start");
		boot_eal_stop(&plane);
		return 1;
	}
	if (boot_ports(&plane, faults) && boot_workers(&plane, faults)) {
		telemetry_start(&control);
		code = control_run(&control);
	}
	boot_workers_stop(&plane);
	boot_ports_stop(&plane);
	control_clear(&control);
	boot_eal_stop(&plane);
	return code;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct settings settings = {0};
	struct faults faults = {0};
	int code = read_options(argc, argv, &options);
	if (code >= 0)
		return code;

	struct compiler *compiler = compiler_new(&faults);
	struct tables *tables = NULL;
	if (compiler && config_load(options.config, &settings, compiler, &faults))
		tables = compiler_finish(compiler, settings.n_workers);
	code = 1;
	if (!compiler)
		log_line(LOG_LEVEL_ERROR, "no memory to start");
	else if (tables && options.check) {
		printf("%s: good: %u scopes, %u targets, %u zones, %zu ports\n", options.config,
		       tables->n_scopes, tables->n_targets, tables->n_zones, settings.n_ports);
		code = 0;
	} else if (tables)
		code = serve(argv[0], &options, &settings, compiler, tables, &faults);
	log_faults(&faults);
	faults_clear(&faults);
	tables_release(tables);
	compiler_free(compiler);
	settings_clear(&settings);
	return code;
}
