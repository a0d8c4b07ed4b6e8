/* config_peers - the parts of the configuration that are about other CDNs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_peers.h"

#include "config_advertise.h"
#include "config_metadata.h"

#include <ctype.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOLD_MAX = 86400, STALE_MAX = 604800, HOPS_MAX = 255 };

static const char *const disclosures[] = {"request-routers", "nodes",
					  NULL};                     /* as enum disclosure */
static const char *const roles[] = {"upstream", "downstream", NULL}; /* bits of enum peer_role */

/* --- Texts -------------------------------------------------------------------------------------- */

static char *copy(struct json_in *in, const char *text)
{
	char *made = text ? strdup(text) : NULL;
	if (text && !made)
		json_in_fault(in, NULL, "no memory");
	return made;
}

/* The value of a member that was read, for the place of a fault. */
static const json_t *value_of(const struct json_in *in, const char *key)
{
	return json_object_get(in->object, key);
}

/* A path that does not start with '/' counts from the folder of the configuration file. What is made of it counts from nowhere. */
char *config_peers_path(struct json_in *in, const char *key, enum json_in_need need,
			const char *config_path)
{
	char here[PATH_MAX] = "";
	const char *path = json_in_text(in, key, need);
	const char *slash = strrchr(config_path, '/');
	int folder = slash ? (int)(slash - config_path + 1) : 0;
	char *resolved = NULL;
	if (!path || path[0] == '/')
		return copy(in, path);
	if ((config_path[0] == '/' || getcwd(here, sizeof(here))) &&
	    asprintf(&resolved, "%s%s%.*s%s", here, here[0] ? "/" : "", folder, config_path,
		     path) >= 0)
		return resolved;
	json_in_fault(in, value_of(in, key),
		      "%s: the current folder is not known; write a path that starts with '/'",
		      key);
	return NULL;
}

/* "AS", the number of an autonomous system, ":", and something that tells its CDNs apart (RFC 7975 §4.8). */
static bool is_provider_id(const char *text)
{
	enum { DIGITS_MAX = 10 };
	if (strncmp(text, "AS", 2))
		return false;
	const char *number = text + 2;
	size_t digits = strspn(number, "0123456789");
	const char *qualifier = number + digits + 1;
	if (!digits || digits > DIGITS_MAX || number[digits] != ':' ||
	    (number[0] == '0' && digits > 1) || strtoull(number, NULL, 10) > UINT32_MAX)
		return false;
	size_t len = 0;
	while (isgraph((unsigned char)qualifier[len]))
		len++;
	return len && !qualifier[len] && strlen(text) <= PROVIDER_ID_MAX;
}

static char *read_provider_id(struct json_in *in)
{
	const char *text = json_in_text(in, "provider-id", JSON_IN_NEEDED);
	if (text && !is_provider_id(text))
		json_in_fault(in, value_of(in, "provider-id"),
			      "provider-id: expected 'AS', a number, ':' and a qualifier, as "
			      "\"AS64500:1\", not \"%.64s\"",
			      text);
	return copy(in, text);
}

/* --- Our side ----------------------------------------------------------------------------------- */

/* "192.0.2.1:8443" or "[2001:db8::1]:8443". */
static bool parse_listen(const char *text, struct listen_at *out)
{
	char address[IP_TEXT_MAX + 2];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : sizeof(address);
	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	char *start = address;
	bool bracketed = len > 1 && address[0] == '[' && address[len - 1] == ']';
	if (bracketed) {
		address[len - 1] = '\0';
		start++;
	}
	size_t digits = strspn(colon + 1, "0123456789");
	unsigned long port = strtoul(colon + 1, NULL, 10);
	out->port = (uint16_t)port;
	return digits && digits <= 5 && !colon[1 + digits] && port && port <= UINT16_MAX &&
	       ip_addr_parse(start, &out->address) && bracketed == (out->address.family == 6);
}

