/* config_write - settings and objects as they are now, said as a configuration file in the syntax of libconfig. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_write.h"

#include "config_dns.h"
#include "config_http.h"
#include "config_peers.h"
#include "config_settings.h"
#include "config_signing.h"
#include "lib/array.h"
#include "stats.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- Text ------------------------------------------------------------------------------------- */

void config_text_clear(struct config_text *text)
{
	free(text->at);
	*text = (struct config_text){0};
}

static void put_octets(struct config_text *text, const char *octets, size_t len)
{
	char *at = text->failed ? NULL : array_reserve(text->at, &text->cap, text->len + len, 1);
	if (!at) {
		text->failed = true;
		return;
	}
	text->at = at;
	memcpy(at + text->len, octets, len);
	text->len += len;
}

static void put(struct config_text *text, const char *words)
{
	put_octets(text, words, strlen(words));
}

static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != 0x7f && c != '"' && c != '\\';
}

/* libconfig 1.5 knows \xHH for any octet but NUL. */
static void put_string(struct config_text *text, const char *string)
{
	char escape[sizeof("\\x00")];
	put(text, "\"");
	for (;; string++) {
		size_t plain = 0;
		while (is_plain(string[plain]))
			plain++;
		put_octets(text, string, plain);
		string += plain;
		if (!*string)
			break;
		bool quoted = *string == '"' || *string == '\\';
		snprintf(escape, sizeof(escape), quoted ? "\\%c" : "\\x%02x",
			 (unsigned char)*string);
		put(text, escape);
	}
	put(text, "\"");
}

/* Without the suffix libconfig keeps 32 bits of a number, and config_tree takes none above INT_MAX, whatever its sign. */
static void put_number(struct config_text *text, json_int_t number)
{
	char digits[32];
	bool small = number >= -INT_MAX && number <= INT_MAX;
	snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT "%s", number, small ? "" : "L");
	put(text, digits);
}

static void put_value(struct config_text *text, json_t *value);

static void put_group(struct config_text *text, json_t *group)
{
	const char *key;
	json_t *value;
	put(text, "{ ");
	json_object_foreach (group, key, value) {
		put(text, key);
		put(text, " = ");
		put_value(text, value);
		put(text, "; ");
	}
	put(text, "}");
}

/* Items of an array have one type in libconfig, those of a list any. */
static void put_list(struct config_text *text, json_t *list)
{
	bool strings = true;
	size_t i;
	json_t *item;
	json_array_foreach (list, i, item)
		strings &= json_is_string(item);
	put(text, strings ? "[" : "(");
	json_array_foreach (list, i, item) {
		put(text, i ? ", " : " ");
		put_value(text, item);
	}
	put(text, strings ? " ]" : " )");
}

static void put_value(struct config_text *text, json_t *value)
{
	if (json_is_object(value))
		put_group(text, value);
	else if (json_is_array(value))
		put_list(text, value);
	else if (json_is_string(value))
		put_string(text, json_string_value(value));
	else if (json_is_integer(value))
		put_number(text, json_integer_value(value));
	else
		put(text, json_is_true(value) ? "true" : "false");
}

void config_write_member(struct config_text *text, const char *name, json_t *value)
{
	put(text, name);
	put(text, " = ");
	put_value(text, value);
	put(text, ";\n");
}

/* The n-th item of a list with one on each line. */
static void put_item(struct config_text *text, const char *list, uint64_t n, json_t *item)
{
	if (!n)
		put(text, list);
	put(text, n ? ",\n\t" : " = (\n\t");
	put_value(text, item);
}

static void end_list(struct config_text *text)
{
	put(text, "\n);\n");
}

/* --- Settings --------------------------------------------------------------------------------- */

/* A list that lacks an item is none. */
static void add(json_t **list, json_t *item)
{
	if (json_array_append_new(*list, item)) {
		json_decref(*list);
		*list = NULL;
	}
}

static json_t *addresses_json(const struct ip_addr *addresses, size_t n)
{
	char text[IP_TEXT_MAX];
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		add(&list, json_string(ip_addr_text(&addresses[i], text)));
	return list;
}

