/* alto_update_test - requests with tags, streams that go wrong and begin anew, versions that depend on each other, limits, memory. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/alto_update.h"
}

namespace
{

const json_limits limits = {600, 10, 100};
const char *const control = "application/alto-updatestreamcontrol+json";
const char *const full = "application/alto-cdni+json,s";
const char *const merge = "application/merge-patch+json,s";
const char *const patch = "application/json-patch+json,s";

struct Update {
	alto_update *update = alto_update_new(&limits);
	char err[700] = "";

	~Update()
	{
		alto_update_free(update);
	}
	std::string open()
	{
		return text_of(JsonPtr(alto_update_open(update)));
	}
	alto_update_result take(const std::string &name, const std::string &data)
	{
		std::string text = quoted(data);
		err[0] = '\0';
		alto_update_result result = alto_update_take(update, name.c_str(), text.data(),
							     text.size(), err, sizeof(err));
		EXPECT_EQ(result == ALTO_UPDATE_BAD || result == ALTO_UPDATE_STOPPED,
			  err[0] != '\0')
			<< err;
		return result;
	}
	/* A stream with its first event. */
	void begin()
	{
		open();
		EXPECT_EQ(take(control, "{'control-uri': 'c'}"), ALTO_UPDATE_NOTHING) << err;
	}
	void expect_bad(const std::string &name, const std::string &data, const std::string &reason)
	{
		EXPECT_EQ(take(name, data), ALTO_UPDATE_BAD) << name << data;
		EXPECT_NE(std::string(err).find(reason), std::string::npos) << err;
	}
	std::string document(const char *substream = "s") const
	{
		return text_of(alto_update_document(update, substream));
	}
};

std::string version(const std::string &tag, const std::string &more = "")
{
	return "{'meta': {'vtag': {'resource-id': 'r', 'tag': '" + tag + "'}" + more + "}}";
}

TEST(AltoUpdate, TheRequestHasTheTagsOfWhatIsHeld)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	EXPECT_TRUE(alto_update_add(u.update, "m", "map", false));
	EXPECT_EQ(u.open(), R"({"add":{"m":{"incremental-changes":false,"resource-id":"map"},)"
			    R"("s":{"resource-id":"adv"}}})");
	u.begin();
	EXPECT_EQ(u.take(full, version("t1")), ALTO_UPDATE_CHANGED);
	EXPECT_EQ(u.take(merge, "{'meta': {'vtag': {'tag': 't2'}}}"), ALTO_UPDATE_CHANGED);
	EXPECT_STREQ(alto_update_control_uri(u.update), "c");
	EXPECT_EQ(u.open(), R"({"add":{"m":{"incremental-changes":false,"resource-id":"map"},)"
			    R"("s":{"resource-id":"adv","tag":"t2"}}})");
	EXPECT_EQ(alto_update_control_uri(u.update), nullptr) << "that was of the other stream";
	EXPECT_EQ(u.take(full, version("t3")), ALTO_UPDATE_BAD) << "a control event comes first";
	EXPECT_EQ(u.take(control, "{'control-uri': null}"), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(merge, "{'x': 1}"), ALTO_UPDATE_CHANGED) << "it goes on where it was";

	JsonPtr object(json_object());
	EXPECT_FALSE(alto_update_put(u.update, "gone", object.get()));
	JsonPtr got = json_of(version("t9")), none = json_of("[]");
	EXPECT_TRUE(alto_update_put(u.update, "m", got.get()));
	EXPECT_FALSE(alto_update_put(u.update, "m", none.get()));
	EXPECT_NE(u.open().find(R"("resource-id":"map","tag":"t9")"), std::string::npos);
	EXPECT_EQ(u.document("m"), text_of(got));
}

TEST(AltoUpdate, SubstreamsHaveNamesOfTheirOwn)
{
	Update u;
	EXPECT_FALSE(alto_update_add(u.update, "", "adv", true));
	EXPECT_FALSE(alto_update_add(u.update, "s,t", "adv", true));
	EXPECT_FALSE(alto_update_add(u.update, "s", "a b", true));
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	EXPECT_FALSE(alto_update_add(u.update, "s", "adv", true));
	for (int i = 1; i < ALTO_SUBSTREAMS_MAX; i++)
		EXPECT_TRUE(
			alto_update_add(u.update, ("s" + std::to_string(i)).c_str(), "r", true));
	EXPECT_FALSE(alto_update_add(u.update, "more", "r", true));
}

