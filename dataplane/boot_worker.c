/* boot_worker - launches the workers on their lcores, and brings them home. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot.h"
#include "burst_loop.h"

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

static struct worker *workers[WORKERS_MAX];

bool boot_workers(struct plane *plane, struct faults *faults)
{
	for (unsigned i = 0; i < plane->settings->n_workers; i++) {
		unsigned lcore = i + 1; /* as boot_eal numbers them */
		int socket = (int)rte_lcore_to_socket_id(lcore);
		workers[i] = worker_new(plane, i, socket);
		if (!workers[i]) {
			faults_add(faults, (struct place){NULL, 0},
				   "no memory for worker %u on NUMA node %d: raise eal.memory, or "
				   "reserve hugepages on that node",
				   i, socket);
			return false;
		}
		int error = rte_eal_remote_launch(burst_loop, workers[i], lcore);
		if (error) {
			faults_add(faults, (struct place){NULL, 0},
				   "worker %u cannot be launched: %s", i, rte_strerror(-error));
			return false;
		}
		plane->n_workers++;
	}
	return true;
}

unsigned boot_workers_far(const struct plane *plane, const struct port_info *port)
{
	unsigned n = 0;
	for (unsigned i = 0; i < plane->n_workers; i++)
		n += port->socket >= 0 && plane->sockets[i] >= 0 &&
		     plane->sockets[i] != port->socket;
	return n;
}

void boot_workers_stop(struct plane *plane)
{
	__atomic_store_n(&plane->stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	plane->n_workers = 0;
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		worker_free(workers[i]);
		workers[i] = NULL;
	}
}
