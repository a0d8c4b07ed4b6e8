/* incremental_test - views that are made of each other, change by change, against views that are made of the same objects at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/change.h"
#include "tests/support/random_objects.h"

extern "C" {
#include "lib/hits.h"
}

#include <gtest/gtest.h>
#include <malloc.h>
#include <set>

namespace
{

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LIVES = 24, CHANGES = 40, QUESTIONS = 60, VERSIONS = 6, MANY = 500 };
#else
enum { LIVES = 60, CHANGES = 60, QUESTIONS = 80, VERSIONS = 6, MANY = 10000 };
#endif

/* What was said, by name: NULL: set at run time that it is gone. */
using Said = std::map<Name, std::optional<std::string>>;

/* --- a life of random changes -------------------------------------------------------------------------------------- */

struct Version {
	View view;
	Said base, runtime; /* what the configuration says, and what was set at run time */
	std::vector<std::string> answers;
};

class Life
{
      public:
	explicit Life(unsigned seed) : random(seed), objects(random)
	{
		for (int i = 0; i < QUESTIONS; i++)
			questions.push_back(random_case(random));
		struct compiler_source source = reading(++pass);
		Change change(nullptr, patterns, source);
		Version first;
		for (const auto &[kind, json] : first_objects())
			take(change, kind, json, first.base);
		accept(change, first);
	}
	void step()
	{
		const Version &head = versions.back();
		if (random.once_in(4))
			reload(head);
		else if (random.once_in(8))
			go_back(head, versions[random.below((unsigned)versions.size())]);
		else
			set(head);
		const Version &old = versions[random.below((unsigned)versions.size())];
		EXPECT_EQ(old.answers, ask(old.view)) << "a version has changed";
		if (versions.size() > VERSIONS)
			versions.erase(versions.begin() + random.below(VERSIONS));
	}
	std::vector<Version> versions;
	size_t accepted = 0, refused = 0, given_up = 0, reloads = 0, removed = 0, rollbacks = 0;
	std::set<std::string> different; /* answers */

      private:
	Patterns patterns;
	Random random;
	RandomObjects objects;
	std::vector<Case> questions;
	uint32_t pass = 0;
	uint64_t order = 0;

