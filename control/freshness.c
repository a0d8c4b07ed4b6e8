/* freshness - for how long an HTTP answer may be used, as its header fields say. RFC 9111 §4.2, §5.2.2, §5.3. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "freshness.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Digits and nothing else up to the end of the value; -1: they are none. */
static int64_t number(const char *at, size_t len)
{
	int64_t value = 0;
	if (len >= 2 && at[0] == '"' && at[len - 1] == '"') {
		at++;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)at[i]))
			return -1;
		if (value < FRESHNESS_MAX)
			value = value * 10 + (at[i] - '0');
	}
	return !len ? -1 : value < FRESHNESS_MAX ? value : FRESHNESS_MAX;
}

/* The end of an element of a list: a comma that does not stand within quotes. */
static const char *element_end(const char *at)
{
	bool quoted = false;
	for (; *at && (quoted || *at != ','); at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return at;
}

static size_t trimmed(const char *at, const char *end)
{
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (size_t)(end - at);
}

/* Is it there; and if value is not NULL, its least value. */
static bool find(const char *list, const char *name, int64_t *value)
{
	bool found = false;
	size_t name_len = strlen(name);
	for (const char *at = list, *end; at && *at; at = *end ? end + 1 : end) {
		at += strspn(at, " \t");
		end = element_end(at);
		size_t len = strcspn(at, "=,");
		if (trimmed(at, at + (len < (size_t)(end - at) ? len : (size_t)(end - at))) !=
			    name_len ||
		    strncasecmp(at, name, name_len) != 0)
			continue;
		int64_t here = -1;
		if (at + len < end)
			here = number(at + len + 1, trimmed(at + len + 1, end));
		here = here < 0 ? 0 : here;
		if (value && (!found || here < *value))
			*value = here;
		found = true;
	}
	return found;
}

int64_t freshness_directive(const char *cache_control, const char *name)
{
	int64_t value;
	return find(cache_control, name, &value) ? value : -1;
}

/* What Expires says (§5.3): a date that is none is in the past. */
static int64_t expires(const struct freshness *head, uint64_t now)
{
	time_t end = curl_getdate(head->expires, NULL);
	time_t from = head->date ? curl_getdate(head->date, NULL) : (time_t)now;
	if (end < 0 || from < 0 || end <= from)
		return 0;
	return end - from < FRESHNESS_MAX ? end - from : FRESHNESS_MAX;
}

int64_t freshness_left(const struct freshness *head, uint64_t now)
{
	const char *control = head->cache_control;
	if (find(control, "no-store", NULL) || find(control, "no-cache", NULL))
		return 0;
	int64_t lifetime = freshness_directive(control, "max-age");
	if (lifetime < 0 && !head->expires)
		return -1;
	if (lifetime < 0)
		lifetime = expires(head, now);
	int64_t age = head->age
			      ? number(head->age, trimmed(head->age, head->age + strlen(head->age)))
			      : 0;
	return age < 0 ? lifetime : age < lifetime ? lifetime - age : 0;
}
