/* advertise_map_test - our own network map: PIDs from named footprints, what cannot be one, tags, and no memory. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/advertise_map.h"
#include "control/alto_map.h"
}

#include "tests/support/control_box.h"
#include "tests/support/failing_malloc.h"

#include <gtest/gtest.h>
#include <map>

namespace
{

std::string quoted(std::string text)
{
	for (char &c : text)
		if (c == '\'')
			c = '"';
	return text;
}

std::string v4(const std::string &prefixes)
{
	return "{'footprint-type':'ipv4cidr','footprint-value':[" + prefixes + "]}";
}

std::string v6(const std::string &prefixes)
{
	return "{'footprint-type':'ipv6cidr','footprint-value':[" + prefixes + "]}";
}

std::string in_union(const std::string &members)
{
	return "{'footprint-type':'footprintunion','footprint-value':[" + members + "]}";
}

/* Base objects, each with these footprints. */
std::string own(const std::vector<std::string> &footprints)
{
	std::string all;
	for (const std::string &one : footprints)
		all += std::string(all.empty() ? "" : ",") +
		       "{'capability-type':'FCI.DeliveryProtocol','footprints':[" + one + "]}";
	return "[" + all + "]";
}

std::string pid(const std::string &names)
{
	return "{'footprint-type':'altopid','footprint-value':[" + names + "]}";
}

struct Composed {
	std::map<std::string, std::string> named;
	std::string faults;
	bool done;
	Json body;

	Composed(const std::string &objects, const std::map<std::string, std::string> &footprints)
	    : named(footprints)
	{
		const struct advertise_footprints source = {find, fault, this};
		json_t *map = nullptr;
		Json list(quoted(objects));
		EXPECT_TRUE(list.get()) << objects;
		done = advertise_map_compose(list.get(), &source, &map);
		body = Json(map);
	}
	std::string pids() const
	{
		json_t *map = json_object_get(body.get(), "network-map");
		char *text = map ? json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS) : nullptr;
		std::string copy = text ? text : "-";
		free(text);
		return copy;
	}
	std::string tag() const
	{
		struct alto_vtag vtag;
		EXPECT_TRUE(alto_vtag_read(body.get(), &vtag));
		EXPECT_STREQ(vtag.resource, "network-map");
		return vtag.tag;
	}
	static json_t *find(void *arg, const char *name)
	{
		auto *self = static_cast<Composed *>(arg);
		auto at = self->named.find(name);
		return at == self->named.end()
			       ? nullptr
			       : json_loads(quoted("[" + at->second + "]").c_str(), 0, nullptr);
	}
	static void fault(void *arg, const json_t *at, const char *pid, const char *why)
	{
		EXPECT_STREQ(json_string_value(at), pid);
		static_cast<Composed *>(arg)->faults += pid + std::string(": ") + why + "\n";
	}
};

TEST(AdvertiseMap, no_pid_no_map)
{
	Composed none("[]", {}), other(own({v4("'192.0.2.0/24'")}), {{"a", v4("'10.0.0.0/8'")}});
	EXPECT_TRUE(none.done && other.done);
	EXPECT_EQ(none.pids() + other.pids(), "--");
}

TEST(AdvertiseMap, has_what_is_named)
{
	Composed map(own({pid("'a'"), in_union(pid("'b','a'")), v4("'192.0.2.0/24'")}),
		     {{"a", v4("'198.51.100.0/24','10.0.0.0/8'") + "," + v4("'10.0.0.0/8'")},
		      {"b", in_union(v4("'203.0.113.0/24'") + "," + v6("'2001:DB8::/32'"))},
		      {"c", v4("'192.0.2.0/24'")}});
	EXPECT_TRUE(map.done);
	EXPECT_EQ(map.faults, "");
	EXPECT_EQ(map.pids(), quoted("{'@rest':{'ipv4':['0.0.0.0/0'],'ipv6':['::/0']},"
				     "'a':{'ipv4':['10.0.0.0/8','198.51.100.0/24']},"
				     "'b':{'ipv4':['203.0.113.0/24'],'ipv6':['2001:db8::/32']}}"));
	struct faults faults = {};
	struct alto_map *read = alto_map_read(map.body.get(), 10, &faults);
	ASSERT_TRUE(read) << "our reader takes it";
	EXPECT_TRUE(alto_map_covers(read, 4) && alto_map_covers(read, 6));
	alto_map_free(read);
	faults_clear(&faults);
}

