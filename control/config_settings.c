/* config_settings - the parts of the configuration that are about the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_settings.h"

#include "config.h"
#include "config_dns.h"
#include "config_http.h"
#include "config_peers.h"
#include "config_signing.h"
#include "lib/connections.h"
#include "lib/park.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { CPU_MAX = 1023 };

static char *copy_text(struct json_in *in, const char *key, enum json_in_need need,
		       const char *otherwise)
{
	const char *text = json_in_text(in, key, need);
	if (!text)
		text = otherwise;
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		json_in_fault(in, NULL, "no memory");
	return copy;
}

static void read_arguments(struct json_in *in, struct settings *settings)
{
	size_t n;
	const char **texts = json_in_texts(in, "arguments", &n);
	if (n > EAL_ARGUMENTS_MAX)
		json_in_fault(in, NULL, "arguments: at most %d are possible", EAL_ARGUMENTS_MAX);
	for (size_t i = 0; i < n && i < EAL_ARGUMENTS_MAX; i++) {
		char *copy = texts[i] ? strdup(texts[i]) : NULL;
		if (copy)
			settings->eal_arguments[settings->n_eal_arguments++] = copy;
		else if (texts[i])
			json_in_fault(in, NULL, "no memory");
	}
	free(texts);
}

static void read_eal(struct json_in *root, struct settings *settings)
{
	struct json_in in;
	json_in_begin_group(&in, root, "eal");
	settings->hugepages = json_in_flag(&in, "hugepages", true);
	settings->memory = (unsigned)json_in_integer(&in, "memory", 0, 1 << 20, 0);
	settings->prefix = copy_text(&in, "prefix", JSON_IN_OPTIONAL, "turnout");
	const char *at = settings->prefix;
	while (at && (isalnum((unsigned char)*at) || (*at && strchr("_-", *at))))
		at++;
	if (at && (*at || at - settings->prefix > 32))
		json_in_fault(&in, json_object_get(in.object, "prefix"),
			      "prefix: expected at most 32 letters, digits, '-' and '_'");
	read_arguments(&in, settings);
	json_in_end(&in);
}

static void read_cpus(struct json_in *in, struct settings *settings)
{
	json_t *list = json_in_list(in, "cpus");
	size_t n = json_array_size(list);
	if (n && n != settings->n_workers)
		json_in_fault(in, list,
			      "cpus: expected one CPU for each of the %u workers, not %zu",
			      settings->n_workers, n);
	for (size_t i = 0; i < n && i < sizeof(settings->cpus) / sizeof(settings->cpus[0]); i++) {
		json_t *value = json_array_get(list, i);
		json_int_t cpu = json_integer_value(value);
		if (!json_is_integer(value) || cpu < 0 || cpu > CPU_MAX)
			json_in_fault(in, value, "cpus: expected numbers from 0 to %d", CPU_MAX);
		else
			settings->cpus[settings->n_cpus++] = (unsigned)cpu;
	}
}

static void read_workers(struct json_in *root, struct settings *settings)
{
	static const char *const idles[] = {"poll", "sleep", NULL}; /* as enum idle_mode */
	struct json_in in;
	json_in_begin_group(&in, root, "workers");
	settings->n_workers = (unsigned)json_in_integer(&in, "count", 1, 64, 1);
	read_cpus(&in, settings);
	settings->control_cpu = (int)json_in_integer(&in, "control-cpu", -1, CPU_MAX, -1);
	settings->idle = (enum idle_mode)json_in_choice(&in, "idle", idles, IDLE_POLL);
	json_in_end(&in);
}

static void read_port_addresses(struct json_in *in, struct port_settings *port)
{
	size_t n;
	struct ip_addr *addresses = json_in_addresses(in, "addresses", &n);
	json_in_not_empty(in, "addresses", "IP address");
	if (n > PORT_ADDRESSES_MAX) {
		json_in_fault(in, NULL, "addresses: at most %d are possible", PORT_ADDRESSES_MAX);
		n = 0;
	}
	if (n)
		memcpy(port->addresses, addresses, n * sizeof(*addresses));
	port->n_addresses = n;
	free(addresses);
}

