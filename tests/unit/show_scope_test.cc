/* show_scope_test - the method show.scope: what was said, places, footprints, and hits of two workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/rpc_world.h"

namespace
{

const char *const config = R"(
ports = ( { name = "p"; vdev = "net_null0"; addresses = ["192.0.2.1"]; } );
cdns = ( { name = "b"; }, { name = "c"; } );
nodes = ( { name = "n"; } );
dris = ( { cdn = "b"; dns-target = { host = "b.example"; }; }, { cdn = "c"; dns-target = { host = "c.example"; }; },
  { node = "n"; dns-target = { host = "n.example"; }; } );
zones = ( { name = "cdn.example"; servers = ( { name = "ns.cdn.example"; addresses = ["192.0.2.53"]; } ); } );
footprints = (
  { name = "home"; footprints = ( { footprint-type = "ipv4cidr"; footprint-value = ["198.51.100.0/24"]; } ); },
  { name = "work"; footprints = ( { footprint-type = "ipv4cidr"; footprint-value = ["203.0.113.0/24"]; } ); } );
scopes = (
  { name = "plain"; hosts = ["vod.cdn.example"]; candidates = ( { cdn = "b"; } ); },
  { name = "places"; hosts = ["*.tv.cdn.example", "a.cdn.example"]; paths = ["/live/", "/vod/x"];
    candidates = ( { cdn = "c"; }, { node = "n"; }, { cdn = "b"; } ); },
  { name = "any"; hosts = ["*"]; action = "deny"; },
  { name = "prints"; hosts = ["vod.cdn.example"]; candidates = ( { cdn = "b"; } ); footprints = ( "work",
    { footprint-type = "ipv4cidr"; footprint-value = ["203.0.113.0/25"]; }, "home" ); }
);
)";

class ShowScope : public RpcWorld
{
      protected:
	ShowScope() : RpcWorld(config)
	{
	}
	const struct scope *scope(const char *name)
	{
		return object_find(plane.view->objects, OBJECT_SCOPE, name)->made.scope;
	}
	uint32_t footprint(const char *name)
	{
		return object_find(plane.view->objects, OBJECT_FOOTPRINT, name)->made.id;
	}
	std::string place(unsigned line)
	{
		return R"({"set":"configuration","file":")" + path + R"(","line":)" +
		       std::to_string(line) + ",";
	}
};

TEST_F(ShowScope, NobodyAskedYet)
{
	EXPECT_EQ(call("show.scope", R"({"name":"plain"})"),
		  result(place(12) +
			 R"("scope":{"name":"plain","hosts":["vod.cdn.example"],"candidates":)"
			 R"([{"cdn":"b"}]},"keys":["vod.cdn.example/"],"footprints":[],"hits":)"
			 R"({"total":0,"last":null,"candidates":[{"cdn":"b","hits":0}],)"
			 R"("otherwise":0}})"));
}

TEST_F(ShowScope, HitsOfAllWorkersByCandidate)
{
	uint32_t hits = scope("places")->hits;
	hits_count(0, hits, 0, NOW);
	hits_count(0, hits, 2, NOW + 5);
	hits_count(1, hits, 2, NOW + 3);
	hits_count(1, hits, 3, NOW + 1);
	std::string text = call("show.scope", R"({"name":"places"})");
	EXPECT_NE(text.find(R"("hits":{"total":4,"last":"2023-11-14T22:13:25Z","candidates":)"
			    R"([{"cdn":"c","hits":1},{"node":"n","hits":0},{"cdn":"b","hits":2}],)"
			    R"("otherwise":1})"),
		  std::string::npos)
		<< text;
}

TEST_F(ShowScope, PlacesAsTheyAreWritten)
{
	std::string text = call("show.scope", R"({"name":"places"})");
	EXPECT_NE(text.find(R"("keys":["*.tv.cdn.example/live/","*.tv.cdn.example/vod/x",)"
			    R"("a.cdn.example/live/","a.cdn.example/vod/x"])"),
		  std::string::npos)
		<< text;
	text = call("show.scope", R"({"name":"any"})");
	EXPECT_NE(text.find(R"("keys":["*/"],"footprints":[],"hits":{"total":0,"last":null,)"
			    R"("candidates":[],"otherwise":0})"),
		  std::string::npos)
		<< text;
}

TEST_F(ShowScope, FootprintsWithTheirNames)
{
	std::string text = call("show.scope", R"({"name":"prints"})");
	EXPECT_NE(text.find(R"("footprints":[{"id":)" + std::to_string(scope("prints")->footprint) +
			    R"(,"name":null},{"id":)" + std::to_string(footprint("work")) +
			    R"(,"name":"work"},{"id":)" + std::to_string(footprint("home")) +
			    R"(,"name":"home"}])"),
		  std::string::npos)
		<< text;
}

TEST_F(ShowScope, ChangedScopeBeginsAnewAndRemovedOneIsGone)
{
	hits_count(0, scope("plain")->hits, 0, NOW);
	call("put", R"({"kind":"scope","object":{"name":"plain","hosts":["new.cdn.example"],)"
		    R"("candidates":[{"cdn":"c"}]}})");
	std::string text = call("show.scope", R"({"name":"plain"})");
	EXPECT_NE(text.find(R"({"set":"operator","file":null,)"), std::string::npos) << text;
	EXPECT_NE(text.find(R"("keys":["new.cdn.example/"])"), std::string::npos) << text;
	EXPECT_NE(text.find(R"("hits":{"total":0,"last":null,)"), std::string::npos) << text;
	call("remove", R"({"kind":"scope","name":"plain"})");
	EXPECT_EQ(call("show.scope", R"({"name":"plain"})"),
		  error(-32000, "there is no scope 'plain'; turnoutctl show scopes lists them"));
}

TEST_F(ShowScope, WithoutMemoryToCountHitsAreNull)
{
	const_cast<struct scope *>(scope("plain"))->hits = 0;
	std::string text = call("show.scope", R"({"name":"plain"})");
	EXPECT_NE(text.find(R"("hits":null})"), std::string::npos) << text;
}

TEST_F(ShowScope, NeedsTheNameOfOne)
{
	EXPECT_EQ(call("show.scope"), error(-32602, "parameters: 'name' is missing"));
	EXPECT_EQ(call("show.scope", R"({"name":"b"})"),
		  error(-32000, "there is no scope 'b'; turnoutctl show scopes lists them"));
}

} // namespace
