/* metadata_compile - CDNI metadata as scopes: host by host, the first match in each list, with its access-control lists. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_compile.h"

#include "lib/ip.h"
#include "lib/pattern_meet.h"
#include "lib/pattern_set.h"
#include "lib/request.h"
#include "metadata_acl.h"
#include "metadata_tree.h"
#include "sign_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names of objects have at most 255 octets, and the host is in them. */
enum { HOST_MAX = 160, HTTP_PROTOCOLS = PROTOCOL_HTTP | PROTOCOL_HTTPS };

struct compiling {
	const struct metadata_policy *policy;
	struct metadata_scopes *out;
	struct json_source source;
	struct footprint_txn *footprints;
	json_t *closed; /* regexes of the host whose paths are decided on: are they without regard to case? */
	json_t *seen;            /* hosts and fallback targets that were there */
	char host[HOST_MAX + 1]; /* the one that is compiled now */
	size_t first;            /* index of its first object */
	int priority;            /* of its next scope */
	unsigned number;
};

/* The requests that one place in the tree decides on, if nothing before it has. */
struct region {
	const struct metadata_level *level;
	const char *key; /* "patterns" or "regexes" */
	json_t *paths;   /* NULL: all */
	uint8_t protocols;
	size_t first;     /* index of its first scope */
	json_t *fallback; /* or NULL */
};

/* What is done with some of them. */
struct decision {
	enum { DENY, ALLOW, PASS } action;
	json_t *where, *when; /* NULL: everywhere, always */
	uint8_t protocols;
};

static void no_memory(const struct compiling *c)
{
	faults_add(c->source.faults, c->source.place, "host %s: no memory", c->host);
	c->out->partial = true;
}

/* --- Scopes ------------------------------------------------------------------------------------------------------- */

/* NULL: no memory. */
static json_t *protocol_names(uint8_t protocols)
{
	static const char *const names[] = {"dns", "http", "https"}; /* bits in this order */
	json_t *list = json_array();
	bool good = list;
	for (unsigned i = 0; i < 3; i++)
		if (protocols >> i & 1)
			good = good && json_array_append_new(list, json_string(names[i])) == 0;
	if (good)
		return list;
	json_decref(list);
	return NULL;
}

/* A denied scope directly before one that denies all of its requests too says nothing. */
static void absorb(struct compiling *c, const struct region *region, const struct decision *wider)
{
	json_t *objects = c->out->objects;
	for (size_t n = json_array_size(objects); wider->action == DENY && n > region->first; n--) {
		json_t *scope = json_object_get(json_array_get(objects, n - 1), "scope");
		const char *action = json_string_value(json_object_get(scope, "action"));
		if (!action || strcmp(action, "deny") != 0 ||
		    (wider->where && json_object_get(scope, "footprints") != wider->where) ||
		    (wider->when && json_object_get(scope, "times") != wider->when) ||
		    wider->protocols != region->protocols)
			return;
		json_array_remove(objects, n - 1);
		c->priority++;
	}
}

/* The texts and numbers of a scope, without its conditions. */
static json_t *scope_new(struct compiling *c, const struct region *region, const char *name,
			 const struct decision *decision)
{
	static const char *const actions[] = {"deny", NULL, "pass"};
	json_t *scope =
		decision->action == ALLOW ? json_deep_copy(c->policy->allow) : json_object();
	const char *action = actions[decision->action];
	bool good =
		json_object_set_new(scope, "name", json_string(name)) == 0 &&
		json_object_set_new(scope, "hosts", json_pack("[s]", c->host)) == 0 &&
		json_object_set_new(scope, "protocols", protocol_names(decision->protocols)) == 0 &&
		json_object_set_new(scope, "priority", json_integer(c->priority)) == 0 &&
		(!action || json_object_set_new(scope, "action", json_string(action)) == 0) &&
		(!region->fallback || decision->action == DENY ||
		 json_object_set(scope, "fallback", region->fallback) == 0);
	if (good)
		return scope;
	json_decref(scope);
	return NULL;
}

static bool is_enforced(const struct compiling *c, const char *type)
{
	for (size_t i = 0; i < c->policy->n_types; i++)
		if (!strcasecmp(type, c->policy->types[i]))
			return true;
	return false;
}