static json_t *eal_json(const struct settings *settings)
{
	json_t *arguments = json_array();
	for (size_t i = 0; i < settings->n_eal_arguments; i++)
		add(&arguments, json_string(settings->eal_arguments[i]));
	return json_pack("{s:b, s:I, s:s, s:o}", "hugepages", (int)settings->hugepages, "memory",
			 (json_int_t)settings->memory, "prefix", settings->prefix, "arguments",
			 arguments);
}

static json_t *workers_json(const struct settings *settings)
{
	json_t *cpus = json_array();
	for (size_t i = 0; i < settings->n_cpus; i++)
		add(&cpus, json_integer(settings->cpus[i]));
	return json_pack("{s:I, s:o, s:i, s:s}", "count", (json_int_t)settings->n_workers, "cpus",
			 cpus, "control-cpu", settings->control_cpu, "idle",
			 settings->idle == IDLE_SLEEP ? "sleep" : "poll");
}

static json_t *port_json(const struct port_settings *port)
{
	return json_pack("{s:s, s:s*, s:s*, s:o, s:i, s:i, s:i, s:I, s:b}", "name", port->name,
			 "device", port->device, "vdev", port->vdev, "addresses",
			 addresses_json(port->addresses, port->n_addresses), "mtu", (int)port->mtu,
			 "rx-descriptors", (int)port->rx_descriptors, "tx-descriptors",
			 (int)port->tx_descriptors, "mbufs", (json_int_t)port->mbufs, "keep-alive",
			 (int)port->keep_alive);
}

/* Paths that count from where the process runs would count from the folder of the file that is written. */
static json_t *geo_json(const struct footprint_geo *geo)
{
	char folder[PATH_MAX];
	const char *path;
	json_t *list = json_array();
	for (size_t i = 0; (path = footprint_geo_path(geo, i)); i++)
		add(&list, path[0] != '/' && getcwd(folder, sizeof(folder))
				   ? json_sprintf("%s/%s", folder, path)
				   : json_string(path));
	return json_pack("{s:o}", "databases", list);
}

/* Takes the value over. */
static void put_setting(struct config_text *text, const char *name, json_t *value)
{
	if (value)
		config_write_member(text, name, value);
	else
		text->failed = true;
	json_decref(value);
}

static void put_tcp(struct config_text *text, const struct settings *settings, bool secrets)
{
	const struct tcp_settings *tcp = &settings->tcp;
	bool has_keys = settings->n_cookie_keys && !settings->cookie_key_made;
	put_setting(text, "tcp",
		    json_pack("{s:o*, s:I, s:I, s:I, s:I}", "cookie-keys",
			      has_keys && secrets
				      ? config_settings_keys_json(settings->cookie_keys,
								  settings->n_cookie_keys)
				      : NULL,
			      "connections", (json_int_t)tcp->connections, "buffers",
			      (json_int_t)tcp->buffers, "buffer-size", (json_int_t)tcp->buffer,
			      "idle", (json_int_t)(tcp->idle_ms / 1000)));
	if (has_keys && !secrets)
		put(text, "# tcp.cookie-keys are configured; they are secret and not shown here\n");
}

static void put_dns(struct config_text *text, const struct dns_settings *settings, bool secrets)
{
	put_setting(text, "dns", config_dns_json(settings, secrets));
	if (!secrets && settings->n_secrets && !settings->secret_made)
		put(text,
		    "# dns.cookie-secrets are configured; they are secret and not shown here\n");
}

static void put_peers(struct config_text *text, const struct settings *settings)
{
	if (settings->interconnection.provider_id)
		put_setting(text, "interconnection",
			    config_peers_interconnection_json(&settings->interconnection));
	for (size_t i = 0; i < settings->peers.n; i++) {
		json_t *peer = config_peers_json(&settings->peers.list[i]);
		text->failed |= !peer;
		put_item(text, "peers", i, peer);
		json_decref(peer);
	}
	if (settings->peers.n)
		end_list(text);
}

