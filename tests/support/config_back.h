/* config_back - views made of objects, and a configuration file read back into settings and a view, for tests of what writes one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/compile.h"
#include "control/config.h"
#include "control/config_objects.h"
#include "lib/scope_trie.h"
}

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/* Everything by which two versions with the same objects could differ, as text: the objects of each kind in their order, the states of
 * the targets, and who comes first in each list. The member `state` of targets is left out of their JSON. */
inline std::string describe(const struct view *view)
{
	std::vector<const struct object *> objects;
	trie_walk(
		view->objects, nullptr, 0,
		[](void *arg, const uint8_t *, size_t, void *value) {
			auto *list = static_cast<std::vector<const struct object *> *>(arg);
			const auto *object = static_cast<const struct object *>(value);
			if (!object->removed && object->kind != OBJECT_STATE)
				list->push_back(object);
			return true;
		},
		&objects);
	std::sort(objects.begin(), objects.end(),
		  [](const struct object *a, const struct object *b) {
			  if (a->kind != b->kind)
				  return a->kind < b->kind;
			  if (a->order != b->order)
				  return a->order < b->order;
			  return strcmp(a->name, b->name) < 0;
		  });
	std::string text;
	for (const struct object *object : objects) {
		json_t *json = json_loads(object_json(object), 0, nullptr);
		bool target = object->kind == OBJECT_CDN || object->kind == OBJECT_NODE;
		if (target)
			json_object_del(json, "state");
		char *dump = json_dumps(json, JSON_COMPACT);
		text += object_kind_name(static_cast<enum object_kind>(object->kind)) +
			std::string(" ") + object->name + " " + dump;
		if (target) {
			const struct target *t = view_target(view, object->made.id);
			text += std::string(" is ") +
				target_state_name(static_cast<enum target_state>(t->state));
			for (uint32_t i = 0; i < t->n_dris; i++)
				text += " " + std::to_string(t->dris[i]->ttl) +
					(t->dris[i]->n_hosts ? t->dris[i]->hosts[0] : "");
		}
		text += "\n";
		free(dump);
		json_decref(json);
	}
	for (uint32_t i = 0; view->distinguished && i < view->distinguished->n; i++)
		text += std::string("at ") + view->distinguished->at[i]->host +
			view->distinguished->at[i]->path_prefix + "\n";
	trie_walk(
		view->scopes, nullptr, 0,
		[](void *arg, const uint8_t *key, size_t len, void *value) {
			const auto *list = static_cast<const struct scope_list *>(value);
			std::string line(reinterpret_cast<const char *>(key), len);
			for (uint32_t i = 0; i < list->n; i++)
				line += std::string(" ") + list->entries[i].scope->name;
			*static_cast<std::string *>(arg) += line + "\n";
			return true;
		},
		&text);
	return text;
}

/* Objects on their way into a view. */
class ConfigObjects
{
      public:
	explicit ConfigObjects(struct footprint_geo *geo = nullptr)
	    : cache_(pattern_cache_new()), compiler_(compiler_new(nullptr, cache_, 1, &faults_))
	{
		if (geo)
			compiler_set_geo(compiler_, geo);
		source({"configuration", false, 1, 1});
	}
	~ConfigObjects()
	{
		view_release(view_);
		compiler_free(compiler_);
		pattern_cache_free(cache_);
		faults_clear(&faults_);
	}
	ConfigObjects(const ConfigObjects &) = delete;
	ConfigObjects &operator=(const ConfigObjects &) = delete;

	struct Source {
		const char *set;
		bool runtime;
		uint32_t pass;
		uint64_t order;
	};
	void source(const Source &source)
	{
		struct compiler_source s = {};
		s.set = source.set;
		s.runtime = source.runtime;
		s.pass = source.pass;
		s.order = source.order;
		compiler_source(compiler_, &s);
	}
	/* What follows is set at run time. */
	ConfigObjects &at_run_time()
	{
		source({"operator", true, 0, UINT64_C(1) << 63});
		return *this;
	}
	/* {"cdn": {...}}; false: refused. */
	bool add(const std::string &line)
	{
		struct json_source source = {};
		source.faults = &faults_;
		source.place = {"test", 1};
		return config_object_line(&source, line.data(), line.size(), compiler_);
	}
	bool remove(enum object_kind kind, const std::string &name)
	{
		return compiler_remove(compiler_, kind, name.c_str(), {"test", 1});
	}
	struct view *finish()
	{
		view_ = compiler_finish(compiler_);
		if (!view_)
			throw std::runtime_error(said());
		return view_;
	}
	std::string said() const
	{
		std::string text;
		for (size_t i = 0; i < faults_.n; i++)
			text += std::to_string(faults_.list[i].line) + ": " + faults_.list[i].text +
				"\n";
		return text;
	}
	struct compiler *compiler()
	{
		return compiler_;
	}
	struct faults *faults()
	{
		return &faults_;
	}

      private:
	struct faults faults_ = {};
	struct pattern_cache *cache_;
	struct compiler *compiler_;
	struct view *view_ = nullptr;
};

/* A configuration file as a start would read it. */
class ConfigBack
{
      public:
	struct settings settings;
	struct view *view = nullptr;
	std::vector<std::string> geo;
	std::string said; /* what is wrong with it */

	explicit ConfigBack(const std::string &path)
	{
		struct faults faults = {};
		struct config_reading *reading = config_open(path.c_str(), &settings, &faults);
		if (reading)
			read(reading, &faults);
		for (size_t i = 0; i < faults.n; i++)
			said += std::to_string(faults.list[i].line) + ": " + faults.list[i].text +
				"\n";
		faults_clear(&faults);
	}
	~ConfigBack()
	{
		settings_clear(&settings);
	}
	ConfigBack(const ConfigBack &) = delete;
	ConfigBack &operator=(const ConfigBack &) = delete;

      private:
	std::unique_ptr<ConfigObjects> objects_;

	void read(struct config_reading *reading, struct faults *faults)
	{
		const char *const *paths;
		struct place place;
		char err[256];
		size_t n = config_geo(reading, &paths, &place);
		geo.assign(paths, paths + n);
		struct footprint_geo *loaded =
			n ? footprint_geo_load(paths, n, err, sizeof(err)) : nullptr;
		objects_ = std::make_unique<ConfigObjects>(loaded);
		footprint_geo_release(loaded);
		compiler_set_faults(objects_->compiler(), faults);
		while (config_read(reading, objects_->compiler(), faults, 64))
			;
		config_close(reading);
		if (!faults->total)
			view = objects_->finish();
	}
};
