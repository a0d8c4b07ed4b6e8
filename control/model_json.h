/* model_json - the one JSON form of each object of the model, read from configuration, table files and the socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "model.h"

/* Each reader gives false when it found faults; the object is then not to be used, but cleared all
 * the same. Strings belong to the JSON value, which must outlive the object; arrays to the object
 * until its _clear. A _clear may be called on any object that its reader was called on. Control
 * thread. */

bool model_json_target(const struct json_source *source, json_t *json, enum target_kind kind,
		       struct model_target *target);
void model_json_target_clear(struct model_target *target);

bool model_json_dri(const struct json_source *source, json_t *json, struct model_dri *dri);
void model_json_dri_clear(struct model_dri *dri);

/* What is said of types that no choice depends on is not looked at. */
bool model_json_advert(const struct json_source *source, json_t *json, struct model_advert *advert);
void model_json_advert_clear(struct model_advert *advert);

bool model_json_state(const struct json_source *source, json_t *json, struct model_state *state);
bool model_json_fallback(const struct json_source *source, json_t *json,
			 struct model_fallback *fallback);

bool model_json_zone(const struct json_source *source, json_t *json, struct model_zone *zone);
void model_json_zone_clear(struct model_zone *zone);

bool model_json_distinguished(const struct json_source *source, json_t *json,
			      struct model_distinguished *distinguished);

bool model_json_footprint_name(const struct json_source *source, json_t *json,
			       struct model_footprint_name *footprint);
void model_json_footprint_name_clear(struct model_footprint_name *footprint);

/* The scope's JSON value is brought to its canonical form: defaults are left out, header names are
 * in lower case. */
bool model_json_scope(const struct json_source *source, json_t *json, struct model_scope *scope);
void model_json_scope_clear(struct model_scope *scope);

/* Parts that stand within other objects. */

/* The member `key` of in, a list of names that advert_offer knows, as bits. unknown: others are passed over. */
uint64_t model_json_offers(struct json_in *in, const char *key, enum advert_type type,
			   bool unknown);

/* The member `key` of in, {"cdn": "b"} or {"node": "n"}; missing: name NULL. */
bool model_json_target_ref(struct json_in *in, const char *key, struct model_target_ref *ref);

/* The two members "cdn" and "node" of in, one of which has to be there. */
const char *model_json_target_name(struct json_in *in, enum target_kind *kind);

/* The member "footprints" of in; with_names: names of lists may stand among the objects. */
void model_json_footprints(struct json_in *in, bool with_names, struct model_footprints *out);
void model_json_footprints_clear(struct model_footprints *footprints);
