/* ctl_print - the answers of the daemon, as an operator reads them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>

void ctl_print_status(const json_t *result);
void ctl_print_ports(const json_t *result);
void ctl_print_workers(const json_t *result);
void ctl_print_cycles(const json_t *result);
void ctl_print_tcp(const json_t *result);
void ctl_print_recursion(const json_t *result);
void ctl_print_drops(const json_t *result);
void ctl_print_scopes(const json_t *result);
void ctl_print_targets(const json_t *result);
void ctl_print_dris(const json_t *result);
void ctl_print_adverts(const json_t *result);
void ctl_print_footprints(const json_t *result);
void ctl_print_zones(const json_t *result);
void ctl_print_signing(const json_t *result);
void ctl_print_explain(const json_t *result);
void ctl_print_set(const json_t *result);
void ctl_print_commit(const json_t *result); /* of everything that changes tables */
void ctl_print_save(const json_t *result);
void ctl_print_diff(const json_t *result);
void ctl_print_config(const json_t *result);
void ctl_print_history(const json_t *result);
void ctl_print_scope(const json_t *result);
void ctl_print_top(const json_t *result);

/* On stderr, "file:line: text" for each of "faults"; when "total" is more, how many more. */
void ctl_print_faults(const json_t *faults);

/* An error of JSON-RPC, on stderr: its sentence, then the faults of a configuration. */
void ctl_print_error(const json_t *error);
