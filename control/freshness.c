/* freshness - for how long an HTTP answer may be used, as its header fields say. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "freshness.h"

#include "lib/octet_class.h"

#include <string.h>
#include <strings.h>
#include <time.h>

/* What one number of the field says. */
struct lifetime {
	bool there;
	uint32_t seconds;
};

struct directives {
	bool no_store, must_ask;
	struct lifetime max_age, stale_while, stale_if_error;
};

/* RFC 9111 §1.2.2: delta-seconds; what is too large counts as 2^31. */
static bool read_seconds(const char *text, size_t len, uint32_t *seconds)
{
	static const uint64_t most = UINT64_C(1) << 31;
	uint64_t value = 0;
	for (size_t i = 0; i < len; i++) {
		if (!OCTET_DIGIT(text[i]))
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > most)
			value = most;
	}
	*seconds = (uint32_t)value;
	return len > 0;
}

static void read_lifetime(struct lifetime *lifetime, const char *value, size_t len)
{
	uint32_t seconds = 0;
	bool good = read_seconds(value, len, &seconds);
	if (!good || (lifetime->there && lifetime->seconds != seconds))
		seconds = 0;
	lifetime->there = true;
	lifetime->seconds = seconds;
}

static bool is(const char *name, size_t len, const char *directive)
{
	return strlen(directive) == len && !strncasecmp(name, directive, len);
}

static void take(struct directives *d, const char *name, size_t len, const char *value,
		 size_t value_len)
{
	if (is(name, len, "no-store") || is(name, len, "no-cache"))
		d->no_store = true;
	else if (is(name, len, "must-revalidate"))
		d->must_ask = true;
	else if (is(name, len, "max-age"))
		read_lifetime(&d->max_age, value, value_len);
	else if (is(name, len, "stale-while-revalidate"))
		read_lifetime(&d->stale_while, value, value_len);
	else if (is(name, len, "stale-if-error"))
		read_lifetime(&d->stale_if_error, value, value_len);
}

/* The octets of a quoted string up to its end, or to that of the text. */
static size_t quoted_len(const char *at)
{
	size_t len = 0;
	for (; at[len] && at[len] != '"'; len++)
		if (at[len] == '\\' && at[len + 1])
			len++;
	return len;
}

/* directive = token [ "=" ( token / quoted-string ) ], separated by commas. */
static void read_cache_control(struct directives *d, const char *at)
{
	while (*(at += strspn(at, " \t,"))) {
		const char *name = at;
		size_t len = strcspn(at, "=, \t"), value_len = 0;
		at += len;
		if (*at == '=' && at[1] == '"') {
			at += 2;
			value_len = quoted_len(at);
		} else if (*at == '=') {
			at++;
			value_len = strcspn(at, ", \t");
		}
		take(d, name, len, at, value_len);
		at += value_len;
		at += strcspn(at, ",");
	}
}

/* The three forms that have to be read (RFC 9110 §5.6.7). false: none of them. */
static bool read_date(const char *text, int64_t *seconds)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
					    "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		if (end && !*end) {
			*seconds = timegm(&tm);
			return true;
		}
	}
	return false;
}

static uint32_t until_expires(const struct freshness_fields *fields, uint64_t now)
{
	int64_t expires, from = (int64_t)now;
	if (!fields->expires || !read_date(fields->expires, &expires))
		return 0;
	if (fields->date)
		read_date(fields->date, &from);
	int64_t left = expires - from;
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (uint32_t)left;
}

struct freshness freshness_of(const struct freshness_fields *fields, uint64_t now, bool *said)
{
	struct directives d = {0};
	uint32_t age = 0;
	if (fields->cache_control)
		read_cache_control(&d, fields->cache_control);
	if (fields->age)
		read_seconds(fields->age, strlen(fields->age), &age);
	if (said)
		*said = d.no_store || d.max_age.there || fields->expires;
	uint32_t lifetime = d.max_age.there ? d.max_age.seconds : until_expires(fields, now);
	struct freshness freshness = {0};
	if (d.no_store || lifetime <= age)
		return freshness;
	freshness.fresh = lifetime - age;
	if (!d.must_ask) {
		freshness.stale_while = d.stale_while.seconds;
		freshness.stale_if_error = d.stale_if_error.seconds;
	}
	return freshness;
}
