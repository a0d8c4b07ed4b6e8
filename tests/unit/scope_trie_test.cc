/* scope_trie_test - which lists lie on a request's way, and in which order; names that exist; adding and dropping. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/scope_trie.h"
}

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace
{

struct scope *make_scope(uint32_t order)
{
	struct scope *scope = (struct scope *)calloc(1, sizeof(*scope));
	scope->refs = 1;
	scope->order = order;
	return scope;
}

const uint8_t *bytes(const std::string &text)
{
	return (const uint8_t *)text.data();
}

/* A trie whose scopes are the numbers of their keys: keys[i] has the scope of order i. */
class ScopeTrie
{
      public:
	explicit ScopeTrie(const std::vector<std::string> &wanted) : keys(wanted)
	{
		trie_begin(&txn, nullptr, &scope_trie_ops);
		for (uint32_t i = 0; i < keys.size(); i++) {
			struct scope *scope = make_scope(i);
			add(keys[i], scope, 0);
			scope_release(scope);
		}
	}
	~ScopeTrie()
	{
		trie_abort(&txn);
	}
	void add(const std::string &key, struct scope *scope, uint64_t rank)
	{
		struct scope_entry entry = {scope, rank, 0, 0, SCOPE_ENTRY_NO_PATTERN};
		EXPECT_TRUE(scope_trie_add(&txn, bytes(key), key.size(), &entry));
	}
	bool drop(const std::string &key, const struct scope *scope)
	{
		return scope_trie_drop(&txn, bytes(key), key.size(), scope);
	}
	const struct scope_list *list(const std::string &key) const
	{
		return (const struct scope_list *)trie_get(txn.root, bytes(key), key.size());
	}
	/* Keys on the way of "com.example/path", least specific first; each list once. */
	std::vector<std::string> walk(const std::string &key) const
	{
		auto way = std::make_unique<struct scope_trie_way>();
		scope_trie_walk(txn.root, bytes(key), key.find('/'), key.size(), way.get());
		std::vector<std::string> found;
		for (uint32_t i = 0; i < way->n; i++)
			for (uint32_t k = 0; k < way->lists[i]->n; k++)
				found.push_back(keys[way->lists[i]->entries[k].scope->order]);
		return found;
	}
	size_t way_len(const std::string &key) const
	{
		return scope_trie_way_len(txn.root, bytes(key), key.size());
	}
	bool has_host(const std::string &host) const
	{
		return scope_trie_has_host(txn.root, bytes(host), host.size());
	}
	std::vector<std::string> keys;
	struct trie_txn txn;
};

using Keys = std::vector<std::string>;

/* --- the walk --------------------------------------------------------------------------------------------------- */

TEST(scope_trie, walk_goes_from_wildcards_to_the_exact_host_and_down_the_path)
{
	ScopeTrie trie({"com.example.vod/live/ch1/", "com.example.vod/", "com.example.vod/live/",
			"com.example.*/", "com.example.*/live", "com.*/", "*/", "*/live/",
			"com.example.vod/live/ch2/", "com.example/", "com.example.www/", "org.*/"});
	EXPECT_EQ(trie.walk("com.example.vod/live/ch1/a.ts"),
		  (Keys{"*/", "*/live/", "com.*/", "com.example.*/", "com.example.*/live",
			"com.example.vod/", "com.example.vod/live/", "com.example.vod/live/ch1/"}));
	EXPECT_EQ(trie.walk("com.example.vod/"),
		  (Keys{"*/", "com.*/", "com.example.*/", "com.example.vod/"}));
	EXPECT_EQ(trie.walk("com.example/live/"),
		  (Keys{"*/", "*/live/", "com.*/", "com.example/"}));
	EXPECT_EQ(trie.walk("com/"), (Keys{"*/"}));
	EXPECT_EQ(trie.walk("net.x.y/liv"), (Keys{"*/"}));
}

TEST(scope_trie, wildcard_stands_for_one_label_or_more_but_not_for_none)
{
	ScopeTrie trie({"com.example.*/"});
	EXPECT_EQ(trie.walk("com.example.a/x").size(), 1u);
	EXPECT_EQ(trie.walk("com.example.a.b.c/x").size(), 1u);
	EXPECT_EQ(trie.walk("com.example/x").size(), 0u);
	EXPECT_EQ(trie.walk("com.examples/x").size(), 0u);
	EXPECT_EQ(trie.walk("com.exampl/x").size(), 0u);
	EXPECT_EQ(trie.walk("com.examplea.b/x").size(), 0u);
	EXPECT_EQ(trie.walk("com/x").size(), 0u);
}

