/* json_patch - applies a JSON patch (RFC 6902): all of it or nothing, with bounded work. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_patch.h"

#include "json_pointer.h"
#include "json_strict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A document while it is patched. A container is changed in place when nothing but its parent refers to it, and is copied, one
 * level deep, when it is shared. */
struct patching {
	json_t *root;
	size_t left; /* octets that may still be added or moved */
	size_t max;
	char err[400];
};

static bool fail(struct patching *patching, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(struct patching *patching, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(patching->err, sizeof(patching->err), format, args);
	va_end(args);
	return false;
}

/* Copies that copy what was copied double with each operation: what they weigh is paid before they are made. */
static bool pay(struct patching *patching, size_t octets)
{
	if (octets > patching->left)
		return fail(patching, "the patch adds or moves more than %zu octets",
			    patching->max);
	patching->left -= octets;
	return true;
}

/* --- Containers ------------------------------------------------------------------------------- */

static size_t slots_of(const json_t *container)
{
	return json_is_array(container) ? json_array_size(container) : json_object_size(container);
}

/* Gives a container that is not shared, in *value. */
static bool own(struct patching *patching, json_t *value, json_t **owned)
{
	bool is_container = json_is_array(value) || json_is_object(value);
	*owned = value;
	if (!is_container || value->refcount == 1)
		return true;
	if (!pay(patching, slots_of(value)))
		return false;
	*owned = json_strict_copy(value);
	return *owned || fail(patching, "no memory");
}

static bool own_root(struct patching *patching)
{
	json_t *owned;
	if (!own(patching, patching->root, &owned))
		return false;
	if (owned != patching->root) {
		json_decref(patching->root);
		patching->root = owned;
	}
	return true;
}

/* What a token of a container that is not shared leads to, made so as well. NULL: nothing, or a failure. */
static json_t *own_step(struct patching *patching, json_t *parent, const char *token)
{
	size_t index;
	json_t *owned, *child = json_pointer_step(parent, token);
	if (!child) {
		fail(patching, "there is no '%.64s'", token);
		return NULL;
	}
	if (!own(patching, child, &owned) || owned == child)
		return owned == child ? child : NULL;
	int status = -1;
	if (json_is_object(parent))
		status = json_object_set_new(parent, token, owned);
	else if (json_pointer_index(parent, token, &index))
		status = json_array_set_new(parent, index, owned);
	if (status == 0)
		return owned;
	fail(patching, "no memory");
	return NULL;
}

/* The container that a pointer ends in, not shared, and the last token; the pointer has one. */
static json_t *own_parent(struct patching *patching, struct json_pointer *pointer,
			  const char **last)
{
	json_t *value = own_root(patching) ? patching->root : NULL;
	for (*last = json_pointer_token(pointer); value && pointer->next;
	     *last = json_pointer_token(pointer))
		value = own_step(patching, value, *last);
	if (value && !json_is_array(value) && !json_is_object(value)) {
		fail(patching, "'%.64s' cannot be in a value that is neither object nor array",
		     *last);
		return NULL;
	}
	return value;
}

/* --- Operations ------------------------------------------------------------------------------- */

/* What an operation does where its pointer ends. */
typedef bool changer(struct patching *patching, json_t *parent, const char *token, json_t *value);

static bool put_child(struct patching *patching, json_t *parent, const char *token, json_t *value)
{
	size_t index;
	if (json_is_object(parent))
		return json_object_set(parent, token, value) == 0 || fail(patching, "no memory");
	if (!json_pointer_index(parent, token, &index))
		return fail(patching, "'%.64s' is not an index of an array of %zu", token,
			    json_array_size(parent));
	return pay(patching, json_array_size(parent) - index) &&
	       (json_array_insert(parent, index, value) == 0 || fail(patching, "no memory"));
}

static bool remove_child(struct patching *patching, json_t *parent, const char *token,
			 json_t *value)
{
	size_t index;
	(void)value;
	if (!json_pointer_step(parent, token))
		return fail(patching, "there is no '%.64s'", token);
	if (json_is_object(parent))
		return json_object_del(parent, token) == 0;
	json_pointer_index(parent, token, &index);
	return pay(patching, json_array_size(parent) - index) &&
	       json_array_remove(parent, index) == 0;
}

static bool replace_child(struct patching *patching, json_t *parent, const char *token,
			  json_t *value)
{
	size_t index;
	if (!json_pointer_step(parent, token))
		return fail(patching, "there is no '%.64s'", token);
	if (json_is_object(parent))
		return json_object_set(parent, token, value) == 0 || fail(patching, "no memory");
	json_pointer_index(parent, token, &index);
	return json_array_set(parent, index, value) == 0;
}

/* For the whole document a NULL value is no document: it cannot be removed. */
static bool change_at(struct patching *patching, const char *path, changer *change, json_t *value)
{
	struct json_pointer pointer;
	const char *token;
	if (!json_pointer_begin(&pointer, path, patching->err, sizeof(patching->err)))
		return false;
	bool done = false;
	if (pointer.next) {
		json_t *parent = own_parent(patching, &pointer, &token);
		done = parent && change(patching, parent, token, value);
	} else if (value) {
		json_decref(patching->root);
		patching->root = json_incref(value);
		done = true;
	} else {
		fail(patching, "the whole document cannot be removed");
	}
	json_pointer_end(&pointer);
	return done;
}

static bool add(struct patching *patching, const char *path, json_t *value)
{
	return pay(patching, json_strict_size(value, patching->left)) &&
	       change_at(patching, path, put_child, value);
}

static bool replace(struct patching *patching, const char *path, json_t *value)
{
	return pay(patching, json_strict_size(value, patching->left)) &&
	       change_at(patching, path, replace_child, value);
}

static bool test(struct patching *patching, const char *path, json_t *value)
{
	json_t *there =
		json_pointer_get(patching->root, path, patching->err, sizeof(patching->err));
	return there && (json_strict_equal(there, value) ||
			 fail(patching, "the value there is another one"));
}

/* The value is held while its place may go. */
static bool copy(struct patching *patching, const char *from, const char *path, bool move)
{
	json_t *value =
		json_pointer_get(patching->root, from, patching->err, sizeof(patching->err));
	size_t len = strlen(from);
	if (!value)
		return false;
	if (move && strcmp(from, path) == 0)
		return true;
	if (move && strncmp(from, path, len) == 0 && path[len] == '/')
		return fail(patching, "a value cannot be moved into itself");
	json_incref(value);
	bool done = (!move || change_at(patching, from, remove_child, NULL)) &&
		    add(patching, path, value);
	json_decref(value);
	return done;
}

/* --- Patches ---------------------------------------------------------------------------------- */

static bool apply(struct patching *patching, const json_t *operation)
{
	const char *op = json_string_value(json_object_get(operation, "op"));
	const char *path = json_string_value(json_object_get(operation, "path"));
	const char *from = json_string_value(json_object_get(operation, "from"));
	json_t *value = json_object_get(operation, "value");
	if (!op || !path)
		return fail(patching, "expected an object with \"op\" and \"path\"");
	bool moves = strcmp(op, "move") == 0 || strcmp(op, "copy") == 0;
	if (moves && !from)
		return fail(patching, "'from' is missing");
	if (moves)
		return copy(patching, from, path, op[0] == 'm');
	if (strcmp(op, "remove") == 0)
		return change_at(patching, path, remove_child, NULL);
	bool (*with_value)(struct patching *, const char *, json_t *) =
		strcmp(op, "add") == 0       ? add
		: strcmp(op, "replace") == 0 ? replace
		: strcmp(op, "test") == 0    ? test
					     : NULL;
	if (!with_value)
		return fail(patching,
			    "expected add, remove, replace, move, copy or test, not '%.64s'", op);
	return value ? with_value(patching, path, value) : fail(patching, "'value' is missing");
}

static void say(const struct patching *patching, const json_t *operation, size_t i, char *err,
		size_t err_len)
{
	const char *op = json_string_value(json_object_get(operation, "op"));
	const char *path = json_string_value(json_object_get(operation, "path"));
	snprintf(err, err_len, "operation %zu (%.16s %.200s): %s", i, op ? op : "?",
		 path ? path : "?", patching->err);
}

json_t *json_patch_apply(json_t *document, const json_t *patch, size_t max, char *err,
			 size_t err_len)
{
	struct patching patching = {.root = json_incref(document), .left = max, .max = max};
	bool done = json_is_array(patch);
	if (!done)
		snprintf(err, err_len, "a JSON patch is an array of operations");
	for (size_t i = 0; done && i < json_array_size(patch); i++) {
		const json_t *operation = json_array_get(patch, i);
		done = apply(&patching, operation);
		if (!done)
			say(&patching, operation, i, err, err_len);
	}
	if (done && json_strict_size(patching.root, max) > max) {
		done = false;
		snprintf(err, err_len, "the patched document is past %zu octets", max);
	}
	if (done)
		return patching.root;
	json_decref(patching.root);
	return NULL;
}
