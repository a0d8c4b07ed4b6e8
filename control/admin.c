/* admin - states of targets that the operator set at run time; they win over configured ones and survive a reload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "admin.h"

#include <stdlib.h>
#include <string.h>

static struct admin_state *find(const struct admin_states *states, enum target_kind kind,
				const char *name)
{
	for (size_t i = 0; i < states->n; i++)
		if (states->list[i].kind == kind && !strcmp(states->list[i].name, name))
			return &states->list[i];
	return NULL;
}

const struct admin_state *admin_find(const struct admin_states *states, enum target_kind kind,
				     const char *name)
{
	return find(states, kind, name);
}

bool admin_set(struct admin_states *states, enum target_kind kind, const char *name,
	       enum target_state state)
{
	struct admin_state *known = find(states, kind, name);
	if (known) {
		known->state = state;
		return true;
	}
	struct admin_state *list = realloc(states->list, (states->n + 1) * sizeof(*list));
	if (!list)
		return false;
	states->list = list;
	char *copy = strdup(name);
	if (!copy)
		return false;
	list[states->n++] = (struct admin_state){kind, state, copy};
	return true;
}

void admin_apply(const struct admin_states *states, const struct tables *tables, uint8_t *by_target)
{
	for (uint32_t i = 0; states->n && i < tables->n_targets; i++) {
		const struct admin_state *set =
			find(states, tables->targets[i].kind, tables->targets[i].name);
		if (set)
			by_target[i] = (uint8_t)set->state;
	}
}

void admin_clear(struct admin_states *states)
{
	for (size_t i = 0; i < states->n; i++)
		free(states->list[i].name);
	free(states->list);
	*states = (struct admin_states){0};
}
