/* ctl_print - the answers of the daemon, as an operator reads them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_print.h"

#include "ctl_diff.h"
#include "ctl_table.h"
#include "ctl_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ctl_print_status(const json_t *result)
{
	static const struct ctl_column fields[] = {
		{"version", "version"},
		{"dpdk", "dpdk"},
		{"pid", "pid"},
		{"uptime, seconds", "uptime"},
		{"configuration", "configuration"},
		{"changes for the next start", "next-start"},
		{"ports", "ports"},
		{"workers", "workers"},
		{"dns requests", "dns-requests"},
		{"dns redirects", "dns-redirects"},
		{"http requests", "http-requests"},
		{"http redirects", "http-redirects"},
		{"drops", "drops"},
		{"generation", "view.generation"},
		{"created", "view.created"},
		{"built in, seconds", "view.build-seconds"},
		{"scopes", "view.scopes"},
		{"targets", "view.targets"},
		{"zones", "view.zones"},
		{"footprints", "view.footprints"},
		{"footprint bytes", "view.footprint-bytes"},
		{"trie keys", "view.trie-keys"},
		{"trie nodes", "view.trie-nodes"},
		{"trie bytes", "view.trie-bytes"},
		{"retired views", "retired-views"},
		{NULL, NULL},
	};
	ctl_table_fields(result, fields);
}

void ctl_print_ports(const json_t *result)
{
	static const struct ctl_column ports[] = {
		{"PORT", "name"},     {"LINK", "link"},      {"MBIT/S", "mbit-per-second"},
		{"DRIVER", "driver"}, {"MAC", "mac"},        {"MTU", "mtu"},
		{"QUEUES", "queues"}, {"NODE", "numa-node"}, {"ADDRESSES", "addresses"},
		{NULL, NULL},
	};
	static const struct ctl_column counters[] = {
		{"PORT", "name"},
		{"RX", "counters.rx-packets"},
		{"RX BYTES", "counters.rx-bytes"},
		{"TX", "counters.tx-packets"},
		{"TX BYTES", "counters.tx-bytes"},
		{"RX MISSED", "counters.rx-missed"},
		{"RX ERRORS", "counters.rx-errors"},
		{"NO BUFFER", "counters.rx-no-buffer"},
		{"TX ERRORS", "counters.tx-errors"},
		{NULL, NULL},
	};
	ctl_table_print(json_object_get(result, "ports"), ports);
	putchar('\n');
	ctl_table_print(json_object_get(result, "ports"), counters);
}

void ctl_print_signing(const json_t *result)
{
	static const struct ctl_column fields[] = {
		{"name", "name"},
		{"tokens remembered, at most", "verified"},
		{"JWT IDs remembered, at most", "used"},
		{"good", "good"},
		{"refused", "refused"},
		{"redirects signed", "redirects"},
		{"tokens renewed", "renewed"},
		{"could not be signed", "unsignable"},
		{NULL, NULL},
	};
	static const struct ctl_column keys[] = {{"ISSUER", "issuer"},
						 {"KID", "kid"},
						 {"USE", "use"},
						 {"ALGORITHMS", "algorithms"},
						 {NULL, NULL}};
	static const struct ctl_column codes[] = {
		{"CODE", "code"}, {"REQUESTS", "count"}, {"WHAT", "text"}, {NULL, NULL}};
	ctl_table_fields(result, fields);
	if (json_array_size(json_object_get(result, "keys"))) {
		putchar('\n');
		ctl_table_print(json_object_get(result, "keys"), keys);
	}
	if (json_array_size(json_object_get(result, "codes"))) {
		putchar('\n');
		ctl_table_print(json_object_get(result, "codes"), codes);
	}
}

void ctl_print_tcp(const json_t *result)
{
	static const struct ctl_column fields[] = {{"connections kept now", "connections"},
						   {"at most", "bound"},
						   {"buffers", "buffers"},
						   {"kept so far", "opened"},
						   {"evicted at the bound", "evicted"},
						   {"given up", "given-up"},
						   {"time-outs", "sent-again"},
						   {"handshakes", "handshakes"},
						   {"late segments", "late"},
						   {"without valid cookie", "without-cookie"},
						   {NULL, NULL}};
	ctl_table_fields(result, fields);
}

void ctl_print_recursion(const json_t *result)
{
	static const struct ctl_column fields[] = {
		{"on", "on"},           {"taken", "taken"},
		{"waiting", "waiting"}, {"answered", "answered"},
		{"refused", "refused"}, {"refreshed", "refreshed"},
		{"kept", "kept"},       {"octets", "octets"},
		{"stored", "stored"},   {"evicted", "evicted"},
		{"expired", "expired"}, {NULL, NULL}};
	ctl_table_fields(result, fields);
}

static void print_cell(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	char *text = value ? ctl_table_text(value) : NULL;
	if (json_is_real(value))
		printf("  %14.2f", json_real_value(value));
	else
		printf("  %14s", text ? text : "-");
	free(text);
}

/* A line for each figure, a column for each worker, one for all of them, and the share of each stage in that. */
void ctl_print_cycles(const json_t *result)
{
	const json_t *workers = json_object_get(result, "workers"),
		     *all = json_object_get(result, "all"),
		     *shares = json_object_get(result, "share");
	const char *key;
	json_t *ignored, *worker;
	size_t i;
	if (json_integer_value(json_object_get(all, "packets")) == 0) {
		puts("No burst has been sampled yet.");
		return;
	}
	json_object_foreach ((json_t *)all, key, ignored) {
		printf("%-18s", key);
		json_array_foreach (workers, i, worker)
			print_cell(worker, key);
		print_cell(all, key);
		if (!strcmp(key, "worker"))
			printf("  %8s", "share");
		else if (json_object_get(shares, key))
			printf("  %6.1f %%", json_number_value(json_object_get(shares, key)));
		putchar('\n');
	}
}

