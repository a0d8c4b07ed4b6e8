/* rib_test - the routes of a peer over its updates: what comes, changes, goes, flaps, and how much of it is remembered. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/rib.h"
}

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

struct RibTest : testing::Test {
	struct rib rib = {};
	uint64_t now = 1000;

	RibTest()
	{
		rib.damping = {900, 2500, 750, 3600};
	}
	~RibTest() override
	{
		rib_clear(&rib);
	}
	static json_t *object_of(const std::string &text)
	{
		return json_pack("{s:s, s:s}", "cdn", "b", "value", text.c_str());
	}
	/* Routes by what they say. Are the tables to be told? */
	bool take(const std::vector<std::string> &routes, bool lasting = true, size_t faults = 0,
		  const char *path = nullptr)
	{
		struct rib_update update = {};
		for (const std::string &text : routes) {
			struct rib_route route = {};
			route.kind = OBJECT_DRI;
			route.object = object_of(text);
			route.path = path ? json_pack("[s]", path) : nullptr;
			EXPECT_TRUE(rib_update_add(&update, &route));
			json_decref(route.object);
			json_decref(route.path);
		}
		for (size_t i = 0; i < faults; i++)
			faults_add(&update.faults, (struct place){NULL, 0}, "entry %zu is bad", i);
		bool changed = false;
		EXPECT_TRUE(rib_take(&rib, &update, lasting, now, &changed));
		EXPECT_EQ(update.list, nullptr);
		return changed;
	}
	/* NULL: there is none. One that went has no object any more, but its name. */
	struct rib_route *find(const std::string &text)
	{
		struct rib_update update = {};
		struct rib_route route = {};
		route.kind = OBJECT_DRI;
		route.object = object_of(text);
		EXPECT_TRUE(rib_update_add(&update, &route));
		json_decref(route.object);
		struct rib_route *found = rib_find(&rib, OBJECT_DRI, update.list[0].name);
		rib_update_clear(&update);
		return found;
	}
	void accept()
	{
		for (size_t i = 0; i < rib.n; i++)
			if (rib.list[i].state == RIB_NEW)
				rib_settle(&rib, &rib.list[i], "in the tables", NULL);
	}
	std::string state(const std::string &name)
	{
		const struct rib_route *route = find(name);
		return route ? rib_state_name(route->state) : "none";
	}
};

TEST_F(RibTest, ComesStaysGoes)
{
	EXPECT_FALSE(take({}));
	EXPECT_TRUE(take({"b", "a", "c"}));
	EXPECT_EQ(rib.n, 3u);
	accept();
	now += 10;
	EXPECT_FALSE(take({"c", "b", "a"})) << "the same in another order";
	EXPECT_EQ(state("a"), "accepted");
	EXPECT_EQ(find("a")->since, 1000u);
	EXPECT_TRUE(take({"d", "b"}));
	EXPECT_EQ(state("d"), "new");
	EXPECT_EQ(state("c"), "withdrawn");
	EXPECT_EQ(find("c")->table, nullptr);
	EXPECT_EQ(find("d")->since, now);
	EXPECT_EQ(find("b")->since, 1000u);
	EXPECT_STREQ(find("b")->table, "in the tables");
	EXPECT_EQ(rib.received, 4u);
	EXPECT_EQ(rib.withdrawn, 2u);
	accept();
	EXPECT_FALSE(take({"d", "b"})) << "what went does not go again";
	EXPECT_EQ(rib_count(&rib, RIB_ACCEPTED), 2u);
	EXPECT_EQ(rib_find(&rib, OBJECT_CDN, find("b")->name), nullptr) << "of another kind";
	EXPECT_TRUE(take({}));
	EXPECT_EQ(rib_count(&rib, RIB_GONE), 4u);
}

TEST_F(RibTest, AnotherPathIsTold)
{
	take({"a"});
	accept();
	EXPECT_TRUE(take({"a"}, true, 0, "AS1:0"));
	EXPECT_FALSE(take({"a"}, true, 0, "AS1:0"));
	EXPECT_TRUE(take({"a"}, true, 0, "AS2:0"));
	EXPECT_TRUE(take({"a"}));
	EXPECT_EQ(state("a"), "accepted");
	EXPECT_EQ(damping_penalty(&find("a")->damping, &rib.damping, now), 0u);
}

