/* view - one version of everything a decision needs, published by one pointer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "view.h"

#include "object.h"
#include "scope_trie.h"

#include <stdlib.h>

void distinguished_release(struct distinguished *distinguished)
{
	if (--distinguished->refs == 0)
		free(distinguished);
}

static void zone_retain(void *zone)
{
	((struct zone *)zone)->refs++;
}

static void zone_drop(void *zone)
{
	zone_release(zone);
}

static void cut_retain(void *dri)
{
	((struct dri *)dri)->refs++;
}

static void cut_drop(void *dri)
{
	dri_release(dri);
}

static void target_retain(void *target)
{
	((struct target *)target)->refs++;
}

static void target_drop(void *target)
{
	target_release(target);
}

static void number_keep(void *number)
{
	(void)number;
}

const struct trie_ops view_zone_ops = {zone_retain, zone_drop};
const struct trie_ops view_cut_ops = {cut_retain, cut_drop};
const struct trie_ops view_target_ops = {target_retain, target_drop};
const struct trie_ops view_number_ops = {number_keep, number_keep};

struct view *view_new(const struct view *from)
{
	struct view *view = calloc(1, sizeof(*view));
	if (!view)
		return NULL;
	if (from)
		*view = *from;
	else
		view->fallback = SCOPE_NO_TARGET;
	view->refs = 1;
	trie_retain(view->scopes);
	trie_retain(view->zones);
	trie_retain(view->cuts);
	trie_retain(view->objects);
	slots_retain(view->targets);
	slots_retain(view->target_uses);
	if (view->footprints)
		footprint_table_retain(view->footprints);
	if (view->distinguished)
		view->distinguished->refs++;
	pattern_scratch_retain(view->scratch);
	return view;
}

void view_retain(struct view *view)
{
	view->refs++;
}

void distinguished_list_release(struct distinguished_list *list)
{
	if (!list || --list->refs)
		return;
	for (uint32_t i = 0; i < list->n; i++)
		distinguished_release(list->at[i]);
	free(list);
}

void view_release(struct view *view)
{
	if (!view || --view->refs)
		return;
	trie_release(view->scopes, &scope_trie_ops);
	trie_release(view->zones, &view_zone_ops);
	trie_release(view->cuts, &view_cut_ops);
	trie_release(view->objects, &object_ops);
	slots_release(view->targets, &view_target_ops);
	slots_release(view->target_uses, &view_number_ops);
	if (view->footprints)
		footprint_table_release(view->footprints);
	distinguished_list_release(view->distinguished);
	pattern_scratch_release(view->scratch);
	free(view);
}
