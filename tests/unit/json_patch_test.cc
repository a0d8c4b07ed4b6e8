/* json_patch_test - the operations of RFC 6902 and its examples; all or nothing; bounded work; memory that runs out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>
#include <random>

extern "C" {
#include "control/json_patch.h"
#include "control/json_strict.h"
}

namespace
{

const size_t MAX = 1 << 20;

/* The patched document as text, or the reason with "! " before it. The old one stays as it was. */
std::string patch(const std::string &document, const std::string &operations, size_t max = MAX)
{
	char err[600] = "";
	JsonPtr before = json_of(document), patch = json_of(operations);
	std::string text = text_of(before), patch_text = text_of(patch);
	JsonPtr after(json_patch_apply(before.get(), patch.get(), max, err, sizeof(err)));
	EXPECT_EQ(after == nullptr, err[0] != '\0') << operations;
	EXPECT_EQ(text_of(before), text);
	EXPECT_EQ(text_of(patch), patch_text);
	std::string result = after ? text_of(after) : std::string("! ") + err;
	before.reset();
	patch.reset();
	EXPECT_EQ(after ? text_of(after) : result, result) << "it lives by itself";
	return result;
}

void expect_patch(const std::string &document, const std::string &operations,
		  const std::string &expected)
{
	EXPECT_EQ(patch(document, operations), text_of(json_of(expected))) << operations;
}

void expect_refused(const std::string &document, const std::string &operations,
		    const std::string &reason, size_t max = MAX)
{
	std::string got = patch(document, operations, max);
	EXPECT_EQ(got.substr(0, 2), "! ") << operations;
	EXPECT_NE(got.find(reason), std::string::npos) << operations << ": " << got;
}

TEST(JsonPatch, ExamplesOfTheRfc)
{
	expect_patch("{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux'}]",
		     "{'baz':'qux','foo':'bar'}");
	expect_patch("{'foo':['bar','baz']}", "[{'op':'add','path':'/foo/1','value':'qux'}]",
		     "{'foo':['bar','qux','baz']}");
	expect_patch("{'baz':'qux','foo':'bar'}", "[{'op':'remove','path':'/baz'}]",
		     "{'foo':'bar'}");
	expect_patch("{'foo':['bar','qux','baz']}", "[{'op':'remove','path':'/foo/1'}]",
		     "{'foo':['bar','baz']}");
	expect_patch("{'baz':'qux'}", "[{'op':'replace','path':'/baz','value':'boo'}]",
		     "{'baz':'boo'}");
	expect_patch("{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}}",
		     "[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]",
		     "{'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}");
	expect_patch("{'foo':['all','grass','cows','eat']}",
		     "[{'op':'move','from':'/foo/1','path':'/foo/3'}]",
		     "{'foo':['all','cows','eat','grass']}");
	expect_patch("{'baz':'qux','foo':['a',2,'c']}",
		     "[{'op':'test','path':'/baz','value':'qux'},{'op':'test','path':'/foo/"
		     "1','value':2}]",
		     "{'baz':'qux','foo':['a',2,'c']}");
	expect_refused("{'baz':'qux'}", "[{'op':'test','path':'/baz','value':'bar'}]",
		       "operation 0 (test /baz): the value there is another one");
	expect_patch("{'foo':'bar'}", "[{'op':'add','path':'/child','value':{'grandchild':{}}}]",
		     "{'foo':'bar','child':{'grandchild':{}}}");
	expect_patch("{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux','xyz':123}]",
		     "{'foo':'bar','baz':'qux'}");
	expect_refused("{'foo':'bar'}", "[{'op':'add','path':'/baz/bat','value':'qux'}]",
		       "there is no 'baz'");
	expect_patch("{'/':9,'~1':10}", "[{'op':'test','path':'/~01','value':10}]",
		     "{'/':9,'~1':10}");
	expect_refused("{'/':9,'~1':10}", "[{'op':'test','path':'/~01','value':'10'}]",
		       "another one");
	expect_patch("{'foo':['bar']}", "[{'op':'add','path':'/foo/-','value':['abc','def']}]",
		     "{'foo':['bar',['abc','def']]}");
}

TEST(JsonPatch, WholeDocuments)
{
	expect_patch("{'a':1}", "[{'op':'replace','path':'','value':[1]}]", "[1]");
	expect_patch("{'a':1}", "[{'op':'add','path':'','value':null}]", "null");
	expect_patch("{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':''}]", "{'b':1}");
	expect_patch("{'a':{'b':1}}", "[{'op':'copy','from':'','path':'/a/b'}]",
		     "{'a':{'b':{'a':{'b':1}}}}");
	expect_patch("[[]]", "[{'op':'copy','from':'/0','path':'/0/-'}]", "[[[]]]");
	expect_refused("{'a':1}", "[{'op':'remove','path':''}]", "cannot be removed");
	expect_refused("{'a':1}", "[{'op':'move','from':'','path':'/a'}]", "into itself");
	expect_patch("{'a':1}", "[]", "{'a':1}");
}