TEST_F(RibTest, WhatIsRefusedStaysSo)
{
	take({"a", "b"}, true, 3);
	EXPECT_EQ(rib.refused, 3u);
	EXPECT_EQ(rib.faults.total, 3u);
	rib_settle(&rib, find("a"), NULL, "no such thing");
	rib_settle(&rib, find("b"), "b", NULL);
	EXPECT_EQ(rib.refused, 4u);
	EXPECT_FALSE(take({"a", "b"}));
	EXPECT_EQ(rib.faults.total, 0u);
	EXPECT_EQ(state("a"), "refused");
	EXPECT_STREQ(find("a")->reason, "no such thing");
	EXPECT_EQ(state("b"), "accepted");
	/* The tables may change their mind. */
	rib_settle(&rib, find("a"), "a", NULL);
	EXPECT_EQ(state("a"), "accepted");
	EXPECT_EQ(find("a")->reason, nullptr);
}

TEST_F(RibTest, WhatIsSaidTwiceCountsOnce)
{
	EXPECT_TRUE(take({"a", "b", "a", "a"}));
	EXPECT_EQ(rib.n, 2u);
	EXPECT_EQ(rib.doubled, 2u);
}

TEST_F(RibTest, FlapsAreLeftOutUntilItIsQuiet)
{
	take({"a", "b"});
	accept();
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(take({"b"}));
		EXPECT_TRUE(take({"a", "b"}));
		EXPECT_EQ(state("a"), "new");
		accept();
	}
	EXPECT_TRUE(take({"b"}));
	EXPECT_FALSE(take({"a", "b"})) << "it came back for the third time";
	EXPECT_EQ(state("a"), "suppressed");
	EXPECT_EQ(state("b"), "accepted");
	EXPECT_EQ(rib.suppressed, 1u);
	EXPECT_EQ(find("a")->table, nullptr);
	EXPECT_FALSE(rib_tend(&rib, now + 60));
	uint64_t remaining = damping_remaining(&find("a")->damping, &rib.damping, now);
	EXPECT_FALSE(rib_tend(&rib, now + remaining - 1));
	EXPECT_TRUE(rib_tend(&rib, now + remaining + 1));
	EXPECT_EQ(state("a"), "new");
	EXPECT_FALSE(rib_tend(&rib, now + remaining + 2)) << "told once";
}

TEST_F(RibTest, WhatGoesWhileItIsLeftOutIsNotToldAgain)
{
	for (int i = 0; i < 4; i++) {
		take({"a"});
		accept();
		take({});
	}
	EXPECT_FALSE(take({"a"}));
	EXPECT_EQ(state("a"), "suppressed");
	EXPECT_FALSE(take({}));
	EXPECT_EQ(state("a"), "withdrawn");
	EXPECT_FALSE(rib_tend(&rib, now + 3700));
	EXPECT_TRUE(take({"b"}));
}

TEST_F(RibTest, APeerThatWasAwayDoesNotFlap)
{
	take({"a", "b"});
	accept();
	for (int i = 0; i < 20; i++) {
		EXPECT_TRUE(take({"b"}, false));
		EXPECT_TRUE(take({"a"}, false));
		EXPECT_EQ(state("a") + state("b"), "newnone");
		accept();
	}
	EXPECT_EQ(damping_penalty(&find("a")->damping, &rib.damping, now), 0u);
}

TEST_F(RibTest, WhatWentIsForgottenInTheEnd)
{
	take({"a"});
	take({});
	EXPECT_EQ(state("a"), "withdrawn");
	EXPECT_FALSE(rib_tend(&rib, now + 1200));
	EXPECT_EQ(state("a"), "withdrawn");
	EXPECT_FALSE(rib_tend(&rib, now + 1300));
	EXPECT_EQ(state("a"), "none");
	EXPECT_EQ(rib.n, 0u);
}

TEST_F(RibTest, APeerThatAlwaysSaysSomethingElseFillsNoMemory)
{
	enum { ROUTES = 3000 };
	take({"often"});
	take({});
	take({"often"});
	take({});
	for (int round = 0; round < 20; round++) {
		std::vector<std::string> routes;
		for (int i = 0; i < ROUTES; i++)
			routes.push_back(std::to_string(round) + "-" + std::to_string(i));
		take(routes);
		EXPECT_LE(rib.n, (size_t)RIB_GONE_MAX + ROUTES);
	}
	EXPECT_EQ(rib_count(&rib, RIB_NEW), (size_t)ROUTES);
	EXPECT_EQ(state("often"), "withdrawn") << "those that went but once are forgotten first";
}

TEST_F(RibTest, Types)
{
	json_t *advert = json_pack("{s:s}", "type", "FCI.Metadata");
	struct rib_route route = {};
	route.kind = OBJECT_DRI;
	route.object = advert;
	EXPECT_STREQ(rib_route_type(&route), "FCI.RedirectTarget");
	route.kind = OBJECT_SCOPE;
	EXPECT_STREQ(rib_route_type(&route), "FCI.Metadata");
	route.object = nullptr;
	EXPECT_STREQ(rib_route_type(&route), "");
	json_decref(advert);
}

} // namespace
