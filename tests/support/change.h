/* change - a change of a view by the real compiler, and the same view made at once, to compare it with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/tables_builder.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

using Name = std::pair<int, std::string>; /* kind and name */

inline std::string text_of(const Name &name)
{
	return std::string(object_kind_name((enum object_kind)name.first)) + " " + name.second;
}

/* As PROTOCOL.md says, but for adverts and for DRIs with footprints, whose names end with a hash. All hosts here are in lower case. */
inline std::string name_of(enum object_kind kind, const std::string &text)
{
	json_t *json = json_loads(text.c_str(), 0, nullptr);
	auto member = [&](const char *key) {
		const char *value = json_string_value(json_object_get(json, key));
		return std::string(value ? value : "");
	};
	std::string cdn = member("cdn"), name = member("name");
	if (kind == OBJECT_FALLBACK)
		name = "all";
	else if (kind == OBJECT_DISTINGUISHED)
		name = member("host") + member("path-prefix");
	else if (kind == OBJECT_STATE || kind == OBJECT_DRI)
		name = cdn.empty() ? "node/" + member("node") : "cdn/" + cdn;
	size_t i;
	json_t *host;
	json_array_foreach (json_object_get(json, "redirecting-hosts"), i, host)
		name += (i ? "," : " ") + std::string(json_string_value(host));
	json_decref(json);
	return name;
}

class Patterns
{
      public:
	struct pattern_cache *cache = pattern_cache_new();
	Patterns() = default;
	Patterns(const Patterns &) = delete;
	Patterns &operator=(const Patterns &) = delete;
	~Patterns()
	{
		pattern_cache_free(cache);
	}
};

/* One change while it is made. */
class Change
{
      public:
	Change(struct view *from, Patterns &patterns, const struct compiler_source &source)
	    : compiler(compiler_new(from, patterns.cache, 1, &faults_))
	{
		compiler_source(compiler, &source);
	}
	~Change()
	{
		compiler_free(compiler);
		faults_clear(&faults_);
	}
	Change(const Change &) = delete;
	Change &operator=(const Change &) = delete;

	/* Faults come exactly when it is refused. */
	bool put(enum object_kind kind, const std::string &json)
	{
		struct json_source source = {};
		source.faults = &faults_;
		json_t *value = json_loads(json.c_str(), JSON_REJECT_DUPLICATES, nullptr);
		size_t before = faults_.total;
		bool done = value && config_object_read(&source, kind, value, compiler);
		EXPECT_EQ(done, faults_.total == before) << json;
		json_decref(value);
		return done;
	}
	bool put_line(enum object_kind kind, const std::string &json)
	{
		std::string line = std::string("{\"") + object_kind_name(kind) + "\":" + json + "}";
		return this->line(line);
	}
	bool line(const std::string &text)
	{
		struct json_source source = {};
		source.faults = &faults_;
		std::vector<char> exact(text.begin(), text.end()); /* a sanitizer sees its end */
		size_t before = faults_.total;
		bool done = config_object_line(&source, exact.data(), exact.size(), compiler);
		EXPECT_EQ(done, faults_.total == before) << text;
		return done;
	}
	bool remove(enum object_kind kind, const std::string &name)
	{
		size_t before = faults_.total;
		bool done = compiler_remove(compiler, kind, name.c_str(), {nullptr, 0});
		EXPECT_EQ(done, faults_.total == before) << name;
		return done;
	}
	void sweep(unsigned portion)
	{
		while (compiler_sweep(compiler, portion))
			;
	}
	View finish(bool keep_going = false)
	{
		size_t before = faults_.total;
		if (!compiler_settle(compiler, config_object_again, keep_going))
			return View();
		while (struct pattern_job *job = compiler_pattern_job(compiler, 2)) {
			pattern_job_run(job);
			compiler_pattern_done(compiler, job, config_object_again, keep_going);
			if (faults_.total != before && !keep_going)
				return View();
		}
		if (faults_.total != before && !keep_going)
			return View();
		struct view *view = compiler_finish(compiler);
		return view ? View(view, 1) : View();
	}
	std::vector<std::string> faults() const
	{
		std::vector<std::string> list;
		for (size_t i = 0; i < faults_.n; i++)
			list.push_back(faults_.list[i].text);
		return list;
	}
	struct faults faults_ = {};
	struct compiler *compiler;
};