	static std::vector<std::pair<enum object_kind, std::string>> first_objects()
	{
		std::vector<std::pair<enum object_kind, std::string>> list;
		for (const char *name : {"f0", "f1", "f2"})
			list.push_back(
				{OBJECT_FOOTPRINT,
				 std::string(R"({"name": ")") + name +
					 R"(", "footprints": [{"footprint-type": "ipv4cidr", )"
					 R"("footprint-value": ["10.1.0.0/16"]}]})"});
		list.push_back({OBJECT_CDN, R"({"name": "a"})"});
		list.push_back({OBJECT_CDN, R"({"name": "b"})"});
		list.push_back({OBJECT_NODE, R"({"name": "n"})"});
		for (const char *target : {R"("cdn": "a")", R"("cdn": "b")", R"("node": "n")"})
			list.push_back(
				{OBJECT_DRI, std::string("{") + target +
						     R"(, "dns-target": {"host": "x.test"}})"});
		list.push_back({OBJECT_ZONE, R"({"name": "t", "servers": [{"name": "ns.t"}]})"});
		list.push_back({OBJECT_FALLBACK, R"({"node": "n"})"});
		return list;
	}
	bool take(Change &change, enum object_kind kind, const std::string &json, Said &said)
	{
		bool done = random.below(2) ? change.put(kind, json) : change.put_line(kind, json);
		if (done)
			said[{kind, has_hash(kind, json) ? compiler_last_name(change.compiler)
							 : name_of(kind, json)}] = json;
		else
			refused++;
		return done;
	}
	static bool has_hash(enum object_kind kind, const std::string &json)
	{
		return kind == OBJECT_ADVERT ||
		       (kind == OBJECT_DRI && json.find("footprint") != std::string::npos);
	}
	static bool is_there(const Version &version, const Name &name)
	{
		auto over = version.runtime.find(name);
		return over == version.runtime.end() ? version.base.count(name) > 0
						     : over->second.has_value();
	}
	/* A removal leaves a mark on what the configuration says. */
	static void forget(Version &version, const Name &name)
	{
		if (version.base.count(name))
			version.runtime[name] = std::nullopt;
		else
			version.runtime.erase(name);
	}
	void drop(Change &change, Version &next)
	{
		std::vector<const struct object *> list;
		trie_walk(compiler_objects(change.compiler), nullptr, 0, note_object, &list);
		if (list.empty())
			return;
		const struct object *object = list[random.below((unsigned)list.size())];
		Name name = {object->kind, object->name};
		bool there = !object->removed;
		EXPECT_EQ(there, is_there(next, name)) << text_of(name);
		if (!change.remove((enum object_kind)name.first, name.second)) {
			refused++;
			return;
		}
		EXPECT_TRUE(there) << text_of(name);
		removed++;
		forget_all(next, name);
	}
	/* A target goes with its DRIs and adverts. */
	static void forget_all(Version &next, const Name &name)
	{
		forget(next, name);
		if (name.first != OBJECT_CDN && name.first != OBJECT_NODE)
			return;
		std::string owner = text_of(name);
		owner[owner.find(' ')] = '/';
		for (const auto *said : {&next.base, &next.runtime}) {
			Said copy = *said;
			for (const auto &[other, json] : copy)
				if ((other.first == OBJECT_DRI || other.first == OBJECT_ADVERT) &&
				    is_there(next, other) &&
				    (other.second == owner || other.second.find(owner + " ") == 0))
					forget(next, other);
		}
	}
	/* Operations at run time; those that are refused are left out. */
	void set(const Version &from)
	{
		Version next = {View(), from.base, from.runtime, {}};
		order += 1000;
		Change change(from.view.get(), patterns, at_run_time(order));
		for (unsigned n = 1 + random.below(6); n > 0; n--) {
			enum object_kind kind = objects.kind();
			if (random.once_in(4))
				drop(change, next);
			else
				take(change, kind, objects.json(kind), next.runtime);
		}
		accept(change, next);
	}
	/* All that was there comes back, and all else goes, but for what is in the way of it. */
	void go_back(const Version &from, const Version &to)
	{
		Version next = {View(), from.base, from.runtime, {}};
		order += 1000;
		Change change(from.view.get(), patterns, at_run_time(order));
		std::vector<const struct object *> now = objects_of(from.view),
						   then = objects_of(to.view);
		auto wanted = [&](const struct object *object) {
			const struct object *was = object_find(
				to.view->objects, (enum object_kind)object->kind, object->name);
			return was && !was->removed;
		};
		auto remove_rest = [&](bool scopes) {
			for (auto at = now.rbegin(); at != now.rend(); ++at)
				if (is_there(next, {(*at)->kind, (*at)->name}) && !wanted(*at) &&
				    ((*at)->kind == OBJECT_SCOPE) == scopes &&
				    change.remove((enum object_kind)(*at)->kind, (*at)->name))
					forget_all(next, {(*at)->kind, (*at)->name});
		};
		remove_rest(true);
		for (const struct object *object : then)
			if (!object->removed)
				take(change, (enum object_kind)object->kind, object_json(object),
				     next.runtime);
		remove_rest(false);
		rollbacks++;
		accept(change, next);
	}
	/* The configuration is read again, with a few changes: all of it, or nothing. */
	void reload(const Version &from)
	{
		Version next = {View(), {}, from.runtime, {}};
		Said wanted = from.base;
		for (unsigned n = random.below(4); n > 0 && !wanted.empty(); n--)
			wanted.erase(
				std::next(wanted.begin(), random.below((unsigned)wanted.size())));
		std::vector<std::pair<enum object_kind, std::string>> list;
		for (const auto &[name, json] : wanted)
			list.push_back({(enum object_kind)name.first, *json});
		for (unsigned n = random.below(4); n > 0; n--) {
			enum object_kind kind = objects.kind();
			list.insert(list.begin() + random.below((unsigned)list.size() + 1),
				    {kind, objects.json(kind)});
		}
		std::stable_sort(list.begin(), list.end(),
				 [](const auto &a, const auto &b) { return a.first < b.first; });
		Change change(from.view.get(), patterns, reading(++pass));
		bool good = true;
		for (const auto &[kind, json] : list)
			good = take(change, kind, json, next.base) && good;
		change.sweep(1 + random.below(20));
		for (auto it = next.runtime.begin(); it != next.runtime.end();)
			it = it->second || next.base.count(it->first) ? std::next(it)
								      : next.runtime.erase(it);
		if (!good || !change.faults().empty()) {
			given_up++;
			return;
		}
		reloads++;
		accept(change, next);
	}
	void accept(Change &change, Version &next)
	{
		if (!versions.empty() && random.once_in(8))
			return; /* aborted */
		size_t faults = change.faults().size();
		next.view = change.finish();
		if (!next.view) {
			EXPECT_GT(change.faults().size(), faults);
			given_up++;
			return;
		}
		accepted++;
		expect_said(next);
		View fresh = rebuild(next.view, patterns);
		ASSERT_TRUE(fresh);
		expect_same_size(next.view, fresh);
		next.answers = ask(next.view);
		std::vector<std::string> wanted = ask(fresh);
		for (size_t i = 0; i < wanted.size(); i++)
			EXPECT_EQ(next.answers[i], wanted[i]) << question(i);
		different.insert(wanted.begin(), wanted.end());
		versions.push_back(std::move(next));
	}
	/* What is in the view is what was said. */
	static void expect_said(const Version &version)
	{
		Said left = version.runtime;
		left.insert(version.base.begin(), version.base.end());
		for (const struct object *object : objects_of(version.view)) {
			Name name = {object->kind, object->name};
			auto said = left.find(name);
			ASSERT_NE(said, left.end()) << text_of(name) << " was not said";
			bool over = version.runtime.count(name);
			EXPECT_EQ(object->removed, !said->second) << text_of(name);
			EXPECT_EQ(object->runtime, over) << text_of(name);
			EXPECT_EQ(over && object->over_base, over && version.base.count(name) > 0)
				<< text_of(name);
			if (said->second)
				expect_same_json(*said->second, object_json(object), name);
			left.erase(said);
		}
		for (const auto &[name, json] : left)
			ADD_FAILURE() << text_of(name) << " is missing";
	}
	/* Members that say nothing may be left out: then one is read as the other. */
	static void expect_same_json(const std::string &said, const std::string &kept,
				     const Name &name)
	{
		json_t *a = json_loads(said.c_str(), 0, nullptr),
		       *b = json_loads(kept.c_str(), 0, nullptr);
		const char *key;
		json_t *value;
		json_object_foreach (b, key, value)
			EXPECT_TRUE(name.first == OBJECT_SCOPE ||
				    json_equal(value, json_object_get(a, key)))
				<< said << "\n"
				<< kept;
		json_decref(a);
		json_decref(b);
	}
	std::vector<std::string> ask(const View &view) const
	{
		std::vector<std::string> answers;
		for (const Case &c : questions)
			answers.push_back(answer_of(view, *c.ask));
		return answers;
	}
	std::string question(size_t i) const
	{
		const NaiveRequest &req = questions[i].naive;
		return req.protocol + " " + req.host + req.path + " from " + req.client;
	}
};

TEST(incremental, agrees_with_a_view_that_is_made_at_once)
{
	size_t accepted = 0, refused = 0, given_up = 0, reloads = 0, removed = 0;
	std::set<std::string> different;
	for (unsigned seed = 0; seed < LIVES; seed++) {
		Life life(seed);
		for (int i = 0; i < CHANGES && !testing::Test::HasFailure(); i++)
			life.step();
		ASSERT_FALSE(testing::Test::HasFailure()) << "life " << seed;
		accepted += life.accepted;
		refused += life.refused;
		given_up += life.given_up;
		reloads += life.reloads;
		removed += life.removed;
		different.merge(life.different);
	}
	/* The test would say little if changes were mostly refused, or never. */
	EXPECT_GT(accepted, (size_t)LIVES * CHANGES / 3);
	EXPECT_GT(refused, (size_t)LIVES * CHANGES / 4);
	EXPECT_GT(given_up, (size_t)LIVES);
	EXPECT_GT(reloads, (size_t)LIVES);
	EXPECT_GT(removed, (size_t)LIVES * 2);
	EXPECT_GT(different.size(), (size_t)LIVES * 3);
}

/* --- memory --------------------------------------------------------------------------------------------------------- */

View commit(const View &from, Patterns &patterns, const struct compiler_source &source,
	    const std::vector<std::pair<enum object_kind, std::string>> &list)
{
	Change change(from.get(), patterns, source);
	for (const auto &[kind, json] : list)
		EXPECT_TRUE(change.put(kind, json)) << change.faults().back();
	change.sweep(100);
	View view = change.finish();
	for (const std::string &fault : change.faults())
		ADD_FAILURE() << fault;
	return view;
}

const char *const cdn_a = R"({"name": "a"})", *const cdn_b = R"({"name": "b"})",
		  *const dri_a = R"({"cdn": "a", "http-target": {"host": "a.test"}})",
		  *const dri_b = R"({"cdn": "b", "http-target": {"host": "b.test"}})";

/* After very many changes and their reversal nothing is left of them. */
TEST(incremental, memory_comes_back)
{
	Patterns patterns;
	ASSERT_TRUE(hits_init(1));
	View start = commit(View(), patterns, at_run_time(1),
			    {{OBJECT_CDN, cdn_a}, {OBJECT_DRI, dri_a}});
	size_t before = 0, chunks = 0;
	std::vector<View> versions;
	for (int round = 0; round < 2; round++) {
		View head = start;
		for (int i = 0; i < MANY; i++) {
			std::string n = std::to_string(i % 100), m = std::to_string(i);
			Change change(head.get(), patterns, at_run_time(10 + (uint64_t)i));
			EXPECT_TRUE(change.put(
				OBJECT_FOOTPRINT,
				R"({"name": "f)" + n +
					R"(", "footprints": [{"footprint-type": "ipv4cidr", )" +
					R"("footprint-value": ["10.)" + n + ".0.0/" +
					(i % 3 ? "16" : "24") + "\"]}]}"));
			EXPECT_TRUE(change.put(
				OBJECT_SCOPE,
				R"({"name": "s)" + n + R"(", "hosts": ["h)" + n +
					R"(.t"], "footprints": ["f)" + n +
					R"(", {"footprint-type": "ipv4cidr", "footprint-value": ["10.0.0.0/8", "11.)" +
					n + R"(.0.0/16"]}], "http-status": )" +
					(i / 100 % 2 ? "307" : "302") +
					R"(, "candidates": [{"cdn": "a"}]})"));
			EXPECT_FALSE(change.put(
				OBJECT_SCOPE, R"({"name": "bad", "hosts": ["h)" + n +
						      R"(.t"], "candidates": [{"cdn": "gone"}]})"));
			EXPECT_TRUE(change.put(OBJECT_ZONE,
					       R"({"name": "z)" + n + R"(.t", "serial": )" + m +
						       R"(, "servers": [{"name": "ns.t"}]})"));
			EXPECT_TRUE(
				change.put(OBJECT_STATE, std::string(R"({"cdn": "a", "state": ")") +
								 (i % 2 ? "up\"}" : "drain\"}")));
			if (i % 5 == 4)
				continue; /* aborted */
			head = change.finish();
			ASSERT_TRUE(head) << change.faults().back();
			if (i % 100 == 0)
				versions.push_back(head);
		}
		Change change(head.get(), patterns, at_run_time(2 + MANY));
		std::vector<const struct object *> list = objects_of(head);
		for (auto at = list.rbegin(); at != list.rend(); ++at) {
			if ((*at)->kind != OBJECT_CDN && (*at)->kind != OBJECT_DRI)
				change.remove((enum object_kind)(*at)->kind, (*at)->name);
		}
		EXPECT_TRUE(change.faults().empty());
		head = change.finish();
		ASSERT_TRUE(head);
		EXPECT_EQ(head->scopes, nullptr);
		EXPECT_EQ(footprint_table_size(head->footprints).footprints, 0u);
		versions.clear();
		head = View();
		while (trie_reap(SIZE_MAX))
			;
		if (round == 0) {
			before = mallinfo2().uordblks;
			chunks = hits_memory();
		}
	}
	/* Freed memory that malloc keeps at hand counts as used. */
	EXPECT_LT(mallinfo2().uordblks, before + (128 << 10));
	EXPECT_EQ(hits_memory(), chunks);
	start = View();
	hits_finish();
}

