/* cdni_samples_test - recorded exchanges of ALTO and FCI (tests/data/cdni): each is read as the file says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

extern "C" {
#include "control/alto_directory.h"
#include "control/alto_error.h"
#include "control/alto_map.h"
#include "control/alto_update.h"
#include "control/fci_read.h"
#include "control/fci_write.h"
#include "control/json_merge.h"
#include "control/json_patch.h"
#include "lib/sse.h"
}

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <map>

namespace
{

const json_limits limits = {1 << 20, 30, 10000};

void expect_within(const std::string &text, const std::string &part)
{
	EXPECT_NE(text.find(part), std::string::npos) << text << " has no " << part;
}

/* Each fault has the text that the list says, in this order. */
void expect_texts(const FaultList &faults, const json_t *expected)
{
	ASSERT_EQ(faults.n, json_array_size(expected)) << faults.text();
	for (size_t i = 0; i < faults.n; i++)
		expect_within(faults.text(i), string_of(json_array_get(expected, i)));
}

struct MapFree {
	void operator()(alto_map *map) const
	{
		alto_map_free(map);
	}
};
using Map = std::unique_ptr<alto_map, MapFree>;

/* --- Advertisements --------------------------------------------------------------------------- */

void expect_entry(const fci_entry &entry, const json_t *expected, const json_t *nobody)
{
	EXPECT_EQ(text_of(entry.object), text_of(expected));
	char *text = json_dumps(expected, JSON_COMPACT);
	EXPECT_STREQ(entry.text, text) << "the members are in their order";
	free(text);
	EXPECT_EQ(std::string(entry.name).substr(0, 6), "cdn-b/");
	EXPECT_EQ(strlen(entry.name), 22u);
	EXPECT_EQ(entry.nobody != nullptr, nobody != nullptr) << entry.text;
	if (entry.nobody)
		expect_within(entry.nobody, string_of(nobody));
}

void check_advertisement(const json_t *sample)
{
	fci_list list;
	FaultList faults;
	json_t *expect = at(sample, "expect"), *objects = at(expect, "objects");
	Map map(at(sample, "map") ? alto_map_read(at(sample, "map"), 100, &faults) : nullptr);
	fci_how how = {"cdn-b", json_is_true(at(sample, "lenient")), false, map.get(), 100, 1000};
	EXPECT_EQ(fci_read(&how, at(sample, "body"), &list, &faults), objects != nullptr);
	if (!objects) {
		ASSERT_EQ(faults.n, 1u);
		expect_within(faults.text(), string_of(at(expect, "fault")));
		fci_list_clear(&list);
		return;
	}
	expect_texts(faults, at(expect, "refused"));
	json_t *reasons = at(expect, "reasons");
	for (size_t i = 0; i < json_array_size(reasons) && i < faults.n; i++)
		expect_within(faults.text(i), string_of(json_array_get(reasons, i)));
	EXPECT_EQ(list.refused, faults.total);
	EXPECT_EQ(list.doubled, (size_t)json_integer_value(at(expect, "doubled")));
	EXPECT_EQ(list.other, (size_t)json_integer_value(at(expect, "other")));
	EXPECT_EQ(list.n, json_array_size(objects));
	for (size_t i = 0; i < list.n; i++)
		expect_entry(list.list[i], json_array_get(objects, i),
			     at(at(expect, "nobody"), std::to_string(i).c_str()));
	fci_list_clear(&list);
}

void check_filter(const json_t *sample)
{
	json_t *error, *expect = at(sample, "expect"), *kept_indexes = at(expect, "kept");
	JsonPtr kept(fci_filter(at(sample, "entries"), at(sample, "request"), &error));
	JsonPtr refused(error), expected(json_array());
	for (size_t i = 0; i < json_array_size(kept_indexes); i++)
		json_array_append(expected.get(),
				  json_array_get(at(sample, "entries"),
						 (size_t)json_integer_value(
							 json_array_get(kept_indexes, i))));
	EXPECT_EQ(text_of(kept), kept_indexes ? text_of(expected) : "");
	EXPECT_EQ(text_of(refused), text_of(at(expect, "error")));
}

/* --- Directories and maps --------------------------------------------------------------------- */

std::string uri_of(const alto_resource *resource)
{
	return resource ? resource->uri : "";
}

void check_directory(const json_t *sample)
{
	char err[200] = "";
	alto_choice choice;
	FaultList faults;
	json_t *expect = at(sample, "expect");
	alto_directory *directory = alto_directory_new(string_of(at(sample, "uri")).c_str());
	while (const char *uri = alto_directory_next(directory)) {
		json_t *document = at(at(sample, "documents"), uri);
		EXPECT_NE(document, nullptr) << uri;
		alto_directory_read(directory, document, &faults);
	}
	expect_texts(faults, at(expect, "faults"));
	bool chosen = alto_directory_choose(directory, nullptr, &choice, err, sizeof(err));
	EXPECT_EQ(chosen, at(expect, "fault") == nullptr);
	expect_within(err, string_of(at(expect, "fault")));
	if (chosen) {
		EXPECT_EQ(uri_of(choice.advertisement), string_of(at(expect, "advertisement")));
		EXPECT_EQ(uri_of(choice.filtered), string_of(at(expect, "filtered")));
		EXPECT_EQ(uri_of(choice.network_map), string_of(at(expect, "network-map")));
		EXPECT_EQ(uri_of(choice.stream), string_of(at(expect, "stream")));
		EXPECT_EQ(choice.map_in_stream, json_is_true(at(expect, "map-in-stream")));
		EXPECT_EQ(choice.stream_control, json_is_true(at(expect, "control")));
		EXPECT_EQ(choice.incremental, json_is_true(at(expect, "incremental")));
		EXPECT_EQ(choice.map_incremental, json_is_true(at(expect, "map-incremental")));
	}
	const char *map = alto_directory_default_map(directory);
	EXPECT_EQ(map ? map : "", string_of(at(expect, "default-map")));
	alto_directory_free(directory);
}

