/* advertise - what one upstream CDN is told: our own capabilities, and those of our downstream CDNs that the agreement lets it see. RFC
 * 8008, RFC 9241 §3; cascades: RFC 8008 Appendix B. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advertise.h"

#include "fci_write.h"
#include "lib/array.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char advertise_path_member[] = "cdn-path";
const char advertise_resource_id[] = "cdni-advertisement";

static const char redirect_target[] = "FCI.RedirectTarget";
static const char delivery_protocol[] = "FCI.DeliveryProtocol";
static const char capacity_limits[] = "FCI.CapacityLimits";

/* What is handed on, and the list in its value that is narrowed. Logs and telemetry are between neighbours. */
static const struct {
	const char *type, *list;
} handed_on[] = {
	{delivery_protocol, "delivery-protocols"},
	{"FCI.AcquisitionProtocol", "acquisition-protocols"},
	{"FCI.RedirectionMode", "redirection-modes"},
	{"FCI.Metadata", "metadata"},
	{capacity_limits, NULL},
};

bool advertise_came_through(const json_t *path, const char *provider_id)
{
	size_t i;
	json_t *id;
	json_array_foreach (path, i, id)
		if (strcmp(json_string_value(id), provider_id) == 0)
			return true;
	return false;
}

/* --- The list ----------------------------------------------------------------------------------- */

/* Takes the object over; NULL: no memory. */
static bool add(struct advertisement *to, json_t *object)
{
	struct advertise_entry *list =
		object ? array_reserve(to->list, &to->cap, to->n + 1, sizeof(*list)) : NULL;
	char *text = list ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	to->list = list ? list : to->list;
	if (!text) {
		json_decref(object);
		return false;
	}
	list[to->n++] = (struct advertise_entry){text, object};
	return true;
}

static void entry_clear(struct advertise_entry *entry)
{
	free(entry->text);
	json_decref(entry->object);
}

static int compare(const void *a, const void *b)
{
	const struct advertise_entry *x = a, *y = b;
	return strcmp(x->text, y->text);
}

static void sort(struct advertisement *to)
{
	size_t kept = 0;
	if (to->n)
		qsort(to->list, to->n, sizeof(*to->list), compare);
	for (size_t i = 0; i < to->n; i++) {
		if (kept && compare(&to->list[kept - 1], &to->list[i]) == 0)
			entry_clear(&to->list[i]);
		else
			to->list[kept++] = to->list[i];
	}
	to->n = kept;
}

static bool make_tag(struct advertisement *to)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	for (size_t i = 0; done && i < to->n; i++)
		done = EVP_DigestUpdate(context, to->list[i].text, strlen(to->list[i].text) + 1);
	done = done && EVP_DigestUpdate(context, to->map_vtag.tag, strlen(to->map_vtag.tag));
	done = done && EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	for (int i = 0; done && i < (ADVERTISE_TAG_MAX - 1) / 2; i++)
		snprintf(to->tag + 2 * i, 3, "%02x", digest[i]);
	return done;
}

void advertise_clear(struct advertisement *advertisement)
{
	for (size_t i = 0; i < advertisement->n; i++)
		entry_clear(&advertisement->list[i]);
	free(advertisement->list);
	json_decref(advertisement->map);
	*advertisement = (struct advertisement){0};
}

/* --- What others can do ------------------------------------------------------------------------- */

static const char *type_of(const json_t *object)
{
	const char *type = json_string_value(json_object_get(object, "capability-type"));
	return type ? type : "";
}

/* Do we say anything of this type, and then this, too? */
static bool we_say(const json_t *own, const char *type, const char *list, const json_t *value)
{
	bool any = false;
	size_t i, k;
	json_t *object, *ours;
	json_array_foreach (own, i, object) {
		if (strcmp(type_of(object), type) != 0)
			continue;
		any = true;
		json_array_foreach (
			json_object_get(json_object_get(object, "capability-value"), list), k, ours)
			if (json_equal(ours, value))
				return true;
	}
	return !any;
}

