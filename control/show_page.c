/* show_page - one page of a list of objects: looked for in portions, so that others have their turn meanwhile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_page.h"

#include "show.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 10000 };
enum { PORTION = 256, SLICE_NS = 5000000 }; /* objects between two looks at the clock */

struct page {
	struct control *control;
	struct view *view;
	const struct show_list *list;
	char *match; /* or NULL */
	uint64_t offset, limit, total;
	json_t *found;
	bool ended;
	unsigned left; /* of the portion */
	uint8_t key[OBJECT_KEY_MAX + 1];
	size_t key_len;
	struct event *timer;
	struct rpc_later *later;
};

static void page_free(struct page *page)
{
	view_release(page->view);
	json_decref(page->found);
	if (page->timer)
		event_free(page->timer);
	free(page->match);
	free(page);
}

static bool matches(const struct page *page, const struct object *object)
{
	return !page->match || strcasestr(object->name, page->match) ||
	       (page->list->whole && strcasestr(object_json(object), page->match));
}

static void add(struct page *page, const struct object *object)
{
	json_t *json = show_object_place(object), *more = page->list->show(page->view, object);
	if (json && more)
		json_object_update(json, more);
	json_decref(more);
	json_array_append_new(page->found, json);
}

static bool page_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct page *page = arg;
	const struct object *object = value;
	page->ended = key[0] != page->list->kind;
	if (!page->ended && !object->removed && matches(page, object)) {
		uint64_t at = page->total++;
		bool full = at >= page->offset && at - page->offset >= page->limit;
		if (at >= page->offset && !full)
			add(page, object);
		page->ended = full && !page->match; /* the total is known */
	}
	if (page->ended || --page->left)
		return !page->ended;
	memcpy(page->key, key, len);
	page->key[len] = 0;
	page->key_len = len + 1;
	return false;
}

/* For as long as others can wait. */
static void look(struct page *page)
{
	uint64_t until = plane_now_ns(page->control->plane) + SLICE_NS;
	do {
		page->left = PORTION;
		page->ended |=
			trie_walk(page->view->objects, page->key, page->key_len, page_one, page);
	} while (!page->ended && plane_now_ns(page->control->plane) < until);
}

static json_t *answer_of(struct page *page)
{
	const struct show_list *list = page->list;
	json_t *more = list->more ? list->more(page->view) : NULL;
	if (!page->match)
		page->total = page->view->n_of[list->kind];
	json_t *answer = json_pack("{s:I, s:I, s:O}", "total", (json_int_t)page->total, "offset",
				   (json_int_t)page->offset, list->title, page->found);
	if (answer && more)
		json_object_update(answer, more);
	json_decref(more);
	page_free(page);
	return answer;
}

static void look_later(struct page *page)
{
	static const struct timeval at_once = {0};
	evtimer_add(page->timer, &at_once);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct page *page = arg;
	struct rpc_later *later = page->later;
	(void)fd;
	(void)what;
	look(page);
	if (page->ended)
		rpc_later_result(later, answer_of(page));
	else
		look_later(page);
}

static void gone(void *arg)
{
	page_free(arg);
}

/* NULL: the parameters are wrong, or no memory. */
static struct page *page_new(struct control *control, const struct show_list *list,
			     struct json_in *params)
{
	const char *match = json_in_text(params, "match", JSON_IN_OPTIONAL);
	uint64_t limit = (uint64_t)json_in_integer(params, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	uint64_t offset = (uint64_t)json_in_integer(params, "offset", 0, INT64_MAX, 0);
	struct page *page = json_in_end(params) ? calloc(1, sizeof(*page)) : NULL;
	if (!page)
		return NULL;
	*page = (struct page){.control = control,
			      .view = control->head,
			      .list = list,
			      .match = match ? strdup(match) : NULL,
			      .offset = offset,
			      .limit = limit,
			      .found = json_array(),
			      .key = {(uint8_t)list->kind},
			      .key_len = 1};
	view_retain(page->view);
	if (page->found && (!match || page->match))
		return page;
	page_free(page);
	return NULL;
}

json_t *show_page(struct control *control, const struct show_list *list, struct json_in *params,
		  struct rpc_call *call)
{
	struct page *page = page_new(control, list, params);
	if (!page)
		return NULL;
	do {
		look(page);
	} while (!page->ended && !call->client);
	if (page->ended)
		return answer_of(page);
	page->timer = evtimer_new(control->base, on_timer, page);
	page->later = page->timer ? rpc_later(call, gone, page) : NULL;
	if (page->later)
		look_later(page);
	else
		page_free(page);
	return NULL;
}
