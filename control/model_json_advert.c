/* model_json_advert - capabilities of a CDN (RFC 8008 §5), from JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_json.h"

#include <string.h>

uint64_t model_json_offers(struct json_in *in, const char *key, enum advert_type type, bool unknown)
{
	uint64_t offers = 0;
	json_t *list = json_in_list(in, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i);
		const char *name = json_in_text_of(in, value, key);
		uint64_t offer = name ? advert_offer(type, name) : 0;
		if (name && !offer && !unknown)
			json_in_fault(in, value, "%s: '%.64s' is not known", key, name);
		offers |= offer;
	}
	return offers;
}

/* The limit that is to be kept: the soft one, else the hard one (RFC 9808 §2.2.2). Types that are not counted here are checked only. */
static uint64_t read_limit(struct json_in *outer, json_t *json)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "limit");
	const char *type = json_in_text(&in, "limit-type", JSON_IN_NEEDED);
	int64_t hard = json_in_integer(&in, "maximum-hard", 0, INT64_MAX, -1);
	int64_t soft = json_in_integer(&in, "maximum-soft", 0, INT64_MAX, hard);
	json_in_text(&in, "id", JSON_IN_OPTIONAL);
	json_in_integer(&in, "current", 0, INT64_MAX, 0);
	json_in_object(&in, "telemetry-source");
	if (in.object && !json_object_get(json, "maximum-hard"))
		json_in_fault(&in, NULL, "'maximum-hard' is missing");
	else if (soft > hard)
		json_in_fault(&in, NULL, "maximum-soft is more than maximum-hard");
	bool good = json_in_end(&in);
	return good && !strcmp(type, "requests") ? (uint64_t)soft : UINT64_MAX;
}

static void read_limits(struct json_in *in, struct model_advert *advert)
{
	json_t *list = json_in_list(in, "limits");
	for (size_t i = 0; i < json_array_size(list); i++) {
		uint64_t limit = read_limit(in, json_array_get(list, i));
		if (limit < advert->capacity)
			advert->capacity = limit;
	}
}

/* A CDN may offer what we do not know: registries grow. */
static void read_value(struct json_in *in, enum advert_type type, struct model_advert *advert)
{
	static const char *const lists[ADVERT_OTHER] = {
		[ADVERT_DELIVERY_PROTOCOL] = "delivery-protocols",
		[ADVERT_REDIRECTION_MODE] = "redirection-modes",
		[ADVERT_METADATA] = "metadata",
		[ADVERT_CAPACITY] = "limits",
	};
	struct json_in inner;
	json_t *value = json_in_object(in, "value");
	if (!value) {
		if (in->object && !json_object_get(in->object, "value"))
			json_in_fault(in, NULL, "'value' is missing");
		return;
	}
	if (type == ADVERT_OTHER)
		return;
	json_in_begin(&inner, in->source, value, in->place, "value");
	if (!json_object_get(value, lists[type]))
		json_in_fault(&inner, NULL, "'%s' is missing", lists[type]);
	if (type == ADVERT_CAPACITY)
		read_limits(&inner, advert);
	else
		advert->offers = model_json_offers(&inner, lists[type], type, true);
	json_in_end(&inner);
}

bool model_json_advert(const struct json_source *source, json_t *json, struct model_advert *advert)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "advert");
	*advert = (struct model_advert){.capacity = UINT64_MAX};
	advert->cdn = json_in_text(&in, "cdn", JSON_IN_NEEDED);
	advert->type = json_in_text(&in, "type", JSON_IN_NEEDED);
	read_value(&in, advert->type ? advert_type_parse(advert->type) : ADVERT_OTHER, advert);
	model_json_footprints(&in, false, &advert->footprints);
	return json_in_end(&in);
}

void model_json_advert_clear(struct model_advert *advert)
{
	model_json_footprints_clear(&advert->footprints);
}