/* A line for each counter, a column for each worker. */
void ctl_print_workers(const json_t *result)
{
	const json_t *workers = json_object_get(result, "workers");
	const char *key;
	json_t *ignored;
	size_t i;
	json_t *worker;
	json_object_foreach (json_array_get(workers, 0), key, ignored) {
		printf("%-16s", key);
		json_array_foreach (workers, i, worker) {
			char *text = ctl_table_text(json_object_get(worker, key));
			printf("  %14s", text ? text : "?");
			free(text);
		}
		putchar('\n');
	}
}

void ctl_print_drops(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"REASON", "reason"},   {"COUNT", "count"}, {"ANSWERED", "answered"},
		{"WHAT IT IS", "text"}, {NULL, NULL},
	};
	ctl_table_print(json_object_get(result, "drops"), columns);
}

/* A list that is longer than what was shown says so. */
static void print_page(const json_t *result, const char *key, const struct ctl_column *columns)
{
	const json_t *list = json_object_get(result, key);
	json_int_t total = json_integer_value(json_object_get(result, "total"));
	json_int_t offset = json_integer_value(json_object_get(result, "offset"));
	json_int_t n = (json_int_t)json_array_size(list);
	ctl_table_print(list, columns);
	if (n < total)
		printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		       " are shown, from %" JSON_INTEGER_FORMAT
		       " on; 'limit', 'offset' and 'match' choose others\n",
		       n, total, offset);
}

void ctl_print_scopes(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"SCOPE", "scope.name"},
		{"PRIORITY", "scope.priority"},
		{"HOSTS", "scope.hosts"},
		{"PATHS", "scope.paths"},
		{"ACTION", "scope.action"},
		{"CANDIDATES", "scope.candidates"},
		{"FILE", "file"},
		{"LINE", "line"},
		{NULL, NULL},
	};
	print_page(result, "scopes", columns);
}

void ctl_print_targets(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"NAME", "name"}, {"STATE", "state"},       {"SET BY", "set-by"},
		{"DRIS", "dris"}, {"STRATEGY", "strategy"}, {"PROVIDER ID", "provider-id"},
		{NULL, NULL},
	};
	print_page(result, json_object_get(result, "cdns") ? "cdns" : "nodes", columns);
}

void ctl_print_dris(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"CDN", "cdn"},
		{"NODE", "node"},
		{"REDIRECTING HOSTS", "redirecting-hosts"},
		{"DNS TARGET", "dns-target"},
		{"HTTP TARGET", "http-target"},
		{"FOOTPRINTS", "footprints"},
		{NULL, NULL},
	};
	print_page(result, "dris", columns);
}

void ctl_print_adverts(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"CDN", "cdn"}, {"TYPE", "type"}, {"VALUE", "value"}, {"FOOTPRINTS", "footprints"},
		{"SET", "set"}, {NULL, NULL}};
	print_page(result, "adverts", columns);
}

