/* base64url_test - the vectors of the RFC, every wrong text of a few octets, and there and back. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/base64url.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace
{

std::string write(const std::string &octets)
{
	GuardPage out(base64url_len(octets.size()));
	struct writer w = writer_of(out.data(), out.size());
	base64url_write(&w, octets.data(), octets.size());
	EXPECT_FALSE(w.bad);
	EXPECT_EQ(w.at, w.end);
	return std::string((const char *)out.data(), out.size());
}

bool read(const std::string &text, std::string *out = nullptr, size_t cap = 1000)
{
	GuardPage in(text.data(), text.size()), room(cap);
	size_t n = 77;
	bool good = base64url_read({in.data(), (uint32_t)text.size()}, room.data(), cap, &n);
	if (out)
		*out = std::string((const char *)room.data(), good ? n : 0);
	return good;
}

TEST(base64url, rfc4648_10)
{
	const std::pair<const char *, const char *> cases[] = {{"", ""},
							       {"f", "Zg"},
							       {"fo", "Zm8"},
							       {"foo", "Zm9v"},
							       {"foob", "Zm9vYg"},
							       {"fooba", "Zm9vYmE"},
							       {"foobar", "Zm9vYmFy"},
							       {"\xfb\xff\xbf", "-_-_"}};
	for (const auto &c : cases) {
		std::string back;
		EXPECT_EQ(write(c.first), c.second);
		EXPECT_TRUE(read(c.second, &back)) << c.second;
		EXPECT_EQ(back, c.first);
	}
}

TEST(base64url, junk_is_refused)
{
	for (const char *text :
	     {"Zg==", "Zg=", "Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Zm+v", "Zm/v", "Zm.v", "Zm9\xc3"})
		EXPECT_FALSE(read(text)) << text;
	EXPECT_FALSE(read(std::string("Zm9\0", 4)));
}

/* Two texts for the same octets would be two tokens for the same signature. */
TEST(base64url, bits_past_the_last_octet_are_refused)
{
	const std::string digits =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned good = 0;
	for (char last : digits)
		good += read(std::string("Z") + last);
	EXPECT_EQ(good, 4u);
	good = 0;
	for (char last : digits)
		good += read(std::string("Zm") + last);
	EXPECT_EQ(good, 16u);
}

TEST(base64url, room_is_kept)
{
	EXPECT_TRUE(read("Zm9vYmFy", nullptr, 6));
	EXPECT_FALSE(read("Zm9vYmFy", nullptr, 5));
	GuardPage out(5);
	struct writer w = writer_of(out.data(), out.size());
	base64url_write(&w, "foobar", 6);
	EXPECT_TRUE(w.bad);
}

TEST(base64url, any_octets_there_and_back)
{
	std::mt19937 random(1);
	for (unsigned i = 0; i < 2000; i++) {
		std::string octets(random() % 70, '\0'), back;
		for (char &c : octets)
			c = (char)random();
		ASSERT_TRUE(read(write(octets), &back));
		ASSERT_EQ(back, octets);
	}
}

} // namespace
