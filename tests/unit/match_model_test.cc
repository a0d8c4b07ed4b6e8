/* match_model_test - random tables and requests: the trie finds the scope that a naive matcher finds, also through random
 * transactions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/naive_match.h"
#include "tests/support/tables_builder.h"

#include <gtest/gtest.h>
#include <random>

namespace
{

/* Tables times requests. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TABLES = 150, REQUESTS = 300, CHAINS = 60 };
#else
enum { TABLES = 3400, REQUESTS = 300, CHAINS = 600 };
#endif

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
	bool once_in(unsigned n)
	{
		return below(n) == 0;
	}
	template <size_t N> std::string one_of(const char *const (&texts)[N])
	{
		return texts[below(N)];
	}

      private:
	std::mt19937 engine_;
};

/* Everything is under the zone t, but for a few names that no query can have. */
std::string random_host(Random &random, unsigned max)
{
	static const char *const labels[] = {"a", "b", "ab"};
	std::string host = "t";
	for (unsigned n = random.below(max + 1); n > 0; n--)
		host = random.one_of(labels) + "." + host;
	return random.once_in(30) ? host + "t" : host;
}

std::string random_path(Random &random, unsigned max)
{
	static const char *const parts[] = {"a", "b", "/", "a/", "A", ".ts"};
	std::string path = "/";
	for (unsigned n = random.below(max + 1); n > 0; n--)
		path += random.one_of(parts);
	/* Dot segments are another test's matter. */
	return path;
}

std::string random_pattern(Random &random)
{
	static const char *const parts[] = {"a", "b", "/", "*", "?", "A", ".ts", "*.ts", "$*"};
	std::string pattern = random.once_in(4) ? "*" : "/";
	for (unsigned n = 1 + random.below(3); n > 0; n--)
		pattern += random.one_of(parts);
	return pattern;
}

const char *const prefixes4[] = {"0.0.0.0/0",   "10.0.0.0/8",  "10.0.0.0/9", "10.128.0.0/9",
				 "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32"};
