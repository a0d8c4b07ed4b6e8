/* show_config - the method that shows all objects as they are now, page by page, as a configuration file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_config.h"

#include "config_write.h"
#include "lib/text.h"
#include "reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_NS = 5000000 }; /* then the event loop has its turn */

/* All pages are of the version that was the newest when the first one was asked for. */
struct show_config {
	struct show_config *next, **link; /* of the control's, the last used first */
	struct control *control;
	uint64_t id, page; /* the page that comes next */
	struct config_writer *writer;
	struct config_text text; /* written, but on no page yet */
	enum config_written written;
	struct event *timer;
	struct rpc_later *later; /* of the page that is asked for; NULL: none */
};

static void unlink_from_list(struct show_config *show)
{
	*show->link = show->next;
	if (show->next)
		show->next->link = show->link;
}

static void put_first(struct show_config *show)
{
	struct control *control = show->control;
	show->next = control->shows;
	show->link = &control->shows;
	if (show->next)
		show->next->link = &show->next;
	control->shows = show;
}

static void show_free(struct show_config *show)
{
	unlink_from_list(show);
	config_writer_free(show->writer);
	config_text_clear(&show->text);
	if (show->timer)
		event_free(show->timer);
	free(show);
}

void show_config_clear(struct control *control)
{
	while (control->shows)
		show_free(control->shows);
}

/* The next page out of the text; NULL: no memory. */
static json_t *take_page(struct show_config *show, bool *last)
{
	struct config_text *text = &show->text;
	char next[64];
	size_t len = text_fit(text->at, text->len, SHOW_CONFIG_PAGE_OCTETS);
	json_t *page = json_stringn(text->at, len);
	text->len -= len;
	memmove(text->at, text->at + len, text->len);
	*last = show->written == CONFIG_WRITTEN_ALL && !text->len;
	snprintf(next, sizeof(next), "%lu.%lu", show->id, ++show->page);
	return json_pack("{s:o, s:s*}", "text", page, "next", *last ? NULL : next);
}

/* What is shown may be gone afterwards: the client's next request may come at once. */
static void answer(struct show_config *show)
{
	static const struct timeval idle = {.tv_sec = SHOW_CONFIG_SECONDS};
	struct rpc_later *later = show->later;
	bool last = true;
	json_t *page = NULL;
	if (show->written != CONFIG_WRITTEN_NO_MEMORY)
		page = take_page(show, &last);
	show->later = NULL;
	if (last || !page)
		show_free(show);
	else
		evtimer_add(show->timer, &idle);
	rpc_later_result(later, page);
}

static void work_later(struct show_config *show)
{
	static const struct timeval at_once = {0};
	evtimer_add(show->timer, &at_once);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct show_config *show = arg;
	(void)fd;
	(void)what;
	if (!show->later) { /* nobody asked for the next page in all that time */
		show_free(show);
		return;
	}
	if (show->written == CONFIG_WRITTEN_PART)
		show->written = config_writer_run(show->writer, &show->text,
						  SHOW_CONFIG_PAGE_OCTETS, SLICE_NS);
	if (show->written == CONFIG_WRITTEN_PART && show->text.len < SHOW_CONFIG_PAGE_OCTETS)
		work_later(show);
	else
		answer(show);
}

static void gone(void *arg)
{
	show_free(arg);
}

/* Makes room for one more, at the cost of the one that was not asked for the longest. */
static bool make_room(struct control *control, struct rpc_call *call)
{
	struct show_config *idle = NULL;
	unsigned n = 0;
	for (struct show_config *at = control->shows; at; at = at->next) {
		n++;
		idle = at->later ? idle : at;
	}
	if (n == SHOW_CONFIG_MAX && idle)
		show_free(idle);
	else if (n == SHOW_CONFIG_MAX)
		snprintf(call->text, sizeof(call->text),
			 "%d clients are being shown the configuration already; try again later",
			 SHOW_CONFIG_MAX);
	return n < SHOW_CONFIG_MAX || idle;
}

static struct show_config *show_new(struct control *control, struct rpc_call *call)
{
	if (!make_room(control, call))
		return NULL;
	struct show_config *show = calloc(1, sizeof(*show));
	if (!show)
		return NULL;
	show->control = control;
	show->id = ++control->last_show;
	show->written = CONFIG_WRITTEN_PART;
	put_first(show);
	show->timer = evtimer_new(control->base, on_timer, show);
	const struct settings settings = reload_settings(control);
	show->writer = config_writer_new(&settings, control->head, false);
	if (show->timer && show->writer)
		return show;
	show_free(show);
	return NULL;
}

static struct show_config *find(struct control *control, const char *offset, struct rpc_call *call)
{
	char next[64];
	for (struct show_config *show = control->shows; show; show = show->next) {
		snprintf(next, sizeof(next), "%lu.%lu", show->id, show->page);
		if (!show->later && !strcmp(next, offset)) {
			unlink_from_list(show);
			put_first(show);
			return show;
		}
	}
	snprintf(call->text, sizeof(call->text),
		 "offset '%.64s' is not the 'next' of the last page, or that is longer ago than %d "
		 "minutes; begin again without it",
		 offset, SHOW_CONFIG_SECONDS / 60);
	return NULL;
}

json_t *show_config(struct control *control, struct json_in *params, struct rpc_call *call)
{
	const char *offset = json_in_text(params, "offset", JSON_IN_OPTIONAL);
	if (!json_in_end(params))
		return NULL;
	struct show_config *show = offset ? find(control, offset, call) : show_new(control, call);
	if (!show)
		return NULL;
	show->later = rpc_later(call, gone, show);
	if (show->later)
		work_later(show);
	else
		show_free(show);
	return NULL;
}