/* As uri-signing of the scope, when it is one that the scope may have. false: no memory. */
static bool add_signing(struct compiling *c, const struct metadata_generic *signing, json_t *scope)
{
	struct json_in in;
	char *text;
	json_t *member = sign_policy_member(signing->value);
	json_t *holder = json_pack("{s:O}", "uri-signing", member);
	bool good = member && holder && json_object_set(scope, "uri-signing", member) == 0;
	if (good) {
		json_in_begin(&in, &c->source, holder, c->source.place, "MI.UriSigning");
		sign_policy_read(&in, &text);
		free(text);
	}
	json_decref(holder);
	json_decref(member);
	return good;
}

/* What the packet path and the log do with the requests that are accepted. */
static bool add_attributes(struct compiling *c, const struct region *region, uint8_t protocols,
			   json_t *scope)
{
	struct metadata_generic signing, group;
	const char *name = json_string_value(json_object_get(scope, "name"));
	json_t *ccid = NULL;
	bool good = true;
	if (protocols & HTTP_PROTOCOLS && is_enforced(c, "MI.UriSigning") &&
	    metadata_tree_find(&c->source, region->level, "MI.UriSigning", &signing))
		good = add_signing(c, &signing, scope);
	if (metadata_tree_find(&c->source, region->level, "MI.Grouping", &group))
		ccid = json_object_get(group.value, "ccid");
	return good && (!json_is_string(ccid) || json_object_set(c->out->groups, name, ccid) == 0);
}

static void emit(struct compiling *c, const struct region *region, const struct decision *decision)
{
	char name[2 * HOST_MAX];
	absorb(c, region, decision);
	if (c->priority < INT16_MIN || json_array_size(c->out->objects) >= c->policy->scopes) {
		faults_add(
			c->source.faults, c->source.place,
			"host %s: its metadata comes to too many scopes; at most %zu for all hosts",
			c->host, c->policy->scopes);
		return;
	}
	snprintf(name, sizeof(name), "%s:%s#%u", c->policy->name, c->host, c->number++);
	json_t *scope = scope_new(c, region, name, decision);
	bool good =
		scope &&
		(!region->paths || json_object_set(scope, region->key, region->paths) == 0) &&
		(!decision->where || json_object_set(scope, "footprints", decision->where) == 0) &&
		(!decision->when || json_object_set(scope, "times", decision->when) == 0) &&
		(decision->action != ALLOW ||
		 add_attributes(c, region, decision->protocols, scope));
	if (!good ||
	    json_array_append_new(c->out->objects, json_pack("{s:O}", "scope", scope)) != 0)
		no_memory(c);
	json_decref(scope);
	c->priority--;
}

/* --- One region --------------------------------------------------------------------------------------------------- */

struct lists {
	struct metadata_acl locations, times, protocols;
};

static void decide_protocols(struct compiling *c, const struct region *region,
			     const struct lists *lists, struct decision decision)
{
	for (size_t i = 0; i < lists->protocols.n; i++) {
		const struct metadata_rule *rule = &lists->protocols.rules[i];
		decision.action = rule->allow ? ALLOW : DENY;
		decision.protocols = rule->protocols;
		emit(c, region, &decision);
	}
}

static void decide_times(struct compiling *c, const struct region *region,
			 const struct lists *lists, struct decision decision)
{
	for (size_t i = 0; i < lists->times.n; i++) {
		const struct metadata_rule *rule = &lists->times.rules[i];
		decision.when = rule->condition;
		if (rule->allow)
			decide_protocols(c, region, lists, decision);
		else
			emit(c, region, &decision);
	}
}

/* The verdict is the AND of three lists, in each of which the first rule counts: of all triples of rules, in the order of the
 * first list, then of the second, then of the third, the first one that holds has the first rule of each. */
static void decide_locations(struct compiling *c, const struct region *region,
			     const struct lists *lists)
{
	for (size_t i = 0; i < lists->locations.n; i++) {
		const struct metadata_rule *rule = &lists->locations.rules[i];
		struct decision decision = {DENY, rule->condition, NULL, region->protocols};
		if (rule->allow)
			decide_times(c, region, lists, decision);
		else
			emit(c, region, &decision);
	}
}

static json_t *value_of(const struct compiling *c, const struct region *region, const char *type)
{
	struct metadata_generic generic;
	return metadata_tree_find(&c->source, region->level, type, &generic) ? generic.value : NULL;
}

/* Nothing says by which protocol the client of a DNS query will come. */
static void protocols_for_dns(struct metadata_acl *protocols)
{
	bool allow = metadata_acl_allows(protocols, PROTOCOL_HTTP) ||
		     metadata_acl_allows(protocols, PROTOCOL_HTTPS);
	protocols->n = 1;
	protocols->rules[0] = (struct metadata_rule){allow, NULL, 0, PROTOCOL_DNS};
}