std::string prefixes_of(const alto_map *map, const char *pid)
{
	char err[200], text[IP_TEXT_MAX];
	ip_prefix *list;
	size_t n, left = 1000;
	EXPECT_TRUE(alto_map_prefixes(map, &pid, 1, &left, &list, &n, err, sizeof(err)));
	JsonPtr result(json_array());
	for (size_t i = 0; i < n; i++)
		json_array_append_new(result.get(), json_string(ip_prefix_text(&list[i], text)));
	free(list);
	return text_of(result);
}

void check_map(const json_t *sample)
{
	FaultList faults;
	const char *pid;
	json_t *prefixes, *expect = at(sample, "expect");
	Map map(alto_map_read(at(sample, "body"), 100, &faults));
	EXPECT_EQ(map != nullptr, at(expect, "fault") == nullptr);
	if (!map) {
		ASSERT_EQ(faults.n, 1u);
		expect_within(faults.text(), string_of(at(expect, "fault")));
		return;
	}
	json_object_foreach (at(expect, "pids"), pid, prefixes)
		EXPECT_EQ(prefixes_of(map.get(), pid), text_of(prefixes)) << pid;
	for (size_t i = 0; i < 2; i++)
		EXPECT_EQ(alto_map_covers(map.get(), i ? 6 : 4),
			  json_is_true(json_array_get(at(expect, "covers"), i)));
}

/* --- Streams ---------------------------------------------------------------------------------- */

void check_stream(const json_t *sample)
{
	static const char *const results[] = {"nothing", "changed", "stopped", "bad"};
	char err[600] = "";
	const char *id;
	json_t *value, *expect = at(sample, "expect");
	alto_update *update = alto_update_new(&limits);
	json_object_foreach (at(sample, "substreams"), id, value)
		EXPECT_TRUE(alto_update_add(update, id, string_of(value).c_str(), true));
	JsonPtr request(alto_update_open(update)), seen(json_array());
	EXPECT_EQ(json_object_size(at(request.get(), "add")),
		  json_object_size(at(sample, "substreams")));
	std::string text;
	for (size_t i = 0; i < json_array_size(at(sample, "lines")); i++)
		text += string_of(json_array_get(at(sample, "lines"), i)) + "\n";
	sse sse = {};
	sse.max = 10000;
	const char *from = text.data(), *end = from + text.size();
	while (sse_found found = sse_read(&sse, &from, end))
		json_array_append_new(
			seen.get(),
			json_string(
				found == SSE_COMMENT
					? "comment"
					: results[alto_update_take(update, sse.name, sse.data,
								   sse.len, err, sizeof(err))]));
	EXPECT_EQ(text_of(seen), text_of(at(expect, "events"))) << err;
	expect_within(err, string_of(at(expect, "fault")));
	if (at(expect, "control-uri")) {
		const char *uri = alto_update_control_uri(update);
		EXPECT_EQ(uri ? uri : "", string_of(at(expect, "control-uri")));
	}
	json_object_foreach (at(expect, "documents"), id, value)
		EXPECT_EQ(text_of(alto_update_document(update, id)), text_of(value));
	sse_clear(&sse);
	alto_update_free(update);
}

/* --- Others ----------------------------------------------------------------------------------- */

void check_patch(const json_t *sample)
{
	char err[600] = "";
	JsonPtr document(json_patch_apply(at(sample, "document"), at(sample, "patch"), 1000, err,
					  sizeof(err)));
	EXPECT_EQ(text_of(document), text_of(at(at(sample, "expect"), "document"))) << err;
}

void check_error(const json_t *sample)
{
	char text[600];
	alto_error error;
	EXPECT_TRUE(alto_error_read(at(sample, "body"), &error));
	EXPECT_EQ(alto_error_text(&error, text, sizeof(text)), string_of(at(sample, "expect")));
}

void check_not_json(const json_t *sample)
{
	char err[300] = "";
	std::string text = string_of(at(sample, "text"));
	JsonPtr value(json_strict_load(text.data(), text.size(), &limits, err, sizeof(err)));
	EXPECT_EQ(value, nullptr);
	expect_within(err, string_of(at(sample, "expect")));
}

TEST(CdniSamples, AreReadAsTheySay)
{
	const std::map<std::string, std::function<void(const json_t *)>> checks = {
		{"advertisement", check_advertisement},
		{"directory", check_directory},
		{"error", check_error},
		{"filter", check_filter},
		{"network-map", check_map},
		{"not-json", check_not_json},
		{"patch", check_patch},
		{"stream", check_stream},
	};
	std::filesystem::path folder(getenv("TURNOUT_SOURCE") ? getenv("TURNOUT_SOURCE") : "..");
	unsigned n = 0;
	for (const auto &file : std::filesystem::directory_iterator(folder / "tests/data/cdni")) {
		SCOPED_TRACE(file.path().filename().string());
		std::string text = file_text(file.path());
		char err[300] = "";
		JsonPtr sample(
			json_strict_load(text.data(), text.size(), &limits, err, sizeof(err)));
		ASSERT_TRUE(sample) << err;
		checks.at(string_of(at(sample.get(), "do")))(sample.get());
		n++;
	}
	EXPECT_GT(n, 50u);
}

} /* namespace */
