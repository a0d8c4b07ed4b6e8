/* cdni_media_test - media types of CDNI, well-formed and not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "control/cdni_media.h"
}

namespace
{

bool fits(const std::string &value)
{
	return cdni_media_is(value.c_str(), "redirection-request");
}

TEST(cdni_media, forms_that_say_the_same)
{
	for (const char *value : {
		     "application/cdni; ptype=redirection-request",
		     "application/cdni;ptype=redirection-request",
		     "Application/CDNI ; PType=redirection-request",
		     " application/cdni\t;\tptype=redirection-request\t ",
		     "application/cdni; ptype=\"redirection-request\"",
		     "application/cdni; ptype=\"redirection\\-request\"",
		     "application/cdni; charset=utf-8; ptype=redirection-request; q=\"a;b\\\"=c\"",
		     "application/cdni; ; ptype=redirection-request;",
		     "application/cdni;;ptype=redirection-request",
	     })
		EXPECT_TRUE(fits(value)) << value;
}

TEST(cdni_media, others)
{
	EXPECT_FALSE(cdni_media_is(nullptr, "redirection-request"));
	for (const char *value : {
		     "",
		     "application/cdni",
		     "application/cdni;",
		     "application/json",
		     "application/json; ptype=redirection-request",
		     "application/cdnix; ptype=redirection-request",
		     "application/cdni; ptype=redirection-response",
		     "application/cdni; ptype=Redirection-Request",
		     "application/cdni; ptype=redirection-requests",
		     "application/cdni; ptype=redirection-reques",
		     "application/cdni; xptype=redirection-request",
		     "application/cdni; ptypes=redirection-request",
		     "application/cdni; ptype =redirection-request",
		     "application/cdni; ptype= redirection-request",
		     "application/cdni; ptype=",
		     "application/cdni; ptype",
		     "application/cdni; ptype=\"redirection-request",
		     "application/cdni; ptype=\"redirection-request\\",
		     "application/cdni; ptype=redirection-request; x=\"",
		     "application/cdni; ptype=redirection-request x",
		     "application/cdni; ptype=redirection-request, application/cdni",
		     "application/cdni; q=\"ptype=redirection-request\"",
		     "application/cdni; ptype=redirection-request; ptype=redirection-request",
		     "application/cdni; ptype=x; ptype=redirection-request",
		     "application/cdni ptype=redirection-request",
	     })
		EXPECT_FALSE(fits(value)) << value;
}

TEST(cdni_media, the_longest_ptype)
{
	std::string longest(256, 'p');
	EXPECT_TRUE(cdni_media_is(("application/cdni; ptype=" + longest).c_str(), longest.c_str()));
	longest += "p";
	EXPECT_FALSE(
		cdni_media_is(("application/cdni; ptype=" + longest).c_str(), longest.c_str()));
}

} // namespace