/* Of a list of theirs what we say, too. NULL: no memory. */
static json_t *narrow(const json_t *own, const char *type, const char *list, const json_t *value)
{
	json_t *narrowed = json_array(), *theirs;
	size_t i;
	json_array_foreach (json_object_get(value, list), i, theirs)
		if (we_say(own, type, list, theirs) && json_array_append(narrowed, theirs)) {
			json_decref(narrowed);
			return NULL;
		}
	return narrowed ? json_pack("{s:o}", list, narrowed) : NULL;
}

/* What points into telemetry that is not ours to give stays away. NULL: no memory. */
static json_t *bare_limits(const json_t *value)
{
	json_t *copy = json_deep_copy(value), *limit;
	size_t i;
	json_array_foreach (json_object_get(copy, "limits"), i, limit) {
		json_object_del(limit, "id");
		json_object_del(limit, "telemetry-source");
	}
	return copy;
}

static bool is_empty(const json_t *value, const char *list)
{
	return list && !json_array_size(json_object_get(value, list));
}

/* Is nothing left of it? Metadata without any is said of those that only pass requests on (RFC 8008 §5.7). */
static bool says_nothing(const char *type, const char *list, const json_t *value)
{
	return is_empty(value, list) && strcmp(type, "FCI.Metadata") != 0;
}

/* The path that it came, and the CDN that we have it from. NULL: no memory. */
static json_t *longer_path(const json_t *path, const char *provider_id)
{
	json_t *longer = path ? json_copy((json_t *)path) : json_array();
	if (longer && !json_array_append_new(longer, json_string(provider_id)))
		return longer;
	json_decref(longer);
	return NULL;
}

/* Takes the value over. NULL: no memory. */
static json_t *base_object(const char *type, json_t *value, json_t *footprints, json_t *path)
{
	return json_pack("{s:s, s:o, s:O*, s:o}", "capability-type", type, "capability-value",
			 value, "footprints", footprints, advertise_path_member, path);
}

/* Requests for its footprint come to us first: our own targets stand for it. Those without footprints do so anyway. */
static bool add_targets(struct advertisement *to, const json_t *own, json_t *footprints,
			const json_t *path, const char *provider_id)
{
	size_t i;
	json_t *object;
	json_array_foreach (own, i, object) {
		json_t *value = json_object_get(object, "capability-value");
		if (strcmp(type_of(object), redirect_target) != 0 ||
		    !json_array_size(json_object_get(object, "footprints")))
			continue;
		if (!add(to, base_object(redirect_target, json_incref(value), footprints,
					 longer_path(path, provider_id))))
			return false;
	}
	return true;
}

static bool hand_on(struct advertisement *to, const json_t *own, const struct rib_route *route,
		    const char *provider_id)
{
	const char *type = rib_route_type(route), *list = NULL;
	json_t *footprints = json_object_get(route->object, "footprints");
	const json_t *value = json_object_get(route->object, "value");
	bool known = false;
	for (size_t i = 0; i < sizeof(handed_on) / sizeof(handed_on[0]) && !known; i++) {
		known = strcmp(handed_on[i].type, type) == 0;
		list = handed_on[i].list;
	}
	if (!known)
		return true;
	json_t *narrowed = list ? narrow(own, type, list, value) : bare_limits(value);
	if (!narrowed)
		return false;
	if (says_nothing(type, list, narrowed)) {
		json_decref(narrowed);
		return true;
	}
	if (!add(to,
		 base_object(type, narrowed, footprints, longer_path(route->path, provider_id))))
		return false;
	return strcmp(type, delivery_protocol) != 0 ||
	       add_targets(to, own, footprints, route->path, provider_id);
}

