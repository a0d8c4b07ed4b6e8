/* tables - everything a decision needs, compiled; and the view: tables plus the state of each target. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tables.h"
#include "scope_trie.h"

#include <stdlib.h>
#include <string.h>

/* Zones are an array of the tables; their trie holds no references. */
static void zone_keep(void *zone)
{
	(void)zone;
}

const struct trie_ops tables_zone_ops = {zone_keep, zone_keep};

static void dri_free(struct dri *dri)
{
	for (unsigned i = 0; i < dri->n_hosts; i++) {
		free(dri->hosts[i]);
		free(dri->host_keys[i]);
	}
	free(dri->hosts);
	free(dri->host_keys);
	free(dri->authority);
	free(dri->scheme);
	free(dri->path_prefix);
	free(dri);
}

static void targets_free(struct target *targets, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < targets[i].n_dris; k++)
			dri_free(targets[i].dris[k]);
		free(targets[i].dris);
		free(targets[i].name);
		free(targets[i].provider_id);
	}
	free(targets);
}

void tables_release(struct tables *tables)
{
	if (!tables || --tables->refs)
		return;
	trie_release(tables->scopes_trie, &scope_trie_ops);
	trie_release(tables->zones_trie, &tables_zone_ops);
	footprint_table_free(tables->footprints);
	targets_free(tables->targets, tables->n_targets);
	for (uint32_t i = 0; i < tables->n_scopes; i++)
		scope_release(tables->scopes[i]);
	free(tables->scopes);
	for (uint32_t i = 0; i < tables->n_zones; i++)
		free(tables->zones[i].text);
	free(tables->zones);
	for (uint32_t i = 0; i < tables->n_distinguished; i++) {
		free(tables->distinguished[i].host);
		free(tables->distinguished[i].host_key);
		free(tables->distinguished[i].path_prefix);
	}
	free(tables->distinguished);
	for (uint32_t i = 0; i < tables->n_names; i++)
		free(tables->names[i].name);
	free(tables->names);
	for (size_t i = 0; i < sizeof(tables->scratch) / sizeof(tables->scratch[0]); i++)
		hs_free_scratch(tables->scratch[i]);
	free(tables);
}

struct view *view_new(struct tables *tables, uint64_t generation, uint64_t created,
		      const uint8_t *states)
{
	struct view *view = calloc(1, sizeof(*view) + tables->n_targets);
	if (!view)
		return NULL;
	tables->refs++;
	view->generation = generation;
	view->created = created;
	view->tables = tables;
	if (states && tables->n_targets)
		memcpy(view->states, states, tables->n_targets);
	return view;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	tables_release(view->tables);
	free(view);
}
