/* boot_eal - EAL arguments from the settings: memory, lcores, devices, the name of this instance. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot.h"
#include "lib/pattern_scratch.h"

#include <limits.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 2 * PORTS_MAX + EAL_ARGUMENTS_MAX + 32, ARGUMENT_LEN = 4096 };

struct arguments {
	int n;
	char *list[ARGUMENTS_MAX];
};

static void add(struct arguments *arguments, const char *text)
{
	arguments->list[arguments->n++] = strdup(text);
}

/* The CPUs that this process may use, as "0-3,8-11". */
static void list_cpus(char *out, size_t cap)
{
	cpu_set_t set;
	size_t used = 0;
	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && used < cap; cpu++) {
		unsigned first = cpu;
		if (!CPU_ISSET(cpu, &set))
			continue;
		while (cpu + 1 < CPU_SETSIZE && CPU_ISSET(cpu + 1, &set))
			cpu++;
		used += (size_t)snprintf(out + used, cap - used, "%s%u-%u", used ? "," : "", first,
					 cpu);
	}
}

/* "(0)@(0-3),(1)@(2)": lcore 0 is control, lcore i + 1 is worker i. */
static void add_lcores(struct arguments *arguments, const struct settings *settings)
{
	char cpus[256], one[16], text[WORKERS_MAX * (sizeof(cpus) + 16)];
	list_cpus(cpus, sizeof(cpus));
	snprintf(one, sizeof(one), "%d", settings->control_cpu);
	size_t used = (size_t)snprintf(text, sizeof(text), "(0)@(%s)",
				       settings->control_cpu >= 0 ? one : cpus);
	for (unsigned i = 0; i < settings->n_workers && used < sizeof(text); i++) {
		if (settings->n_cpus)
			snprintf(one, sizeof(one), "%u", settings->cpus[i]);
		used += (size_t)snprintf(text + used, sizeof(text) - used, ",(%u)@(%s)", i + 1,
					 settings->n_cpus ? one : cpus);
	}
	add(arguments, "--lcores");
	add(arguments, text);
}

static void add_memory(struct arguments *arguments, const struct settings *settings)
{
	char text[32];
	if (!settings->hugepages)
		add(arguments, "--no-huge");
	if (settings->memory) {
		snprintf(text, sizeof(text), "%u", settings->memory);
		add(arguments, "-m");
		add(arguments, text);
	}
}

/* PCI is probed only for the devices that are named; virtual ones are opened by boot_port. */
static void add_devices(struct arguments *arguments, const struct settings *settings)
{
	bool pci = false;
	for (size_t i = 0; i < settings->n_ports; i++) {
		if (!settings->ports[i].device)
			continue;
		pci = true;
		add(arguments, "-a");
		add(arguments, settings->ports[i].device);
	}
	if (!pci)
		add(arguments, "--no-pci");
}

static const char *advice(int error, const struct settings *settings)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "turnoutd has to be started by root";
	case ENOMEM:
		return settings->hugepages ? "reserve hugepages (vm.nr_hugepages), or set "
					     "eal.hugepages = false to do without"
					   : "make eal.memory smaller, or free memory";
	case EALREADY:
	case EAGAIN:
		return "another instance has this eal.prefix: stop it or choose another prefix";
	default:
		return settings->hugepages ? "EAL's own lines above say more; without hugepages "
					     "set eal.hugepages = false"
					   : "EAL's own lines above say more";
	}
}

static char runtime_dir[PATH_MAX];

static void remove_runtime_dir(void)
{
	if (runtime_dir[0])
		rmdir(runtime_dir); /* stays when somebody else has files in it */
}

bool boot_eal(const char *program, const struct settings *settings, struct plane *plane,
	      struct faults *faults)
{
	static struct arguments arguments; /* EAL keeps pointers to the texts */
	static char *given[ARGUMENTS_MAX]; /* and writes over the list */
	struct place nowhere = {NULL, 0};
	char prefix[ARGUMENT_LEN];
	add(&arguments, program);
	add_lcores(&arguments, settings);
	add_memory(&arguments, settings);
	add_devices(&arguments, settings);
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", settings->prefix);
	add(&arguments, prefix);
	/* No secondary processes, and no files left behind after a crash; --in-memory wants hugepages. */
	add(&arguments, settings->hugepages ? "--in-memory" : "--no-shconf");
	add(&arguments, "--log-level=error");
	for (size_t i = 0; i < settings->n_eal_arguments; i++)
		add(&arguments, settings->eal_arguments[i]);

	/* Before telemetry says the same for its socket there, so that it runs after that. */
	atexit(remove_runtime_dir);
	memcpy(given, arguments.list, sizeof(given));
	if (rte_eal_init(arguments.n, given) < 0) {
		faults_add(faults, nowhere, "EAL does not start: %s; %s", rte_strerror(rte_errno),
			   advice(rte_errno, settings));
		return false;
	}
	snprintf(runtime_dir, sizeof(runtime_dir), "%s", rte_eal_get_runtime_dir());
	size_t size = rte_rcu_qsbr_get_memsize(settings->n_workers);
	plane->qsbr = rte_zmalloc("qsbr", size, RTE_CACHE_LINE_SIZE);
	if (!plane->qsbr || rte_rcu_qsbr_init(plane->qsbr, settings->n_workers) != 0) {
		faults_add(faults, nowhere, "not enough memory for %u workers: raise eal.memory",
			   settings->n_workers);
		return false;
	}
	for (unsigned i = 0; i < settings->n_workers; i++)
		pattern_scratch_node(i, (int)rte_lcore_to_socket_id(i + 1));
	plane->settings = settings;
	plane->tsc_hz = rte_get_tsc_hz();
	return true;
}

void boot_eal_stop(struct plane *plane)
{
	rte_free(plane->qsbr);
	plane->qsbr = NULL;
	rte_eal_cleanup();
}