TEST(AltoUpdate, TheFirstEventIsAControlEvent)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	u.open();
	u.expect_bad(full, version("1"), "no control event");
	u.expect_bad(control, "{}", "has no control-uri");
	u.expect_bad(control, "{'started': ['s']}", "has no control-uri");
	u.expect_bad(control, "{'control-uri': 7}", "a text or null");
	u.expect_bad(control, "[]", "expected an object");
	u.expect_bad(control, "{'control-uri'", "not JSON");
	EXPECT_EQ(u.take(control, "{'control-uri': 'a'}"), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(control, "{'control-uri': 'b'}"), ALTO_UPDATE_NOTHING);
	EXPECT_STREQ(alto_update_control_uri(u.update), "b");
	EXPECT_EQ(u.take(control, "{'started': ['s'], 'description': 'hi'}"), ALTO_UPDATE_NOTHING);
	EXPECT_STREQ(alto_update_control_uri(u.update), "b");
	EXPECT_EQ(u.take(control, "{'control-uri': null}"), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(alto_update_control_uri(u.update), nullptr);
}

TEST(AltoUpdate, WhatWentWrongBeginsAnewAndTheLastGoodOneStays)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	const std::pair<std::string, std::string> wrong[] = {
		{full, "[1]"},
		{full, "7"},
		{full, "{'a': 1, 'a': 2}"},
		{full, "{'a':"},
		{full, ""},
		{full, "{'a': '" + std::string(600, 'a') + "'}"},
		{full, "[[[[[[[[[[[[]]]]]]]]]]]]"},
		{merge, "[1]"},
		{merge, "null"},
		{merge, "{'a': 12345678901234567890}"},
		{patch, "{'op': 'remove', 'path': '/meta'}"},
		{patch, "[{'op': 'remove', 'path': '/none'}]"},
		{patch, "[{'op': 'replace', 'path': '', 'value': 7}]"},
		{"application/json,s", "{}"},
		{"text/plain,s", "{}"},
		{",s", "{}"},
	};
	for (const auto &[name, data] : wrong) {
		u.begin();
		u.take(full, version("1", ", 'x': 'y'"));
		std::string before = u.document();
		u.expect_bad(name, data, "substream s: ");
		EXPECT_EQ(u.document(), before);
		EXPECT_EQ(u.open(), R"({"add":{"s":{"resource-id":"adv"}}})")
			<< "no tag: all of it";
	}
	u.begin();
	u.expect_bad(merge, "{}", "before any version");
	u.expect_bad(std::string(200, 'x') + ",s", "{}", "too long");
}

TEST(AltoUpdate, PatchesThatMakeItLargeAreRefused)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	u.begin();
	u.take(full, "{'a': '" + std::string(300, 'a') + "'}");
	EXPECT_EQ(u.take(merge, "{'b': '" + std::string(200, 'b') + "'}"), ALTO_UPDATE_CHANGED);
	u.expect_bad(merge, "{'c': '" + std::string(200, 'c') + "'}", "past 600 octets");
	u.begin();
	u.take(full, "{'a': '" + std::string(300, 'a') + "'}");
	u.expect_bad(patch, "[{'op': 'copy', 'from': '', 'path': '/b'}]", "past 600 octets");
}

TEST(AltoUpdate, StoppedSubstreamsAreSilent)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	u.begin();
	u.take(full, version("1"));
	EXPECT_EQ(u.take(control, "{'stopped': ['x', 7, 's'], 'description': '\\u001b[2J'}"),
		  ALTO_UPDATE_STOPPED);
	EXPECT_STREQ(u.err, "the server stopped substream s: ?[2J");
	EXPECT_EQ(u.take(full, version("2")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(control, "{'stopped': ['s']}"), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(control, "{'stopped': 's'}"), ALTO_UPDATE_NOTHING);
	u.begin();
	EXPECT_EQ(u.take(full, version("2")), ALTO_UPDATE_CHANGED);
}