void ctl_print_footprints(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"FOOTPRINT", "name"}, {"ID", "id"}, {"LINE", "line"}, {NULL, NULL}};
	static const struct ctl_column table[] = {{"table", "table"}, {NULL, NULL}};
	print_page(result, "footprints", columns);
	ctl_table_fields(result, table);
}

void ctl_print_zones(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"ZONE", "name"},
		{"SERIAL", "serial"},
		{"RECORDS", "records"},
		{"TTL", "ttl"},
		{"NEGATIVE TTL", "negative-ttl"},
		{"PRIMARY", "primary"},
		{"SERVERS", "servers"},
		{"FILE", "file"},
		{NULL, NULL},
	};
	print_page(result, "zones", columns);
}

static void print_lines(const char *title, const json_t *list)
{
	size_t i;
	json_t *line;
	json_array_foreach (list, i, line) {
		char *text = ctl_table_text(line);
		printf("  %s  %s\n", title, text ? text : "?");
		free(text);
	}
}

static void print_answer(const json_t *answer)
{
	static const struct ctl_column fields[] = {{"answer", "status"},
						   {"location", "location"},
						   {"cache-control", "cache-control"},
						   {"vary", "vary"},
						   {"truncated", "truncated"},
						   {NULL, NULL}};
	ctl_table_fields(answer, fields);
	print_lines("answer    ", json_object_get(answer, "answers"));
	print_lines("authority ", json_object_get(answer, "authority"));
	print_lines("additional", json_object_get(answer, "additional"));
}

void ctl_print_explain(const json_t *result)
{
	static const struct ctl_column fields[] = {{"request", "request"},
						   {"unstacked", "unstacked"},
						   {"outcome", "outcome"},
						   {"reason", "reason.text"},
						   {"signed URI", "signing.text"},
						   {"chain", "chain"},
						   {"zone", "zone"},
						   {"scope", "scope"},
						   {"target", "target"},
						   {"fell back", "fell-back"},
						   {"asked", "asked"},
						   {"dri", "dri"},
						   {"ecs scope", "ecs-scope"},
						   {"generation", "generation"},
						   {NULL, NULL}};
	static const struct ctl_column considered[] = {{"SCOPE", "scope"},
						       {"LINE", "line"},
						       {"RESULT", "result"},
						       {"WHY", "why"},
						       {NULL, NULL}};
	static const struct ctl_column candidates[] = {
		{"CDN", "cdn"}, {"NODE", "node"}, {"RESULT", "result"}, {NULL, NULL}};
	ctl_table_fields(result, fields);
	if (json_array_size(json_object_get(result, "considered"))) {
		puts("\nscopes on the way:");
		ctl_table_print(json_object_get(result, "considered"), considered);
	}
	if (json_array_size(json_object_get(result, "candidates"))) {
		puts("\ncandidates:");
		ctl_table_print(json_object_get(result, "candidates"), candidates);
	}
	putchar('\n');
	print_answer(json_object_get(result, "answer"));
}

void ctl_print_set(const json_t *result)
{
	static const struct ctl_column fields[] = {{"peer", "peer"},
						   {"cdn", "cdn"},
						   {"node", "node"},
						   {"state", "state"},
						   {"generation", "generation"},
						   {NULL, NULL}};
	ctl_table_fields(result, fields);
}

void ctl_print_commit(const json_t *result)
{
	static const struct ctl_column fields[] = {{"transaction", "transaction"},
						   {"operations", "operations"},
						   {"generation", "generation"},
						   {"added", "added"},
						   {"changed", "changed"},
						   {"removed", "removed"},
						   {"unchanged", "unchanged"},
						   {"lines", "lines"},
						   {"refused", "refused.total"},
						   {"scopes", "scopes"},
						   {"seconds", "seconds"},
						   {"changes for the next start", "next-start"},
						   {NULL, NULL}};
	ctl_table_fields(result, fields);
	ctl_diff_print(stdout, json_object_get(result, "differences"), ctl_diff_is_coloured());
	ctl_print_faults(json_object_get(result, "refused"));
}

void ctl_print_save(const json_t *result)
{
	static const struct ctl_column fields[] = {
		{"file", "file"}, {"objects", "objects"}, {"octets", "octets"}, {NULL, NULL}};
	ctl_table_fields(result, fields);
}