static size_t read_listen(struct json_in *in, const char *key, struct listen_at list[LISTEN_MAX])
{
	size_t n, used = 0;
	const char **texts = json_in_texts(in, key, &n);
	if (n > LISTEN_MAX)
		json_in_fault(in, value_of(in, key), "%s: at most %d are possible", key,
			      LISTEN_MAX);
	for (size_t i = 0; i < n && i < LISTEN_MAX; i++) {
		if (texts[i] && !parse_listen(texts[i], &list[used++]))
			json_in_fault(in, value_of(in, key),
				      "%s: expected addresses with a port, as \"192.0.2.1:8443\" "
				      "or \"[2001:db8::1]:8443\", not \"%.64s\"",
				      key, texts[i]);
	}
	free(texts);
	return used;
}

static void read_interconnection(struct json_in *root, const char *config_path,
				 struct interconnection *ours)
{
	struct json_in in;
	json_t *group = json_in_object(root, "interconnection");
	if (!group)
		return;
	json_in_begin(&in, root->source, group, root->place, "interconnection");
	ours->provider_id = read_provider_id(&in);
	ours->n_listen = read_listen(&in, "listen", ours->listen);
	ours->n_plain = read_listen(&in, "listen-plain", ours->plain);
	ours->certificate = config_peers_path(&in, "certificate", JSON_IN_OPTIONAL, config_path);
	ours->key = config_peers_path(&in, "key", JSON_IN_OPTIONAL, config_path);
	ours->authorities = config_peers_path(&in, "authorities", JSON_IN_OPTIONAL, config_path);
	ours->router = copy(&in, json_in_text(&in, "router", JSON_IN_OPTIONAL));
	int n = !!value_of(&in, "certificate") + !!value_of(&in, "key") +
		!!value_of(&in, "authorities");
	if (n % 3)
		json_in_fault(&in, NULL,
			      "expected all three of 'certificate', 'key' and 'authorities', or "
			      "none of them");
	if (ours->n_listen && !n)
		json_in_fault(&in, value_of(&in, "listen"),
			      "listen: needs 'certificate', 'key' and 'authorities'");
	json_in_end(&in);
}

/* --- A peer ------------------------------------------------------------------------------------- */

static unsigned read_roles(struct json_in *in)
{
	unsigned bits = 0;
	json_t *list = json_in_list(in, "roles");
	json_in_not_empty(in, "roles", "role: \"upstream\" or \"downstream\"");
	for (size_t i = 0; i < json_array_size(list); i++) {
		int role = json_in_choice_of(in, json_array_get(list, i), "roles", roles, -1);
		bits |= role < 0 ? 0 : 1u << role;
	}
	return bits;
}

/* A part of a URL that is there and has no control characters; an empty one is as good as none. */
static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK && *text;
	curl_free(text);
	return there;
}

static bool scheme_is(CURLU *url, const char *scheme)
{
	char *text = NULL;
	bool same =
		curl_url_get(url, CURLUPART_SCHEME, &text, 0) == CURLUE_OK && !strcmp(text, scheme);
	curl_free(text);
	return same;
}

bool config_peers_is_url(const char *text, bool plain)
{
	CURLU *url = curl_url();
	bool good = url && !strstr(text, ":///") && !strpbrk(text, " \\^`{|}<>\"") &&
		    curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    scheme_is(url, plain ? "http" : "https") && has_part(url, CURLUPART_HOST) &&
		    !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD) &&
		    !has_part(url, CURLUPART_FRAGMENT);
	curl_url_cleanup(url);
	return good;
}

static char *read_url(struct json_in *in, const char *key, const struct peer_settings *peer)
{
	const char *text = json_in_text(in, key, JSON_IN_OPTIONAL);
	if (text && !(peer->roles & PEER_DOWNSTREAM))
		json_in_fault(in, value_of(in, key),
			      "%s: only a downstream peer has one; add the role or leave it out",
			      key);
	else if (text && !config_peers_is_url(text, peer->plain_http))
		json_in_fault(in, value_of(in, key),
			      "%s: expected a URL as \"%s://host:port/path\"%s, not \"%.128s\"",
			      key, peer->plain_http ? "http" : "https",
			      peer->plain_http ? ", since the peer has plain-http" : "", text);
	return copy(in, text);
}

