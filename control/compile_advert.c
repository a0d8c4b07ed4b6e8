/* compile_advert - capabilities of CDNs: attached to their targets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "cdn/b FCI.RedirectionMode 0123456789abcdef", with a hash of all that it says: one that says something else is another one. */
static bool name_advert(const struct compiler *compiler, const struct model_advert *model,
			struct place place, char name[OBJECT_NAME_MAX])
{
	static const uint8_t fixed_key[16] = "turnout: advert";
	char path[OBJECT_NAME_MAX];
	compiler_target_path(TARGET_CDN, model->cdn, path, sizeof(path));
	int len = snprintf(name, OBJECT_NAME_MAX, "%s %s %016lx", path, model->type,
			   siphash(fixed_key, (const uint8_t *)model->json, strlen(model->json)));
	if (len < OBJECT_NAME_MAX && !strpbrk(model->type, " \t\r\n"))
		return true;
	faults_add(compiler->faults, place, "advert of %s: its type is no name", path);
	return false;
}

/* Takes the advert's reference over. */
static bool put_advert(struct compiler *compiler, struct entry *entry, struct advert *advert,
		       uint32_t id)
{
	struct object *object = entry_object(compiler, entry);
	if (!object) {
		advert_release(advert);
		return false;
	}
	struct advert *old = entry->old && !entry->old->removed ? entry->old->made.advert : NULL;
	object->made.advert = advert;
	if (compiler_attach(compiler, id, &(struct attached){.advert = old},
			    &(struct attached){.advert = advert}) &&
	    (!old || compiler_drop_footprint(compiler, old->footprint)))
		return entry_put(compiler, entry, object);
	object_release(object);
	compiler_no_memory(compiler, entry->place, entry->name);
	return false;
}

bool compiler_add_advert(struct compiler *compiler, const struct model_advert *model,
			 struct place place)
{
	struct model_target_ref ref = {.kind = TARGET_CDN, .name = model->cdn};
	struct entry entry;
	uint32_t target, footprint;
	bool refused;
	char name[OBJECT_NAME_MAX];
	if (compiler->no_memory || !name_advert(compiler, model, place, name))
		return false;
	if (!entry_begin(compiler, &entry, OBJECT_ADVERT, name, model->json, place, &refused))
		return !refused;
	if (!compiler_target(compiler, &ref, "advert", NULL, place, &target) ||
	    !compiler_take_footprint(compiler, &model->footprints, "advert", place, &footprint))
		return false;
	struct advert *advert = advert_new(advert_type_parse(model->type), footprint, model->offers,
					   model->capacity);
	if (!advert) {
		compiler_no_memory(compiler, place, name);
		return false;
	}
	return put_advert(compiler, &entry, advert, target);
}

bool compiler_take_out_advert(struct compiler *compiler, const struct object *object)
{
	struct advert *advert = object->made.advert;
	if (compiler_attach(compiler, compiler_owner(compiler, object),
			    &(struct attached){.advert = advert}, NULL) &&
	    compiler_drop_footprint(compiler, advert->footprint))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
	return false;
}
