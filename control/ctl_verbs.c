/* ctl_verbs - the verbs of turnoutctl: how each is written, what it asks the daemon, how its answer is shown. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_verbs.h"

#include "ctl_print.h"
#include "ctl_print_peers.h"
#include "ctl_trace.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LIST(...)                                                                                  \
	(const struct ctl_param[])                                                                 \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static const struct ctl_param none[] = {{0}};

static const struct ctl_param page[] = {
	{"match", "TEXT", CTL_TEXT, false},
	{"limit", "N", CTL_NUMBER, false},
	{"offset", "N", CTL_NUMBER, false},
	{0},
};

static const struct ctl_param change[] = {
	{"transaction", "N", CTL_NUMBER, false},
	{"set", "NAME", CTL_TEXT, false},
	{"text", "NOTE", CTL_TEXT, false},
	{0},
};

static const struct ctl_param apply[] = {
	{"set", "NAME", CTL_TEXT, false},
	{"replace", "SET", CTL_REPLACED, false},
	{"all-or-nothing", NULL, CTL_FLAG, false},
	{"dry-run", NULL, CTL_FLAG, false},
	{0},
};

static const struct ctl_param route[] = {
	{"peer", "NAME", CTL_PEER, false},
	{"type", "FCI.TYPE", CTL_TEXT, false},
	{"limit", "N", CTL_NUMBER, false},
	{"offset", "N", CTL_NUMBER, false},
	{0},
};

static const struct ctl_param trace[] = {
	{"protocol", "dns|http|https", CTL_PROTOCOL, false},
	{"host", "NAME", CTL_TEXT, false},
	{"client", "PREFIX", CTL_TEXT, false},
	{"scope", "NAME", CTL_SCOPE, false},
	{"every", "N", CTL_NUMBER, false},
	{"count", "N", CTL_NUMBER, false},
	{0},
};

static const struct ctl_param dns_client[] = {
	{"from", "ADDRESS", CTL_TEXT, true},
	{"subnet", "PREFIX", CTL_TEXT, false},
	{0},
};

static const struct ctl_param http_client[] = {
	{"from", "ADDRESS", CTL_TEXT, true},
	{"method", "METHOD", CTL_TEXT, false},
	{"header", "\"NAME: VALUE\"", CTL_HEADER, false},
	{0},
};

const struct ctl_verb ctl_verbs[] = {
	{"status", "status", none, none, CTL_LOOKS, ctl_print_status,
	 "What runs, since when, with which tables."},
	{"show ports", "show.ports", none, none, CTL_LOOKS, ctl_print_ports,
	 "Ports, their links and counters."},
	{"show workers", "show.workers", none, none, CTL_LOOKS, ctl_print_workers,
	 "Counters of each worker."},
	{"show cycles", "show.cycles", none, none, CTL_LOOKS, ctl_print_cycles,
	 "Cycles per packet of each stage, and microseconds that bursts take, of those that are "
	 "sampled."},
	{"show tcp", "show.tcp", none, none, CTL_LOOKS, ctl_print_tcp,
	 "TCP connections that state is kept for, and what became of others."},
	{"show recursion", "show.recursion", none, none, CTL_LOOKS, ctl_print_recursion,
	 "Requests that wait for an answer of a downstream CDN, and the answers that are kept."},
	{"show drops", "show.drops", none, LIST({"all", NULL, CTL_FLAG, false}), CTL_LOOKS,
	 ctl_print_drops,
	 "Packets dropped or refused, by reason; all: also the reasons that never occurred."},
	{"show scopes", "show.scopes", none, page, CTL_LOOKS, ctl_print_scopes,
	 "Content request scopes; match: any part of one."},
	{"show scope", "show.scope", LIST({"name", "NAME", CTL_SCOPE, true}), none, CTL_LOOKS,
	 ctl_print_scope, "One scope: what it says, where it is from, and how often it was hit."},
	{"show cdns", "show.cdns", none, page, CTL_LOOKS, ctl_print_targets,
	 "Downstream CDNs and their states."},
	{"show nodes", "show.nodes", none, page, CTL_LOOKS, ctl_print_targets,
	 "Own delivery nodes and their states."},
	{"show dris", "show.dris", none, page, CTL_LOOKS, ctl_print_dris,
	 "Delivery resource identifiers: how requests are sent on."},
	{"show adverts", "show.adverts", none, page, CTL_LOOKS, ctl_print_adverts,
	 "What downstream CDNs can do, and for which clients."},
	{"show footprints", "show.footprints", none, page, CTL_LOOKS, ctl_print_footprints,
	 "Named footprints, and the size of the table."},
	{"show zones", "show.zones", none, page, CTL_LOOKS, ctl_print_zones, "DNS zones."},
	{"show signing", "show.signing", none, none, CTL_LOOKS, ctl_print_signing,
	 "Signed URIs: whose signatures are good, and how many requests were refused, and why."},
	{"show history", "show.history", none, page + 1, CTL_LOOKS, ctl_print_history,
	 "Commits, the newest first; rollback and diff reach those that are kept."},
	{"show config", "show.config", none, LIST({"running", NULL, CTL_DEFAULT, false}), CTL_PAGES,
	 ctl_print_config, "All objects as they are now, as a configuration file."},
	{"show peers", "show.peers", none, page, CTL_LOOKS, ctl_print_peers,
	 "Other CDNs: their sessions, and how many of their routes are in use."},
	{"show peer", "show.peer", LIST({"name", "NAME", CTL_PEER, true}), none, CTL_LOOKS,
	 ctl_print_peer, "One of them: its session, counters, and what it is told."},
	{"show route", "show.routes", none, route, CTL_LOOKS, ctl_print_routes,
	 "What peers advertised or pushed: whether it is in use, and why not."},
	{"peer", "peer.set",
	 LIST({"name", "NAME", CTL_PEER, true}, {"state", "up|down|reset", CTL_ORDER, true}), none,
	 CTL_CHANGES, ctl_print_set,
	 "Sets the session with a peer down, which withdraws what it taught, or up, or begins it "
	 "anew."},
	{"top", "top", none, LIST({"limit", "N", CTL_NUMBER, false}), CTL_LOOKS, ctl_print_top,
	 "The busiest scopes, hosts and clients of the last minute, estimated."},
	{"diff", "diff", LIST({"from", "A", CTL_NUMBER, true}, {"to", "B", CTL_NUMBER, false}),
	 LIST({"limit", "N", CTL_NUMBER, false}), CTL_LOOKS, ctl_print_diff,
	 "What differs between the generations A and B (the newest unless told)."},
	{"explain dns", "explain.dns",
	 LIST({"name", "NAME", CTL_TEXT, true}, {"type", "TYPE", CTL_TEXT, true}), dns_client,
	 CTL_LOOKS, ctl_print_explain,
	 "What a DNS query from ADDRESS would be answered, and why; subnet: with this client "
	 "subnet."},
	{"explain http", "explain.http", LIST({"url", "URL", CTL_TEXT, true}), http_client,
	 CTL_LOOKS, ctl_print_explain,
	 "What an HTTP request from ADDRESS would be answered, and why."},
	{"trace on", "trace", none, trace, CTL_STREAMS, ctl_trace_print,
	 "Prints requests as they come, with the time in each stage, until Ctrl-C; every: one in N "
	 "of each worker."},
	{"cdn", "cdn.set",
	 LIST({"name", "NAME", CTL_CDN, true}, {"state", "up|drain|down", CTL_STATE, true}), none,
	 CTL_CHANGES, ctl_print_set,
	 "Sets the state of a CDN: up: used; drain: only when nothing up is left; down: never."},
	{"node", "node.set",
	 LIST({"name", "NAME", CTL_NODE, true}, {"state", "up|drain|down", CTL_STATE, true}), none,
	 CTL_CHANGES, ctl_print_set, "The same for an own delivery node."},
	{"add", "put", LIST({"kind", "KIND", CTL_KIND, true}, {"object", "JSON", CTL_JSON, true}),
	 change, CTL_CHANGES, ctl_print_commit,
	 "Adds an object, or changes the one of its name; '-': the JSON is on standard input."},
	{"remove", "remove",
	 LIST({"kind", "KIND", CTL_KIND, true}, {"name", "NAME", CTL_OBJECT, true}), change,
	 CTL_CHANGES, ctl_print_commit, "Removes an object that no other refers to."},
	{"begin", "begin", none, change + 1, CTL_CHANGES, ctl_print_commit,
	 "Opens a transaction and tells its number."},
	{"commit", "commit", LIST({"transaction", "N", CTL_NUMBER, true}),
	 LIST({"dry-run", NULL, CTL_FLAG, false}), CTL_CHANGES, ctl_print_commit,
	 "Does all of a transaction at once; dry-run: only tells what would change."},
	{"abort", "abort", LIST({"transaction", "N", CTL_NUMBER, true}), none, CTL_CHANGES,
	 ctl_print_commit, "Forgets a transaction."},
	{"apply", "apply", LIST({"file", "FILE", CTL_FILE, true}), apply, CTL_CHANGES,
	 ctl_print_commit,
	 "Takes the objects of a table file; replace: and removes those of the set that it lacks."},
	{"rollback", "rollback", LIST({"generation", "GENERATION", CTL_NUMBER, true}), none,
	 CTL_CHANGES, ctl_print_commit, "Makes the tables again what they were."},
	{"save", "save", LIST({"file", "FILE", CTL_FILE, true}), none, CTL_CHANGES, ctl_print_save,
	 "Writes all objects as they are now to a configuration file."},
	{"reload", "reload", none, none, CTL_CHANGES, ctl_print_commit,
	 "Reads the configuration and its table files again; all or nothing."},
	{0},
};

const char *ctl_verb_rest(const struct ctl_verb *verb, int argc, char **argv)
{
	const char *words = verb->words;
	for (int i = 0; i < argc; i++) {
		size_t len = strcspn(words, " ");
		if (!len || strlen(argv[i]) != len || memcmp(words, argv[i], len) != 0)
			return NULL;
		words += len;
		words += strspn(words, " ");
	}
	return words;
}

static int count_words(const char *words)
{
	int n = 1;
	for (; *words; words++)
		n += *words == ' ';
	return n;
}

const struct ctl_verb *ctl_verb_find(int argc, char **argv, int *used)
{
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		*used = count_words(verb->words);
		if (*used <= argc && ctl_verb_rest(verb, *used, argv))
			return verb;
	}
	return NULL;
}

const char *const *ctl_verb_choices(enum ctl_type type)
{
	static const char *const kinds[] = {
		"advert", "cdn",   "distinguished", "dri",  "fallback", "footprint",
		"node",   "scope", "state",         "zone", NULL};
	static const char *const states[] = {"up", "drain", "down", NULL};
	static const char *const orders[] = {"up", "down", "reset", NULL};
	static const char *const protocols[] = {"dns", "http", "https", NULL};
	switch (type) {
	case CTL_KIND:
		return kinds;
	case CTL_STATE:
		return states;
	case CTL_PROTOCOL:
		return protocols;
	case CTL_ORDER:
		return orders;
	default:
		return NULL;
	}
}

void ctl_verb_usage(FILE *out, const struct ctl_verb *verb)
{
	fputs(verb->words, out);
	for (const struct ctl_param *param = verb->positions; param->name; param++)
		fprintf(out, param->needed ? " %s" : " [%s]", param->value);
	for (const struct ctl_param *param = verb->keywords; param->name; param++)
		fprintf(out, " %s%s%s%s%s%s", param->needed ? "" : "[", param->name,
			param->value ? " " : "", param->value ? param->value : "",
			param->needed ? "" : "]", param->type == CTL_HEADER ? "..." : "");
}

void ctl_verb_describe(FILE *out, const struct ctl_verb *verb)
{
	fputs("  ", out);
	ctl_verb_usage(out, verb);
	fprintf(out, "\n      %s\n", verb->help);
}

bool ctl_verb_help(FILE *out, int argc, char **argv)
{
	bool found = false;
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		if (!ctl_verb_rest(verb, argc, argv))
			continue;
		found = true;
		ctl_verb_describe(out, verb);
	}
	return found;
}