/* host[:port] is what stands in a URL between "https://" and "/". */
static void read_hosts(struct json_in *in, struct peer_settings *peer)
{
	size_t n;
	char url[JSON_IN_TEXT_MAX + sizeof("https:///")];
	const char **texts = json_in_texts(in, "hosts", &n);
	if (n > PEER_HOSTS_MAX)
		json_in_fault(in, value_of(in, "hosts"), "hosts: at most %d are possible",
			      PEER_HOSTS_MAX);
	for (size_t i = 0; i < n && i < PEER_HOSTS_MAX; i++) {
		if (!texts[i])
			continue;
		snprintf(url, sizeof(url), "https://%s/", texts[i]);
		if (strpbrk(texts[i], "/?#@") || !config_peers_is_url(url, false))
			json_in_fault(in, value_of(in, "hosts"),
				      "hosts: expected \"host\" or \"host:port\", not \"%.128s\"",
				      texts[i]);
		peer->hosts[peer->n_hosts] = copy(in, texts[i]);
		peer->n_hosts += peer->hosts[peer->n_hosts] != NULL;
	}
	free(texts);
}

/* A peer with TLS is known by its certificate, one without by where it comes from. */
static void read_identity(struct json_in *in, struct peer_settings *peer)
{
	const char *identity =
		json_in_text(in, "identity", peer->plain_http ? JSON_IN_OPTIONAL : JSON_IN_NEEDED);
	const char *address =
		json_in_text(in, "address", peer->plain_http ? JSON_IN_NEEDED : JSON_IN_OPTIONAL);
	if (identity && peer->plain_http)
		json_in_fault(in, value_of(in, "identity"),
			      "identity: a peer with plain-http shows no certificate; give its "
			      "'address' instead");
	if (identity && strpbrk(identity, "* "))
		json_in_fault(in, value_of(in, "identity"),
			      "identity: expected one DNS name, URI or IP address, without '*'");
	if (address && !peer->plain_http)
		json_in_fault(in, value_of(in, "address"),
			      "address: only a peer with plain-http is known by it");
	else if (address && !ip_addr_parse(address, &peer->address))
		json_in_fault(in, value_of(in, "address"), "address: '%.64s' is not an IP address",
			      address);
	peer->identity = copy(in, identity);
}

static void read_limits(struct json_in *root, struct peer_limits *limits)
{
	struct json_in in = {.source = root->source, .place = root->place, .what = "limits"};
	json_t *group = json_in_object(root, "limits");
	if (group)
		json_in_begin(&in, root->source, group, root->place, "limits");
	limits->entries = (uint32_t)json_in_integer(&in, "entries", 1, 1000000, 10000);
	limits->footprints = (uint32_t)json_in_integer(&in, "footprints", 1, 10000000, 100000);
	limits->octets = (uint32_t)json_in_integer(&in, "octets", 1024, 1 << 30, 16 << 20);
	limits->requests_per_second =
		(uint32_t)json_in_integer(&in, "requests-per-second", 1, 1000000, 1000);
	limits->connections = (uint32_t)json_in_integer(&in, "connections", 1, 1024, 16);
	if (group)
		json_in_end(&in);
}

static void read_downstream(struct json_in *in, struct peer_settings *peer)
{
	peer->directory = read_url(in, "directory", peer);
	peer->redirection = read_url(in, "redirection", peer);
	read_hosts(in, peer);
}

static void read_peer(struct json_in *root, json_t *json, const char *config_path,
		      struct peer_settings *peer)
{
	struct json_in in;
	json_in_begin(&in, root->source, json, root->place, "peer");
	peer->line = in.place.line;
	const char *name = json_in_text(&in, "name", JSON_IN_NEEDED);
	if (name && strlen(name) > PEER_NAME_MAX)
		json_in_fault(&in, value_of(&in, "name"), "name: at most %d octets are possible",
			      PEER_NAME_MAX);
	peer->name = copy(&in, name);
	peer->roles = read_roles(&in);
	peer->plain_http = json_in_flag(&in, "plain-http", false);
	read_identity(&in, peer);
	peer->provider_id = read_provider_id(&in);
	read_downstream(&in, peer);
	peer->hold_s = (uint32_t)json_in_integer(&in, "hold-time", 16, HOLD_MAX, 90);
	peer->stale_s = (uint32_t)json_in_integer(&in, "stale-time", 0, STALE_MAX, 3600);
	read_limits(&in, &peer->limits);
	peer->lenient = json_in_flag(&in, "lenient", false);
	peer->disclose = (enum disclosure)json_in_choice(&in, "disclose", disclosures,
							 DISCLOSE_REQUEST_ROUTERS);
	peer->max_hops = (uint32_t)json_in_integer(&in, "max-hops", 1, HOPS_MAX, 4);
	config_advertise_read(&in, peer);
	config_metadata_read(&in, config_path, peer);
	json_in_end(&in);
}