TEST(JsonPatch, Arrays)
{
	expect_patch("[1,2]", "[{'op':'add','path':'/2','value':3}]", "[1,2,3]");
	expect_patch("[1,2]", "[{'op':'add','path':'/0','value':null}]", "[null,1,2]");
	expect_patch("[1,2]", "[{'op':'replace','path':'/1','value':null}]", "[1,null]");
	for (const char *path : {"/3", "/01", "/x", "/1e0", "/"})
		expect_refused("[1,2]",
			       std::string("[{'op':'add','path':'") + path + "','value':3}]",
			       "is not an index of an array of 2");
	for (const char *op : {"remove", "replace", "test"})
		for (const char *path : {"/-", "/2"})
			expect_refused("[1,2]",
				       std::string("[{'op':'") + op + "','path':'" + path +
					       "','value':3}]",
				       "there is no '");
}

TEST(JsonPatch, MovesAndCopies)
{
	expect_patch("{'a':{'b':1}}", "[{'op':'move','from':'/a','path':'/a'}]", "{'a':{'b':1}}");
	expect_patch("{'a':[1]}", "[{'op':'move','from':'/a/0','path':'/a'}]", "{'a':1}");
	expect_patch("{'a':1,'ab':2}", "[{'op':'move','from':'/a','path':'/ab'}]", "{'ab':1}");
	expect_refused("{'a':{'b':1}}", "[{'op':'move','from':'/a','path':'/a/b'}]", "into itself");
	expect_refused("{'a':1}", "[{'op':'move','from':'/b','path':'/b'}]", "leads nowhere");
	expect_refused("{'a':1}", "[{'op':'copy','from':'/b','path':'/a'}]", "leads nowhere");
	expect_patch("{'a':{'b':1},'c':[]}",
		     "[{'op':'copy','from':'/a','path':'/c/0'},"
		     "{'op':'replace','path':'/c/0/b','value':2},"
		     "{'op':'copy','from':'/c','path':'/d'},"
		     "{'op':'add','path':'/c/0/x','value':{}},"
		     "{'op':'add','path':'/c/0/x/y','value':1}]",
		     "{'a':{'b':1},'c':[{'b':2,'x':{'y':1}}],'d':[{'b':2}]}");
}

TEST(JsonPatch, ValuesOfThePatchAreNotChanged)
{
	expect_patch("{}",
		     "[{'op':'add','path':'/a','value':{'b':[1]}},{'op':'add','path':'/a/b/"
		     "-','value':2}]",
		     "{'a':{'b':[1,2]}}");
}

TEST(JsonPatch, WrongPatchesAreRefused)
{
	expect_refused("{}", "{'op':'add','path':'/a','value':1}", "is an array of operations");
	for (const char *operation : {"7", "{}", "{'op':'add'}", "{'path':'/a'}",
				      "{'op':1,'path':'/a'}", "{'op':'add','path':1}"})
		expect_refused("{}", std::string("[") + operation + "]", "expected an object with");
	expect_refused("{}", "[{'op':'put','path':'/a','value':1}]", "not 'put'");
	expect_refused("{}", "[{'op':'add','path':'/a'}]", "'value' is missing");
	expect_refused("{}", "[{'op':'copy','path':'/a'}]", "'from' is missing");
	expect_refused("{}", "[{'op':'add','path':'a','value':1}]", "is not a JSON pointer");
	expect_refused("{'a':1}", "[{'op':'add','path':'/a/b','value':1}]", "neither object nor");
	expect_refused("{'a':1}", "[{'op':'remove','path':'/a/b'}]", "neither object nor array");
	expect_refused("{'a':1}", "[{'op':'remove','path':'/b'}]", "there is no 'b'");
}

TEST(JsonPatch, AllOrNothing)
{
	expect_refused("{'a':[1,2]}",
		       "[{'op':'add','path':'/b','value':1},{'op':'remove','path':'/a/0'},"
		       "{'op':'test','path':'/a/0','value':1}]",
		       "operation 2 (test /a/0)");
}

TEST(JsonPatch, NumbersCompareByValue)
{
	expect_patch("{'a':1}", "[{'op':'test','path':'','value':{'a':1.0}}]", "{'a':1}");
}

