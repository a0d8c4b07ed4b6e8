/* ri_examples_test - the messages in tests/data/ri: those to be read are, as they were written again; the bad ones are refused. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <algorithm>
#include <dirent.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <vector>

extern "C" {
#include "control/ri_request.h"
#include "control/ri_response.h"
}

namespace
{

const std::string folder = std::string(getenv("TURNOUT_SOURCE")) + "/tests/data/ri/";

std::vector<std::string> names()
{
	std::vector<std::string> found;
	DIR *dir = opendir(folder.c_str());
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			found.push_back(entry->d_name);
	closedir(dir);
	std::sort(found.begin(), found.end());
	return found;
}

std::string content(const std::string &name)
{
	std::ifstream file(folder + name, std::ios::binary);
	return std::string(std::istreambuf_iterator<char>(file), {});
}

/* The message as it is written again; "" when it is refused, and why. */
std::string again(const std::string &text, bool is_request, std::string *why)
{
	struct faults faults = {};
	char *written = nullptr;
	if (is_request) {
		ri_request request;
		if (ri_request_read(&request, text.data(), text.size(), &faults))
			written = ri_request_write(&request);
		ri_request_clear(&request);
	} else {
		ri_response response;
		if (ri_response_read(&response, text.data(), text.size(), &faults))
			written = ri_response_write(&response);
		ri_response_clear(&response);
	}
	*why = faults.n ? faults.list[0].text : "";
	faults_clear(&faults);
	std::string result = written ? written : "";
	free(written);
	return result;
}

/* Members that a reader of ours knows. */
bool has_members_of(json_t *all, json_t *part)
{
	const char *key;
	json_t *value;
	if (!json_is_object(all) || !json_is_object(part))
		return json_equal(all, part);
	json_object_foreach (part, key, value) {
		if (!has_members_of(json_object_get(all, key), value))
			return false;
	}
	return true;
}

TEST(ri_examples, all)
{
	size_t read = 0, refused = 0;
	for (const std::string &name : names()) {
		bool is_bad = name.compare(0, 4, "bad-") == 0;
		bool is_request = name.find("request-") != std::string::npos;
		std::string why, text = content(name), written = again(text, is_request, &why);
		if (is_bad) {
			EXPECT_EQ(written, "") << name;
			EXPECT_NE(why, "") << name;
			refused++;
			continue;
		}
		EXPECT_EQ(why, "") << name;
		if (name == "request-other-protocol.json")
			continue;
		ASSERT_NE(written, "") << name;
		std::string twice = again(written, is_request, &why);
		EXPECT_EQ(twice, written) << name;
		read++;
	}
	EXPECT_GE(read, 15u);
	EXPECT_GE(refused, 20u);
}

/* Nothing of what the standard's members say is lost or changed. */
TEST(ri_examples, are_written_as_they_were_read)
{
	for (const char *name :
	     {"request-dns", "request-dns-least", "request-http", "request-http-cascaded",
	      "response-dns", "response-dns-cname", "response-error", "response-information"}) {
		std::string why, text = content(name + std::string(".json"));
		std::string written =
			again(text, std::string(name).compare(0, 7, "request") == 0, &why);
		json_t *before = json_loads(text.c_str(), 0, nullptr);
		json_t *after = json_loads(written.c_str(), 0, nullptr);
		EXPECT_TRUE(before && has_members_of(after, before)) << text << written;
		json_decref(before);
		json_decref(after);
	}
}

} // namespace