static void decide_by_lists(struct compiling *c, const struct region *region)
{
	struct lists lists = {0};
	bool good = metadata_acl_locations(&c->source, value_of(c, region, "MI.LocationACL"),
					   c->footprints, &lists.locations) &&
		    metadata_acl_times(&c->source, value_of(c, region, "MI.TimeWindowACL"),
				       &lists.times) &&
		    metadata_acl_protocols(&c->source, value_of(c, region, "MI.ProtocolACL"),
					   &lists.protocols);
	if (good && region->protocols == PROTOCOL_DNS)
		protocols_for_dns(&lists.protocols);
	if (good)
		decide_locations(c, region, &lists);
	metadata_acl_clear(&lists.locations);
	metadata_acl_clear(&lists.times);
	metadata_acl_clear(&lists.protocols);
}

/* --- Fallback targets --------------------------------------------------------------------------------------------- */

/* The node with this name, and the DRI for it. */
static void add_fallback(struct compiling *c, const char *name, const char *endpoint,
			 const char *host, const char *scheme)
{
	struct ip_addr addr;
	json_t *dns = ip_addr_parse(host, &addr) ? json_pack("{s:[s]}", "addresses", host)
						 : json_pack("{s:s}", "host", host);
	json_t *http = json_pack("{s:s, s:s*}", "host", endpoint, "scheme", scheme);
	json_t *node = json_pack("{s:{s:s}}", "node", "name", name);
	json_t *dri = json_pack("{s:{s:s, s:o, s:o}}", "dri", "node", name, "http-target", http,
				"dns-target", dns);
	bool good = json_array_append_new(c->out->objects, node) == 0;
	if (json_array_append_new(c->out->objects, dri) != 0 || !good ||
	    json_object_set_new(c->seen, name, json_true()) != 0)
		no_memory(c);
}

/* The reference to one, which is made when it comes for the first time. NULL: there is none, or a fault. */
static json_t *fallback_of(struct compiling *c, const struct region *region)
{
	static const char *const schemes[] = {"http", "https", NULL};
	char name[2 * HOST_MAX], host[sizeof(c->host)];
	struct json_in in;
	struct request key;
	json_t *value = value_of(c, region, "MI.FallbackTarget");
	if (!value)
		return NULL;
	json_in_begin(&in, &c->source, value, c->source.place, "FallbackTarget");
	const char *endpoint = json_in_text(&in, "host", JSON_IN_NEEDED);
	int choice = json_in_choice(&in, "scheme", schemes, -1);
	const char *scheme = choice < 0 ? NULL : schemes[choice];
	size_t len = endpoint ? metadata_tree_host_len(endpoint, true) : 0;
	bool same = len && !strncasecmp(endpoint, c->host, len) && !c->host[len];
	if (!len || len > HOST_MAX || same ||
	    !request_key_host(&key, (const uint8_t *)endpoint, len)) {
		json_in_fault(&in, NULL, "host: expected a host other than the one it is for");
		return NULL;
	}
	int literal = endpoint[0] == '[';
	snprintf(host, sizeof(host), "%.*s", (int)len - 2 * literal, endpoint + literal);
	snprintf(name, sizeof(name), "%s:fallback:%s%s%s", c->policy->name, scheme ? scheme : "",
		 scheme ? "://" : "", endpoint);
	if (!json_object_get(c->seen, name))
		add_fallback(c, name, endpoint, host, scheme);
	json_t *ref = json_pack("{s:s}", "node", name);
	if (!ref)
		no_memory(c);
	return ref;
}

static void decide(struct compiling *c, struct region *region, bool blocked)
{
	struct decision all = {DENY, NULL, NULL, region->protocols};
	region->fallback = fallback_of(c, region);
	region->first = json_array_size(c->out->objects);
	if (blocked) {
		all.action = region->fallback ? PASS : DENY;
		emit(c, region, &all);
	} else {
		decide_by_lists(c, region);
	}
	json_decref(region->fallback);
}

/* --- The tree ----------------------------------------------------------------------------------------------------- */

static void note(struct compiling *c, const char *pattern, const char *type)
{
	faults_add(&c->out->notes, c->source.place,
		   "host %s, path %.255s: %.64s has to be enforced and is not known here, so that "
		   "nothing of it is served",
		   c->host, pattern, type);
}