TEST(scope_trie, path_is_a_prefix_of_octets)
{
	ScopeTrie trie({"a/live"});
	EXPECT_EQ(trie.walk("a/live").size(), 1u);
	EXPECT_EQ(trie.walk("a/lively").size(), 1u);
	EXPECT_EQ(trie.walk("a/liv").size(), 0u);
	EXPECT_EQ(trie.walk("a/").size(), 0u);
}

/* The '*' of a path is an octet as any other, and so is a '.'. */
TEST(scope_trie, wildcards_are_for_hosts_alone)
{
	ScopeTrie trie({"a/*", "a/*/b", "a.*/*", "a/.*"});
	EXPECT_EQ(trie.walk("a/*/b"), (Keys{"a/*", "a/*/b"}));
	EXPECT_EQ(trie.walk("a/xx/b"), Keys());
	EXPECT_EQ(trie.walk("a.b/x"), Keys());
	EXPECT_EQ(trie.walk("a.b/*x"), Keys{"a.*/*"});
	EXPECT_EQ(trie.walk("a/.x"), Keys());
}

/* A key alone is one node: its whole text is skip. */
TEST(scope_trie, wildcard_inside_a_skip)
{
	ScopeTrie one({"com.example.*/live/"});
	EXPECT_EQ(one.walk("com.example.vod/live/x").size(), 1u);
	EXPECT_EQ(one.walk("com.example.vod/liv").size(), 0u);
	EXPECT_EQ(one.walk("com.example/live/x").size(), 0u);
	ScopeTrie more({"com.example.*/live/", "com.example.*/lost/", "com.example.*/"});
	EXPECT_EQ(more.walk("com.example.vod/live/x"),
		  (Keys{"com.example.*/", "com.example.*/live/"}));
	ScopeTrie any({"*/live/"});
	EXPECT_EQ(any.walk("com/live/x").size(), 1u);
	EXPECT_EQ(any.walk("/live/x").size(), 1u);
}

TEST(scope_trie, empty_host_of_http_1_0)
{
	ScopeTrie trie({"*/", "*/a", "a/", "a.*/", "com.*/"});
	EXPECT_EQ(trie.walk("/a"), (Keys{"*/", "*/a"}));
	EXPECT_EQ(trie.walk("/"), (Keys{"*/"}));
	ScopeTrie none({"a/", "a.*/"});
	EXPECT_EQ(none.walk("/a"), Keys());
	ScopeTrie empty({});
	EXPECT_EQ(empty.walk("/a"), Keys());
	EXPECT_EQ(empty.walk("a.b/a"), Keys());
}

/* --- names that exist ---------------------------------------------------------------------------------------- */

