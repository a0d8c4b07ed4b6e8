/* show - the methods that only look: status and the counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "show.h"

#include "recursion.h"
#include "sign.h"
#include "stats.h"

#include <rte_ethdev.h>
#include <rte_version.h>
#include <stdio.h>
#include <unistd.h>

static json_int_t total_of(const struct plane *plane, const char *name)
{
	for (unsigned i = 0; i < stats_n_counters; i++)
		if (!strcmp(stats_counters[i].name, name))
			return (json_int_t)stats_counter_total(plane, i);
	return 0;
}

const char *show_time(uint64_t seconds, char text[SHOW_TIME_MAX])
{
	time_t time = (time_t)seconds;
	struct tm utc;
	if (!gmtime_r(&time, &utc) || !strftime(text, SHOW_TIME_MAX, "%FT%TZ", &utc))
		text[0] = '\0';
	return text;
}

static json_t *view_json(const struct view *view)
{
	char created[SHOW_TIME_MAX];
	struct footprint_size footprints = footprint_table_size(view->footprints);
	return json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I}", "generation",
			 (json_int_t)view->generation, "created", show_time(view->created, created),
			 "scopes", (json_int_t)view->n_of[OBJECT_SCOPE], "targets",
			 (json_int_t)view->n_of[OBJECT_CDN] + view->n_of[OBJECT_NODE], "zones",
			 (json_int_t)view->n_of[OBJECT_ZONE], "footprints",
			 (json_int_t)footprints.footprints, "footprint-prefixes",
			 (json_int_t)footprints.prefixes);
}

json_t *show_status(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	const struct plane *plane = control->plane;
	if (!json_in_end(params))
		return NULL;
	uint64_t now = plane_now_ns(plane) / UINT64_C(1000000000);
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:s, s:I, s:I, s:i, s:i, s:I, s:I, s:I, "
			 "s:I, s:I, s:o}",
			 "version", TURNOUT_VERSION, "dpdk", rte_version(), "pid",
			 (json_int_t)getpid(), "uptime", (json_int_t)(now - control->started),
			 "configuration", rpc_text(control->config_path), "state-file",
			 control->state ? rpc_text(control->settings->state_file) : json_null(),
			 "next-start", control->next_start, "retired-views",
			 (json_int_t)publish_pending(&control->publisher), "memory",
			 (json_int_t)stats_memory(), "workers", (int)plane->n_workers, "ports",
			 (int)plane->n_ports, "dns-requests", total_of(plane, "dns_requests"),
			 "http-requests", total_of(plane, "http_requests"), "dns-redirects",
			 total_of(plane, "dns_redirects"), "http-redirects",
			 total_of(plane, "http_redirects"), "drops",
			 (json_int_t)stats_all_drops(plane), "view", view_json(plane->view));
}

static json_t *mac_text(const uint8_t mac[6])
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			    mac[5]);
}

static json_t *addresses_json(const struct ip_addr *addresses, size_t n)
{
	char text[IP_TEXT_MAX];
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(ip_addr_text(&addresses[i], text)));
	return list;
}

static json_t *port_counters(uint16_t id)
{
	struct rte_eth_stats s;
	if (rte_eth_stats_get(id, &s))
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rx-packets",
			 (json_int_t)s.ipackets, "rx-bytes", (json_int_t)s.ibytes, "tx-packets",
			 (json_int_t)s.opackets, "tx-bytes", (json_int_t)s.obytes, "rx-missed",
			 (json_int_t)s.imissed, "rx-errors", (json_int_t)s.ierrors, "tx-errors",
			 (json_int_t)s.oerrors, "rx-no-buffer", (json_int_t)s.rx_nombuf);
}

static json_t *port_json(const struct port_info *port)
{
	const struct port_settings *settings = port->settings;
	struct rte_eth_link link = {.link_speed = 0};
	bool known = !rte_eth_link_get_nowait(port->id, &link);
	const char *state = !known ? "unknown" : link.link_status ? "up" : "down";
	return json_pack(
		"{s:s, s:i, s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:s, s:I, s:b, s:b, s:b, s:o}",
		"name", settings->name, "id", (int)port->id, "driver", port->driver, "device",
		rpc_text(settings->device ? settings->device : settings->vdev), "mac",
		mac_text(port->mac), "mtu", (int)port->mtu, "queues", (int)port->n_queues,
		"numa-node", port->socket < 0 ? json_null() : json_integer(port->socket),
		"addresses", addresses_json(settings->addresses, settings->n_addresses), "link",
		state, "mbit-per-second",
		known && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? (json_int_t)link.link_speed
								      : 0,
		"rx-checksum", port->rx_checksum, "tx-checksum-ip4", port->tx_checksum_ip4,
		"tx-checksum-l4", port->tx_checksum_l4, "counters", port_counters(port->id));
}

json_t *show_ports(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	if (!json_in_end(params))
		return NULL;
	json_t *list = json_array();
	for (unsigned i = 0; i < control->plane->n_ports; i++)
		json_array_append_new(list, port_json(&control->plane->ports[i]));
	return json_pack("{s:o}", "ports", list);
}

json_t *show_recursion(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	if (!json_in_end(params))
		return NULL;
	struct recursion_counters counters = {0};
	if (control->recursion)
		counters = recursion_counts(control->recursion);
	const struct dri_cache_counters *cache = &counters.cache;
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "on",
			 control->recursion != NULL, "taken", (json_int_t)counters.taken, "waiting",
			 (json_int_t)counters.waiting, "answered", (json_int_t)counters.answered,
			 "refused", (json_int_t)counters.refused, "refreshed",
			 (json_int_t)counters.refreshed, "kept", (json_int_t)cache->answers,
			 "octets", (json_int_t)cache->octets, "stored", (json_int_t)cache->stored,
			 "evicted", (json_int_t)cache->evicted, "expired",
			 (json_int_t)cache->expired);
}

json_t *show_tcp(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	const struct plane *plane = control->plane;
	const struct tcp_settings *tcp = &control->settings->tcp;
	if (!json_in_end(params))
		return NULL;
	json_int_t opened = total_of(plane, "tcp_opened"), closed = total_of(plane, "tcp_closed");
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections",
			 opened > closed ? opened - closed : 0, "bound",
			 (json_int_t)tcp->connections * plane->n_workers, "buffers",
			 (json_int_t)tcp->buffers * plane->n_workers, "opened", opened, "evicted",
			 total_of(plane, "tcp_evicted"), "given-up",
			 total_of(plane, "tcp_given_up"), "sent-again",
			 total_of(plane, "tcp_sent_again"), "handshakes", total_of(plane, "syns"),
			 "late", (json_int_t)stats_drop(plane, DROP_tcp_late), "without-cookie",
			 (json_int_t)stats_drop(plane, DROP_tcp_cookie));
}

json_t *show_workers(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	const struct plane *plane = control->plane;
	if (!json_in_end(params))
		return NULL;
	json_t *list = json_array();
	for (unsigned i = 0; i < plane->n_workers; i++) {
		json_t *worker = json_pack("{s:i}", "worker", (int)i);
		for (unsigned k = 0; k < stats_n_counters; k++) {
			char key[32];
			snprintf(key, sizeof(key), "%s", stats_counters[k].name);
			for (char *at = key; *at; at++)
				if (*at == '_')
					*at = '-';
			json_object_set_new(worker, key,
					    json_integer((json_int_t)stats_counter(plane, i, k)));
		}
		json_object_set_new(worker, "drops",
				    json_integer((json_int_t)stats_worker_drops(plane, i)));
		json_array_append_new(list, worker);
	}
	return json_pack("{s:o}", "workers", list);
}

json_t *show_drops(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	bool all = json_in_flag(params, "all", false);
	if (!json_in_end(params))
		return NULL;
	json_t *list = json_array();
	for (unsigned i = DROP_none + 1; i < DROP__COUNT; i++) {
		uint64_t count = stats_drop(control->plane, i);
		if (count || all)
			json_array_append_new(list, json_pack("{s:s, s:I, s:b, s:s}", "reason",
							      drop_reason_name(i), "count",
							      (json_int_t)count, "answered",
							      drop_reason_is_answered(i), "text",
							      drop_reason_text(i)));
	}
	return json_pack("{s:o}", "drops", list);
}

json_t *show_signing(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	return json_in_end(params) ? sign_json(control->sign) : NULL;
}
