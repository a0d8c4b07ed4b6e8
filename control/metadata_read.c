/* metadata_read - the objects of a CDNI metadata tree collected, link by link, and put together. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_read.h"

#include "lib/array.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HREF_MAX = 2048 };

struct document {
	char *href;
	char *ptype;
	json_t *json; /* NULL: not there yet */
};

struct metadata_read {
	struct metadata_limits limits;
	size_t octets;
	struct document *documents;
	size_t n, room, given;
	json_t *numbers; /* of the documents by href */
};

/* Which members hold objects that may be links, and of what type (RFC 8006 §4.1, §4.2). */
static const struct {
	const char *key, *ptype;
} members[] = {
	{"hosts", "MI.HostMatch"},           {"host-metadata", "MI.HostMetadata"},
	{"metadata", "MI.GenericMetadata"},  {"paths", "MI.PathMatch"},
	{"path-pattern", "MI.PatternMatch"}, {"path-metadata", "MI.PathMetadata"},
	{"generic-metadata-value", NULL}, /* what generic-metadata-type says */
	{"locations", "MI.LocationRule"},    {"footprints", "MI.Footprint"},
	{"times", "MI.TimeWindowRule"},      {"windows", "MI.TimeWindow"},
	{"protocol-acl", "MI.ProtocolRule"}, {"sources", "MI.Source"},
};

/* The type of the objects in a member; NULL: it holds none. */
static const char *ptype_of(const json_t *object, const char *key)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(key, members[i].key) != 0)
			continue;
		const json_t *type = json_object_get(object, "generic-metadata-type");
		return members[i].ptype ? members[i].ptype : json_string_value(type);
	}
	return NULL;
}

