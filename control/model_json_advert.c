/* model_json_advert - capabilities of a CDN (RFC 8008 §5), from JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_json.h"

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

/* A CDN may offer what we do not know: registries grow. */
static void read_value(struct json_in *in, enum advert_type type, struct model_advert *advert)
{
	static const char *const lists[ADVERT_CHOSEN_BY] = {
		[ADVERT_DELIVERY_PROTOCOL] = "delivery-protocols",
		[ADVERT_REDIRECTION_MODE] = "redirection-modes",
		[ADVERT_METADATA] = "metadata",
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
	advert->offers = model_json_offers(&inner, lists[type], type, true);
	json_in_end(&inner);
}

bool model_json_advert(const struct json_source *source, json_t *json, struct model_advert *advert)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "advert");
	*advert = (struct model_advert){0};
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
