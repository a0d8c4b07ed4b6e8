/* fci_write_test - advertisements written and read again, filters with their bound. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/fci_read.h"
#include "control/fci_write.h"
}

namespace
{

TEST(FciWrite, WhatIsWrittenIsReadAsItWas)
{
	const alto_vtag vtag = {"adv", "t1"}, map = {"m", "t2"};
	JsonPtr entries =
		json_of("[{'capability-type':'FCI.RedirectionMode','capability-value':{'"
			"redirection-modes':['DNS-I']},"
			"'footprints':[{'footprint-type':'altopid','footprint-value':['a']}]},"
			"{'capability-type':'FCI.Metadata','capability-value':{'metadata':[]}}]");
	JsonPtr body(fci_write(&vtag, &map, entries.get()));
	EXPECT_EQ(
		text_of(at(body.get(), "meta")),
		R"({"dependent-vtags":[{"resource-id":"m","tag":"t2"}],"vtag":{"resource-id":"adv","tag":"t1"}})");
	const fci_how how = {nullptr, false, true, nullptr, 10, 10};
	fci_list list;
	FaultList faults;
	ASSERT_TRUE(fci_read(&how, body.get(), &list, &faults));
	ASSERT_EQ(list.n, 2u);
	for (size_t i = 0; i < 2; i++) {
		EXPECT_EQ(text_of(list.list[i].base), text_of(json_array_get(entries.get(), i)));
		EXPECT_EQ(list.list[i].object, nullptr) << "no CDN, no object";
		EXPECT_EQ(list.list[i].name, nullptr);
	}
	fci_list_clear(&list);
	JsonPtr none(json_array());
	EXPECT_EQ(text_of(JsonPtr(fci_write(&vtag, nullptr, none.get()))),
		  R"({"cdni-advertisement":{"capabilities-with-footprints":[]},)"
		  R"("meta":{"vtag":{"resource-id":"adv","tag":"t1"}}})");
}

std::string filter(const std::string &entries, const std::string &request,
		   std::string *code = nullptr)
{
	json_t *error;
	JsonPtr list = json_of(entries), wanted = json_of(request);
	JsonPtr kept(fci_filter(list.get(), wanted.get(), &error)), refused(error);
	EXPECT_EQ(kept == nullptr, refused != nullptr);
	if (code)
		*code = string_of(at(at(refused.get(), "meta"), "code"));
	return text_of(kept);
}

TEST(FciWrite, ValuesHaveAllOfWhatIsAskedFor)
{
	const std::string limits =
		"{'capability-type':'FCI.CapacityLimits','capability-value':{'limits':["
		"{'id':'a','limit-type':'egress','maximum-hard':5},"
		"{'limit-type':'requests','maximum-hard':7}]}}";
	auto ask = [&](const std::string &value) {
		return filter("[" + limits + "]", "{'cdni-capabilities':[{'capability-type':"
						  "'FCI.CapacityLimits','capability-value':" +
							  value + "}]}") != "[]";
	};
	EXPECT_TRUE(ask("{'limits':[]}"));
	EXPECT_TRUE(ask("{'limits':[{'limit-type':'requests','maximum-hard':7}]}"));
	EXPECT_TRUE(ask("{'limits':[{'limit-type':'egress','maximum-hard':5}]}"));
	EXPECT_FALSE(ask("{'limits':[{'limit-type':'egress','maximum-hard':7}]}"));
	EXPECT_FALSE(ask("{'limits':[{'id':'b','limit-type':'egress','maximum-hard':5}]}"));
	const std::string other =
		"[{'capability-type':'FCI.New','capability-value':{'a':{'b':[1,2]},'c':3}}]";
	auto ask_other = [&](const std::string &value) {
		return filter(other, "{'cdni-capabilities':[{'capability-type':'FCI.New',"
				     "'capability-value':" +
					     value + "}]}") != "[]";
	};
	EXPECT_TRUE(ask_other("{'a':{'b':[2]}}"));
	EXPECT_TRUE(ask_other("{}"));
	EXPECT_FALSE(ask_other("{'a':{'b':[3]}}"));
	EXPECT_FALSE(ask_other("{'d':1}"));
	EXPECT_FALSE(ask_other("{'c':[3]}"));
}

TEST(FciWrite, FiltersAreBounded)
{
	std::string have = "{'x':[", want = have, code;
	for (int i = 0; i < 4000; i++) {
		have += (i ? "," : "") + std::to_string(i);
		want += (i ? "," : "") + std::to_string(3999);
	}
	EXPECT_EQ(filter("[{'capability-type':'FCI.New','capability-value':" + have + "]}}]",
			 "{'cdni-capabilities':[{'capability-type':'FCI.New','capability-value':" +
				 want + "]}}]}",
			 &code),
		  "");
	EXPECT_EQ(code, "E_INVALID_FIELD_VALUE");
}

TEST(FciWrite, OddRequestsAreRefused)
{
	std::string code;
	const std::pair<const char *, const char *> cases[] = {
		{"7", "E_MISSING_FIELD"},
		{"{}", "E_MISSING_FIELD"},
		{"{'cdni-capabilities': null}", "E_INVALID_FIELD_TYPE"},
		{"{'cdni-capabilities': [7]}", "E_INVALID_FIELD_TYPE"},
		{"{'cdni-capabilities': [{}]}", "E_MISSING_FIELD"},
		{"{'cdni-capabilities': [{'capability-type': 'FCI.Metadata'}]}", "E_MISSING_FIELD"},
		{"{'cdni-capabilities': [{'capability-type': 'FCI.Metadata', 'capability-value': "
		 "[]}]}",
		 "E_INVALID_FIELD_VALUE"},
	};
	for (auto [request, expected] : cases) {
		EXPECT_EQ(filter("[]", request, &code), "") << request;
		EXPECT_EQ(code, expected) << request;
	}
}

} /* namespace */
