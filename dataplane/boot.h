/* boot - brings the data plane up and down: EAL, ports, workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/plane.h"

/* Each in turn; on false the fault says what is wrong and what to do. Control thread, which becomes EAL's main lcore.
 *  boot_eal      EAL with memory and lcores as the settings say, plane->qsbr and the clock's rate
 *  boot_ports    opens and starts each port, fills plane->ports
 *  boot_workers  launches one worker on each of the other lcores; plane->view must be there */
bool boot_eal(const char *program, const struct settings *settings, struct plane *plane,
	      struct faults *faults);
bool boot_ports(struct plane *plane, struct faults *faults);
bool boot_workers(struct plane *plane, struct faults *faults);

/* Workers on another NUMA node than the port, which wait for its packets longer. Their memory is on their own. */
unsigned boot_workers_far(const struct plane *plane, const struct port_info *port);

/* Stops what was started, in reverse. plane->stop is set. */
void boot_workers_stop(struct plane *plane);
void boot_ports_stop(struct plane *plane);
void boot_eal_stop(struct plane *plane);