static bool is_closed(const struct compiling *c, const char *regex, bool caseless)
{
	const json_t *closed = json_object_get(c->closed, regex);
	return closed && (json_is_true(closed) || !caseless);
}

/* The paths of one PathMatch within those above it. */
struct paths {
	const struct metadata_path *path;
	const struct pattern_meet *meet;
	bool nested;
};

/* The regexes of these paths that nothing before has decided on. NULL: a fault. */
static json_t *open_regexes(const struct compiling *c, const struct paths *paths)
{
	char pattern[PATTERN_REGEX_MAX], err[256];
	json_t *list = json_array();
	bool good = list;
	for (size_t i = 0; good && i < pattern_meet_count(paths->meet); i++) {
		bool caseless = !paths->nested && !paths->path->case_sensitive;
		char *regex = NULL;
		if (paths->nested)
			regex = pattern_meet_regex(paths->meet, i);
		else if (!pattern_regex(paths->path->pattern, pattern, sizeof(pattern), err,
					sizeof(err)))
			regex = strdup(pattern);
		good = regex && (is_closed(c, regex, caseless) ||
				 json_array_append_new(list, json_string(regex)) == 0);
		free(regex);
	}
	if (good)
		return list;
	no_memory(c);
	json_decref(list);
	return NULL;
}

static void close_regexes(struct compiling *c, const json_t *regexes, bool caseless)
{
	size_t i;
	json_t *regex;
	json_array_foreach (regexes, i, regex)
		if (json_object_set_new(c->closed, json_string_value(regex),
					json_boolean(caseless)) != 0)
			no_memory(c);
}

/* A pattern alone stays as it is; one under others is what it has in common with them, as regexes. */
static void decide_paths(struct compiling *c, const struct metadata_level *level,
			 const struct paths *paths, bool blocked)
{
	const struct metadata_path *path = paths->path;
	json_t *regexes = open_regexes(c, paths);
	struct region region = {.level = level,
				.key = paths->nested ? "regexes" : "patterns",
				.protocols = HTTP_PROTOCOLS};
	region.paths = paths->nested ? json_incref(regexes)
				     : json_pack("[{s:s, s:b}]", "pattern", path->pattern,
						 "case-sensitive", path->case_sensitive);
	if (!region.paths)
		no_memory(c);
	else if (json_array_size(regexes))
		decide(c, &region, blocked);
	close_regexes(c, regexes, !paths->nested && !path->case_sensitive);
	json_decref(region.paths);
	json_decref(regexes);
}

static void compile_level(struct compiling *c, const struct metadata_level *level,
			  const struct paths *above);

static void compile_path(struct compiling *c, const struct metadata_level *level,
			 const struct paths *above, const struct metadata_path *path)
{
	char err[512];
	const struct metadata_level below = {level, path->metadata, path->pattern};
	struct pattern_meet *meet = pattern_meet_new(above ? above->meet : NULL, path->pattern,
						     path->case_sensitive, err, sizeof(err));
	const struct paths paths = {path, meet, above};
	if (!meet) {
		faults_add(c->source.faults, c->source.place, "host %s: %s", c->host, err);
		return;
	}
	json_t *regexes = open_regexes(c, &paths);
	if (json_array_size(regexes))
		compile_level(c, &below, &paths);
	json_decref(regexes);
	pattern_meet_free(meet);
}

/* The paths of the list first, each with all that is under it; the rest is the level's own. */
static void compile_level(struct compiling *c, const struct metadata_level *level,
			  const struct paths *above)
{
	json_t *one;
	size_t i;
	json_array_foreach (json_object_get(level->metadata, "paths"), i, one) {
		struct metadata_path path;
		if (metadata_tree_path(&c->source, one, &path))
			compile_path(c, level, above, &path);
	}
	const char *type =
		metadata_tree_blocked(&c->source, level, c->policy->types, c->policy->n_types);
	struct region all = {.level = level, .protocols = HTTP_PROTOCOLS};
	if (type)
		note(c, level->pattern ? level->pattern : "*", type);
	if (above)
		decide_paths(c, level, above, type);
	else
		decide(c, &all, type);
}

static void compile_dns(struct compiling *c, const struct metadata_level *level, bool blocked)
{
	struct region region = {.level = level, .protocols = PROTOCOL_DNS};
	if (c->policy->dns)
		decide(c, &region, blocked);
}

