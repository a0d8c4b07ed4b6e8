/* freshness_test - how long answers may be used, by the fields that say so. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "control/freshness.h"
}

namespace
{

const uint64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

std::string text(const struct freshness &f)
{
	return std::to_string(f.fresh) + " " + std::to_string(f.stale_while) + " " +
	       std::to_string(f.stale_if_error);
}

std::string of(const char *cache_control, const char *age = nullptr)
{
	freshness_fields fields = {cache_control, age, nullptr, nullptr};
	return text(freshness_of(&fields, now, nullptr));
}

TEST(freshness, cache_control)
{
	EXPECT_EQ(of("public, max-age=20"), "20 0 0");
	EXPECT_EQ(of("private,max-age=20"), "20 0 0");
	EXPECT_EQ(of("MAX-AGE=20"), "20 0 0");
	EXPECT_EQ(of("max-age=\"20\""), "20 0 0");
	EXPECT_EQ(of(" , ,max-age=20, ,"), "20 0 0");
	EXPECT_EQ(of("max-age=20, stale-while-revalidate=5, stale-if-error=600"), "20 5 600");
	EXPECT_EQ(of("x=\"max-age=9, no-store\", max-age=20"), "20 0 0");
	EXPECT_EQ(of("x=\"a\\\", no-store, b\", max-age=20"), "20 0 0");
	EXPECT_EQ(of("x=\"no end, max-age=20"), "0 0 0");
	EXPECT_EQ(of("x=\"\\"), "0 0 0");
	EXPECT_EQ(of("Public ,\tMAX-AGE=20 , x"), "20 0 0");
	EXPECT_EQ(of("max-age=20, s-maxage=900"), "20 0 0");
	EXPECT_EQ(of("max-age=4294967296000"), "2147483648 0 0");
}

TEST(freshness, nothing_to_keep)
{
	for (const char *value :
	     {"", "public", "no-store", "no-cache", "max-age=20, no-store", "no-cache, max-age=20",
	      "no-cache=\"set-cookie\", max-age=20", "max-age=0", "max-age",
	      "max-age=", "max-age=-1", "max-age=x", "max-age=2x", "max-age = 20", "xmax-age=20",
	      "max-age=20, max-age=30", "max-age=30, max-age=x", "s-maxage=20"})
		EXPECT_EQ(of(value), "0 0 0") << value;
	EXPECT_EQ(of(nullptr), "0 0 0");
	EXPECT_EQ(of("max-age=20, max-age=20"), "20 0 0");
}

TEST(freshness, never_stale_when_it_has_to_be_asked_again)
{
	EXPECT_EQ(of("max-age=20, must-revalidate, stale-if-error=60"), "20 0 0");
}

TEST(freshness, age)
{
	EXPECT_EQ(of("max-age=20", "5"), "15 0 0");
	EXPECT_EQ(of("max-age=20, stale-if-error=9", "19"), "1 0 9");
	EXPECT_EQ(of("max-age=20, stale-if-error=9", "20"), "0 0 0");
	EXPECT_EQ(of("max-age=20", "99999999999999999999"), "0 0 0");
	EXPECT_EQ(of("max-age=20", "junk"), "20 0 0");
}

std::string by(const char *expires, const char *date = nullptr, const char *control = nullptr,
	       const char *age = nullptr)
{
	freshness_fields fields = {control, age, expires, date};
	return text(freshness_of(&fields, now, nullptr));
}

TEST(freshness, expires)
{
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT"), "60 0 0");
	EXPECT_EQ(by("Sunday, 06-Nov-94 08:50:37 GMT"), "60 0 0");
	EXPECT_EQ(by("Sun Nov  6 08:50:37 1994"), "60 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT"), "30 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday"), "60 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT", nullptr, "stale-if-error=9", "10"), "50 0 9");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:49:37 GMT"), "0 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1974 08:49:37 GMT"), "0 0 0");
	EXPECT_EQ(by("0"), "0 0 0");
	EXPECT_EQ(by("-1"), "0 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT junk"), "0 0 0");
	EXPECT_EQ(by("Fri, 31 Dec 9999 23:59:59 GMT"), "2147483647 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT", nullptr, "max-age=7"), "7 0 0");
	EXPECT_EQ(by("Sun, 06 Nov 1994 08:50:37 GMT", nullptr, "max-age=x"), "0 0 0");
}

bool says(const char *control, const char *expires = nullptr)
{
	freshness_fields fields = {control, "5", expires, nullptr};
	bool said = false;
	freshness_of(&fields, now, &said);
	return said;
}

TEST(freshness, whether_anything_is_said)
{
	for (const char *value : {"max-age=9", "max-age=x", "no-store", "x, No-Cache", "max-age=0"})
		EXPECT_TRUE(says(value)) << value;
	for (const char *value : {"", "public, must-revalidate", "s-max-age=60", "xmax-age=60"})
		EXPECT_FALSE(says(value)) << value;
	EXPECT_FALSE(says(nullptr));
	EXPECT_TRUE(says(nullptr, "0"));
}

} // namespace
