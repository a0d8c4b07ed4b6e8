/* advertise_test - what an upstream CDN is told: own and cascaded capabilities, loops, narrowing, tags, patches. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/advertise.h"
}

#include "tests/support/control_box.h"

#include <gtest/gtest.h>
#include <random>

namespace
{

std::string quoted(std::string text)
{
	for (char &c : text)
		if (c == '\'')
			c = '"';
	return text;
}

/* A downstream CDN and what it advertised. */
struct Source {
	struct rib rib = {};
	Source() = default;
	Source(const Source &) = delete;
	~Source()
	{
		rib_clear(&rib);
	}
	/* Objects of the tables, in JSON with single quotes, each with its path or "". */
	void says(const std::vector<std::pair<std::string, std::string>> &objects)
	{
		struct rib_update update = {};
		for (const auto &[text, path] : objects) {
			Json object(quoted(text)), way(quoted(path));
			struct rib_route route = {};
			route.kind = OBJECT_ADVERT;
			route.object = object.get();
			route.path = way.get();
			ASSERT_TRUE(object.get()) << text;
			ASSERT_TRUE(rib_update_add(&update, &route));
		}
		bool changed;
		ASSERT_TRUE(rib_take(&rib, &update, true, 1, &changed));
		for (size_t i = 0; i < rib.n; i++)
			if (rib_is_wanted(&rib.list[i]))
				rib_settle(&rib, &rib.list[i], "x", NULL);
	}
};

struct Advertisement {
	struct advertisement value = {};
	Advertisement(const std::string &own, const std::string &upstream,
		      const std::vector<std::pair<std::string, Source *>> &from = {},
		      json_t *map = nullptr)
	{
		Json list(quoted(own));
		std::vector<struct advertise_source> sources;
		for (const auto &[id, source] : from)
			sources.push_back({id.empty() ? nullptr : id.c_str(), &source->rib});
		EXPECT_TRUE(advertise_compose(&value, list.get(),
					      upstream.empty() ? nullptr : upstream.c_str(),
					      sources.data(), sources.size(), map));
	}
	Advertisement(const Advertisement &) = delete;
	~Advertisement()
	{
		advertise_clear(&value);
	}
	std::string text() const
	{
		std::string all;
		for (size_t i = 0; i < value.n; i++)
			all += value.list[i].text + std::string("\n");
		return all;
	}
	bool has(const std::string &part) const
	{
		return text().find(quoted(part)) != std::string::npos;
	}
	std::string tag() const
	{
		return value.tag;
	}
	Json resource() const
	{
		return Json(advertise_resource(&value));
	}
};

const char *const protocols = "{'cdn':'cdn-c','type':'FCI.DeliveryProtocol','value':{'delivery-"
			      "protocols':['http/1.1','https/1.1']},'footprints':[{'footprint-type'"
			      ":'countrycode','footprint-value':['fr']}]}";
const char *const own_protocols =
	"{'capability-type':'FCI.DeliveryProtocol','capability-value':{'delivery-protocols':['"
	"http/1.1']},'footprints':[{'footprint-type':'countrycode','footprint-value':['de']}]}";
const char *const own_target =
	"{'capability-type':'FCI.RedirectTarget','capability-value':{'http-target':{'host':'b.test'"
	"}},'footprints':[{'footprint-type':'countrycode','footprint-value':['de']}]}";

TEST(AdvertiseTest, OwnCapabilities)
{
	Advertisement none("[]", "AS1:0"), one("[" + std::string(own_protocols) + "]", "AS1:0");
	EXPECT_EQ(none.value.n, 0u);
	EXPECT_EQ(none.resource()["cdni-advertisement"].text(),
		  "{\"capabilities-with-footprints\":[]}");
	EXPECT_EQ(one.value.n, 1u);
	EXPECT_FALSE(one.has("cdn-path")) << "it comes from us";
	EXPECT_EQ(one.tag().size(), 32u);
	EXPECT_NE(one.tag(), none.tag());
	EXPECT_EQ(one.resource()["meta"]["vtag"]["tag"].text(), one.tag());
	/* The order and doubles do not matter, and neither does the order of members. */
	std::string a = own_protocols, b = own_target;
	Advertisement x("[" + a + "," + b + "]", ""), y("[" + b + "," + a + "," + b + "]", "");
	EXPECT_EQ(x.tag(), y.tag());
	EXPECT_EQ(y.value.n, 2u);
}