void ctl_print_diff(const json_t *result)
{
	const json_t *differences = json_object_get(result, "differences");
	if (json_array_size(differences))
		printf("--- generation %" JSON_INTEGER_FORMAT
		       "\n+++ generation %" JSON_INTEGER_FORMAT "\n",
		       json_integer_value(json_object_get(result, "from")),
		       json_integer_value(json_object_get(result, "to")));
	ctl_diff_print(stdout, differences, ctl_diff_is_coloured());
	if (json_is_true(json_object_get(result, "more")))
		fputs("turnoutctl: more differs than is shown; 'limit' shows more\n", stderr);
}

void ctl_print_config(const json_t *result)
{
	const char *text = json_string_value(json_object_get(result, "text"));
	fputs(text ? text : "", stdout);
}

void ctl_print_history(const json_t *result)
{
	static const struct ctl_column columns[] = {
		{"GENERATION", "generation"},
		{"TIME", "time"},
		{"ORIGIN", "origin"},
		{"ADDED", "added"},
		{"CHANGED", "changed"},
		{"REMOVED", "removed"},
		{"KEPT", "kept"},
		{"NOTE", "text"},
		{NULL, NULL},
	};
	ctl_table_print(json_object_get(result, "commits"), columns);
}

void ctl_print_scope(const json_t *result)
{
	static const struct ctl_column origin[] = {{"set", "set"},
						   {"file", "file"},
						   {"line", "line"},
						   {"places in the trie", "keys"},
						   {"hits", "hits.total"},
						   {"last hit", "hits.last"},
						   {"otherwise", "hits.otherwise"},
						   {NULL, NULL}};
	static const struct ctl_column footprints[] = {
		{"FOOTPRINT", "id"}, {"NAME", "name"}, {NULL, NULL}};
	static const struct ctl_column hits[] = {
		{"CDN", "cdn"}, {"NODE", "node"}, {"HITS", "hits"}, {NULL, NULL}};
	const json_t *list = json_object_get(json_object_get(result, "hits"), "candidates");
	const char *key;
	json_t *member;
	json_object_foreach (json_object_get(result, "scope"), key, member) {
		char *text = ctl_table_text(member);
		ctl_text_write(stdout, key);
		printf("  %s\n", text ? text : "?");
		free(text);
	}
	ctl_table_fields(result, origin);
	if (json_array_size(json_object_get(result, "footprints"))) {
		putchar('\n');
		ctl_table_print(json_object_get(result, "footprints"), footprints);
	}
	if (json_array_size(list)) {
		putchar('\n');
		ctl_table_print(list, hits);
	}
}

void ctl_print_top(const json_t *result)
{
	static const char *const lists[] = {"scopes", "hosts", "clients"};
	static const struct ctl_column columns[][4] = {
		{{"SCOPE", "name"}, {"SHARE", "share"}, {"PER SECOND", "per-second"}, {NULL, NULL}},
		{{"HOST", "name"}, {"SHARE", "share"}, {"PER SECOND", "per-second"}, {NULL, NULL}},
		{{"CLIENT", "name"},
		 {"SHARE", "share"},
		 {"PER SECOND", "per-second"},
		 {NULL, NULL}},
	};
	static const struct ctl_column fields[] = {
		{"seconds", "seconds"}, {"requests looked at", "sampled"}, {NULL, NULL}};
	ctl_table_fields(result, fields);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		putchar('\n');
		ctl_table_print(json_object_get(result, lists[i]), columns[i]);
	}
}

void ctl_print_faults(const json_t *faults)
{
	const json_t *list = json_object_get(faults, "faults");
	json_int_t more = json_integer_value(json_object_get(faults, "total")) -
			  (json_int_t)json_array_size(list);
	size_t i;
	json_t *fault;
	json_array_foreach (list, i, fault) {
		char *file = ctl_table_text(json_object_get(fault, "file"));
		char *text = ctl_table_text(json_object_get(fault, "text"));
		fprintf(stderr, "%s:%" JSON_INTEGER_FORMAT ": %s\n", file ? file : "?",
			json_integer_value(json_object_get(fault, "line")), text ? text : "?");
		free(file);
		free(text);
	}
	if (list && more > 0)
		fprintf(stderr, "and %" JSON_INTEGER_FORMAT " more\n", more);
}

void ctl_print_error(const json_t *error)
{
	char *message = ctl_table_text(json_object_get(error, "message"));
	fprintf(stderr, "turnoutctl: refused: %s\n", message ? message : "?");
	free(message);
	ctl_print_faults(json_object_get(error, "data"));
}