static void put_settings(struct config_text *text, const struct settings *settings,
			 const struct view *view, bool secrets)
{
	struct footprint_geo *geo = footprint_table_geo(view->footprints);
	put_setting(text, "eal", eal_json(settings));
	put_setting(text, "workers", workers_json(settings));
	for (size_t i = 0; i < settings->n_ports; i++) {
		json_t *port = port_json(&settings->ports[i]);
		text->failed |= !port;
		put_item(text, "ports", i, port);
		json_decref(port);
	}
	end_list(text);
	put_tcp(text, settings, secrets);
	put_dns(text, &settings->dns, secrets);
	put_setting(text, "http", config_http_json(&settings->http));
	put_setting(text, "recursion",
		    json_pack("{s:i, s:i, s:i}", "parked", (int)settings->recursion.parked, "wait",
			      (int)settings->recursion.wait_ms, "answers",
			      (int)settings->recursion.answers));
	put_setting(text, "control",
		    json_pack("{s:s, s:i}", "socket", settings->socket, "drain",
			      (int)settings->drain_ms));
	put_setting(text, "state",
		    json_pack("{s:s*, s:s}", "file", settings->state_file, "sync",
			      settings->state_sync_full ? "full" : "normal"));
	put_peers(text, settings);
	if (settings->signing.name)
		put_setting(text, "signing", config_signing_json(&settings->signing));
	if (geo)
		put_setting(text, "geo", geo_json(geo));
}

/* --- Objects of a kind, in their order ---------------------------------------------------------- */

struct item {
	uint64_t order;
	const struct object *object;
};

/* The first one on top: each item is before the two below it. */
struct heap {
	struct item *items;
	size_t n, cap;
};

static bool before(const struct item *a, const struct item *b)
{
	return a->order != b->order ? a->order < b->order
				    : strcmp(a->object->name, b->object->name) < 0;
}

static bool heap_add(struct heap *heap, const struct object *object)
{
	struct item *items = array_reserve(heap->items, &heap->cap, heap->n + 1, sizeof(*items));
	if (!items)
		return false;
	heap->items = items;
	struct item item = {object->order, object};
	size_t at = heap->n++;
	for (; at && before(&item, &items[(at - 1) / 2]); at = (at - 1) / 2)
		items[at] = items[(at - 1) / 2];
	items[at] = item;
	return true;
}

static const struct object *heap_take(struct heap *heap)
{
	struct item *items = heap->items, last = items[--heap->n];
	const struct object *first = items[0].object;
	size_t at = 0;
	for (size_t below; (below = 2 * at + 1) < heap->n; at = below) {
		if (below + 1 < heap->n && before(&items[below + 1], &items[below]))
			below++;
		if (!before(&items[below], &last))
			break;
		items[at] = items[below];
	}
	items[at] = last;
	return first;
}

/* --- The whole --------------------------------------------------------------------------------- */

struct config_writer {
	struct config_text
		settings; /* what they are when it is made: a reload may replace them meanwhile */
	struct view *view;
	bool begun, collected;     /* collected: all objects of the kind are in the heap */
	unsigned kind;             /* enum object_kind, which is being written */
	uint64_t of_kind, objects; /* written */
	struct heap heap;
	uint8_t key[OBJECT_KEY_MAX + 1]; /* where the walk goes on */
	size_t key_len;
};

struct config_writer *config_writer_new(const struct settings *settings, struct view *view,
					bool secrets)
{
	struct config_writer *writer = calloc(1, sizeof(*writer));
	if (!writer)
		return NULL;
	writer->view = view;
	writer->key_len = 1;
	view_retain(view);
	put_settings(&writer->settings, settings, view, secrets);
	return writer;
}

void config_writer_free(struct config_writer *writer)
{
	if (!writer)
		return;
	view_release(writer->view);
	config_text_clear(&writer->settings);
	free(writer->heap.items);
	free(writer);
}

uint64_t config_writer_objects(const struct config_writer *writer)
{
	return writer->objects;
}