TEST(AdvertiseTest, Cascade)
{
	Source c;
	c.says({{protocols, ""},
		{"{'cdn':'cdn-c','http-target':{'host':'c.test'}}", ""},
		{"{'cdn':'cdn-c','type':'FCI.RedirectTarget','value':{}}", ""},
		{"{'cdn':'cdn-c','type':'FCI.Logging','value':{'record-type':'x'}}", ""},
		{"{'cdn':'cdn-c','type':'FCI.Telemetry','value':{'sources':[]}}", ""},
		{"{'cdn':'cdn-c','type':'FCI.RedirectionMode','value':{'redirection-modes':['DNS-I'"
		 ","
		 "'HTTP-I']}}",
		 "['AS7:0']"},
		{"{'cdn':'cdn-c','type':'FCI.CapacityLimits','value':{'limits':[{'id':'x','limit-"
		 "type':'egress','maximum-hard':5,'telemetry-source':{'id':'t','metric':'m'}}]}}",
		 ""}});
	Advertisement ad(std::string("[") + own_protocols + "," + own_target + "]", "AS1:0",
			 {{"AS3:0", &c}});
	EXPECT_TRUE(ad.has("{'capability-type':'FCI.DeliveryProtocol','capability-value':{"
			   "'delivery-protocols':['http/1.1']},'cdn-path':['AS3:0'],'footprints':[{"
			   "'footprint-type':'countrycode','footprint-value':['fr']}]}"))
		<< "narrowed to what we say, too: " << ad.text();
	EXPECT_TRUE(ad.has("'cdn-path':['AS7:0','AS3:0']"));
	EXPECT_TRUE(ad.has("'redirection-modes':['DNS-I','HTTP-I']")) << "we say nothing of it";
	EXPECT_TRUE(ad.has("{'limits':[{'limit-type':'egress','maximum-hard':5}]}"));
	EXPECT_FALSE(ad.has("c.test")) << "transit: requests come to us";
	EXPECT_TRUE(ad.has("{'capability-type':'FCI.RedirectTarget','capability-value':{'http-"
			   "target':{'host':'b.test'}},'cdn-path':['AS3:0'],'footprints':[{"
			   "'footprint-type':'countrycode','footprint-value':['fr']}]}"))
		<< "our target stands for its footprint: " << ad.text();
	EXPECT_FALSE(ad.has("FCI.Logging"));
	EXPECT_FALSE(ad.has("FCI.Telemetry"));
	EXPECT_EQ(ad.value.n, 6u) << ad.text();
}

TEST(AdvertiseTest, WhatWeCannotDoIsNotHandedOn)
{
	Source c;
	c.says({{"{'type':'FCI.DeliveryProtocol','value':{'delivery-protocols':['https/1.1']}}",
		 ""},
		{"{'type':'FCI.Metadata','value':{'metadata':['MI.X']}}", ""}});
	Advertisement ad(std::string("[") + own_protocols +
				 ",{'capability-type':'FCI.Metadata','capability-value':{"
				 "'metadata':['MI.Y']}}]",
			 "AS1:0", {{"AS3:0", &c}});
	EXPECT_FALSE(ad.has("https/1.1"));
	EXPECT_TRUE(ad.has("'capability-value':{'metadata':[]},'cdn-path':['AS3:0']"))
		<< "an empty list of metadata is a statement";
	EXPECT_EQ(ad.value.n, 3u);
}

TEST(AdvertiseTest, LoopsAreBroken)
{
	Source c;
	c.says({{protocols, "['AS1:0']"}, {"{'type':'FCI.Metadata','value':{'metadata':[]}}", ""}});
	Advertisement to_first("[]", "AS1:0", {{"AS3:0", &c}});
	EXPECT_EQ(to_first.value.n, 1u) << "what came through it is not given back";
	EXPECT_TRUE(to_first.has("FCI.Metadata"));
	Advertisement to_itself("[]", "AS3:0", {{"AS3:0", &c}});
	EXPECT_EQ(to_itself.value.n, 0u);
	Advertisement to_other("[]", "AS9:0", {{"AS3:0", &c}});
	EXPECT_EQ(to_other.value.n, 2u);
	Advertisement nameless("[]", "AS9:0", {{"", &c}});
	EXPECT_EQ(nameless.value.n, 0u) << "its loops could not be seen";
	/* A path does not grow for ever. */
	std::string path = "['AS100:0'";
	for (int i = 1; i < ADVERTISE_PATH_MAX; i++)
		path += ",'AS" + std::to_string(100 + i) + ":0'";
	c.says({{protocols, path + "]"}});
	EXPECT_EQ(Advertisement("[]", "AS9:0", {{"AS3:0", &c}}).value.n, 0u);
}

