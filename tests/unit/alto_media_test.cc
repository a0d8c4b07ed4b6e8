/* alto_media_test - media types compared with their parameters and lists of patches. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

extern "C" {
#include "control/alto_media.h"
}

namespace
{

TEST(AltoMedia, ParametersAndCaseDoNotMatter)
{
	for (const char *given :
	     {"application/alto-cdni+json", "Application/ALTO-CDNI+json",
	      " application/alto-cdni+json ", "application/alto-cdni+json;charset=utf-8",
	      "application/alto-cdni+json ; q=1"})
		EXPECT_TRUE(alto_media_is(given, ALTO_CDNI)) << given;
	for (const char *given : {"", "application/alto-cdni", "application/alto-cdni+json+x",
				  "application/alto-cdni+json, text/plain", "text/event-stream"})
		EXPECT_FALSE(alto_media_is(given, ALTO_CDNI)) << given;
	EXPECT_FALSE(alto_media_is(nullptr, ALTO_CDNI));
}

TEST(AltoMedia, TheFilterHasTwoNames)
{
	EXPECT_TRUE(alto_media_is_filter("application/alto-cdnifilter+json"));
	EXPECT_TRUE(alto_media_is_filter("application/cdnifilter+json"));
	EXPECT_FALSE(alto_media_is_filter("application/alto-cdni+json"));
	EXPECT_FALSE(alto_media_is_filter(nullptr));
}

TEST(AltoMedia, ListsOfPatches)
{
	for (const char *list : {"application/merge-patch+json", "application/json-patch+json",
				 "application/merge-patch+json,application/json-patch+json",
				 "application/json-patch+json ,  application/Merge-Patch+json"})
		EXPECT_TRUE(alto_media_are_patches(list)) << list;
	for (const char *list : {"", "application/json", "application/merge-patch+json,", ",",
				 "application/merge-patch+json,text/x-diff",
				 "application/merge-patch+jsonapplication"})
		EXPECT_FALSE(alto_media_are_patches(list)) << list;
	EXPECT_TRUE(alto_media_are_patches(nullptr));
}

} /* namespace */