/* All of it is denied, whatever was made of it. */
static void deny_host(struct compiling *c)
{
	struct region region = {.protocols = HTTP_PROTOCOLS};
	const struct decision deny = {DENY, NULL, NULL,
				      HTTP_PROTOCOLS | (c->policy->dns ? PROTOCOL_DNS : 0)};
	for (size_t n = json_array_size(c->out->objects); n > c->first; n--) {
		json_t *scope = json_object_get(json_array_get(c->out->objects, n - 1), "scope");
		const char *name = json_string_value(json_object_get(scope, "name"));
		if (!scope)
			continue;
		json_object_del(c->out->groups, name);
		json_array_remove(c->out->objects, n - 1);
	}
	region.first = json_array_size(c->out->objects);
	c->priority = c->policy->priority;
	emit(c, &region, &deny);
	c->out->partial |= json_array_size(c->out->objects) == region.first;
}

/* The host as scopes have it. false: a fault, or it was there before. */
static bool take_host(struct compiling *c, struct json_in *in)
{
	struct request key;
	const char *host = json_in_text(in, "host", JSON_IN_NEEDED);
	size_t len = host ? metadata_tree_host_len(host, false) : 0;
	if (!host)
		return false;
	if (!len || len > HOST_MAX || !request_key_host(&key, (const uint8_t *)host, len)) {
		json_in_fault(
			in, json_object_get(in->object, "host"),
			"host: '%.255s' cannot be told from others here; expected a name of at "
			"most "
			"%d octets or an address, without a port or with that of http or https",
			host, HOST_MAX);
		return false;
	}
	for (size_t i = 0; i < len; i++)
		c->host[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] | 0x20 : host[i]);
	c->host[len] = '\0';
	if (json_object_get(c->seen, c->host))
		return false;
	if (json_object_set_new(c->seen, c->host, json_true()) == 0)
		return true;
	no_memory(c);
	return false;
}

static void compile_host(struct compiling *c, json_t *match)
{
	struct json_in in;
	size_t before = c->source.faults->total;
	json_in_begin(&in, &c->source, match, c->source.place, "HostMatch");
	if (!in.object || !take_host(c, &in))
		return;
	c->out->hosts++;
	json_t *metadata = json_in_object(&in, "host-metadata");
	const struct metadata_level level = {NULL, metadata, NULL};
	bool blocked = false;
	c->first = json_array_size(c->out->objects);
	c->priority = c->policy->priority;
	c->number = 0;
	json_object_clear(c->closed);
	if (!metadata)
		json_in_fault(&in, NULL, "%s: 'host-metadata' is missing", c->host);
	else if (metadata_tree_check(&c->source, metadata, c->policy->types, c->policy->n_types,
				     &blocked)) {
		compile_dns(c, &level, blocked);
		if (c->source.faults->total == before)
			compile_level(c, &level, NULL);
	}
	if (c->source.faults->total == before)
		return;
	faults_add(&c->out->notes, c->source.place,
		   "host %s: its metadata has faults, so that nothing of it is served", c->host);
	deny_host(c);
}

bool metadata_compile(json_t *tree, const struct metadata_policy *policy,
		      struct metadata_scopes *scopes, struct faults *faults)
{
	struct compiling c = {.policy = policy, .out = scopes};
	struct json_in in;
	size_t before = faults->total, i;
	json_t *match;
	struct footprint_table *table = footprint_table_new(policy->geo);
	*scopes = (struct metadata_scopes){.objects = json_array(), .groups = json_object()};
	c.source = (struct json_source){.faults = faults, .place = {policy->origin, 0}};
	c.seen = json_object();
	c.closed = json_object();
	c.footprints = table ? footprint_begin(table) : NULL;
	json_in_begin(&in, &c.source, tree, c.source.place, "HostIndex");
	json_t *hosts = json_in_list(&in, "hosts");
	if (!c.footprints || !c.seen || !c.closed || !scopes->objects || !scopes->groups)
		no_memory(&c);
	else if (in.object && !hosts)
		json_in_fault(&in, NULL, "'hosts' is missing");
	scopes->partial = faults->total > before;
	if (scopes->partial)
		hosts = NULL;
	json_array_foreach (hosts, i, match)
		compile_host(&c, match);
	footprint_abort(c.footprints);
	footprint_table_release(table);
	json_decref(c.seen);
	json_decref(c.closed);
	return faults->total == before;
}

void metadata_scopes_clear(struct metadata_scopes *scopes)
{
	json_decref(scopes->objects);
	json_decref(scopes->groups);
	faults_clear(&scopes->notes);
	*scopes = (struct metadata_scopes){0};
}
