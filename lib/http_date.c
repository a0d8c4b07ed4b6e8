/* http_date - a time as HTTP writes it. RFC 9110 §5.6.7. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_date.h"

#include <string.h>

/* Of the Gregorian calendar. */
struct civil {
	uint32_t year, month, day; /* month and day from 1 */
};

enum { DAY_SECONDS = 86400, ERA_DAYS = 146097 };

/* Years are counted from 1 March, so that the leap day is a year's last; eras are 400 years, from 1
 * March of year 0. */
static struct civil civil_of(uint32_t days)
{
	days += 719468; /* from 0000-03-01 to 1970-01-01 */
	uint32_t era = days / ERA_DAYS, of_era = days % ERA_DAYS;
	uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t month = (5 * of_year + 2) / 153; /* 0 is March */
	uint32_t day = of_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	return (struct civil){era * 400 + year + (month <= 2), month, day};
}

static char *put_two(char *out, uint32_t value)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
	return out + 2;
}

static char *put_text(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	return out + len;
}

void http_date_write(char out[HTTP_DATE_LEN + 1], uint64_t unix_seconds)
{
	static const uint64_t last = UINT64_C(253402300799); /* 9999-12-31 23:59:59 */
	if (unix_seconds > last)
		unix_seconds = last;
	uint32_t days = (uint32_t)(unix_seconds / DAY_SECONDS);
	uint32_t second = (uint32_t)(unix_seconds % DAY_SECONDS);
	struct civil date = civil_of(days);

	out = put_text(out, &"ThuFriSatSunMonTueWed"[days % 7 * 3], 3);
	out = put_text(out, ", ", 2);
	out = put_two(out, date.day);
	*out++ = ' ';
	out = put_text(out, &"JanFebMarAprMayJunJulAugSepOctNovDec"[(date.month - 1) * 3], 3);
	*out++ = ' ';
	out = put_two(put_two(out, date.year / 100), date.year % 100);
	*out++ = ' ';
	out = put_two(out, second / 3600);
	*out++ = ':';
	out = put_two(out, second / 60 % 60);
	*out++ = ':';
	out = put_two(out, second % 60);
	put_text(out, " GMT", 5);
}
