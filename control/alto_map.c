/* alto_map - ALTO network maps (RFC 7285 §11.2.1): read, searched for the addresses of a PID, written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_map.h"

#include "json_in.h"
#include "lib/array.h"
#include "lib/ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses from first to last, as lib/ranges.h has them. A prefix of a PID while the map is read; behind that the addresses that
 * are a PID's alone. */
struct piece {
	ip_number first, last;
	uint32_t pid;
	uint8_t family;
};

struct pid {
	char name[ALTO_NAME_MAX + 1];
	size_t first, n; /* its pieces */
};

struct alto_map {
	struct alto_vtag vtag;
	struct pid *pids; /* by name */
	size_t n_pids;
	struct piece *pieces; /* by PID, family and address */
	bool gap4, gap6;
};

void alto_map_free(struct alto_map *map)
{
	if (!map)
		return;
	free(map->pids);
	free(map->pieces);
	free(map);
}

const struct alto_vtag *alto_map_vtag(const struct alto_map *map)
{
	return &map->vtag;
}

bool alto_map_covers(const struct alto_map *map, unsigned family)
{
	return !(family == 4 ? map->gap4 : map->gap6);
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* A list of pieces in the making. */
struct pieces {
	struct piece *list;
	size_t n, cap;
};

static bool put_piece(struct pieces *pieces, const struct piece *piece)
{
	struct piece *list =
		array_reserve(pieces->list, &pieces->cap, pieces->n + 1, sizeof(*list));
	if (!list)
		return false;
	pieces->list = list;
	list[pieces->n++] = *piece;
	return true;
}

static void read_prefixes(struct json_in *in, const char *key, uint8_t family, uint32_t pid,
			  size_t max, struct pieces *pieces)
{
	const json_t *list = json_in_list(in, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct ip_prefix prefix;
		json_t *value = json_array_get(list, i);
		const char *text = json_in_text_of(in, value, key);
		if (!text)
			continue;
		if (!strchr(text, '/') || !ip_prefix_parse(text, &prefix) ||
		    prefix.addr.family != family) {
			json_in_fault(in, value, "%s: '%.64s' is no prefix of this family", key,
				      text);
			continue;
		}
		ip_number first = ip_number_of(&prefix.addr);
		const struct piece piece = {first, first | ~ip_number_mask(prefix.len), pid,
					    family};
		if (pieces->n == max || !put_piece(pieces, &piece)) {
			json_in_fault(in, NULL, "no memory, or the map has more than %zu prefixes",
				      max);
			return;
		}
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct pid *)a)->name, ((const struct pid *)b)->name);
}

static bool read_names(struct alto_map *map, const json_t *pids, struct faults *faults)
{
	const char *name;
	json_t *json;
	map->pids = calloc(json_object_size(pids) + 1, sizeof(*map->pids));
	json_object_foreach ((json_t *)pids, name, json) {
		if (map->pids && alto_name_ok(name)) {
			strcpy(map->pids[map->n_pids++].name, name);
			continue;
		}
		faults_add(faults, (struct place){0}, "network map: %s",
			   map->pids ? "the name of a PID is not one" : "no memory");
		return false;
	}
	if (map->n_pids)
		qsort(map->pids, map->n_pids, sizeof(*map->pids), by_name);
	return map->pids;
}

static void read_pids(const struct alto_map *map, const json_t *pids, size_t max,
		      struct pieces *pieces, struct faults *faults)
{
	struct json_source source = {.faults = faults};
	for (size_t i = 0; i < map->n_pids && !faults->total; i++) {
		struct json_in in;
		char what[ALTO_NAME_MAX + 8];
		snprintf(what, sizeof(what), "PID %s", map->pids[i].name);
		json_in_begin(&in, &source, json_object_get(pids, map->pids[i].name), source.place,
			      what);
		read_prefixes(&in, "ipv4", 4, (uint32_t)i, max, pieces);
		read_prefixes(&in, "ipv6", 6, (uint32_t)i, max, pieces);
	}
}

/* --- Prefixes to pieces ----------------------------------------------------------------------- */

static int compare(ip_number a, ip_number b)
{
	return a < b ? -1 : a > b;
}

/* What is around another one comes before it. */
static int by_address(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int order = (int)x->family - (int)y->family;
	order = order ? order : compare(x->first, y->first);
	return order ? order : compare(y->last, x->last);
}

static int by_pid(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	return x->pid == y->pid ? by_address(a, b) : x->pid < y->pid ? -1 : 1;
}

