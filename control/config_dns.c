/* config_dns - the part of the configuration that is about DNS: sizes, client subnet, cookies, identity, rate. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_dns.h"

#include "config_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const cookie_modes[] = {"off", "on", "required", NULL}; /* as enum dns_cookies */

/* --- Read ------------------------------------------------------------------------------------- */

static void read_prefixes(struct json_in *in, const char *key, struct dns_prefixes *prefixes)
{
	size_t n;
	const char **texts = json_in_texts(in, key, &n);
	if (n > DNS_PREFIXES_MAX)
		json_in_fault(in, NULL, "%s: at most %d are possible", key, DNS_PREFIXES_MAX);
	for (size_t i = 0; i < n && i < DNS_PREFIXES_MAX; i++) {
		if (texts[i] && !ip_prefix_parse(texts[i], &prefixes->list[prefixes->n++]))
			json_in_fault(in, NULL, "%s: '%.64s' is not an address prefix", key,
				      texts[i]);
	}
	free(texts);
}

/* Octets as they are, or "0x" and pairs of digits. */
static void read_nsid(struct json_in *in, struct dns_settings *settings)
{
	const char *text = json_in_text(in, "nsid", JSON_IN_OPTIONAL);
	if (!text)
		return;
	settings->nsid_hex = !strncmp(text, "0x", 2);
	size_t len = settings->nsid_hex ? strlen(text + 2) / 2 : strlen(text);
	if (!len || len > DNS_NSID_MAX)
		json_in_fault(in, NULL, "nsid: expected 1 to %d octets", DNS_NSID_MAX);
	else if (!settings->nsid_hex)
		memcpy(settings->nsid, text, len);
	else if (!config_settings_hex(text + 2, settings->nsid, len))
		json_in_fault(in, NULL, "nsid: expected pairs of hexadecimal digits after 0x");
	settings->nsid_len = (uint8_t)len;
}

/* One character string of RFC 1035 §3.3; "none" as if it was not there. */
static void read_chaos(struct json_in *in, const char *key, char out[DNS_CHAOS_MAX + 1])
{
	const char *text = json_in_text(in, key, JSON_IN_OPTIONAL);
	if (!text || !strcmp(text, "none"))
		return;
	if (strlen(text) > DNS_CHAOS_MAX)
		json_in_fault(in, NULL, "%s: expected at most %d octets", key, DNS_CHAOS_MAX);
	else
		memcpy(out, text, strlen(text));
}

static void read_rate(struct json_in *around, struct dns_rate_settings *rate)
{
	enum { PER_SECOND_MAX = 1000000 };
	struct json_in in;
	json_in_begin_group(&in, around, "rate-limit");
	rate->per_second = (unsigned)json_in_integer(&in, "per-second", 0, PER_SECOND_MAX, 0);
	rate->burst = (unsigned)json_in_integer(&in, "burst", 0, 2 * PER_SECOND_MAX, 0);
	rate->slip = (unsigned)json_in_integer(&in, "slip", 0, 255, 2);
	rate->ipv4_prefix = (uint8_t)json_in_integer(&in, "ipv4-prefix", 1, 32, 24);
	rate->ipv6_prefix = (uint8_t)json_in_integer(&in, "ipv6-prefix", 1, 128, 56);
	rate->table = (unsigned)json_in_integer(&in, "table", 1024, 1 << 24, 65536);
	read_prefixes(&in, "exempt", &rate->exempt);
	json_in_end(&in);
}

void config_dns_read(struct json_in *root, struct dns_settings *settings)
{
	struct json_in in;
	json_in_begin_group(&in, root, "dns");
	settings->udp_size = (uint16_t)json_in_integer(&in, "udp-size", 512, 4096, 1232);
	settings->client_subnet = json_in_flag(&in, "client-subnet", true);
	read_prefixes(&in, "client-subnet-trusted", &settings->trusted_subnets);
	settings->cookies = (enum dns_cookies)json_in_choice(&in, "cookies", cookie_modes,
							     DNS_COOKIES_ANSWERED);
	settings->n_secrets =
		config_settings_keys(&in, "cookie-secrets", settings->secrets, DNS_SECRETS);
	read_nsid(&in, settings);
	read_chaos(&in, "version", settings->version);
	read_chaos(&in, "id", settings->id);
	settings->error_text = json_in_flag(&in, "error-text", false);
	settings->fragments = (unsigned)json_in_integer(&in, "fragments", 0, 4096, 64);
	read_rate(&in, &settings->rate);
	json_in_end(&in);
}

/* --- Written ---------------------------------------------------------------------------------- */

static json_t *prefixes_json(const struct dns_prefixes *prefixes)
{
	char text[IP_TEXT_MAX];
	json_t *list = json_array();
	for (size_t i = 0; i < prefixes->n; i++)
		if (json_array_append_new(list,
					  json_string(ip_prefix_text(&prefixes->list[i], text)))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *nsid_json(const struct dns_settings *settings)
{
	char hex[2 * DNS_NSID_MAX + 1];
	if (!settings->nsid_hex)
		return json_stringn((const char *)settings->nsid, settings->nsid_len);
	for (size_t i = 0; i < settings->nsid_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", settings->nsid[i]);
	return json_sprintf("0x%s", hex);
}

static json_t *rate_json(const struct dns_rate_settings *rate)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "per-second", (int)rate->per_second,
			 "burst", (int)rate->burst, "slip", (int)rate->slip, "ipv4-prefix",
			 (int)rate->ipv4_prefix, "ipv6-prefix", (int)rate->ipv6_prefix, "table",
			 (int)rate->table, "exempt", prefixes_json(&rate->exempt));
}

json_t *config_dns_json(const struct dns_settings *settings, bool secrets)
{
	unsigned n = secrets && !settings->secret_made ? settings->n_secrets : 0;
	json_t *json = json_pack(
		"{s:i, s:b, s:o, s:s, s:o, s:s, s:s, s:b, s:i, s:o}", "udp-size",
		(int)settings->udp_size, "client-subnet", (int)settings->client_subnet,
		"client-subnet-trusted", prefixes_json(&settings->trusted_subnets), "cookies",
		cookie_modes[settings->cookies], "cookie-secrets",
		config_settings_keys_json(settings->secrets, n), "version",
		settings->version[0] ? settings->version : "none", "id",
		settings->id[0] ? settings->id : "none", "error-text", (int)settings->error_text,
		"fragments", (int)settings->fragments, "rate-limit", rate_json(&settings->rate));
	if (!json || !settings->nsid_len || !json_object_set_new(json, "nsid", nsid_json(settings)))
		return json;
	json_decref(json);
	return NULL;
}

bool config_dns_same(const struct dns_settings *a, const struct dns_settings *b)
{
	json_t *of_a = config_dns_json(a, true), *of_b = config_dns_json(b, true);
	bool same = of_a && of_b && json_equal(of_a, of_b);
	json_decref(of_a);
	json_decref(of_b);
	return same;
}