static void read_port(struct json_in *root, json_t *json, struct port_settings *port)
{
	struct json_in in;
	json_in_begin(&in, root->source, json, root->place, "port");
	port->line = in.place.line;
	port->name = copy_text(&in, "name", JSON_IN_NEEDED, NULL);
	port->device = copy_text(&in, "device", JSON_IN_OPTIONAL, NULL);
	port->vdev = copy_text(&in, "vdev", JSON_IN_OPTIONAL, NULL);
	if (in.object && !json_object_get(json, "device") == !json_object_get(json, "vdev"))
		json_in_fault(
			&in, NULL,
			"expected one of 'device' (a PCI address) and 'vdev' (a virtual device)");
	read_port_addresses(&in, port);
	port->mtu = (uint16_t)json_in_integer(&in, "mtu", 576, 9198, 1500);
	port->rx_descriptors = (uint16_t)json_in_integer(&in, "rx-descriptors", 32, 32768, 1024);
	port->tx_descriptors = (uint16_t)json_in_integer(&in, "tx-descriptors", 32, 32768, 1024);
	port->mbufs = (uint32_t)json_in_integer(&in, "mbufs", 1024, 1 << 24, 16384);
	port->keep_alive = json_in_flag(&in, "keep-alive", false);
	json_in_end(&in);
}

static void read_ports(struct json_in *root, struct settings *settings)
{
	json_t *list = json_in_list(root, "ports");
	json_in_not_empty(root, "ports", "port");
	if (json_array_size(list) > PORTS_MAX)
		json_in_fault(root, list, "ports: at most %d are possible", PORTS_MAX);
	for (size_t i = 0; i < json_array_size(list) && i < PORTS_MAX; i++) {
		struct port_settings *port = &settings->ports[settings->n_ports++];
		json_t *json = json_array_get(list, i);
		read_port(root, json, port);
		for (size_t j = 0; port->name && j < i; j++)
			if (settings->ports[j].name && !strcmp(settings->ports[j].name, port->name))
				json_in_fault(root, json, "there are two ports with the name '%s'",
					      port->name);
	}
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at ? (int)(at - digits) : -1;
}

bool config_settings_hex(const char *text, uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text[2 * i]), low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
		if (low < 0)
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return !text[2 * n];
}

/* A key never appears in a message. */
unsigned config_settings_keys(struct json_in *in, const char *key, uint8_t keys[][16],
			      unsigned most)
{
	size_t n;
	const char **texts = json_in_texts(in, key, &n);
	if (n > most)
		json_in_fault(in, NULL, "%s: at most %u are possible", key, most);
	for (size_t i = 0; i < n && i < most; i++)
		if (texts[i] && !config_settings_hex(texts[i], keys[i], 16))
			json_in_fault(in, NULL, "%s: key %zu is not 32 hexadecimal digits", key,
				      i + 1);
	free(texts);
	return n < most ? (unsigned)n : most;
}

