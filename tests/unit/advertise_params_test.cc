/* advertise_params_test - bodies that open and control update streams: good ones, and each way to be wrong. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/advertise_params.h"
}

#include <gtest/gtest.h>
#include <string>

namespace
{

struct Read {
	struct advertise_params params = {};
	struct alto_error error = {};
	bool good = false;

	Read(std::string body, bool opens)
	{
		for (char &c : body)
			if (c == '\'')
				c = '"';
		json_t *json = json_loads(body.c_str(), JSON_DECODE_ANY, nullptr);
		EXPECT_TRUE(json) << body;
		const char *const resources[] = {"adv", "map", nullptr};
		good = advertise_params_read(json, resources, opens, &params, &error);
		json_decref(json);
	}
	std::string said() const
	{
		return std::string(error.code) + " " + error.field + " " + error.value;
	}
};

TEST(AdvertiseParamsTest, Opening)
{
	Read read("{'add': {'s1': {'resource-id': 'adv', 'tag': 'x'}, 's2': {'resource-id': 'adv',"
		  "'incremental-changes': false, 'unknown': 5}}, 'unknown': [], 'remove': 'none'}",
		  true);
	ASSERT_TRUE(read.good) << read.said();
	ASSERT_EQ(read.params.n_added, 2u);
	EXPECT_STREQ(read.params.added[0].id, "s1");
	EXPECT_STREQ(read.params.added[0].tag, "x");
	EXPECT_TRUE(read.params.added[0].incremental) << "the default";
	EXPECT_STREQ(read.params.added[1].tag, "");
	EXPECT_EQ(read.params.added[1].resource, 0u);
	Read map("{'add': {'s': {'resource-id': 'adv'}, 'm': {'resource-id': 'map', 'tag': 'y'}}}",
		 true);
	ASSERT_EQ(map.params.n_added, 2u);
	EXPECT_EQ(map.params.added[1].resource, 1u);
	EXPECT_FALSE(read.params.added[1].incremental);
	EXPECT_EQ(read.params.n_removed, 0u) << "nothing can be removed yet";
	/* A tag that is longer than all is not ours. */
	Read other("{'add': {'s': {'resource-id': 'adv', 'tag': '" + std::string(100, 'x') + "'}}}",
		   true);
	EXPECT_TRUE(other.good);
	EXPECT_STREQ(other.params.added[0].tag, "");
}

TEST(AdvertiseParamsTest, Control)
{
	Read both("{'add': {'s1': {'resource-id': 'adv'}}, 'remove': ['s2', 's3']}", false);
	ASSERT_TRUE(both.good) << both.said();
	EXPECT_EQ(both.params.n_added, 1u);
	ASSERT_EQ(both.params.n_removed, 2u);
	EXPECT_STREQ(both.params.removed[1], "s3");
	EXPECT_FALSE(both.params.remove_all);
	Read all("{'remove': []}", false);
	EXPECT_TRUE(all.good && all.params.remove_all);
	Read empty("{'add': {}}", false);
	EXPECT_TRUE(empty.good && !empty.params.remove_all);
	EXPECT_TRUE(Read("{'add': {}, 'remove': []}", false).good);
}

TEST(AdvertiseParamsTest, WhatIsWrong)
{
	const std::string long_id(65, 'x');
	const struct {
		std::string body;
		bool opens;
		std::string said;
	} cases[] = {
		{"5", true, "E_INVALID_FIELD_TYPE  "},
		{"[]", false, "E_INVALID_FIELD_TYPE  "},
		{"{}", true, "E_MISSING_FIELD add "},
		{"{}", false, "E_MISSING_FIELD add "},
		{"{'remove': ['s']}", true, "E_MISSING_FIELD add "},
		{"{'add': {}}", true, "E_MISSING_FIELD add "},
		{"{'add': []}", true, "E_INVALID_FIELD_TYPE add "},
		{"{'add': {'a b': {'resource-id': 'adv'}}}", true, "E_INVALID_FIELD_VALUE add a b"},
		{"{'add': {'" + long_id + "': {'resource-id': 'adv'}}}", true,
		 "E_INVALID_FIELD_VALUE add " + long_id},
		{"{'add': {'s': 5}}", true, "E_INVALID_FIELD_TYPE add/s "},
		{"{'add': {'s': {}}}", true, "E_MISSING_FIELD add/s/resource-id "},
		{"{'add': {'s': {'resource-id': 5}}}", true,
		 "E_INVALID_FIELD_TYPE add/s/resource-id "},
		{"{'add': {'s': {'resource-id': 'other'}}}", true,
		 "E_INVALID_FIELD_VALUE add/s/resource-id other"},
		{"{'add': {'s': {'resource-id': 'adv', 'tag': 5}}}", true,
		 "E_INVALID_FIELD_TYPE add/s/tag "},
		{"{'add': {'s': {'resource-id': 'adv', 'incremental-changes': 'no'}}}", true,
		 "E_INVALID_FIELD_TYPE add/s/incremental-changes "},
		{"{'remove': {}}", false, "E_INVALID_FIELD_TYPE remove "},
		{"{'remove': [5]}", false, "E_INVALID_FIELD_TYPE remove "},
		{"{'remove': ['']}", false, "E_INVALID_FIELD_VALUE remove "},
		{"{'add': {'s': {'resource-id': 'adv'}}, 'remove': []}", false,
		 "E_INVALID_FIELD_VALUE remove []"},
	};
	for (const auto &c : cases) {
		Read read(c.body, c.opens);
		EXPECT_FALSE(read.good) << c.body;
		EXPECT_EQ(read.said(), c.said) << c.body;
	}
}

TEST(AdvertiseParamsTest, NotTooMany)
{
	auto added = [](int n) {
		std::string body = "{'add': {";
		for (int i = 0; i < n; i++)
			body += (i ? ",'s" : "'s") + std::to_string(i) +
				"': {'resource-id': 'adv'}";
		return body + "}}";
	};
	EXPECT_EQ(Read(added(ADVERTISE_SUBSTREAMS_MAX), true).params.n_added,
		  (unsigned)ADVERTISE_SUBSTREAMS_MAX);
	EXPECT_FALSE(Read(added(ADVERTISE_SUBSTREAMS_MAX + 1), true).good);
	std::string removed = "{'remove': ['s'";
	for (int i = 0; i < ADVERTISE_SUBSTREAMS_MAX; i++)
		removed += ",'s'";
	EXPECT_FALSE(Read(removed + "]}", false).good);
}

} // namespace