/* --- what is refused ------------------------------------------------------------------------------------------------ */

/* "kind: JSON text, or the name of what is removed": nothing is changed by it. */
TEST(incremental, what_is_refused_changes_nothing)
{
	Patterns patterns;
	View view = commit(
		View(), patterns, reading(1),
		{{OBJECT_FOOTPRINT,
		  R"({"name": "f", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.0.0.0/8"]}]})"},
		 {OBJECT_CDN, cdn_a},
		 {OBJECT_CDN, cdn_b},
		 {OBJECT_DRI, dri_a},
		 {OBJECT_DRI, dri_b},
		 {OBJECT_FALLBACK, R"({"cdn": "b"})"},
		 {OBJECT_SCOPE,
		  R"({"name": "s", "hosts": ["v.t"], "footprints": ["f"], "candidates": [{"cdn": "a"}]})"},
		 {OBJECT_SCOPE, R"({"name": "pass", "hosts": ["p.t"], "action": "pass"})"}});
	const struct {
		enum object_kind kind;
		const char *put, *remove, *fault;
	} cases[] = {
		{OBJECT_SCOPE, R"({"name": "s", "hosts": ["v.t"], "candidates": [{"cdn": "x"}]})",
		 nullptr, "scope 's' refers to cdn 'x', which is not configured"},
		{OBJECT_SCOPE,
		 R"({"name": "n", "hosts": ["v.t"], "footprints": ["f"], "candidates": [{"cdn": "b"}]})",
		 nullptr, "scope 'n' overlaps scope 's'"},
		{OBJECT_SCOPE, R"({"name": "s", "hosts": ["p.t"], "action": "deny"})", nullptr,
		 "scope 's' overlaps scope 'pass'"},
		{OBJECT_SCOPE,
		 R"({"name": "n", "hosts": ["w.t"], "action": "deny", "footprints": ["f", {"footprint-type": "asn", "footprint-value": ["as1"]}]})",
		 nullptr, "scope 'n': "},
		{OBJECT_FOOTPRINT,
		 R"({"name": "f", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.0.0.0/40"]}]})",
		 nullptr, "footprint 'f': "},
		{OBJECT_DRI, R"({"cdn": "x", "http-target": {"host": "x.t"}})", nullptr,
		 "DRI refers to cdn 'x', which is not configured"},
		{OBJECT_DRI, R"({"cdn": "a", "http-target": {"host": "x..t"}})", nullptr,
		 "http-target host 'x..t' is not valid"},
		{OBJECT_ZONE, R"({"name": "t", "servers": [{"name": "n..t"}]})", nullptr,
		 "name server 'n..t' is not a domain name"},
		{OBJECT_DISTINGUISHED, R"({"host": "d t"})", nullptr, "distinguished host 'd t'"},
		{OBJECT_STATE, R"({"cdn": "", "state": "up"})", nullptr,
		 "state: cdn: expected a text"},
		{OBJECT_FALLBACK, R"({"node": "a"})", nullptr, "fallback refers to node 'a'"},
		{OBJECT_SCOPE, nullptr, "x", "there is no scope 'x'"},
		{OBJECT_CDN, nullptr, "a", "cdn 'a' cannot be removed: scope 's' refers to it"},
		{OBJECT_CDN, nullptr, "b", "cdn 'b' cannot be removed: it is the fallback"},
		{OBJECT_FOOTPRINT, nullptr, "f",
		 "footprint 'f' cannot be removed: scope 's' refers to it"},
		{OBJECT_FALLBACK, nullptr, "all",
		 "the fallback cannot be removed: 1 scopes with action \"pass\""},
		{OBJECT_STATE, nullptr, "cdn/a", "there is no state 'cdn/a'"},
	};
	for (const auto &c : cases) {
		Change change(view.get(), patterns, at_run_time(1));
		EXPECT_FALSE(c.put ? change.put(c.kind, c.put) : change.remove(c.kind, c.remove));
		ASSERT_EQ(change.faults().size(), 1u) << c.fault;
		EXPECT_EQ(change.faults()[0].substr(0, strlen(c.fault)), c.fault);
		EXPECT_EQ(compiler_objects(change.compiler), view->objects) << c.fault;
		View same(compiler_finish(change.compiler), 1);
		ASSERT_TRUE(same);
		EXPECT_EQ(same->scopes, view->scopes) << c.fault;
		EXPECT_EQ(same->zones, view->zones) << c.fault;
		EXPECT_EQ(same->targets, view->targets) << c.fault;
		EXPECT_EQ(same->fallback, view->fallback) << c.fault;
		expect_same_size(same, view);
	}
}

} // namespace