/* --- All of them -------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Two peers that could be taken for each other. */
static void check_pair(struct json_in *root, const json_t *json, const struct peer_settings *peer,
		       const struct peer_settings *other)
{
	char text[IP_TEXT_MAX];
	if (same_text(peer->name, other->name))
		json_in_fault(root, json, "there are two peers with the name '%s'", peer->name);
	if (peer->identity && other->identity && !strcasecmp(peer->identity, other->identity))
		json_in_fault(root, json, "the peers '%s' and '%s' have the same identity '%s'",
			      other->name, peer->name, peer->identity);
	if (peer->provider_id && same_text(peer->provider_id, other->provider_id))
		json_in_fault(root, json, "the peers '%s' and '%s' have the same provider-id '%s'",
			      other->name, peer->name, peer->provider_id);
	if (peer->address.family && ip_addr_equal(&peer->address, &other->address))
		json_in_fault(root, json, "the peers '%s' and '%s' have the same address %s",
			      other->name, peer->name, ip_addr_text(&peer->address, text));
}

static void check_peer(struct json_in *root, const json_t *json, const struct settings *settings,
		       const struct peer_settings *peer)
{
	const struct interconnection *ours = &settings->interconnection;
	if (!peer->name)
		return;
	if (peer->provider_id && same_text(peer->provider_id, ours->provider_id))
		json_in_fault(root, json, "the peer '%s' has our own provider-id '%s'", peer->name,
			      peer->provider_id);
	if (!peer->plain_http && ours->provider_id && !ours->certificate)
		json_in_fault(root, json,
			      "the peer '%s' needs TLS: give interconnection a 'certificate', "
			      "'key' and 'authorities'",
			      peer->name);
	for (const struct peer_settings *other = settings->peers.list; other < peer; other++)
		if (other->name)
			check_pair(root, json, peer, other);
}

void config_peers_read(struct json_in *root, const char *config_path, struct settings *settings)
{
	struct peers *peers = &settings->peers;
	read_interconnection(root, config_path, &settings->interconnection);
	json_t *list = json_in_list(root, "peers");
	size_t n = json_array_size(list);
	if (n && !json_object_get(root->object, "interconnection"))
		json_in_fault(root, list,
			      "peers: need the group 'interconnection' with our provider-id");
	if (n > PEERS_MAX) {
		json_in_fault(root, list, "peers: at most %d are possible", PEERS_MAX);
		return;
	}
	peers->list = json_in_room(root, list, sizeof(*peers->list), &n);
	for (size_t i = 0; i < n; i++) {
		json_t *json = json_array_get(list, i);
		peers->n = i + 1;
		read_peer(root, json, config_path, &peers->list[i]);
		check_peer(root, json, settings, &peers->list[i]);
	}
}

static void peer_clear(struct peer_settings *peer)
{
	free(peer->name);
	free(peer->identity);
	free(peer->provider_id);
	free(peer->directory);
	free(peer->redirection);
	for (size_t i = 0; i < peer->n_hosts; i++)
		free(peer->hosts[i]);
	config_advertise_clear(peer);
	config_metadata_clear(peer);
}

void config_peers_clear(struct settings *settings)
{
	free(settings->interconnection.provider_id);
	free(settings->interconnection.certificate);
	free(settings->interconnection.key);
	free(settings->interconnection.authorities);
	free(settings->interconnection.router);
	settings->interconnection = (struct interconnection){0};
	for (size_t i = 0; i < settings->peers.n; i++)
		peer_clear(&settings->peers.list[i]);
	free(settings->peers.list);
	settings->peers = (struct peers){0};
}