/* Going through the addresses of one family from the lowest one; `around` are the prefixes that the next address is in. */
struct sweep {
	struct piece around[IP_NUMBER_BITS + 1];
	unsigned n;
	ip_number next;
	bool past, gap; /* past: behind the highest address */
	struct pieces *out;
	bool failed;
};

/* Gives what is left up to `last` to the innermost prefix. */
static void sweep_to(struct sweep *sweep, ip_number last)
{
	if (sweep->past || sweep->next > last)
		return;
	if (sweep->n) {
		struct piece piece = sweep->around[sweep->n - 1];
		piece.first = sweep->next;
		piece.last = last;
		sweep->failed |= !put_piece(sweep->out, &piece);
	} else {
		sweep->gap = true;
	}
	sweep->past = last == IP_NUMBER_MAX;
	sweep->next = last + 1;
}

static void sweep_out_of(struct sweep *sweep, ip_number address)
{
	while (sweep->n && sweep->around[sweep->n - 1].last < address) {
		sweep_to(sweep, sweep->around[sweep->n - 1].last);
		sweep->n--;
	}
}

static bool sweep_end(struct sweep *sweep)
{
	for (; sweep->n; sweep->n--)
		sweep_to(sweep, sweep->around[sweep->n - 1].last);
	sweep_to(sweep, IP_NUMBER_MAX);
	return sweep->gap;
}

static bool same(const struct piece *a, const struct piece *b)
{
	return a->family == b->family && a->first == b->first && a->last == b->last;
}

static bool cut(struct alto_map *map, const struct pieces *prefixes, struct pieces *out)
{
	struct sweep sweep = {.out = out};
	for (size_t i = 0; i < prefixes->n; i++) {
		const struct piece *prefix = &prefixes->list[i];
		if (i && prefixes->list[i - 1].family != prefix->family) {
			map->gap4 = sweep_end(&sweep);
			sweep = (struct sweep){.out = out, .failed = sweep.failed};
		}
		sweep_out_of(&sweep, prefix->first);
		if (prefix->first)
			sweep_to(&sweep, prefix->first - 1);
		if (!i || !same(prefix, prefix - 1))
			sweep.around[sweep.n++] = *prefix;
	}
	bool gap = prefixes->n && sweep_end(&sweep);
	if (prefixes->n && prefixes->list[prefixes->n - 1].family == 4)
		map->gap4 = gap;
	else
		map->gap6 = gap;
	return !sweep.failed;
}

static void refuse_doubles(const struct alto_map *map, const struct pieces *prefixes,
			   struct faults *faults)
{
	for (size_t i = 1; i < prefixes->n; i++) {
		const struct piece *a = &prefixes->list[i - 1], *b = &prefixes->list[i];
		if (same(a, b) && a->pid != b->pid)
			faults_add(faults, (struct place){0},
				   "network map: PIDs %s and %s have the same prefix",
				   map->pids[a->pid].name, map->pids[b->pid].name);
	}
}

static bool make_pieces(struct alto_map *map, struct pieces *prefixes, struct faults *faults)
{
	struct pieces out = {0};
	if (prefixes->n)
		qsort(prefixes->list, prefixes->n, sizeof(*prefixes->list), by_address);
	refuse_doubles(map, prefixes, faults);
	if (faults->total)
		return false;
	bool done = cut(map, prefixes, &out);
	if (out.n)
		qsort(out.list, out.n, sizeof(*out.list), by_pid);
	map->pieces = out.list;
	for (size_t i = 0; i < out.n; i++) {
		struct pid *pid = &map->pids[out.list[i].pid];
		if (!pid->n++)
			pid->first = i;
	}
	if (!done)
		faults_add(faults, (struct place){0}, "network map: no memory");
	return done;
}

struct alto_map *alto_map_read(const json_t *body, size_t max, struct faults *faults)
{
	const json_t *pids = json_object_get(body, "network-map");
	struct pieces prefixes = {0};
	struct faults own = {0};
	struct alto_map *map = calloc(1, sizeof(*map));
	if (!map || !json_is_object(pids) || !alto_vtag_read(body, &map->vtag))
		faults_add(&own, (struct place){0},
			   "network map: expected \"network-map\" and a \"vtag\" in \"meta\" (RFC "
			   "7285 section 11.2.1)");
	if (!own.total && read_names(map, pids, &own))
		read_pids(map, pids, max, &prefixes, &own);
	bool done = !own.total && make_pieces(map, &prefixes, &own);
	free(prefixes.list);
	faults_append(faults, &own);
	faults_clear(&own);
	if (done)
		return map;
	alto_map_free(map);
	return NULL;
}

/* --- Searching -------------------------------------------------------------------------------- */

