/* freshness_test - lifetimes of HTTP answers: directives, dates, ages, and header fields that make no sense. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/freshness.h"
}

#include <gtest/gtest.h>

namespace
{

const uint64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

int64_t left(const char *control, const char *age = nullptr, const char *expires = nullptr,
	     const char *date = nullptr)
{
	struct freshness head = {control, age, expires, date};
	return freshness_left(&head, now);
}

TEST(FreshnessTest, MaxAge)
{
	EXPECT_EQ(left(nullptr), -1);
	EXPECT_EQ(left(""), -1);
	EXPECT_EQ(left("public, must-revalidate"), -1);
	EXPECT_EQ(left("max-age=60"), 60);
	EXPECT_EQ(left("Public ,\tMAX-AGE=60 , x"), 60);
	EXPECT_EQ(left("max-age=\"60\""), 60);
	EXPECT_EQ(left("max-age=60", "20"), 40);
	EXPECT_EQ(left("max-age=60", "60"), 0);
	EXPECT_EQ(left("max-age=60", "600"), 0);
	EXPECT_EQ(left("max-age=60", "old"), 60);
	EXPECT_EQ(left("max-age=60, max-age=5"), 5) << "the safer one";
	EXPECT_EQ(left("max-age=99999999999999999999999"), FRESHNESS_MAX);
}

TEST(FreshnessTest, AskAgainAtOnce)
{
	EXPECT_EQ(left("no-cache, max-age=60"), 0);
	EXPECT_EQ(left("max-age=60, No-Store"), 0);
	EXPECT_EQ(left("max-age=-1"), 0);
	EXPECT_EQ(left("max-age=x"), 0);
	EXPECT_EQ(left("max-age="), 0);
	EXPECT_EQ(left("max-age"), 0);
	EXPECT_EQ(left("no-cache=\"set-cookie\""), 0);
}

TEST(FreshnessTest, NamesAreWhole)
{
	EXPECT_EQ(left("s-max-age=60"), -1);
	EXPECT_EQ(left("xmax-age=60"), -1);
	EXPECT_EQ(left("max-agee=60"), -1);
	EXPECT_EQ(left("ext=\"a, no-store\", max-age=7"), 7) << "a comma in quotes ends nothing";
	EXPECT_EQ(left("ext=\"a\\\", no-store, b\", max-age=7"), 7);
	EXPECT_EQ(left("ext=\"no end, max-age=7"), -1);
	EXPECT_EQ(left(",,, max-age=7,,"), 7);
	EXPECT_EQ(freshness_directive("max-age=1, stale-if-error=300", "stale-if-error"), 300);
	EXPECT_EQ(freshness_directive(nullptr, "stale-if-error"), -1);
}

TEST(FreshnessTest, Expires)
{
	const char *later = "Sun, 06 Nov 1994 08:50:37 GMT",
		   *date = "Sun, 06 Nov 1994 08:50:17 GMT";
	EXPECT_EQ(left(nullptr, nullptr, later), 60);
	EXPECT_EQ(left(nullptr, nullptr, later, date), 20) << "by the clock of the server";
	EXPECT_EQ(left(nullptr, "15", later, date), 5);
	EXPECT_EQ(left("max-age=5", nullptr, later), 5);
	EXPECT_EQ(left(nullptr, nullptr, date, later), 0);
	EXPECT_EQ(left(nullptr, nullptr, "0"), 0);
	EXPECT_EQ(left(nullptr, nullptr, "soon"), 0);
	EXPECT_EQ(left(nullptr, nullptr, later, "today"), 0);
}

} // namespace