TEST(AltoUpdate, EventsOfOthersAreNothing)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	u.begin();
	for (const char *name : {"application/alto-cdni+json,t", "application/alto-cdni+json",
				 "application/alto-cdni+json,", "application/alto-cdni+json,s.part",
				 "", "application/alto-cdni+json, s"})
		EXPECT_EQ(u.take(name, "no JSON"), ALTO_UPDATE_NOTHING) << name;
	EXPECT_EQ(u.document(), "");
	EXPECT_EQ(u.document("t"), "");
}

TEST(AltoUpdate, WhatDoesNotChangeAnythingIsNothing)
{
	Update u;
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	u.begin();
	EXPECT_EQ(u.take(full, version("1")), ALTO_UPDATE_CHANGED);
	EXPECT_EQ(u.take(full, version("1")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(merge, "{}"), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(patch, "[]"), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(patch, "[{'op': 'test', 'path': '/meta/vtag/tag', 'value': '1'}]"),
		  ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take("Application/ALTO-networkmap+json,s", version("2")), ALTO_UPDATE_CHANGED)
		<< "the substream tells what it is";
}

std::string depending(const std::string &tag, const std::string &map_tag)
{
	return version(tag, ", 'dependent-vtags': [{'resource-id': 'map', 'tag': '" + map_tag +
				    "'}, {'resource-id': 'elsewhere', 'tag': 'x'}]");
}

TEST(AltoUpdate, VersionsThatDependOnEachOtherChangeTogether)
{
	Update u;
	const char *map = "application/alto-networkmap+json,m";
	EXPECT_TRUE(alto_update_add(u.update, "s", "adv", true));
	EXPECT_TRUE(alto_update_add(u.update, "m", "map", true));
	u.begin();
	EXPECT_EQ(u.take(full, depending("a1", "m1")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.document(), "") << "its map has not come";
	EXPECT_EQ(u.take(map, version("m0")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(map, version("m1")), ALTO_UPDATE_CHANGED);
	std::string advert = u.document(), first = u.document("m");
	EXPECT_NE(advert, "");

	EXPECT_EQ(u.take(map, version("m2")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.document("m"), first) << "the advertisement is of the other one";
	EXPECT_EQ(u.take(full, depending("a2", "m1")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.document(), advert);
	EXPECT_EQ(u.take(full, depending("a3", "m2")), ALTO_UPDATE_CHANGED);
	EXPECT_EQ(u.document("m"), text_of(json_of(version("m2"))));
	EXPECT_EQ(u.document(), text_of(json_of(depending("a3", "m2"))));

	EXPECT_EQ(u.take("application/merge-patch+json,m", "7"), ALTO_UPDATE_BAD);
	EXPECT_EQ(u.document("m"), text_of(json_of(version("m2")))) << "both stay";
	EXPECT_EQ(u.open(),
		  R"({"add":{"m":{"resource-id":"map"},"s":{"resource-id":"adv","tag":"a3"}}})");
	u.begin();
	EXPECT_EQ(u.take(map, version("m3")), ALTO_UPDATE_NOTHING);
	EXPECT_EQ(u.take(full, depending("a4", "m3")), ALTO_UPDATE_CHANGED);
}

TEST(AltoUpdate, MemoryThatRunsOut)
{
	json_set_alloc_funcs(malloc, free);
	bool failed = true;
	for (long at = 0; failed; at++) {
		std::string whole = quoted("{'a': [1]}"), change = quoted("{'b': {'c': 2}}"),
			    first = quoted("{'control-uri': 'c'}");
		char err[700] = "";
		failing_malloc.reset(at);
		alto_update *update = alto_update_new(&limits);
		bool done = update && alto_update_add(update, "s", "adv", true);
		json_t *request = done ? alto_update_open(update) : nullptr;
		auto take = [&](const char *name, const std::string &data) {
			return alto_update_take(update, name, data.data(), data.size(), err,
						sizeof(err));
		};
		done = request && take(control, first) == ALTO_UPDATE_NOTHING &&
		       take(full, whole) == ALTO_UPDATE_CHANGED &&
		       take(merge, change) == ALTO_UPDATE_CHANGED;
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(done, !failed) << at << err;
		if (done) {
			EXPECT_EQ(text_of(alto_update_document(update, "s")),
				  R"({"a":[1],"b":{"c":2}})");
		}
		json_decref(request);
		alto_update_free(update);
	}
}

} /* namespace */
