/* admin - states of targets that the operator set at run time; they win over configured ones and survive a reload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/tables.h"

/* All zero is empty. By name, so that they outlive tables. Control thread. */
struct admin_states {
	struct admin_state {
		enum target_kind kind;
		enum target_state state;
		char *name;
	} * list;
	size_t n;
};

/* false: no memory, nothing changed. */
bool admin_set(struct admin_states *states, enum target_kind kind, const char *name,
	       enum target_state state);
/* NULL: the operator set none. */
const struct admin_state *admin_find(const struct admin_states *states, enum target_kind kind,
				     const char *name);
/* Writes the set ones over states[], which are by target index. */
void admin_apply(const struct admin_states *states, const struct tables *tables,
		 uint8_t *by_target);
void admin_clear(struct admin_states *states);