TEST(AdvertiseTest, OnlyWhatIsInUseIsHandedOn)
{
	Source c;
	c.says({{protocols, ""}});
	EXPECT_EQ(Advertisement("[]", "", {{"AS3:0", &c}}).value.n, 1u);
	rib_settle(&c.rib, &c.rib.list[0], NULL, "refused");
	EXPECT_EQ(Advertisement("[]", "", {{"AS3:0", &c}}).value.n, 0u);
	c.rib.list[0].state = RIB_SUPPRESSED;
	EXPECT_EQ(Advertisement("[]", "", {{"AS3:0", &c}}).value.n, 0u);
}

/* Applies what advertise_patch writes: the two operations of RFC 6902 that it uses on the list, and the new tag. */
std::string patched(Json document, const Json &patch)
{
	json_t *list = json_object_get(json_object_get(document.get(), "cdni-advertisement"),
				       "capabilities-with-footprints");
	const std::string at = "/cdni-advertisement/capabilities-with-footprints/";
	for (size_t i = 0; i < patch.size(); i++) {
		Json op = patch[i];
		std::string path = op["path"].text();
		if (path == "/meta/vtag/tag") {
			json_object_set(
				json_object_get(json_object_get(document.get(), "meta"), "vtag"),
				"tag", op["value"].get());
			continue;
		}
		if (path == "/meta/dependent-vtags/0/tag") {
			json_object_set(
				json_array_get(
					json_object_get(json_object_get(document.get(), "meta"),
							"dependent-vtags"),
					0),
				"tag", op["value"].get());
			continue;
		}
		EXPECT_EQ(path.substr(0, at.size()), at);
		size_t index = std::stoul(path.substr(at.size()));
		if (op["op"].text() == "remove")
			EXPECT_EQ(json_array_remove(list, index), 0);
		else
			EXPECT_EQ(json_array_insert(list, index, op["value"].get()), 0);
	}
	return document.text();
}

Json map_of(const std::string &tag)
{
	return Json(quoted("{'meta':{'vtag':{'resource-id':'network-map','tag':'" + tag +
			   "'}},'network-map':{}}"));
}

/* RFC 9241 §3.6: a change of the map is a change of what depends on it. */
TEST(AdvertiseTest, DependsOnANetworkMap)
{
	const std::string list = "[" + std::string(own_target) + "]";
	auto with = [&](const char *tag) { return json_incref(map_of(tag).get()); };
	Advertisement none(list, ""), a(list, "", {}, with("a")), same(list, "", {}, with("a")),
		b(list, "", {}, with("b"));
	EXPECT_EQ(none.resource()["meta"]["dependent-vtags"].get(), nullptr);
	EXPECT_EQ(a.resource()["meta"]["dependent-vtags"].text(),
		  quoted("[{'resource-id':'network-map','tag':'a'}]"));
	EXPECT_EQ(a.tag(), same.tag());
	EXPECT_NE(a.tag(), b.tag());
	EXPECT_NE(a.tag(), none.tag());
	EXPECT_EQ(patched(a.resource(), Json(advertise_patch(&a.value, &b.value))),
		  b.resource().text());
}

TEST(AdvertiseTest, PatchesMakeTheNextOneOfTheLast)
{
	std::mt19937 random(7);
	auto list = [&] {
		std::string all = "[";
		for (int i = 0; i < 12; i++)
			if (random() % 2)
				all += std::string(all.size() > 1 ? "," : "") +
				       "{'capability-type':'FCI.X" + std::to_string(i) +
				       "','capability-value':{}}";
		return all + "]";
	};
	for (int round = 0; round < 300; round++) {
		Advertisement before(list(), ""), after(list(), "");
		Json patch(advertise_patch(&before.value, &after.value));
		EXPECT_EQ(patched(before.resource(), patch), after.resource().text())
			<< patch.text();
	}
	Advertisement same("[]", "");
	EXPECT_EQ(Json(advertise_patch(&same.value, &same.value)).size(), 1u);
}

} // namespace