TEST(scope_trie, has_host)
{
	ScopeTrie trie({"com.example.vod.eu/", "com.example.*/x", "org.w-a/y"});
	for (const char *host :
	     {"com", "com.example", "com.example.vod", "com.example.vod.eu", "com.example.any",
	      "com.example.any.deep", "com.example.vod.eu.x", "org", "org.w-a"})
		EXPECT_TRUE(trie.has_host(host)) << host;
	for (const char *host : {"", "co", "com.exampl", "com.examples", "net", "org.w", "org.w-",
				 "org.w-a.x", "org.w-ab", "or", "com.*.x"})
		EXPECT_FALSE(trie.has_host(host)) << host;
	EXPECT_FALSE(ScopeTrie({}).has_host("a"));
	EXPECT_FALSE(ScopeTrie({}).has_host(""));
	EXPECT_TRUE(ScopeTrie({"*/"}).has_host("any.thing"));
	EXPECT_TRUE(ScopeTrie({"*/"}).has_host(""));
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

TEST(scope_trie, lists_hold_the_winning_entries_first)
{
	ScopeTrie trie({});
	struct {
		uint32_t order;
		uint64_t rank;
	} const wanted[] = {{4, 9}, {1, 5}, {2, 5}, {3, 5}, {0, 1}};
	std::vector<int> turn = {0, 1, 2, 3, 4};
	do {
		for (int i : turn) {
			struct scope *scope = make_scope(wanted[i].order);
			trie.add("k/", scope, wanted[i].rank);
			scope_release(scope);
		}
		const struct scope_list *list = trie.list("k/");
		ASSERT_EQ(list->n, 5u);
		for (int i = 0; i < 5; i++)
			EXPECT_EQ(list->entries[i].scope->order, wanted[i].order);
		while (const struct scope_list *left = trie.list("k/"))
			ASSERT_TRUE(trie.drop("k/", left->entries[left->n / 2].scope));
	} while (std::next_permutation(turn.begin(), turn.end()));
	EXPECT_EQ(trie.txn.root, nullptr);
}

TEST(scope_trie, drop_takes_one_scope_from_one_key)
{
	ScopeTrie trie({});
	struct scope *a = make_scope(0), *b = make_scope(1);
	for (const char *key : {"x/", "y/"}) {
		trie.add(key, a, 1);
		trie.add(key, b, 2);
		trie.add(key, a, 3);
	}
	EXPECT_EQ(a->refs, 5u);
	EXPECT_TRUE(trie.drop("x/", a));
	EXPECT_EQ(a->refs, 3u) << "all its entries at the key";
	EXPECT_EQ(trie.list("x/")->n, 1u);
	EXPECT_EQ(trie.list("y/")->n, 3u);
	EXPECT_TRUE(trie.drop("x/", a)) << "not there any more";
	EXPECT_TRUE(trie.drop("z/", a)) << "no such key";
	EXPECT_TRUE(trie.drop("x/", b));
	EXPECT_EQ(trie.list("x/"), nullptr);
	EXPECT_FALSE(trie.has_host("x"));
	EXPECT_TRUE(trie.drop("y/", b));
	EXPECT_TRUE(trie.drop("y/", a));
	EXPECT_EQ(a->refs, 1u);
	EXPECT_EQ(b->refs, 1u);
	scope_release(a);
	scope_release(b);
}

/* --- patterns --------------------------------------------------------------------------------------------------- */

/* What a set at the key has to be made of. */
struct Wanted {
	std::vector<struct pattern> patterns = std::vector<struct pattern>(PATTERN_SET_MAX);
	std::vector<const struct scope *> owners =
		std::vector<const struct scope *>(PATTERN_SET_MAX);
	size_t n;

	Wanted(const ScopeTrie &trie, const std::string &key)
	    : n(scope_trie_patterns(trie.txn.root, bytes(key), key.size(), patterns.data(),
				    owners.data()))
	{
	}
};

bool wants(const ScopeTrie &trie, const std::string &key, const std::vector<struct pattern> &list)
{
	return scope_trie_wants(trie.txn.root, bytes(key), key.size(), list.data(), list.size());
}

TEST(scope_trie, patterns_in_the_order_of_the_entries)
{
	ScopeTrie trie({"a/", "b/"});
	struct pattern common = {PATTERN_HEADER, "h", "c", false},
		       first = {PATTERN_PATH, nullptr, "x", false},
		       second = {PATTERN_PATH, nullptr, "y", true};
	struct pattern both[] = {common, first, second};
	struct scope *one = make_scope(10), *two = make_scope(11);
	one->patterns = both;
	one->n_patterns = 3;
	one->n_common = 1;
	two->patterns = &first;
	two->n_patterns = two->n_common = 1;
	struct scope_entry high = {one, 9, 0, 0, 2}, low = {one, 1, 0, 0, 1},
			   middle = {two, 5, 0, 0, SCOPE_ENTRY_NO_PATTERN};
	for (const struct scope_entry *entry : {&low, &middle, &high})
		ASSERT_TRUE(scope_trie_add(&trie.txn, bytes("b/"), 2, entry));

	EXPECT_FALSE(scope_list_has_patterns(nullptr));
	EXPECT_FALSE(scope_list_has_patterns(trie.list("a/")));
	EXPECT_TRUE(scope_list_has_patterns(trie.list("b/")));
	EXPECT_EQ(Wanted(trie, "a/").n, 0u);
	EXPECT_EQ(Wanted(trie, "c/").n, 0u);
	EXPECT_FALSE(wants(trie, "a/", {})) << "none is needed";
	Wanted wanted(trie, "b/");
	ASSERT_EQ(wanted.n, 5u);
	const struct pattern list[] = {common, second, first, common, first};
	for (int i = 0; i < 5; i++) {
		EXPECT_TRUE(pattern_equal(&wanted.patterns[i], &list[i])) << i;
		EXPECT_EQ(wanted.owners[i], i == 2 ? two : one) << i;
	}

	/* Any other set is one that was compiled for a list that is gone. */
	const std::vector<struct pattern> right(list, list + 5);
	EXPECT_TRUE(wants(trie, "b/", right));
	EXPECT_FALSE(wants(trie, "c/", right));
	EXPECT_FALSE(wants(trie, "b/", {common, second, first, common}));
	for (size_t i = 0; i < right.size(); i++) {
		for (const struct pattern &other :
		     {(struct pattern){PATTERN_QUERY, right[i].header, right[i].regex,
				       right[i].caseless},
		      (struct pattern){right[i].field, "other", right[i].regex, right[i].caseless},
		      (struct pattern){right[i].field, right[i].header, "z", right[i].caseless},
		      (struct pattern){right[i].field, right[i].header, right[i].regex,
				       !right[i].caseless}}) {
			std::vector<struct pattern> wrong = right;
			wrong[i] = other;
			EXPECT_FALSE(wants(trie, "b/", wrong)) << i;
		}
	}

	char err[256];
	size_t bad;
	struct pattern_set *set =
		pattern_set_compile(wanted.patterns.data(), wanted.n, err, sizeof(err), &bad);
	ASSERT_NE(set, nullptr) << err;
	scope_trie_set_patterns(trie.txn.root, bytes("b/"), 2, set);
	pattern_set_release(set);
	const struct scope_list *made = trie.list("b/");
	EXPECT_EQ(made->patterns, set);
	EXPECT_EQ(trie.list("a/")->patterns, nullptr);
	const struct {
		uint32_t first;
		unsigned n;
	} ranges[] = {{0, 2}, {2, 1}, {3, 2}, {5, 0}};
	for (uint32_t i = 0; i < made->n; i++) {
		EXPECT_EQ(made->entries[i].pattern, ranges[i].first) << i;
		EXPECT_EQ(made->entries[i].n_patterns, ranges[i].n) << i;
	}
	EXPECT_EQ(Wanted(trie, "b/").n, 0u) << "it has its set";
	EXPECT_FALSE(wants(trie, "b/", right));

	/* A list that is made anew has none. */
	ASSERT_TRUE(trie.drop("b/", two));
	EXPECT_EQ(trie.list("b/")->patterns, nullptr);
	EXPECT_EQ(Wanted(trie, "b/").n, 4u);
	ASSERT_TRUE(trie.drop("b/", one));
	scope_release(one);
	scope_release(two);
}

TEST(scope_trie, more_patterns_at_one_key_than_a_set_takes_are_counted)
{
	ScopeTrie trie({});
	struct pattern pattern = {PATTERN_PATH, nullptr, "x", false};
	for (uint32_t i = 0; i < PATTERN_SET_MAX + 2; i++) {
		struct scope *scope = make_scope(i);
		scope->patterns = &pattern;
		scope->n_patterns = 1;
		struct scope_entry entry = {scope, 0, 0, 0, 0};
		ASSERT_TRUE(scope_trie_add(&trie.txn, bytes("a/"), 2, &entry));
		scope_release(scope);
	}
	EXPECT_EQ(Wanted(trie, "a/").n, (size_t)PATTERN_SET_MAX + 2);
}

/* --- against a naive reading of the keys ----------------------------------------------------------------------- */

/* Does a stored key apply to a host in key form and a path? */
bool applies(const std::string &stored, const std::string &host, const std::string &path)
{
	size_t slash = stored.find('/');
	std::string place = stored.substr(0, slash), start = stored.substr(slash);
	if (path.compare(0, start.size(), start) != 0)
		return false;
	if (place == "*")
		return true;
	if (place.size() > 1 && place.compare(place.size() - 2, 2, ".*") == 0) {
		std::string above = place.substr(0, place.size() - 1); /* with its dot */
		return host.size() > above.size() && host.compare(0, above.size(), above) == 0;
	}
	return host == place;
}

class Random
{
      public:
	explicit Random(unsigned seed) : engine_(seed)
	{
	}
	unsigned below(unsigned n)
	{
		return engine_() % n;
	}
	std::string host(unsigned max)
	{
		static const char *const labels[] = {"a", "b", "ab", "a-", "0"};
		std::string text;
		for (unsigned n = 1 + below(max); n > 0; n--)
			text += (text.empty() ? "" : ".") + std::string(labels[below(5)]);
		return text;
	}
	std::string path()
	{
		static const char *const parts[] = {"a", "b", "*", ".", "a/", "/"};
		std::string text = "/";
		for (unsigned n = below(4); n > 0; n--)
			text += parts[below(6)];
		return text;
	}
	std::string key()
	{
		switch (below(5)) {
		case 0:
			return "*" + path();
		case 1:
		case 2:
			return host(3) + ".*" + path();
		default:
			return host(4) + path();
		}
	}

      private:
	std::mt19937 engine_;
};

TEST(scope_trie, random_tables_as_a_naive_reader_sees_them)
{
	Random random(5);
	size_t found = 0;
	for (int round = 0; round < 2000; round++) {
		std::set<std::string> keys;
		for (unsigned n = random.below(30); n > 0; n--)
			keys.insert(random.key());
		ScopeTrie trie(Keys(keys.begin(), keys.end()));
		for (int i = 0; i < 50; i++) {
			std::string host = random.below(20) ? random.host(5) : "",
				    path = random.path();
			std::vector<std::string> way = trie.walk(host + path);
			std::set<std::string> wanted;
			bool exists = false;
			for (const std::string &key : keys) {
				if (applies(key, host, path))
					wanted.insert(key);
				std::string place = key.substr(0, key.find('/'));
				exists |= applies(place + "/", host, "/") ||
					  (!host.empty() &&
					   place.compare(0, host.size() + 1, host + ".") == 0);
			}
			ASSERT_EQ(std::set<std::string>(way.begin(), way.end()), wanted)
				<< host + path;
			ASSERT_EQ(way.size(), wanted.size()) << "one twice";
			ASSERT_EQ(trie.way_len(host + path), wanted.size());
			ASSERT_EQ(trie.has_host(host), exists) << host;
			/* A key that stands before another is less specific: fewer labels, or the shorter path. */
			for (size_t k = 1; k < way.size(); k++) {
				std::string a = way[k - 1].substr(0, way[k - 1].find('/')),
					    b = way[k].substr(0, way[k].find('/'));
				bool a_wild = a.back() == '*', b_wild = b.back() == '*';
				if (a == b)
					ASSERT_LT(way[k - 1].size(), way[k].size());
				else
					ASSERT_TRUE(a_wild && (!b_wild || a.size() < b.size()));
			}
			found += way.size();
		}
	}
	EXPECT_GT(found, 50000u);
}

TEST(scope_trie, a_way_as_long_as_can_be)
{
	Keys keys;
	std::string path = "/";
	for (int i = 0; i < SCOPE_TRIE_WAY_MAX; i++, path += 'x')
		keys.push_back("a" + path);
	ScopeTrie trie(keys);
	EXPECT_EQ(trie.way_len("a" + path), (size_t)SCOPE_TRIE_WAY_MAX);
	EXPECT_EQ(trie.walk("a" + path), keys);

	/* Of more than that the most specific ones are left out. */
	keys.push_back("a" + path);
	ScopeTrie more(keys);
	keys.pop_back();
	EXPECT_EQ(more.way_len("a" + path), (size_t)SCOPE_TRIE_WAY_MAX);
	EXPECT_EQ(more.walk("a" + path), keys);
}

/* Keys end anywhere on a way; each is walked as if it were alone. */
TEST(scope_trie, many_walks_at_once_are_as_each_alone)
{
	ScopeTrie trie({"com.example.vod/", "com.example.vod/live/", "com.example.*/", "*/"});
	const std::string whole = "com.example.vod/live/ch1";
	std::vector<std::unique_ptr<struct request>> requests;
	std::vector<std::unique_ptr<struct scope_trie_way>> ways;
	std::vector<const struct request *> pointers;
	std::vector<struct scope_trie_way *> way_pointers;
	for (size_t len = 0; len <= whole.size(); len++) {
		requests.push_back(std::make_unique<struct request>());
		ways.push_back(std::make_unique<struct scope_trie_way>());
		struct request &req = *requests.back();
		memset(req.key, '/', sizeof(req.key));
		memcpy(req.key, whole.data(), len);
		req.key_len = (uint16_t)len;
		req.host_len = (uint16_t)std::min(len, whole.find('/'));
		pointers.push_back(&req);
		way_pointers.push_back(ways.back().get());
	}
	for (unsigned n = 0; n <= pointers.size(); n++) {
		scope_trie_walk_many(trie.txn.root, pointers.data(), way_pointers.data(), n);
		for (unsigned i = 0; i < n; i++) {
			struct scope_trie_way alone;
			scope_trie_walk(trie.txn.root, pointers[i]->key, pointers[i]->host_len,
					pointers[i]->key_len, &alone);
			ASSERT_EQ(ways[i]->n, alone.n);
			EXPECT_TRUE(std::equal(alone.lists, alone.lists + alone.n, ways[i]->lists));
		}
	}
	scope_trie_walk_many(nullptr, pointers.data(), way_pointers.data(),
			     (unsigned)pointers.size());
	EXPECT_EQ(ways.back()->n, 0u);
	EXPECT_EQ(trie.walk(whole),
		  (Keys{"*/", "com.example.*/", "com.example.vod/", "com.example.vod/live/"}));
}

} // namespace