/* Each operation doubles what there is: 2^40 octets at the end. */
TEST(JsonPatch, CopyBombsAreBounded)
{
	std::string operations = "[";
	for (int i = 0; i < 40; i++)
		operations += std::string(i ? "," : "") + "{'op':'copy','from':'/a','path':'/a/-'}";
	expect_refused("{'a':['aaaaaaaa']}", operations + "]", "adds or moves more than");

	operations = "[{'op':'add','path':'/x','value':0}";
	for (int i = 0; i < 10000; i++)
		operations += ",{'op':'copy','from':'/a','path':'/x'}";
	expect_refused("{'a':'" + std::string(1000, 'a') + "'}", operations + "]",
		       "adds or moves more than");
}

TEST(JsonPatch, TheResultHasALimit)
{
	std::string document = "{'a':'" + std::string(500, 'a') + "'}";
	std::string add = "[{'op':'add','path':'/b','value':'" + std::string(400, 'b') + "'}]";
	EXPECT_NE(patch(document, add, 1000)[0], '!');
	expect_refused(document, add, "the patched document is past 700 octets", 700);
}

/* Inserting at the start of a long array moves all of it. */
TEST(JsonPatch, MovedElementsAreCounted)
{
	std::string document = "[0", operations = "[";
	for (int i = 0; i < 20000; i++)
		document += ",0";
	for (int i = 0; i < 200; i++)
		operations += std::string(i ? "," : "") + "{'op':'add','path':'/0','value':1}";
	expect_refused(document + "]", operations + "]", "adds or moves more than");
}

/* The document, naively: every operation on a deep copy. */
TEST(JsonPatch, SharesAndStillChangesNothingElse)
{
	std::mt19937 random(6902);
	const char *paths[] = {"/a", "/b", "/a/0", "/b/0", "/a/-", "/a/0/x", "/b/0/x", "/c", ""};
	const char *ops[] = {"add", "remove", "replace", "copy", "move", "test"};
	const char *values[] = {"1", "{'x':[1]}", "[{'x':1}]", "[]"};
	JsonPtr document = json_of("{'a':[{'x':1}],'b':[{'x':2}]}");
	std::vector<std::pair<JsonPtr, std::string>> versions;
	unsigned changed = 0;
	for (int i = 0; i < 4000; i++) {
		std::string operation = std::string("[{'op':'") + ops[random() % 6] + "','path':'" +
					paths[random() % 9] + "','from':'" + paths[random() % 9] +
					"','value':" + values[random() % 4] + "}]";
		char err[600];
		JsonPtr patch = json_of(operation), deep(json_deep_copy(document.get()));
		JsonPtr next(json_patch_apply(document.get(), patch.get(), 4000, err, sizeof(err)));
		JsonPtr again(json_patch_apply(deep.get(), patch.get(), 4000, err, sizeof(err)));
		ASSERT_EQ(text_of(next), text_of(again)) << operation;
		if (!next || !json_is_object(next.get()))
			continue;
		changed++;
		versions.emplace_back(std::move(document), "");
		versions.back().second = text_of(versions.back().first);
		document = std::move(next);
		if (versions.size() > 10)
			versions.erase(versions.begin());
		for (const auto &[version, text] : versions)
			ASSERT_EQ(text_of(version), text) << operation;
		if (i % 500 == 0)
			document = json_of("{'a':[{'x':1}],'b':[{'x':2}]}");
	}
	EXPECT_GT(changed, 500u);
}

TEST(JsonPatch, MemoryThatRunsOut)
{
	json_set_alloc_funcs(malloc, free);
	JsonPtr document = json_of("{'a':{'b':[1,{'c':2}]},'d':3}");
	JsonPtr patch = json_of("[{'op':'add','path':'/a/b/1/x','value':{'y':1}},"
				"{'op':'copy','from':'/a','path':'/a/e'},"
				"{'op':'move','from':'/d','path':'/a/b/-'}]");
	std::string before = text_of(document), after;
	for (long at = 0;; at++) {
		char err[600] = "";
		failing_malloc.reset(at);
		JsonPtr next(json_patch_apply(document.get(), patch.get(), MAX, err, sizeof(err)));
		bool failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(text_of(document), before);
		EXPECT_EQ(next == nullptr, failed) << at;
		after = text_of(next);
		if (!failed)
			break;
		EXPECT_NE(err[0], '\0') << at;
	}
	EXPECT_EQ(after, "{\"a\":{\"b\":[1,{\"c\":2,\"x\":{\"y\":1}},3],\"e\":{\"b\":[1,{\"c\":2,"
			 "\"x\":{\"y\":1}}]}}}");
	document.reset();
	patch.reset();
	json_set_alloc_funcs(malloc, free);
}

} /* namespace */
