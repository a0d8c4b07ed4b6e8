/* replay_test - a restart finds what was set at run time as it was. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"
#include "tests/support/random_objects.h"

#include <gtest/gtest.h>

namespace
{

using ReplayTest = ControlTest;

/* An object that others refer to is changed after them. */
TEST_F(ReplayTest, RestartWithObjectsInAnotherOrder)
{
	long number =
		transaction({{"put", put("cdn", "{'name': 'c'}")},
			     {"put", put("dri", "{'cdn': 'c', 'http-target': {'host': 'c.t'}}")}});
	EXPECT_EQ(box.call("commit", id(number))["added"].number(), 2);
	box.call("put",
		 put("footprint", "{'name': 'h', 'footprints': [{'footprint-type': 'ipv4cidr', "
				  "'footprint-value': ['10.0.0.0/8']}]}"));
	EXPECT_EQ(box.call("put", put("scope",
				      scope("new", "new.t", "c", ", 'footprints': ['h']")))["added"]
			  .number(),
		  1);
	box.call("put",
		 put("footprint", "{'name': 'h', 'footprints': [{'footprint-type': 'ipv4cidr', "
				  "'footprint-value': ['192.0.2.0/24']}]}"));
	EXPECT_EQ(box.call("put", put("cdn", "{'name': 'c', 'provider-id': 'AS1:2'}"))["changed"]
			  .number(),
		  1);
	EXPECT_EQ(box.call("put",
			   put("dri", "{'cdn': 'c', 'http-target': {'host': 'd.t'}}"))["changed"]
			  .number(),
		  1);
	box.restart();
	EXPECT_EQ(scope_of("new.t"), "new");
	expect_consistent();
}

/* A target of the configuration and what refers to it are removed in one transaction. */
TEST_F(ReplayTest, RestartWithoutWhatWasRemoved)
{
	long number =
		transaction({{"remove", remove("scope", "old")}, {"remove", remove("cdn", "b")}});
	EXPECT_EQ(box.call("commit", id(number))["removed"].number(), 3);
	for (int round = 0; round < 3; round++) {
		EXPECT_FALSE(has(OBJECT_SCOPE, "old")) << round;
		EXPECT_FALSE(has(OBJECT_CDN, "b")) << round;
		EXPECT_FALSE(has(OBJECT_DRI, "cdn/b")) << round;
		if (round == 0)
			EXPECT_EQ(box.call("reload")["code"].number(), -1);
		else
			box.restart();
	}
}

/* Anything, in any order: what was published is what the next process publishes. */
class ReplayLife : public testing::TestWithParam<unsigned>
{
};

std::vector<std::string> effective(const struct view *view)
{
	std::vector<std::string> list;
	std::vector<const struct object *> objects;
	trie_walk(view->objects, nullptr, 0, note_object, &objects);
	for (const struct object *object : objects)
		if (!object->removed)
			list.push_back(
				std::string(object_kind_name((enum object_kind)object->kind)) +
				" " + object->name + " " +
				Json(std::string(object_json(object))).text());
	return list;
}

TEST_P(ReplayLife, RestartsAsItWas)
{
	Random random(GetParam());
	RandomObjects objects(random);
	ControlBox box(config_of({scope_vod, scope_old}) +
		       "zones = ( { name = \"t\"; servers = ( { name = \"ns.t\"; } ); } );\n"
		       "fallback = { cdn = \"a\"; };\n");
	size_t done = 0, restarts = 0;
	std::vector<Case> questions;
	for (int i = 0; i < 100; i++)
		questions.push_back(random_case(random));
	auto answers = [&] {
		view_retain(box.control.head);
		View view(box.control.head, box.control.settings->n_workers);
		std::vector<std::string> list;
		for (const Case &c : questions)
			list.push_back(answer_of(view, *c.ask));
		return list;
	};
	auto client = std::make_unique<Client>(box);
	auto operation = [&](const std::string &more) {
		enum object_kind kind = objects.kind();
		std::string name = object_kind_name(kind);
		if (random.below(4))
			return client->ask("put", "{\"kind\": \"" + name + "\", \"object\": " +
							  objects.json(kind) + more + "}");
		std::vector<const struct object *> list;
		trie_walk(box.control.head->objects, nullptr, 0, note_object, &list);
		const struct object *object = list[random.below((unsigned)list.size())];
		return client->ask(
			"remove",
			"{\"kind\": \"" +
				std::string(object_kind_name((enum object_kind)object->kind)) +
				"\", \"name\": \"" + object->name + "\"" + more + "}");
	};
	for (int i = 0; i < 60; i++) {
		Json answer;
		if (random.once_in(3)) {
			long number = client->ask("begin")["transaction"].number();
			for (unsigned n = 1 + random.below(5); n > 0; n--)
				operation(", \"transaction\": " + std::to_string(number));
			answer = client->ask("commit",
					     "{\"transaction\": " + std::to_string(number) + "}");
		} else if (random.once_in(8)) {
			uint64_t to = 1 + random.below((unsigned)box.generation());
			answer = client->ask("rollback",
					     "{\"generation\": " + std::to_string(to) + "}");
		} else {
			answer = operation("");
		}
		done += answer["generation"].get() != nullptr;
		if (random.below(6))
			continue;
		std::vector<std::string> before = effective(box.control.head), said = answers();
		uint64_t generation = box.generation();
		client.reset();
		box.restart();
		client = std::make_unique<Client>(box);
		restarts++;
		ASSERT_EQ(effective(box.control.head), before) << "step " << i;
		ASSERT_EQ(answers(), said) << "step " << i;
		EXPECT_GE(box.generation(), generation);
	}
	EXPECT_GT(done, 10u);
	EXPECT_GT(restarts, 3u);
}

INSTANTIATE_TEST_SUITE_P(lives, ReplayLife, testing::Range(0u, 8u));

} // namespace
