/* json_ptr - JSON values in tests: made of text with single quotes, owned, compared and shown as text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cstdlib>
#include <fstream>
#include <jansson.h>
#include <memory>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>

struct JsonFree {
	void operator()(json_t *value) const
	{
		json_decref(value);
	}
};
using JsonPtr = std::unique_ptr<json_t, JsonFree>;

/* Single quotes stand for double ones. */
inline std::string quoted(std::string text)
{
	for (char &c : text)
		if (c == '\'')
			c = '"';
	return text;
}

inline JsonPtr parsed(const std::string &text)
{
	json_error_t error;
	JsonPtr value(json_loadb(text.data(), text.size(), JSON_DECODE_ANY, &error));
	if (!value)
		throw std::runtime_error(error.text + (": " + text));
	return value;
}

inline JsonPtr json_of(const std::string &text)
{
	return parsed(quoted(text));
}

/* Compact, members sorted; "" for NULL. */
inline std::string text_of(const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
			   : nullptr;
	std::string result = text ? text : "";
	free(text);
	return result;
}

inline std::string text_of(const JsonPtr &value)
{
	return text_of(value.get());
}

inline std::string string_of(const json_t *value)
{
	return json_is_string(value) ? json_string_value(value) : "";
}

inline json_t *at(const json_t *value, const char *key)
{
	return json_object_get(value, key);
}

inline std::string file_text(const std::string &path)
{
	std::ostringstream text;
	text << std::ifstream(path, std::ios::binary).rdbuf();
	return text.str();
}
