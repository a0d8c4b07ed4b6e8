/* commit_differences - what differs between two versions of the tables, as the control socket tells it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "commit.h"
#include "lib/object.h"

#include <string.h>

struct differing {
	json_t *list;
	size_t limit;
	bool more, failed;
};

static json_t *said(const struct object *object)
{
	return object && !object->removed ? json_loads(object_json(object), 0, NULL) : json_null();
}

static bool differ_one(void *arg, const uint8_t *key, size_t len, void *before, void *after)
{
	struct differing *differing = arg;
	const struct object *old = before, *new = after, *object = new ? new : old;
	bool gone = !old || old->removed, none = !new || new->removed;
	(void)key;
	(void)len;
	if ((gone && none) || (!gone && !none && !strcmp(object_json(old), object_json(new))))
		return true;
	differing->more = json_array_size(differing->list) == differing->limit;
	if (differing->more)
		return false;
	json_t *one = json_pack("{s:s, s:s, s:o, s:o}", "kind",
				object_kind_name((enum object_kind)object->kind), "name",
				object->name, "before", said(old), "after", said(new));
	differing->failed = !one || json_array_append_new(differing->list, one);
	return !differing->failed;
}

json_t *commit_differences(const struct trie_node *before, const struct trie_node *after,
			   size_t limit, bool *more)
{
	struct differing differing = {json_array(), limit, false, false};
	if (differing.list)
		trie_diff(before, after, NULL, 0, differ_one, &differing);
	*more = differing.more;
	if (!differing.failed)
		return differing.list;
	json_decref(differing.list);
	return NULL;
}