static void fault(struct faults *faults, const char *href, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* hrefs are a peer's: nothing in them shall reach a terminal as it is. */
static void fault(struct faults *faults, const char *href, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	faults_add(faults, (struct place){href, 0}, "%s", text);
}

/* --- Documents ---------------------------------------------------------------------------------------------------- */

static struct document *find(const struct metadata_read *read, const char *href)
{
	const json_t *number = json_object_get(read->numbers, href);
	return number ? &read->documents[json_integer_value(number)] : NULL;
}

static bool add(struct metadata_read *read, const char *href, const char *ptype)
{
	struct document *documents =
		array_reserve(read->documents, &read->room, read->n + 1, sizeof(*documents));
	if (!documents)
		return false;
	read->documents = documents;
	documents[read->n] = (struct document){.href = strdup(href), .ptype = strdup(ptype)};
	read->n++;
	return documents[read->n - 1].href && documents[read->n - 1].ptype &&
	       json_object_set_new(read->numbers, href, json_integer((json_int_t)read->n - 1)) == 0;
}

struct metadata_read *metadata_read_new(const char *href, const struct metadata_limits *limits)
{
	struct metadata_read *read = calloc(1, sizeof(*read));
	if (!read)
		return NULL;
	read->limits = *limits;
	read->numbers = json_object();
	if (read->numbers && add(read, href, "MI.HostIndex"))
		return read;
	metadata_read_free(read);
	return NULL;
}

void metadata_read_free(struct metadata_read *read)
{
	if (!read)
		return;
	for (size_t i = 0; i < read->n; i++) {
		free(read->documents[i].href);
		free(read->documents[i].ptype);
		json_decref(read->documents[i].json);
	}
	free(read->documents);
	json_decref(read->numbers);
	free(read);
}

bool metadata_read_next(struct metadata_read *read, struct metadata_document *document)
{
	if (read->given == read->n)
		return false;
	const struct document *next = &read->documents[read->given++];
	*document = (struct metadata_document){next->href, next->ptype};
	return true;
}

/* --- Links -------------------------------------------------------------------------------------------------------- */

static bool is_uri(const char *href)
{
	size_t len = strlen(href);
	bool scheme = !strncasecmp(href, "https://", 8) || !strncasecmp(href, "http://", 7);
	for (size_t i = 0; i < len; i++)
		if (href[i] <= ' ' || href[i] > '~')
			return false;
	return scheme && len <= HREF_MAX;
}

/* The href of a link to an object of this type; NULL with a fault. */
static const char *link_of(const json_t *link, const char *ptype, const char *from,
			   struct faults *faults)
{
	const char *href = json_string_value(json_object_get(link, "href"));
	const json_t *type = json_object_get(link, "type");
	if (!href || !is_uri(href)) {
		fault(faults, from,
		      "href: expected an absolute http or https URI of at most %d octets",
		      HREF_MAX);
		return NULL;
	}
	if (type && (!json_is_string(type) || strcasecmp(json_string_value(type), ptype) != 0)) {
		fault(faults, from, "the link to %.200s is of type %.64s where %s is expected",
		      href, json_is_string(type) ? json_string_value(type) : "?", ptype);
		return NULL;
	}
	return href;
}

static bool want(struct metadata_read *read, const json_t *link, const char *ptype,
		 const char *from, struct faults *faults)
{
	const char *href = link_of(link, ptype, from, faults);
	const struct document *known = href ? find(read, href) : NULL;
	if (!href)
		return false;
	if (known && strcasecmp(known->ptype, ptype) != 0)
		fault(faults, from, "%.200s is linked to as %s and as %s", href, known->ptype,
		      ptype);
	else if (!known && read->n == read->limits.documents)
		fault(faults, from, "more than %zu documents in all", read->limits.documents);
	else if (!known && !add(read, href, ptype))
		fault(faults, from, "no memory for the link to %.200s", href);
	else
		return true;
	return false;
}

/* Wants whatever links there are in an object of this type. */
static bool collect(struct metadata_read *read, json_t *object, const char *ptype, const char *from,
		    unsigned depth, struct faults *faults)
{
	const char *key;
	json_t *value, *one;
	size_t i;
	if (depth > read->limits.depth) {
		fault(faults, from, "more than %u objects within each other", read->limits.depth);
		return false;
	}
	if (json_object_get(object, "href"))
		return want(read, object, ptype, from, faults);
	json_object_foreach (object, key, value) {
		const char *inner = ptype_of(object, key);
		if (inner && json_is_object(value) &&
		    !collect(read, value, inner, from, depth + 1, faults))
			return false;
		json_array_foreach (inner ? value : NULL, i, one)
			if (!collect(read, one, inner, from, depth + 1, faults))
				return false;
	}
	return true;
}

/* RFC 8006 §6.8: application/cdni; ptype=MI.X, in a token or a quoted string (RFC 9110 §8.3.1). */
static bool is_type(const char *content_type, const char *ptype)
{
	static const char media[] = "application/cdni";
	size_t len = strlen(ptype);
	if (!content_type || strncasecmp(content_type, media, strlen(media)) != 0)
		return false;
	for (const char *at = content_type + strlen(media);
	     *at == ';' || *at == ' ' || *at == '\t';) {
		at += strspn(at, "; \t");
		if (strncasecmp(at, "ptype=", 6) == 0) {
			at += 6;
			bool quoted = *at == '"';
			const char *end = at + quoted + len;
			return !strncasecmp(at + quoted, ptype, len) &&
			       (quoted ? *end == '"' : !*end || strchr("; \t", *end) != NULL);
		}
		at += strcspn(at, ";");
	}
	return false;
}

bool metadata_read_answer(struct metadata_read *read, const char *href, const char *content_type,
			  const char *body, size_t len, struct faults *faults)
{
	struct document *document = find(read, href);
	json_error_t error;
	size_t before = faults->total;
	if (!document || document->json || document >= read->documents + read->given)
		return false;
	if (!is_type(content_type, document->ptype))
		fault(faults, href,
		      "its media type is %.128s where application/cdni; ptype=%s is expected",
		      content_type ? content_type : "not said", document->ptype);
	if (len > read->limits.octets - read->octets)
		fault(faults, href, "more than %zu octets in all", read->limits.octets);
	if (faults->total > before)
		return false;
	read->octets += len;
	document->json = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
	if (!document->json)
		fault(faults, href, "not JSON: %s in line %d", error.text, error.line);
	else if (!json_is_object(document->json) || json_object_get(document->json, "href"))
		fault(faults, href, "expected an object of type %s, and no link", document->ptype);
	if (faults->total > before)
		return false;
	/* Adding to the documents moves them. */
	return collect(read, document->json, document->ptype, find(read, href)->href, 0, faults);
}

/* --- The tree ----------------------------------------------------------------------------------------------------- */

/* What is being copied, from the root down. */
struct copying {
	const struct metadata_read *read;
	struct faults *faults;
	size_t objects;
};

/* The documents that the place being copied is in. */
struct chain {
	const struct chain *up;
	const struct document *document;
};

static json_t *copy(struct copying *c, json_t *value, const char *ptype, const struct chain *chain,
		    unsigned depth);

static json_t *follow(struct copying *c, json_t *link, const struct chain *from, unsigned depth)
{
	const char *href = json_string_value(json_object_get(link, "href"));
	const struct document *document = href ? find(c->read, href) : NULL;
	const struct chain here = {from, document};
	for (const struct chain *up = from; up; up = up->up) {
		if (up->document == document) {
			fault(c->faults, from->document->href,
			      "a loop: the link to %.200s leads back here", href);
			return NULL;
		}
	}
	if (document && document->json)
		return copy(c, document->json, document->ptype, &here, depth + 1);
	fault(c->faults, from->document->href, "%.200s is not there", href ? href : "?");
	return NULL;
}

static json_t *copy_object(struct copying *c, json_t *object, const struct chain *chain,
			   unsigned depth)
{
	json_t *made = json_object(), *value;
	const char *key;
	json_object_foreach (object, key, value) {
		json_t *inner = copy(c, value, ptype_of(object, key), chain, depth);
		if (!inner || json_object_set_new(made, key, inner) != 0) {
			json_decref(made);
			return NULL;
		}
	}
	return made;
}

static json_t *copy_list(struct copying *c, json_t *list, const char *ptype,
			 const struct chain *chain, unsigned depth)
{
	json_t *made = json_array(), *value;
	size_t i;
	json_array_foreach (list, i, value) {
		json_t *inner = copy(c, value, ptype, chain, depth);
		if (!inner || json_array_append_new(made, inner) != 0) {
			json_decref(made);
			return NULL;
		}
	}
	return made;
}

/* ptype NULL: not an object of metadata, and what is in it has no links. */
static json_t *copy(struct copying *c, json_t *value, const char *ptype, const struct chain *chain,
		    unsigned depth)
{
	if (!ptype)
		return json_incref(value);
	if (json_is_array(value))
		return copy_list(c, value, ptype, chain, depth);
	if (!json_is_object(value))
		return json_incref(value);
	if (depth > c->read->limits.depth || ++c->objects > c->read->limits.objects) {
		fault(c->faults, chain->document->href,
		      "more than %zu objects, or more than %u within each other",
		      c->read->limits.objects, c->read->limits.depth);
		return NULL;
	}
	if (json_object_get(value, "href"))
		return follow(c, value, chain, depth);
	return copy_object(c, value, chain, depth + 1);
}

json_t *metadata_read_tree(const struct metadata_read *read, struct faults *faults)
{
	struct copying copying = {.read = read, .faults = faults};
	const struct document *root = &read->documents[0];
	const struct chain chain = {NULL, root};
	size_t before = faults->total;
	json_t *tree = root->json ? copy(&copying, root->json, root->ptype, &chain, 0) : NULL;
	if (!tree && faults->total == before)
		fault(faults, root->href, "%s", root->json ? "no memory" : "it is not there");
	return tree;
}
