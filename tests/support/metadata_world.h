/* metadata_world - metadata compiled to scopes, these to a view, and requests asked of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/metadata_compile.h"
}
#include "tests/support/metadata_model.h"
#include "tests/support/tables_builder.h"

#include <memory>
#include <string>

inline std::string dump(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	std::string copy = text ? text : "";
	free(text);
	return copy;
}

class MetadataWorld
{
      public:
	json_t *tree;
	struct metadata_scopes scopes = {};
	std::string said, notes;
	bool good;

	explicit MetadataWorld(const std::string &text, size_t max = 100000)
	    : tree(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, nullptr))
	{
		static const char *const types[] = {"MI.SourceMetadata", "MI.UriSigning",
						    "MI.Grouping"};
		if (!tree)
			throw std::invalid_argument(text);
		allow = json_loads(R"({"candidates": [{"cdn": "b"}]})", 0, nullptr);
		struct metadata_policy policy = {};
		policy.name = "md";
		policy.origin = "http://u/";
		policy.allow = allow;
		policy.types = types;
		policy.n_types = 3;
		policy.dns = true;
		policy.priority = 1000;
		policy.scopes = max;
		struct faults faults = {};
		good = metadata_compile(tree, &policy, &scopes, &faults);
		said = texts(&faults);
		notes = texts(&scopes.notes);
		faults_clear(&faults);
	}
	~MetadataWorld()
	{
		metadata_scopes_clear(&scopes);
		json_decref(allow);
		json_decref(tree);
	}
	MetadataWorld(const MetadataWorld &) = delete;
	MetadataWorld &operator=(const MetadataWorld &) = delete;

	/* The scopes, without names and hosts, one a line. */
	std::string all() const
	{
		std::string text;
		size_t i;
		json_t *object;
		json_array_foreach (scopes.objects, i, object)
			text += dump(object) + "\n";
		return text;
	}
	std::string ask(const MetadataRequest &request)
	{
		if (!view)
			build();
		Verdict verdict;
		if (request.protocol == "dns") {
			DnsAsk ask(request.host, 1, request.client, "", request.now);
			verdict = match(view, ask);
		} else {
			HttpAsk ask(request.host, request.path, {}, request.client, request.now);
			ask.req.protocol =
				request.protocol == "https" ? PROTOCOL_HTTPS : PROTOCOL_HTTP;
			verdict = match(view, ask);
		}
		if (!verdict.scope)
			return "none";
		if (verdict.outcome == VERDICT_DENY)
			return "deny";
		return verdict.outcome == VERDICT_REDIRECT
			       ? verdict.scope->action == SCOPE_PASS ? "pass" : "allow"
			       : "?";
	}

      private:
	View view;
	json_t *allow;

	static std::string texts(const struct faults *faults)
	{
		std::string text;
		for (size_t i = 0; i < faults->n; i++)
			text += std::string(faults->list[i].text) + "\n";
		return text;
	}
	void build()
	{
		TablesBuilder builder;
		size_t i;
		json_t *object, *body;
		const char *kind;
		builder.zone("t").cdn("b");
		json_array_foreach (scopes.objects, i, object)
			json_object_foreach (object, kind, body)
				builder.add(kind, dump(body));
		view = builder.finish();
	}
};
