/* show_page - one page of a list of objects: looked for in portions, so that others have their turn meanwhile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

/* What is listed, and how. */
struct show_list {
	const char *title; /* of the list in the answer */
	enum object_kind kind;
	bool whole; /* a match looks at all of the object, not only at its name */
	json_t *(*show)(const struct view *view, const struct object *object);
	json_t *(*more)(const struct view *view); /* further members of the answer; or NULL */
};

/* Takes the parameters "match", "limit" and "offset"; all of an answer is of one version. A request without a client is
 * answered at once. The list has to stay. Control thread. */
json_t *show_page(struct control *control, const struct show_list *list, struct json_in *params,
		  struct rpc_call *call);