static void begin(struct config_writer *writer, struct config_text *text)
{
	const struct view *view = writer->view;
	char created[sizeof("2026-01-01T00:00:00Z")], line[160];
	time_t seconds = (time_t)view->created;
	struct tm utc;
	strftime(created, sizeof(created), "%FT%TZ", gmtime_r(&seconds, &utc));
	snprintf(line, sizeof(line),
		 "# turnoutd %s, generation %lu of %s: what was configured, and what was set at "
		 "run time.\n",
		 TURNOUT_VERSION, view->generation, created);
	put(text, line);
	if (writer->settings.len)
		put_octets(text, writer->settings.at, writer->settings.len);
	text->failed |= writer->settings.failed;
	writer->begun = true;
}

enum { COLLECT_OBJECTS = 64 }; /* between two looks at the clock */

struct collecting {
	struct config_writer *writer;
	unsigned left;
	bool failed;
};

static bool collect_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct collecting *collecting = arg;
	struct config_writer *writer = collecting->writer;
	const struct object *object = value;
	if (key[0] != writer->kind || !collecting->left)
		return false;
	collecting->left--;
	memcpy(writer->key, key, len);
	writer->key[len] = 0;
	writer->key_len = len + 1;
	/* What peers taught is theirs to say again. */
	bool own = !object->removed && strncmp(object->set, "peer ", 5) != 0;
	collecting->failed = own && !heap_add(&writer->heap, object);
	return !collecting->failed;
}

static void collect(struct config_writer *writer, struct config_text *text)
{
	struct collecting collecting = {writer, COLLECT_OBJECTS, false};
	writer->key[0] = (uint8_t)writer->kind;
	trie_walk(writer->view->objects, writer->key, writer->key_len, collect_one, &collecting);
	writer->collected = collecting.left > 0;
	text->failed |= collecting.failed;
}

static json_t *object_value(const struct config_writer *writer, const struct object *object)
{
	json_t *json = json_loads(object_json(object), 0, NULL);
	if (!json || (object->kind != OBJECT_CDN && object->kind != OBJECT_NODE))
		return json;
	const struct target *target = view_target(writer->view, object->made.id);
	const char *state = target_state_name((enum target_state)target->state);
	if (target->state == target->configured ||
	    !json_object_set_new(json, "state", json_string(state)))
		return json;
	json_decref(json);
	return NULL;
}

/* Kinds are written in lists named after them; the fallback is one by itself. */
static void put_object(struct config_writer *writer, const struct object *object,
		       struct config_text *text)
{
	enum object_kind kind = (enum object_kind)object->kind;
	json_t *value = object_value(writer, object);
	char list[32];
	snprintf(list, sizeof(list), "%s%s", object_kind_name(kind),
		 kind == OBJECT_DISTINGUISHED ? "" : "s");
	if (!value)
		text->failed = true;
	else if (kind == OBJECT_FALLBACK)
		config_write_member(text, object_kind_name(kind), value);
	else
		put_item(text, list, writer->of_kind, value);
	json_decref(value);
	writer->of_kind++;
	writer->objects++;
}

static void next_kind(struct config_writer *writer, struct config_text *text)
{
	if (writer->of_kind && writer->kind != OBJECT_FALLBACK)
		end_list(text);
	writer->of_kind = 0;
	writer->collected = false;
	writer->key_len = 1;
	writer->kind += writer->kind + 1 == OBJECT_STATE ? 2 : 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

enum config_written config_writer_run(struct config_writer *writer, struct config_text *text,
				      size_t octets, uint64_t ns)
{
	uint64_t until = now_ns() + ns;
	if (!writer->begun)
		begin(writer, text);
	do {
		if (writer->kind == OBJECT_KINDS || text->failed)
			break;
		if (!writer->collected)
			collect(writer, text);
		else if (writer->heap.n)
			put_object(writer, heap_take(&writer->heap), text);
		else
			next_kind(writer, text);
	} while (text->len < octets && now_ns() < until);
	if (text->failed)
		return CONFIG_WRITTEN_NO_MEMORY;
	return writer->kind < OBJECT_KINDS ? CONFIG_WRITTEN_PART : CONFIG_WRITTEN_ALL;
}
