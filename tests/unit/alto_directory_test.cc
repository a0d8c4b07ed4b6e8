/* alto_directory_test - directories that are wrong, endless or many; choosing by ID; writing; memory that runs out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/alto_directory.h"
#include "control/alto_media.h"
}

namespace
{

struct DirectoryFree {
	void operator()(alto_directory *directory) const
	{
		alto_directory_free(directory);
	}
};
using Directory = std::unique_ptr<alto_directory, DirectoryFree>;

Directory directory_of(const std::string &resources, FaultList &faults)
{
	Directory directory(alto_directory_new("https://a.example/ird"));
	JsonPtr body = json_of("{'resources': " + resources + "}");
	EXPECT_TRUE(alto_directory_read(directory.get(), body.get(), &faults));
	return directory;
}

const std::string adverts =
	"{'one': {'uri': '1', 'media-type': 'application/alto-cdni+json'},"
	"'two': {'uri': '2', 'media-type': 'application/alto-cdni+json'},"
	"'f': {'uri': 'f', 'media-type': 'application/alto-cdni+json', 'uses': ['two'],"
	"      'accepts': 'application/alto-cdnifilter+json'},"
	"'s': {'uri': 's', 'media-type': 'text/event-stream', 'uses': ['two'],"
	"      'accepts': 'application/alto-updatestreamparams+json'},"
	"'t': {'uri': 't', 'media-type': 'text/event-stream', 'uses': ['one']}}";

TEST(AltoDirectory, AnAdvertisementIsChosenByItsId)
{
	FaultList faults;
	alto_choice choice;
	char err[200] = "";
	Directory directory = directory_of(adverts, faults);
	EXPECT_EQ(faults.total, 0u);
	ASSERT_TRUE(alto_directory_choose(directory.get(), "two", &choice, err, sizeof(err)));
	EXPECT_STREQ(choice.advertisement->uri, "https://a.example/2");
	EXPECT_STREQ(choice.filtered->id, "f");
	EXPECT_STREQ(choice.stream->id, "s");
	EXPECT_FALSE(choice.stream_control);
	EXPECT_TRUE(choice.incremental) << "nothing is announced that we cannot take";
	ASSERT_TRUE(alto_directory_choose(directory.get(), nullptr, &choice, err, sizeof(err)));
	EXPECT_STREQ(choice.advertisement->id, "one");
	EXPECT_EQ(choice.filtered, nullptr) << "that is of the other one";
	EXPECT_EQ(choice.stream, nullptr) << "one that accepts nothing is no update stream";
	EXPECT_FALSE(alto_directory_choose(directory.get(), "f", &choice, err, sizeof(err)));
	EXPECT_STREQ(err, "the directory has no CDNI advertisement f");
	EXPECT_EQ(alto_directory_find(directory.get(), "three"), nullptr);
	EXPECT_EQ(alto_directory_default_map(directory.get()), nullptr);
}

TEST(AltoDirectory, WrongEntriesAreLeftOut)
{
	FaultList faults;
	Directory directory =
		directory_of("{'a': 7, 'b': {'uri': 7, 'media-type': 'x/y'}, 'c': {'uri': 'c'},"
			     "'d': {'uri': 'd', 'media-type': 'x/y', 'uses': 'e'},"
			     "'e': {'uri': 'e', 'media-type': 'x/y', 'capabilities': []},"
			     "'f': {'uri': 'f', 'media-type': 'x/y', 'accepts': []},"
			     "'g h': {'uri': 'g', 'media-type': 'x/y'},"
			     "'i': {'uri': 'i', 'media-type': 'x/y', 'later': 1}}",
			     faults);
	EXPECT_EQ(faults.total, 7u);
	for (const char *id : {"a", "b", "c", "d", "e", "f", "g h"})
		EXPECT_EQ(alto_directory_find(directory.get(), id), nullptr) << id;
	ASSERT_NE(alto_directory_find(directory.get(), "i"), nullptr);
}

TEST(AltoDirectory, OddCapabilitiesAndUsesAreNone)
{
	FaultList faults;
	alto_choice choice;
	char err[200];
	Directory directory = directory_of(
		"{'a': {'uri': 'a', 'media-type': 'application/alto-cdni+json', 'uses': []},"
		"'s': {'uri': 's', 'media-type': 'text/event-stream', 'uses': [7, null, 'a'],"
		"      'accepts': 'application/alto-updatestreamparams+json',"
		"      'capabilities': {'support-stream-control': 'yes',"
		"                       'incremental-change-media-types': []}}}",
		faults);
	ASSERT_TRUE(alto_directory_choose(directory.get(), "a", &choice, err, sizeof(err)));
	EXPECT_FALSE(choice.stream_control);
	EXPECT_TRUE(choice.incremental);
	directory = directory_of(
		"{'a': {'uri': 'a', 'media-type': 'application/alto-cdni+json', 'uses': [7]}}",
		faults);
	EXPECT_FALSE(alto_directory_choose(directory.get(), "a", &choice, err, sizeof(err)));
}

TEST(AltoDirectory, DirectoriesThatNameMoreAndMoreEnd)
{
	FaultList faults;
	Directory directory(alto_directory_new("https://a.example/0"));
	unsigned n = 0;
	while (alto_directory_next(directory.get())) {
		if (n++ % 2) {
			alto_directory_skip(directory.get());
			continue;
		}
		std::string resources;
		for (unsigned i = 0; i < 4; i++)
			resources += (i ? "," : "") + ("'d" + std::to_string(4 * n + i)) +
				     "': {'uri': '" + std::to_string(4 * n + i) +
				     "', 'media-type': 'application/alto-directory+json'}";
		JsonPtr body = json_of("{'resources': {" + resources + "}}");
		EXPECT_TRUE(alto_directory_read(directory.get(), body.get(), &faults));
	}
	EXPECT_EQ(n, (unsigned)ALTO_DIRECTORIES_MAX);
	EXPECT_NE(faults.text().find("past 16 directories"), std::string::npos);
}

TEST(AltoDirectory, TheSameIdCountsOnceAndThereAreNotTooMany)
{
	FaultList faults;
	Directory directory(alto_directory_new("https://a.example/"));
	std::string resources =
		"'d': {'uri': 'd', 'media-type': 'application/alto-directory+json'}";
	for (int i = 0; i < ALTO_RESOURCES_MAX; i++)
		resources += ",'r" + std::to_string(i) + "': {'uri': 'x', 'media-type': 'x/y'}";
	JsonPtr body = json_of("{'resources': {" + resources + "}}"),
		again = json_of("{'resources': {'r0': {'uri': 'y', 'media-type': 'x/y'}}}");
	EXPECT_TRUE(alto_directory_read(directory.get(), body.get(), &faults));
	EXPECT_EQ(faults.total, 1u);
	EXPECT_NE(faults.text().find("past 1024 resources"), std::string::npos);
	EXPECT_TRUE(alto_directory_read(directory.get(), again.get(), &faults));
	EXPECT_NE(faults.text(1).find("given to another resource"), std::string::npos);
	EXPECT_STREQ(alto_directory_find(directory.get(), "r0")->uri, "https://a.example/x");
	EXPECT_EQ(alto_directory_next(directory.get()), nullptr);
}

TEST(AltoDirectory, IsWrittenAndReadAgain)
{
	JsonPtr uses = json_of("['m', 'adv']"),
		capabilities = json_of("{'support-stream-control': true}");
	const alto_resource list[] = {
		{"m", "/m", ALTO_NETWORK_MAP, nullptr, nullptr, nullptr},
		{"adv", "/adv", ALTO_CDNI, nullptr, nullptr, nullptr},
		{"upd", "/upd", ALTO_EVENT_STREAM, ALTO_UPDATE_PARAMS, uses.get(),
		 capabilities.get()},
	};
	JsonPtr body(alto_directory_write(list, 3, "m"));
	EXPECT_EQ(text_of(body),
		  text_of(json_of(
			  "{'meta': {'default-alto-network-map': 'm'}, 'resources': {"
			  "'m': {'uri': '/m', 'media-type': 'application/alto-networkmap+json'},"
			  "'adv': {'uri': '/adv', 'media-type': 'application/alto-cdni+json'},"
			  "'upd': {'uri': '/upd', 'media-type': 'text/event-stream', 'uses': ['m', "
			  "'adv'],"
			  "'accepts': 'application/alto-updatestreamparams+json',"
			  "'capabilities': {'support-stream-control': true}}}}")));
	EXPECT_EQ(text_of(JsonPtr(alto_directory_write(list, 0, nullptr))),
		  R"({"meta":{},"resources":{}})");

	FaultList faults;
	alto_choice choice;
	char err[200];
	Directory directory(alto_directory_new("https://a.example/ird"));
	ASSERT_TRUE(alto_directory_read(directory.get(), body.get(), &faults));
	ASSERT_TRUE(alto_directory_choose(directory.get(), "adv", &choice, err, sizeof(err)));
	EXPECT_TRUE(choice.stream_control);
	EXPECT_STREQ(alto_directory_default_map(directory.get()), "m");
}

TEST(AltoDirectory, MemoryThatRunsOut)
{
	JsonPtr body = json_of("{'resources': {'d': {'uri': 'd', 'media-type': "
			       "'application/alto-directory+json'},"
			       "'a': {'uri': 'a', 'media-type': 'application/alto-cdni+json'}}}");
	bool failed = true;
	for (long at = 0; failed; at++) {
		FaultList faults;
		failing_malloc.reset(at);
		Directory directory(alto_directory_new("https://a.example/ird"));
		if (directory)
			alto_directory_read(directory.get(), body.get(), &faults);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		bool whole = directory && alto_directory_find(directory.get(), "a") &&
			     alto_directory_find(directory.get(), "d") &&
			     alto_directory_next(directory.get());
		EXPECT_EQ(whole && !faults.total, !failed) << at;
	}
}

} /* namespace */
