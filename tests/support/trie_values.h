/* trie_values - counted values for tests of the trie, and what a trie holds as a plain map. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "lib/trie.h"
}

#include <deque>
#include <map>
#include <string>

struct TrieValue {
	long refs = 0; /* those of nodes */
};

inline const struct trie_ops trie_value_ops = {
	[](void *value) { static_cast<TrieValue *>(value)->refs++; },
	[](void *value) { static_cast<TrieValue *>(value)->refs--; },
};

/* Values that live as long as the pool; all of them must be released in the end. */
class TrieValues
{
      public:
	~TrieValues()
	{
		trie_reap(SIZE_MAX);
	}
	TrieValue *make()
	{
		values_.emplace_back();
		return &values_.back();
	}
	/* After all that is dead was freed. */
	long refs() const
	{
		long sum = 0;
		trie_reap(SIZE_MAX);
		for (const TrieValue &value : values_)
			sum += value.refs;
		return sum;
	}
	bool negative() const
	{
		for (const TrieValue &value : values_)
			if (value.refs < 0)
				return true;
		return false;
	}

      private:
	std::deque<TrieValue> values_;
};

using TrieModel = std::map<std::string, void *>;

/* Every key of a trie, found by walking its nodes and not by its own search. */
inline void trie_collect(const struct trie_node *node, const std::string &before, TrieModel &out)
{
	if (!node)
		return;
	std::string key = before + std::string((const char *)trie_skip(node), node->skip_len);
	if (node->value)
		out[key] = node->value;
	unsigned i = 0;
	for (unsigned byte = 0; byte < 256; byte++)
		if (node->map[byte / 64] >> byte % 64 & 1)
			trie_collect(node->children[i++], key + (char)byte, out);
}

inline TrieModel trie_content(const struct trie_node *root)
{
	TrieModel content;
	trie_collect(root, "", content);
	return content;
}

inline bool trie_set_text(struct trie_txn *txn, const std::string &key, void *value)
{
	return trie_set(txn, (const uint8_t *)key.data(), key.size(), value);
}

inline bool trie_remove_text(struct trie_txn *txn, const std::string &key)
{
	return trie_remove(txn, (const uint8_t *)key.data(), key.size());
}

inline void *trie_get_text(const struct trie_node *root, const std::string &key)
{
	return trie_get(root, (const uint8_t *)key.data(), key.size());
}