const char *const prefixes6[] = {"::/0", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::/64"};
const char *const clients[] = {"10.1.2.3",      "10.1.2.4",  "10.1.9.9",        "10.9.9.9",
			       "10.200.1.1",    "192.0.2.1", "2001:db8:1:2::7", "2001:db8:1:3::7",
			       "2001:db8:2::1", "2001::1"};
const char *const regexes[] = {"a", "^/a", "b$", "a.b", "[ab]/", "ts"};

NaiveFootprint random_footprint(Random &random)
{
	NaiveFootprint f;
	f.is_union = random.once_in(3);
	bool four = random.below(2);
	for (unsigned n = 1 + random.below(2); n > 0; n--)
		f.prefixes.push_back((f.is_union ? random.below(2) : four)
					     ? random.one_of(prefixes4)
					     : random.one_of(prefixes6));
	return f;
}

template <typename T> void add_new(std::vector<T> &list, const T &item)
{
	if (std::find(list.begin(), list.end(), item) == list.end())
		list.push_back(item);
}

void random_where(Random &random, NaiveScope &scope, bool with_patterns)
{
	for (unsigned n = 1 + random.below(2); n > 0; n--) {
		std::string host = random_host(random, 3);
		switch (random.below(6)) {
		case 0:
			host = "*";
			break;
		case 1:
		case 2:
			host = "*." + host;
			break;
		}
		add_new(scope.hosts, host);
	}
	if (random.below(3))
		for (unsigned n = random.below(3); n > 0; n--)
			add_new(scope.paths, random_path(random, 3));
	if (with_patterns && random.once_in(3))
		for (unsigned n = 1 + random.below(2); n > 0; n--)
			add_new(scope.patterns, {random_pattern(random), random.once_in(2)});
	if (with_patterns && random.once_in(5))
		add_new(scope.regexes, random.one_of(regexes));
}

NaiveScope random_scope(Random &random, const NaiveTable &table, unsigned number,
			bool with_patterns)
{
	static const std::vector<std::string> protocols[] = {
		{"http"}, {"https"}, {"http", "https"}};
	NaiveScope scope;
	scope.name = "s" + std::to_string(number);
	random_where(random, scope, with_patterns);
	if (with_patterns && random.once_in(6))
		scope.query = random.once_in(2) ? "a" : "^b=1$";
	if (with_patterns && random.once_in(6))
		scope.headers.push_back(
			{random.once_in(2) ? "x-a" : "x-b", random.one_of(regexes)});
	if (!scope.needs_http() && random.once_in(3))
		scope.qtypes = {random.once_in(2) ? 1u : 28u};
	if (scope.qtypes.empty() && random.once_in(3))
		scope.protocols = protocols[random.below(3)];
	else if (!scope.needs_http() && random.once_in(4))
		scope.protocols = {"dns"};
	for (unsigned n = random.once_in(2) ? 1 + random.once_in(4) : 0; n > 0; n--)
		scope.footprints.push_back(random_footprint(random));
	for (const auto &name : table.names)
		if (random.once_in(6))
			scope.named.push_back(name.first);
	if (random.once_in(5))
		scope.times.push_back({500 + 500 * random.below(2), 1200 + random.below(2) * 500});
	if (random.once_in(4))
		scope.priority = (int)random.below(5) - 2;
	return scope;
}

NaiveTable random_table(Random &random)
{
	NaiveTable table;
	bool with_patterns = random.once_in(4);
	for (unsigned n = random.below(3); n > 0; n--)
		table.names["f" + std::to_string(n)] = random_footprint(random);
	for (unsigned n = 1 + random.below(20); n > 0; n--)
		table.scopes.push_back(random_scope(random, table, n, with_patterns));
	return table;
}

/* Takes scopes out of the table until the compiler takes it: those that could never win are refused. */
Tables compile(NaiveTable &table)
{
	for (;;) {
		TablesBuilder builder;
		builder.zone("t");
		std::map<unsigned, size_t> lines;
		unsigned line = 1;
		for (const auto &[name, footprint] : table.names) {
			builder.footprint(R"({"name": ")" + name + R"(", "footprints": [)" +
					  footprint.json() + "]}");
			line++;
		}
		for (size_t i = 0; i < table.scopes.size(); i++) {
			lines[++line] = i;
			builder.scope(table.scopes[i].json());
		}
		Tables tables = builder.try_finish();
		if (tables)
			return tables;
		std::vector<Fault> faults = builder.faults();
		for (auto fault = faults.rbegin(); fault != faults.rend(); ++fault) {
			if (fault->text.find("' overlaps scope '") == std::string::npos ||
			    !lines.count(fault->line))
				throw std::runtime_error(fault->text);
			table.scopes.erase(table.scopes.begin() + (long)lines[fault->line]);
		}
	}
}

/* --- requests --------------------------------------------------------------------------------------------------- */

struct Case {
	NaiveRequest naive;
	std::unique_ptr<Ask> ask;
	bool ecs = false;
};

Case random_dns(Random &random)
{
	Case c;
	NaiveRequest &req = c.naive;
	req.protocol = "dns";
	req.host = random_host(random, 4);
	req.qtype = random.once_in(2) ? 1 : 28;
	req.now = 400 + random.below(1500);
	req.client = random.one_of(clients);
	c.ecs = random.once_in(2);
	std::string full =
		req.client + (req.client.find(':') == std::string::npos ? "/32" : "/128");
	c.ask = std::make_unique<DnsAsk>(req.host, req.qtype, c.ecs ? "203.0.113.9" : req.client,
					 c.ecs ? full : "", req.now);
	return c;
}

Case random_http(Random &random)
{
	static const char *const queries[] = {"", "", "a", "b=1", "b=11&a"};
	static const char *const values[] = {"a", "b", "/a", "ts"};
	Case c;
	NaiveRequest &req = c.naive;
	req.protocol = random.once_in(2) ? "http" : "https";
	req.host = random_host(random, 4);
	req.path = random_path(random, 5);
	req.query = random.one_of(queries);
	req.now = 400 + random.below(1500);
	req.client = random.one_of(clients);
	for (const char *field : {"x-a", "x-b", "x-a"})
		if (random.once_in(3))
			req.headers.push_back({field, random.one_of(values)});
	std::string target = req.path + (req.query.empty() ? "" : "?" + req.query);
	if (req.protocol == "https") {
		target = "https://" + req.host + target;
	} else if (random.once_in(20)) {
		req.host = "";
	}
	c.ask = std::make_unique<HttpAsk>(req.host, target, req.headers, req.client, req.now);
	return c;
}

Case random_case(Random &random)
{
	return random.once_in(3) ? random_dns(random) : random_http(random);
}

std::string describe(const NaiveTable &table, const NaiveRequest &req)
{
	std::string text = req.protocol + " " + req.host + req.path + "?" + req.query + " type " +
			   std::to_string(req.qtype) + " from " + req.client + " at " +
			   std::to_string(req.now);
	for (const auto &[field, value] : req.headers)
		text += " " + field + ":" + value;
	for (const auto &[name, footprint] : table.names)
		text += "\n" + name + ": " + footprint.json();
	for (const NaiveScope &scope : table.scopes)
		text += "\n" + scope.json();
	return text;
}

/* A query for a name outside the zone is not matched at all. */
int naive_match(const NaiveTable &table, const NaiveRequest &req,
		const std::vector<bool> *wanted = nullptr)
{
	if (req.protocol == "dns" && !NaiveScope::host_matches("*.t", req.host) && req.host != "t")
		return -1;
	return table.match(req, wanted);
}

/* --- the trie against the naive matcher -------------------------------------------------------------------------- */

/* The whole prefix that a client subnet answer claims to be for has the same answer: the addresses that differ from the
 * client in one bit behind it do. */
void check_ecs_scope(const NaiveTable &table, const NaiveRequest &req, unsigned scope_len,
		     int winner)
{
	NaiveAddress address(req.client);
	unsigned bits = address.family == 4 ? 32 : 128;
	ASSERT_LE(scope_len, bits);
	for (unsigned i = scope_len; i < bits; i++) {
		NaiveAddress other = address;
		other.bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		char text[INET6_ADDRSTRLEN];
		inet_ntop(address.family == 4 ? AF_INET : AF_INET6, other.bytes.data(), text,
			  sizeof(text));
		NaiveRequest there = req;
		there.client = text;
		ASSERT_EQ(naive_match(table, there), winner)
			<< "scope /" << scope_len << " but " << text
			<< " differs: " << describe(table, req);
	}
}

TEST(match_model, agrees_with_the_naive_matcher)
{
	Random random(1);
	size_t pairs = 0, wins = 0, contested = 0, dns_wins = 0;
	std::map<int, size_t> by_scope_len;
	for (int round = 0; round < TABLES; round++) {
		NaiveTable table = random_table(random);
		View view(compile(table));
		for (int i = 0; i < REQUESTS; i++) {
			Case c = random_case(random);
			ASSERT_EQ(c.ask->reason, DROP_none) << describe(table, c.naive);
			int wanted = naive_match(table, c.naive);
			Verdict verdict = match(view, *c.ask);
			ASSERT_EQ(verdict.scope_name(), wanted < 0 ? "" : table.scopes[wanted].name)
				<< describe(table, c.naive);
			pairs++;
			wins += wanted >= 0;
			dns_wins += wanted >= 0 && c.naive.protocol == "dns";
			if (c.ecs) {
				by_scope_len[verdict.ecs_scope]++;
				if (random.once_in(10))
					check_ecs_scope(table, c.naive, verdict.ecs_scope, wanted);
			}
			if (i < 10 && wanted >= 0) {
				std::vector<bool> others(table.scopes.size(), true);
				others[wanted] = false;
				contested += naive_match(table, c.naive, &others) >= 0;
			}
			ASSERT_FALSE(HasFatalFailure());
		}
	}
	/* The test would say little if most requests met no scope, or one alone. */
	EXPECT_EQ(pairs, (size_t)TABLES * REQUESTS);
	EXPECT_GT(wins, pairs / 4);
	EXPECT_GT(dns_wins, pairs / 20);
	EXPECT_GT(contested, (size_t)TABLES);
	EXPECT_GT(by_scope_len.size(), 5u);
}

/* --- transactions ------------------------------------------------------------------------------------------------ */

struct place {
	std::string key;
	struct scope_entry entry;
};

void collect_places(const struct trie_node *node, const std::string &before,
		    std::vector<struct place> &out)
{
	if (!node)
		return;
	std::string key = before + std::string((const char *)trie_skip(node), node->skip_len);
	const struct scope_list *list = (const struct scope_list *)node->value;
	for (uint32_t i = 0; list && i < list->n; i++)
		out.push_back({key, list->entries[i]});
	for (unsigned byte = 0; byte < 256; byte++)
		if (const struct trie_node *child = trie_child(node, (uint8_t)byte))
			collect_places(child, key + (char)byte, out);
}

/* Versions of one table's trie, in each of which some scopes are there and others not. */
class Chain
{
      public:
	Chain(NaiveTable &naive, Random &source)
	    : table(naive), random(source), tables(compile(naive)), view(tables)
	{
		const struct scope *bad;
		char err[256];
		collect_places(tables->scopes_trie, "", places);
		EXPECT_TRUE(
			scope_trie_compile(tables->scopes_trie, &scratch, &bad, err, sizeof(err)));
		trie_retain(tables->scopes_trie);
		versions.push_back(
			{tables->scopes_trie, std::vector<bool>(table.scopes.size(), true)});
		own = *tables.get();
		view->tables = &own;
	}
	~Chain()
	{
		view->tables = tables.get();
		for (version &v : versions)
			trie_release(v.root, &scope_trie_ops);
		hs_free_scratch(scratch);
	}
	/* A transaction on some version: scopes go and come, then commit or abort. */
	void step()
	{
		version next = versions[random.below((unsigned)versions.size())];
		struct trie_txn txn;
		trie_begin(&txn, next.root, &scope_trie_ops);
		for (unsigned edits = 1 + random.below(6); edits > 0; edits--)
			flip(&txn, next.there, random.below((unsigned)table.scopes.size()));
		const struct scope *bad;
		char err[256];
		ASSERT_TRUE(scope_trie_compile(txn.root, &scratch, &bad, err, sizeof(err))) << err;
		if (random.once_in(4)) {
			trie_abort(&txn);
			return;
		}
		next.root = trie_commit(&txn);
		versions.push_back(next);
		if (versions.size() > 6) {
			size_t gone = random.below((unsigned)versions.size());
			trie_release(versions[gone].root, &scope_trie_ops);
			versions.erase(versions.begin() + (long)gone);
		}
	}
	void ask(Case &c)
	{
		const version &v = versions[random.below((unsigned)versions.size())];
		own.scopes_trie = v.root;
		own.scratch[WORKERS_MAX] = scratch;
		int wanted = naive_match(table, c.naive, &v.there);
		ASSERT_EQ(match(view, *c.ask).scope_name(),
			  wanted < 0 ? "" : table.scopes[wanted].name)
			<< describe(table, c.naive);
	}

      private:
	struct version {
		struct trie_node *root;
		std::vector<bool> there;
	};
	NaiveTable &table;
	Random &random;
	Tables tables;
	View view;
	struct tables own;
	hs_scratch_t *scratch = nullptr;
	std::vector<struct place> places;
	std::vector<version> versions;

	void flip(struct trie_txn *txn, std::vector<bool> &there, unsigned id)
	{
		const struct scope *scope = tables->scopes[id];
		for (const struct place &place : places) {
			if (place.entry.scope != scope)
				continue;
			const uint8_t *key = (const uint8_t *)place.key.data();
			if (there[id])
				ASSERT_TRUE(scope_trie_drop(txn, key, place.key.size(), scope));
			else
				ASSERT_TRUE(
					scope_trie_add(txn, key, place.key.size(), &place.entry));
		}
		there[id] = !there[id];
	}
};

TEST(match_model, agrees_through_random_transactions)
{
	Random random(2);
	for (int round = 0; round < CHAINS; round++) {
		NaiveTable table = random_table(random);
		Chain chain(table, random);
		for (int step = 0; step < 30; step++) {
			chain.step();
			for (int i = 0; i < 20; i++) {
				Case c = random_case(random);
				chain.ask(c);
				ASSERT_FALSE(HasFatalFailure());
			}
		}
	}
}

} // namespace
