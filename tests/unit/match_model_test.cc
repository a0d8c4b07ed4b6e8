/* match_model_test - random tables and requests: the trie finds the scope that a naive matcher finds, also through random
 * transactions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/random_tables.h"

#include <gtest/gtest.h>

namespace
{

/* Tables times requests. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { TABLES = 150, REQUESTS = 300, CHAINS = 60 };
#else
enum { TABLES = 3400, REQUESTS = 300, CHAINS = 600 };
#endif

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
View compile(NaiveTable &table)
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
		View view = builder.try_finish();
		if (view)
			return view;
		std::vector<Fault> faults = builder.faults();
		for (auto fault = faults.rbegin(); fault != faults.rend(); ++fault) {
			if (fault->text.find("' overlaps scope '") == std::string::npos ||
			    !lines.count(fault->line))
				throw std::runtime_error(fault->text);
			table.scopes.erase(table.scopes.begin() + (long)lines[fault->line]);
		}
	}
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
	    : table(naive), random(source), view(compile(naive)), own(view_new(view.get()), 1)
	{
		collect_places(view->scopes, "", places);
		trie_retain(view->scopes);
		versions.push_back({view->scopes, std::vector<bool>(table.scopes.size(), true)});
	}
	~Chain()
	{
		for (version &v : versions)
			trie_release(v.root, &scope_trie_ops);
	}
	/* A transaction on some version: scopes go and come, then commit or abort. */
	void step()
	{
		version next = versions[random.below((unsigned)versions.size())];
		struct trie_txn txn;
		trie_begin(&txn, next.root, &scope_trie_ops);
		for (unsigned edits = 1 + random.below(6); edits > 0; edits--)
			flip(&txn, next.there, random.below((unsigned)table.scopes.size()));
		compile_patterns(txn.root);
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
		trie_retain(v.root);
		trie_release(own->scopes, &scope_trie_ops);
		own->scopes = v.root;
		int wanted = naive_match(table, c.naive, &v.there);
		ASSERT_EQ(match(own, *c.ask).scope_name(),
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
	View view, own; /* own: with the trie of some version, and a scratch for all of them */
	std::vector<struct place> places;
	std::vector<version> versions;

	/* The lists that were made since the last time have no sets yet. */
	void compile_patterns(struct trie_node *root)
	{
		std::vector<struct pattern> patterns(PATTERN_SET_MAX);
		std::vector<const struct scope *> owners(PATTERN_SET_MAX);
		char err[256];
		size_t bad;
		for (const struct place &place : places) {
			const uint8_t *key = (const uint8_t *)place.key.data();
			size_t len = place.key.size();
			size_t n =
				scope_trie_patterns(root, key, len, patterns.data(), owners.data());
			if (!n)
				continue;
			struct pattern_set *set =
				pattern_set_compile(patterns.data(), n, err, sizeof(err), &bad);
			ASSERT_NE(set, nullptr) << err;
			ASSERT_TRUE(scope_trie_wants(root, key, len, patterns.data(), n));
			scope_trie_set_patterns(root, key, len, set);
			ASSERT_FALSE(scope_trie_wants(root, key, len, patterns.data(), n));
			struct pattern_scratch *fit = pattern_scratch_fit(own->scratch, set, 1);
			ASSERT_NE(fit, nullptr);
			pattern_scratch_release(own->scratch);
			own->scratch = fit;
			pattern_set_release(set);
		}
	}
	void flip(struct trie_txn *txn, std::vector<bool> &there, unsigned id)
	{
		const struct scope *scope = view.scope(table.scopes[id].name);
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
