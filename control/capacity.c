/* capacity - what comes to CDNs that advertise limits, weighed against them once a second. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capacity.h"

static bool weigh(void *arg, const uint8_t *key, size_t len, void *value)
{
	const double *seconds = arg;
	const struct object *object = value;
	(void)len;
	if (key[0] != OBJECT_ADVERT)
		return false;
	if (!object->removed && object->made.advert->type == ADVERT_CAPACITY)
		advert_weigh(object->made.advert, *seconds);
	return true;
}

void capacity_tend(struct control *control)
{
	const uint8_t first = OBJECT_ADVERT;
	uint64_t now = plane_now_ns(control->plane);
	double seconds = (double)(now - control->capacity_ns) / 1e9;
	if (control->head && control->capacity_ns && seconds > 0.1)
		trie_walk(control->head->objects, &first, 1, weigh, &seconds);
	control->capacity_ns = now;
}