TEST(AdvertiseMap, rest_of_all_is_nothing)
{
	Composed map(own({pid("'a'")}), {{"a", in_union(v4("'0.0.0.0/0'") + "," + v6("'::/0'"))}});
	EXPECT_EQ(map.pids(), quoted("{'a':{'ipv4':['0.0.0.0/0'],'ipv6':['::/0']}}"));
	Composed half(own({pid("'a'")}), {{"a", v4("'0.0.0.0/0'")}});
	EXPECT_EQ(half.pids(), quoted("{'@rest':{'ipv6':['::/0']},'a':{'ipv4':['0.0.0.0/0']}}"));
}

TEST(AdvertiseMap, what_cannot_be_a_pid)
{
	const char *types =
		"the footprint of that name is neither of type ipv4cidr or ipv6cidr nor "
		"a footprintunion of them\n";
	const struct {
		std::string footprint, fault;
	} cases[] = {
		{"{'footprint-type':'countrycode','footprint-value':['fr']}", types},
		{"{'footprint-type':'altopid','footprint-value':['a']}", types},
		{"{'footprint-type':'ipv4cidr'},5", types},
		{v4("'10.0.0.0/8'") + "," + v6("'2001:db8::/32'"), types},
		{in_union(v4("'10.0.0.0/8'")) + "," + v4("'10.0.0.0/8'"), types},
		{in_union("{'footprint-type':'asn','footprint-value':['as1']}"), types},
		{v4("'192.0.2.0/24'"),
		 "PID 'a' has 192.0.2.0/24 already, and each is in one PID\n"},
	};
	for (const auto &c : cases) {
		Composed map(own({pid("'a','b'")}),
			     {{"a", v4("'192.0.2.0/24'")}, {"b", c.footprint}});
		EXPECT_TRUE(map.done);
		EXPECT_EQ(map.faults, "b: " + c.fault) << c.footprint;
		EXPECT_NE(map.pids().find(quoted("'a':{'ipv4':['192.0.2.0/24']}")),
			  std::string::npos)
			<< "the others are there";
	}
	Composed none(own({pid("'a','@rest'")}), {{"@rest", v4("'10.0.0.0/8'")}});
	EXPECT_EQ(none.faults, "a: no footprint has the name\n"
			       "@rest: the name is that of all other addresses\n");
	Composed within(own({pid("'a','b'")}),
			{{"a", v4("'10.0.0.0/8'")}, {"b", v4("'10.1.0.0/16','x',5")}});
	EXPECT_EQ(within.faults, "") << "the longest prefix decides";
}

TEST(AdvertiseMap, tag_is_of_what_it_says)
{
	const std::string named = own({pid("'a','b'")});
	const std::string b = v6("'2001:db8::/32'");
	Composed one(named, {{"a", v4("'10.0.0.0/8','192.0.2.0/24'")}, {"b", b}}),
		same(own({pid("'b'"), pid("'a'")}),
		     {{"a", in_union(v4("'192.0.2.0/24','10.0.0.0/8','10.0.0.0/8'"))}, {"b", b}}),
		less(named, {{"a", v4("'10.0.0.0/8'")}, {"b", b}}),
		other(own({pid("'a','c'")}), {{"a", v4("'10.0.0.0/8','192.0.2.0/24'")}, {"c", b}});
	EXPECT_EQ(one.tag().size(), 32u);
	EXPECT_EQ(one.tag(), same.tag());
	EXPECT_NE(one.tag(), less.tag());
	EXPECT_NE(one.tag(), other.tag());
}

TEST(AdvertiseMap, without_memory)
{
	Json list(quoted(own({pid("'a'"), in_union(pid("'b'"))})));
	Json a(quoted("[" + v4("'10.0.0.0/8','192.0.2.0/24'") + "]"));
	struct advertise_footprints source = {};
	source.find = [](void *arg, const char *) { return json_incref((json_t *)arg); };
	source.fault = [](void *, const json_t *, const char *, const char *) {};
	source.arg = a.get();
	json_set_alloc_funcs(malloc, free);
	bool failed = true;
	long at = 0;
	for (; failed; at++) {
		json_t *map = nullptr;
		failing_malloc.reset(at);
		bool done = advertise_map_compose(list.get(), &source, &map);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(done, map != nullptr) << at;
		EXPECT_TRUE(done || failed);
		json_decref(map);
	}
	EXPECT_GT(at, 20);
}

} // namespace