static bool same_hosts(const struct peer_settings *a, const struct peer_settings *b)
{
	bool same = a->n_hosts == b->n_hosts;
	for (size_t i = 0; same && i < a->n_hosts; i++)
		same = same_text(a->hosts[i], b->hosts[i]);
	return same;
}

bool config_peers_same(const struct peer_settings *a, const struct peer_settings *b)
{
	return same_text(a->name, b->name) && a->roles == b->roles &&
	       same_text(a->identity, b->identity) && ip_addr_equal(&a->address, &b->address) &&
	       same_text(a->provider_id, b->provider_id) && same_text(a->directory, b->directory) &&
	       same_text(a->redirection, b->redirection) && same_hosts(a, b) &&
	       a->hold_s == b->hold_s && a->stale_s == b->stale_s &&
	       !memcmp(&a->limits, &b->limits, sizeof(a->limits)) && a->lenient == b->lenient &&
	       a->plain_http == b->plain_http && a->disclose == b->disclose &&
	       a->max_hops == b->max_hops && config_advertise_same(a, b) &&
	       config_metadata_same(a, b);
}

const struct peer_settings *config_peers_find(const struct peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->n; i++)
		if (!strcmp(peers->list[i].name, name))
			return &peers->list[i];
	return NULL;
}

/* --- As they are configured --------------------------------------------------------------------- */

static json_t *listen_json(const struct listen_at *list, size_t n)
{
	char text[IP_TEXT_MAX];
	json_t *json = json_array();
	for (size_t i = 0; json && i < n; i++) {
		const struct ip_addr *address = &list[i].address;
		json_t *item = json_sprintf(address->family == 6 ? "[%s]:%u" : "%s:%u",
					    ip_addr_text(address, text), list[i].port);
		if (json_array_append_new(json, item)) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

json_t *config_peers_interconnection_json(const struct interconnection *ours)
{
	if (!ours->provider_id)
		return NULL;
	return json_pack("{s:s, s:o, s:o, s:s*, s:s*, s:s*, s:s*}", "provider-id",
			 ours->provider_id, "listen", listen_json(ours->listen, ours->n_listen),
			 "listen-plain", listen_json(ours->plain, ours->n_plain), "certificate",
			 ours->certificate, "key", ours->key, "authorities", ours->authorities,
			 "router", ours->router);
}

static json_t *roles_json(unsigned bits)
{
	if (bits == (PEER_UPSTREAM | PEER_DOWNSTREAM))
		return json_pack("[s, s]", roles[0], roles[1]);
	return json_pack("[s]", roles[bits == PEER_DOWNSTREAM]);
}

static json_t *hosts_json(const struct peer_settings *peer)
{
	json_t *json = json_array();
	for (size_t i = 0; json && i < peer->n_hosts; i++)
		if (json_array_append_new(json, json_string(peer->hosts[i]))) {
			json_decref(json);
			return NULL;
		}
	return json;
}

static json_t *limits_json(const struct peer_limits *limits)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "entries", (json_int_t)limits->entries,
			 "footprints", (json_int_t)limits->footprints, "octets",
			 (json_int_t)limits->octets, "requests-per-second",
			 (json_int_t)limits->requests_per_second, "connections",
			 (json_int_t)limits->connections);
}

json_t *config_peers_json(const struct peer_settings *peer)
{
	char text[IP_TEXT_MAX];
	const char *address = peer->address.family ? ip_addr_text(&peer->address, text) : NULL;
	json_t *json = json_pack(
		"{s:s, s:o, s:s*, s:s*, s:s, s:s*, s:s*, s:o, s:I, s:I, s:o, s:b, "
		"s:b, s:s, s:I}",
		"name", peer->name, "roles", roles_json(peer->roles), "identity", peer->identity,
		"address", address, "provider-id", peer->provider_id, "directory", peer->directory,
		"redirection", peer->redirection, "hosts", hosts_json(peer), "hold-time",
		(json_int_t)peer->hold_s, "stale-time", (json_int_t)peer->stale_s, "limits",
		limits_json(&peer->limits), "lenient", (int)peer->lenient, "plain-http",
		(int)peer->plain_http, "disclose", disclosures[peer->disclose], "max-hops",
		(json_int_t)peer->max_hops);
	return config_metadata_json(config_advertise_json(json, peer), peer);
}