inline struct compiler_source at_run_time(uint64_t order)
{
	struct compiler_source source = {};
	source.set = "operator";
	source.runtime = true;
	source.order = UINT64_C(1) << 63 | order;
	return source;
}

inline struct compiler_source reading(uint32_t pass)
{
	struct compiler_source source = {};
	source.set = "configuration";
	source.pass = pass;
	source.sweep = true;
	source.order = 1;
	return source;
}

inline bool note_object(void *arg, const uint8_t *, size_t, void *value)
{
	((std::vector<const struct object *> *)arg)->push_back((const struct object *)value);
	return true;
}

inline std::vector<const struct object *> objects_of(const View &view)
{
	std::vector<const struct object *> list;
	trie_walk(view->objects, nullptr, 0, note_object, &list);
	return list;
}

/* The same objects in the same order, compiled from nothing. */
inline View rebuild(const View &view, Patterns &patterns)
{
	std::vector<const struct object *> list = objects_of(view);
	std::stable_sort(list.begin(), list.end(), [](const auto *a, const auto *b) {
		return std::make_pair(a->kind, a->order) < std::make_pair(b->kind, b->order);
	});
	Change change(nullptr, patterns, {});
	for (const struct object *object : list) {
		struct compiler_source source = {};
		source.set = object->set;
		source.runtime = object->runtime;
		source.order = object->order;
		compiler_source(change.compiler, &source);
		if (object->removed)
			continue;
		EXPECT_TRUE(change.put((enum object_kind)object->kind, object_json(object)))
			<< object_json(object) << "\n"
			<< change.faults().back();
	}
	View made = change.finish();
	for (const std::string &fault : change.faults())
		ADD_FAILURE() << fault;
	return made;
}

/* What can be counted is as it would be in a view that was made at once. */
inline void expect_same_size(const View &view, const View &fresh)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		EXPECT_EQ(view->n_of[kind], fresh->n_of[kind]) << kind;
	EXPECT_EQ(view->n_passes, fresh->n_passes);
	EXPECT_EQ(view->n_base, fresh->n_base);
	for (auto root : {&view::scopes, &view::zones, &view::cuts}) {
		struct trie_size a = trie_measure(view.get()->*root),
				 b = trie_measure(fresh.get()->*root);
		EXPECT_EQ(a.values, b.values);
		EXPECT_EQ(a.nodes, b.nodes);
	}
	struct footprint_size a = footprint_table_size(view->footprints),
			      b = footprint_table_size(fresh->footprints);
	EXPECT_EQ(a.footprints, b.footprints);
	EXPECT_EQ(a.prefixes, b.prefixes);
	EXPECT_EQ(view->distinguished ? view->distinguished->n : 0,
		  fresh->distinguished ? fresh->distinguished->n : 0);
	for (const struct object *object : objects_of(view)) {
		if ((object->kind != OBJECT_CDN && object->kind != OBJECT_NODE) || object->removed)
			continue;
		uint32_t id = fresh.object((enum object_kind)object->kind, object->name)->made.id;
		EXPECT_EQ(slots_get(view->target_uses, object->made.id),
			  slots_get(fresh->target_uses, id))
			<< object->name;
		EXPECT_EQ(view_target(view.get(), object->made.id)->n_dris,
			  view_target(fresh.get(), id)->n_dris)
			<< object->name;
		EXPECT_EQ(view_target(view.get(), object->made.id)->n_adverts,
			  view_target(fresh.get(), id)->n_adverts)
			<< object->name;
	}
}