static bool hand_all_on(struct advertisement *to, const json_t *own, const char *upstream,
			const struct advertise_source *source)
{
	const struct rib *rib = source->rib;
	if (!source->provider_id || (upstream && strcmp(source->provider_id, upstream) == 0))
		return true;
	for (size_t i = 0; i < rib->n; i++) {
		const struct rib_route *route = &rib->list[i];
		bool back = upstream && advertise_came_through(route->path, upstream);
		if (route->state == RIB_ACCEPTED && !back &&
		    json_array_size(route->path) < ADVERTISE_PATH_MAX - 1 &&
		    !hand_on(to, own, route, source->provider_id))
			return false;
	}
	return true;
}

bool advertise_compose(struct advertisement *to, const json_t *own, const char *upstream,
		       const struct advertise_source *sources, size_t n_sources, json_t *map)
{
	bool done;
	size_t i;
	json_t *object;
	*to = (struct advertisement){.map = map};
	done = !map || alto_vtag_read(map, &to->map_vtag);
	json_array_foreach (own, i, object)
		done = done && add(to, json_incref(object));
	for (i = 0; done && i < n_sources; i++)
		done = hand_all_on(to, own, upstream, &sources[i]);
	if (done)
		sort(to);
	if (done && make_tag(to))
		return true;
	advertise_clear(to);
	return false;
}

/* --- How it is said ----------------------------------------------------------------------------- */

json_t *advertise_objects(const struct advertisement *advertisement)
{
	json_t *list = json_array();
	for (size_t i = 0; i < advertisement->n; i++)
		if (json_array_append(list, advertisement->list[i].object)) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *advertise_part(const struct advertisement *advertisement, json_t *objects)
{
	struct alto_vtag vtag;
	snprintf(vtag.resource, sizeof(vtag.resource), "%s", advertise_resource_id);
	snprintf(vtag.tag, sizeof(vtag.tag), "%s", advertisement->tag);
	return fci_write(&vtag, advertisement->map ? &advertisement->map_vtag : NULL, objects);
}

json_t *advertise_resource(const struct advertisement *advertisement)
{
	json_t *objects = advertise_objects(advertisement);
	json_t *resource = objects ? advertise_part(advertisement, objects) : NULL;
	json_decref(objects);
	return resource;
}

/* Both lists are sorted: what goes is taken out from the end on, what comes is put in from the start on. */
static bool patch_list(json_t *patch, const struct advertisement *before,
		       const struct advertisement *after)
{
	size_t i, k;
	bool done = true;
	for (i = before->n, k = after->n; i--;) {
		while (k && compare(&after->list[k - 1], &before->list[i]) > 0)
			k--;
		if (k && compare(&after->list[k - 1], &before->list[i]) == 0)
			continue;
		done &= !json_array_append_new(
			patch,
			json_pack(
				"{s:s, s:o}", "op", "remove", "path",
				json_sprintf("/cdni-advertisement/capabilities-with-footprints/%zu",
					     i)));
	}
	for (i = k = 0; k < after->n; k++) {
		while (i < before->n && compare(&before->list[i], &after->list[k]) < 0)
			i++;
		if (i < before->n && compare(&before->list[i], &after->list[k]) == 0)
			continue;
		done &= !json_array_append_new(
			patch,
			json_pack(
				"{s:s, s:o, s:O}", "op", "add", "path",
				json_sprintf("/cdni-advertisement/capabilities-with-footprints/%zu",
					     k),
				"value", after->list[k].object));
	}
	return done;
}

json_t *advertise_patch(const struct advertisement *before, const struct advertisement *after)
{
	json_t *patch = json_pack("[{s:s, s:s, s:s}]", "op", "replace", "path", "/meta/vtag/tag",
				  "value", after->tag);
	if (patch &&
	    (!after->map ||
	     !json_array_append_new(patch, json_pack("{s:s, s:s, s:s}", "op", "replace", "path",
						     "/meta/dependent-vtags/0/tag", "value",
						     after->map_vtag.tag))) &&
	    patch_list(patch, before, after))
		return patch;
	json_decref(patch);
	return NULL;
}
