/* peer_take - an advertisement of a peer becomes the routes of its RIB. RFC 8008, RFC 8804, RFC 9241. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_read.h"
#include "log.h"
#include "peer.h"
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The list that its entries are numbered in. */
static const json_t *entries_of(const json_t *advertisement)
{
	const json_t *list = json_object_get(json_object_get(advertisement, "cdni-advertisement"),
					     "capabilities-with-footprints");
	return list ? list : json_object_get(advertisement, "capabilities");
}

/* Has it come through us, or a way that is none? */
static const char *wrong_path(const struct peer *peer, const json_t *path)
{
	const char *ours = peer->sessions->settings->interconnection.provider_id;
	size_t i;
	json_t *id;
	if (path && (!json_is_array(path) || json_array_size(path) > ADVERTISE_PATH_MAX))
		return "its cdn-path is no list of at most 32 provider ids";
	json_array_foreach (path, i, id)
		if (!json_is_string(id) || json_string_length(id) > PROVIDER_ID_MAX)
			return "its cdn-path is no list of provider ids";
	return ours && advertise_came_through(path, ours) ? "it came through us: a loop" : NULL;
}

static bool add(const struct peer *peer, const struct fci_entry *entry, json_t *path,
		struct rib_update *update)
{
	const char *wrong = wrong_path(peer, path);
	if (wrong) {
		faults_add(&update->faults, (struct place){NULL, 0}, "entry %zu (%s): %s",
			   entry->index, fci_type_name(entry->type), wrong);
		return true;
	}
	const struct rib_route route = {
		.kind = entry->type == FCI_REDIRECT_TARGET ? OBJECT_DRI : OBJECT_ADVERT,
		.object = entry->object,
		.path = path,
		.note = entry->nobody,
	};
	return rib_update_add(update, &route);
}

bool peer_read(const struct peer *peer, json_t *advertisement, const struct alto_map *map,
	       struct rib_update *update, char *why, size_t why_len)
{
	const struct peer_settings *settings = peer->settings;
	const struct fci_how how = {
		.cdn = settings->name,
		.lenient = settings->lenient,
		.map = map,
		.max_entries = settings->limits.entries,
		.max_footprints = settings->limits.footprints,
	};
	const json_t *entries = entries_of(advertisement);
	struct fci_list list = {0};
	*update = (struct rib_update){0};
	bool done = fci_read(&how, advertisement, &list, &update->faults);
	const struct faults *faults = &update->faults;
	if (!done)
		snprintf(why, why_len, "%s",
			 faults->n ? faults->list[faults->n - 1].text : "no memory");
	for (size_t i = 0; done && i < list.n; i++) {
		const json_t *raw = json_array_get(entries, list.list[i].index);
		done = add(peer, &list.list[i], json_object_get(raw, advertise_path_member),
			   update);
		if (!done)
			snprintf(why, why_len, "no memory");
	}
	fci_list_clear(&list);
	if (!done)
		rib_update_clear(update);
	return done;
}

/* The first of what was left out stands for the others. */
static void log_left_out(const struct peer *peer, const struct faults *faults)
{
	if (faults->total)
		log_line(LOG_LEVEL_WARNING, "peer %s: %zu entries are left out, as %s",
			 peer->settings->name, faults->total,
			 faults->n ? faults->list[0].text : "there is no memory");
}

bool peer_take(struct peer *peer, json_t *advertisement, const struct alto_map *map,
	       enum peer_state state, char *why, size_t why_len)
{
	struct rib_update update;
	bool changed, lasting = peer->life.routes && !peer->life.stale_routes;
	if (!peer_read(peer, advertisement, map, &update, why, why_len)) {
		if (strncmp(peer->life.error, why, sizeof(peer->life.error) - 1) != 0)
			log_line(LOG_LEVEL_ERROR, "peer %s: nothing of its update was taken: %s",
				 peer->settings->name, why);
		snprintf(peer->life.error, sizeof(peer->life.error), "%s", why);
		peer->refused_updates++;
		return false;
	}
	log_left_out(peer, &update.faults);
	if (!rib_take(&peer->learnt.rib, &update, lasting, peer_now(peer), &changed)) {
		rib_update_clear(&update);
		snprintf(why, why_len, "no memory");
		return false;
	}
	peer->updates++;
	peer_up(peer, state);
	if (changed)
		learn_publish(&peer->learnt);
	return true;
}