json_t *config_settings_keys_json(const uint8_t keys[][16], unsigned n)
{
	char hex[2 * 16 + 1];
	json_t *list = json_array();
	for (unsigned i = 0; i < n; i++) {
		for (size_t k = 0; k < 16; k++)
			snprintf(hex + 2 * k, 3, "%02x", keys[i][k]);
		if (json_array_append_new(list, json_string(hex))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void read_tcp(struct json_in *root, struct settings *settings)
{
	struct json_in in;
	json_in_begin_group(&in, root, "tcp");
	settings->n_cookie_keys =
		config_settings_keys(&in, "cookie-keys", settings->cookie_keys, COOKIE_KEYS);
	struct tcp_settings *tcp = &settings->tcp;
	tcp->connections = (unsigned)json_in_integer(&in, "connections", 0, CONNECTIONS_MAX, 4096);
	tcp->buffers = (unsigned)json_in_integer(&in, "buffers", 1, CONNECTIONS_MAX, 512);
	tcp->buffer = (unsigned)json_in_integer(&in, "buffer-size", 4096, 1 << 17, 16384);
	tcp->idle_ms = 1000 * (unsigned)json_in_integer(&in, "idle", 1, 3600, 10);
	json_in_end(&in);
}

/* A parked request keeps its buffer: most of them have to be left to those that come. */
static unsigned parked_most(const struct settings *settings)
{
	uint32_t mbufs = 4 * PARK_MAX;
	for (size_t i = 0; i < settings->n_ports; i++)
		mbufs = settings->ports[i].mbufs < mbufs ? settings->ports[i].mbufs : mbufs;
	return mbufs / 4 / (settings->n_workers ? settings->n_workers : 1);
}

static void read_recursion(struct json_in *root, struct settings *settings)
{
	enum { PARKED = 1024 };
	struct json_in in;
	struct recursion_settings *recursion = &settings->recursion;
	unsigned most = parked_most(settings);
	json_in_begin_group(&in, root, "recursion");
	recursion->parked = (unsigned)json_in_integer(&in, "parked", 0, PARK_MAX,
						      most < PARKED ? most : PARKED);
	if (recursion->parked > most)
		json_in_fault(
			&in, json_object_get(in.object, "parked"),
			"parked: %u requests of each worker would take more than a quarter of the "
			"port's buffers; at most %u, or raise 'mbufs' of the ports",
			recursion->parked, most);
	recursion->wait_ms = (unsigned)json_in_integer(&in, "wait", 10, 10000, 800);
	recursion->answers = (unsigned)json_in_integer(&in, "answers", 1, 1 << 24, 65536);
	json_in_end(&in);
}

static void read_control(struct json_in *root, struct settings *settings)
{
	struct json_in in;
	json_in_begin_group(&in, root, "control");
	settings->socket = copy_text(&in, "socket", JSON_IN_OPTIONAL, "/run/turnout/turnout.sock");
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	if (settings->socket && (settings->socket[0] != '/' || strlen(settings->socket) > max))
		json_in_fault(&in, json_object_get(in.object, "socket"),
			      "socket: expected a path of at most %zu octets that starts with '/'",
			      max);
	settings->drain_ms = (unsigned)json_in_integer(&in, "drain", 0, 60000, 500);
	json_in_end(&in);
}

static void read_state(struct json_in *root, struct settings *settings)
{
	static const char *const syncs[] = {"normal", "full", NULL};
	struct json_in in;
	json_in_begin_group(&in, root, "state");
	settings->state_file = copy_text(&in, "file", JSON_IN_OPTIONAL, NULL);
	settings->state_sync_full = json_in_choice(&in, "sync", syncs, 0);
	if (settings->state_file && settings->state_file[0] != '/')
		json_in_fault(&in, json_object_get(in.object, "file"),
			      "file: expected a path that starts with '/'");
	json_in_end(&in);
}

void config_settings_read(struct json_in *root, struct settings *settings)
{
	*settings = (struct settings){0};
	read_eal(root, settings);
	read_workers(root, settings);
	read_ports(root, settings);
	read_tcp(root, settings);
	config_dns_read(root, &settings->dns);
	read_recursion(root, settings);
	read_control(root, settings);
	read_state(root, settings);
}

void settings_clear(struct settings *settings)
{
	free(settings->prefix);
	free(settings->socket);
	free(settings->state_file);
	config_peers_clear(settings);
	config_signing_clear(&settings->signing);
	config_http_clear(&settings->http);
	for (size_t i = 0; i < settings->n_eal_arguments; i++)
		free(settings->eal_arguments[i]);
	for (size_t i = 0; i < settings->n_ports; i++) {
		free(settings->ports[i].name);
		free(settings->ports[i].device);
		free(settings->ports[i].vdev);
	}
	*settings = (struct settings){0};
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_eal(const struct settings *a, const struct settings *b)
{
	bool same = a->hugepages == b->hugepages && a->memory == b->memory &&
		    same_text(a->prefix, b->prefix) && a->n_eal_arguments == b->n_eal_arguments;
	for (size_t i = 0; same && i < a->n_eal_arguments; i++)
		same = same_text(a->eal_arguments[i], b->eal_arguments[i]);
	return same;
}

static bool same_workers(const struct settings *a, const struct settings *b)
{
	return a->n_workers == b->n_workers && a->n_cpus == b->n_cpus &&
	       !memcmp(a->cpus, b->cpus, sizeof(a->cpus)) && a->control_cpu == b->control_cpu &&
	       a->idle == b->idle;
}

static bool same_tcp(const struct settings *a, const struct settings *b)
{
	unsigned n_a = a->cookie_key_made ? 0 : a->n_cookie_keys;
	unsigned n_b = b->cookie_key_made ? 0 : b->n_cookie_keys;
	return n_a == n_b && !memcmp(&a->tcp, &b->tcp, sizeof(a->tcp)) &&
	       !memcmp(a->cookie_keys, b->cookie_keys, n_a * sizeof(a->cookie_keys[0]));
}

static bool same_port(const struct port_settings *a, const struct port_settings *b)
{
	bool same = same_text(a->name, b->name) && same_text(a->device, b->device) &&
		    same_text(a->vdev, b->vdev) && a->mtu == b->mtu &&
		    a->rx_descriptors == b->rx_descriptors &&
		    a->tx_descriptors == b->tx_descriptors && a->mbufs == b->mbufs &&
		    a->keep_alive == b->keep_alive && a->n_addresses == b->n_addresses;
	for (size_t i = 0; same && i < a->n_addresses; i++)
		same = ip_addr_equal(&a->addresses[i], &b->addresses[i]);
	return same;
}

static bool same_ports(const struct settings *a, const struct settings *b)
{
	bool same = a->n_ports == b->n_ports;
	for (size_t i = 0; same && i < a->n_ports; i++)
		same = same_port(&a->ports[i], &b->ports[i]);
	return same;
}

static bool same_listen(const struct listen_at *a, size_t n_a, const struct listen_at *b,
			size_t n_b)
{
	bool same = n_a == n_b;
	for (size_t i = 0; same && i < n_a; i++)
		same = ip_addr_equal(&a[i].address, &b[i].address) && a[i].port == b[i].port;
	return same;
}

/* The files are read again at a reload. */
static bool same_interconnection(const struct interconnection *a, const struct interconnection *b)
{
	return same_text(a->provider_id, b->provider_id) &&
	       same_listen(a->listen, a->n_listen, b->listen, b->n_listen) &&
	       same_listen(a->plain, a->n_plain, b->plain, b->n_plain);
}

const char *settings_changes(const struct settings *a, const struct settings *b,
			     char buf[SETTINGS_CHANGES_MAX])
{
	const struct {
		const char *name;
		bool same;
	} parts[] = {
		{"eal", same_eal(a, b)},
		{"workers", same_workers(a, b)},
		{"ports", same_ports(a, b)},
		{"tcp", same_tcp(a, b)},
		{"dns", config_dns_same(&a->dns, &b->dns)},
		{"http", config_http_same(&a->http, &b->http)},
		{"recursion", !memcmp(&a->recursion, &b->recursion, sizeof(a->recursion))},
		{"control", same_text(a->socket, b->socket) && a->drain_ms == b->drain_ms},
		{"state", same_text(a->state_file, b->state_file) &&
				  a->state_sync_full == b->state_sync_full},
		{"interconnection", same_interconnection(&a->interconnection, &b->interconnection)},
	};
	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t len = strlen(buf);
		if (!parts[i].same)
			snprintf(buf + len, SETTINGS_CHANGES_MAX - len, "%s%s", len ? ", " : "",
				 parts[i].name);
	}
	return buf;
}