static const struct pid *find(const struct alto_map *map, const char *name)
{
	struct pid key;
	if (strlen(name) > ALTO_NAME_MAX)
		return NULL;
	strcpy(key.name, name);
	return bsearch(&key, map->pids, map->n_pids, sizeof(key), by_name);
}

bool alto_map_has(const struct alto_map *map, const char *pid)
{
	return find(map, pid);
}

static struct ip_prefix prefix_of(ip_number first, unsigned len, uint8_t family)
{
	struct ip_prefix prefix = {.addr.family = family, .len = (uint8_t)len};
	for (unsigned i = 0; i < 16; i++)
		prefix.addr.bytes[i] = (uint8_t)(first >> (IP_NUMBER_BITS - 8 - 8 * i));
	return prefix;
}

/* The length of the widest prefix that starts at an address and ends at `last` at the most. */
static unsigned widest_len(ip_number first, ip_number last)
{
	unsigned len = 0;
	while (first & ~ip_number_mask(len) || (first | ~ip_number_mask(len)) > last)
		len++;
	return len;
}

struct prefixes {
	struct ip_prefix *list;
	size_t n, cap, *left;
};

static bool put_range(struct prefixes *out, const struct piece *range)
{
	for (ip_number first = range->first;;) {
		unsigned len = widest_len(first, range->last);
		struct ip_prefix *list =
			*out->left ? array_reserve(out->list, &out->cap, out->n + 1, sizeof(*list))
				   : NULL;
		if (!list)
			return false;
		--*out->left;
		out->list = list;
		list[out->n++] = prefix_of(first, len, range->family);
		ip_number last = first | ~ip_number_mask(len);
		if (last == range->last)
			return true;
		first = last + 1;
	}
}

/* Ranges that touch become one first. */
static bool put_ranges(struct prefixes *out, const struct pieces *ranges)
{
	for (size_t i = 0, next; i < ranges->n; i = next) {
		struct piece range = ranges->list[i];
		for (next = i + 1; next < ranges->n; next++) {
			const struct piece *piece = &ranges->list[next];
			if (piece->family != range.family ||
			    (piece->first > range.last && piece->first - range.last > 1))
				break;
			range.last = piece->last;
		}
		if (!put_range(out, &range))
			return false;
	}
	return true;
}

static bool gather(const struct alto_map *map, const char *name, size_t *left,
		   struct pieces *ranges)
{
	const struct pid *pid = find(map, name);
	if (!pid)
		return true;
	if (pid->n > *left) {
		*left = 0;
		return false;
	}
	*left -= pid->n;
	for (size_t i = 0; i < pid->n; i++)
		if (!put_piece(ranges, &map->pieces[pid->first + i]))
			return false;
	return true;
}

bool alto_map_prefixes(const struct alto_map *map, const char *const *pids, size_t n_pids,
		       size_t *left, struct ip_prefix **list, size_t *n, char *err, size_t err_len)
{
	struct pieces ranges = {0};
	struct prefixes out = {.left = left};
	bool done = true;
	for (size_t i = 0; done && i < n_pids; i++)
		done = gather(map, pids[i], left, &ranges);
	if (ranges.n)
		qsort(ranges.list, ranges.n, sizeof(*ranges.list), by_address);
	done = done && put_ranges(&out, &ranges);
	free(ranges.list);
	if (!done) {
		snprintf(err, err_len, "no memory, or the PIDs have too many prefixes");
		free(out.list);
		out = (struct prefixes){0};
	}
	*list = out.list;
	*n = out.n;
	return done;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static json_t *write_pid(const struct alto_pid *pid)
{
	static const char *const keys[] = {"ipv4", "ipv6"};
	json_t *json = json_object();
	for (size_t i = 0; json && i < pid->n; i++) {
		char text[IP_TEXT_MAX];
		const char *key = keys[pid->prefixes[i].addr.family == 6];
		json_t *list = json_object_get(json, key);
		if (!list && json_object_set_new(json, key, json_array()) == 0)
			list = json_object_get(json, key);
		if (json_array_append_new(list,
					  json_string(ip_prefix_text(&pid->prefixes[i], text)))) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

json_t *alto_map_write(const struct alto_vtag *vtag, const struct alto_pid *pids, size_t n)
{
	json_t *map = json_object();
	bool done = map;
	for (size_t i = 0; done && i < n; i++)
		done = json_object_set_new(map, pids[i].name, write_pid(&pids[i])) == 0;
	if (done)
		return json_pack("{s:{s:o}, s:o}", "meta", "vtag", alto_vtag_write(vtag),
				 "network-map", map);
	json_decref(map);
	return NULL;
}
