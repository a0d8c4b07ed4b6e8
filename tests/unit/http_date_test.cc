/* http_date_test - IMF-fixdate against the C library. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/http_date.h"
}

#include <ctime>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace
{

const uint64_t last = 253402300799; /* 9999-12-31 23:59:59 */

std::string ours(uint64_t seconds)
{
	char out[HTTP_DATE_LEN + 1];
	memset(out, 'x', sizeof(out));
	http_date_write(out, seconds);
	EXPECT_EQ(strnlen(out, sizeof(out)), (size_t)HTTP_DATE_LEN);
	return std::string(out, strnlen(out, sizeof(out)));
}

std::string theirs(uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;
	char out[64];
	gmtime_r(&time, &parts);
	strftime(out, sizeof(out), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	return out;
}

TEST(http_date, example_rfc9110_5_6_7)
{
	EXPECT_EQ(ours(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
	EXPECT_EQ(ours(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(http_date, first_and_last_second_of_every_day_of_800_years)
{
	for (uint64_t day = 0; day < 292200; day++) {
		ASSERT_EQ(ours(day * 86400), theirs(day * 86400));
		ASSERT_EQ(ours(day * 86400 + 86399), theirs(day * 86400 + 86399));
	}
}

TEST(http_date, ends_of_february_and_of_the_year_up_to_9999)
{
	for (uint64_t year = 1970; year < 10000; year++) {
		struct tm parts = {};
		parts.tm_year = (int)year - 1900;
		parts.tm_mday = 1;
		for (int month : {0, 1, 2, 11}) {
			parts.tm_mon = month;
			uint64_t start = (uint64_t)timegm(&parts);
			ASSERT_EQ(ours(start), theirs(start));
			uint64_t before = start ? start - 1 : 0;
			ASSERT_EQ(ours(before), theirs(before));
		}
	}
}

TEST(http_date, random_seconds)
{
	std::mt19937_64 random(1);
	for (int i = 0; i < 200000; i++) {
		uint64_t seconds = random() % (last + 1);
		ASSERT_EQ(ours(seconds), theirs(seconds));
	}
}

TEST(http_date, stops_at_the_year_9999)
{
	EXPECT_EQ(ours(last), "Fri, 31 Dec 9999 23:59:59 GMT");
	EXPECT_EQ(ours(last + 1), ours(last));
	EXPECT_EQ(ours(UINT64_MAX), ours(last));
}

} // namespace
