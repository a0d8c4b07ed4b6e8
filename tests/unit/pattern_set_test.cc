/* pattern_set_test - sets of regexes over path, query and headers: what they see, what is refused. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "lib/http_request.h"
#include "lib/pattern_set.h"
}

namespace
{

pattern path(const char *regex, bool caseless = false)
{
	return {PATTERN_PATH, nullptr, regex, caseless};
}
pattern query(const char *regex, bool caseless = false)
{
	return {PATTERN_QUERY, nullptr, regex, caseless};
}
pattern header(const char *name, const char *regex, bool caseless = false)
{
	return {PATTERN_HEADER, name, regex, caseless};
}

class Set
{
      public:
	explicit Set(const std::vector<pattern> &patterns) : n_(patterns.size())
	{
		char err[256] = "";
		size_t bad = 99999;
		set_ = pattern_set_compile(patterns.data(), n_, err, sizeof(err), &bad);
		EXPECT_NE(set_, nullptr) << err;
		EXPECT_TRUE(pattern_set_grow_scratch(set_, &scratch_));
	}
	/* Takes the reference. */
	Set(pattern_set *set, size_t n) : n_(n), set_(set)
	{
		EXPECT_TRUE(pattern_set_grow_scratch(set_, &scratch_));
	}
	~Set()
	{
		pattern_set_release(set_);
		hs_free_scratch(scratch_);
	}
	/* The indexes that match, "0 3 " */
	std::string scan(const request *req)
	{
		pattern_matches matches;
		memset(&matches, 0xff, sizeof(matches));
		pattern_set_scan(set_, req, scratch_, &matches);
		std::string hits;
		for (uint32_t i = 0; i < n_; i++) {
			if (pattern_matched(&matches, i))
				hits += std::to_string(i) + " ";
		}
		return hits;
	}
	std::string scan(const std::string &target, const std::string &fields = "")
	{
		text_ = "GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n";
		req_ = std::make_unique<request>();
		EXPECT_EQ(http_request_parse(reinterpret_cast<const uint8_t *>(text_.data()),
					     text_.size(), &http_limits_default, req_.get()),
			  DROP_none)
			<< target;
		return scan(req_.get());
	}

      private:
	size_t n_;
	pattern_set *set_ = nullptr;
	hs_scratch_t *scratch_ = nullptr;
	std::string text_;
	std::unique_ptr<request> req_;
};

TEST(PatternSet, SeesPathQueryAndHeadersApart)
{
	Set set({path("^/live/"), query("token="), header("user-agent", "Kodi"),
		 header("accept", "video"), path("mp4$"), query("^token=1\\z"),
		 header("user-agent", "kodi", true), path("token|Kodi")});
	EXPECT_EQ(set.scan("/live/a.mp4"), "0 4 ");
	EXPECT_EQ(set.scan("/x?token=1"), "1 5 ");
	EXPECT_EQ(set.scan("/x?a&token=1"), "1 ");
	EXPECT_EQ(set.scan("/x", "User-Agent: Kodi/20\r\n"), "2 6 ");
	EXPECT_EQ(set.scan("/x", "User-Agent: KODI/20\r\n"), "6 ");
	EXPECT_EQ(set.scan("/x", "Accept: video/mp4\r\n"), "3 ");
	EXPECT_EQ(set.scan("/x", "Accept: text/html\r\nAccept: video/mp4\r\n"), "")
		<< "only the first field counts";
	EXPECT_EQ(set.scan("/token"), "7 ");
	EXPECT_EQ(set.scan("/live/%61.mp%34"), "0 4 ") << "the path is seen in normal form";
	EXPECT_EQ(set.scan("/a.example"), "");
}

TEST(PatternSet, EmptyTextsAreTexts)
{
	Set set({query("^\\z"), query(".*"), query("x"), header("x-empty", "^\\z"),
		 header("x-empty", "a*"), query("^a?$")});
	EXPECT_EQ(set.scan("/"), "0 1 5 ");
	EXPECT_EQ(set.scan("/?"), "0 1 5 ");
	EXPECT_EQ(set.scan("/?x"), "1 2 ");
	EXPECT_EQ(set.scan("/", "X-Empty:\r\n"), "0 1 3 4 5 ");
	EXPECT_EQ(set.scan("/", "X-Empty:  \r\n"), "0 1 3 4 5 ");
	EXPECT_EQ(set.scan("/", "X-Empty: b\r\n"), "0 1 4 5 ")
		<< "no such header: no match, whatever the regex";
}

TEST(PatternSet, DnsHasAPathOnly)
{
	Set set({path("^/\\z"), query(".*"), header("host", ".*")});
	auto req = std::make_unique<request>();
	memset(static_cast<void *>(req.get()), 0xee, sizeof(*req));
	ASSERT_TRUE(request_key_host(req.get(), reinterpret_cast<const uint8_t *>("a.example"), 9));
	req->protocol = PROTOCOL_DNS;
	EXPECT_EQ(set.scan(req.get()), "0 ");
}

TEST(PatternSet, NoPatternsNoMatches)
{
	Set set({});
	EXPECT_EQ(set.scan("/"), "");
}

TEST(PatternSet, TakesAsManyAsItSays)
{
	std::vector<std::string> regexes;
	std::vector<pattern> patterns;
	for (int i = 0; i <= PATTERN_SET_MAX; i++)
		regexes.push_back("^/" + std::to_string(i) + "\\z");
	for (const auto &r : regexes)
		patterns.push_back(path(r.c_str()));
	char err[256] = "";
	size_t bad = 0;
	EXPECT_EQ(pattern_set_compile(patterns.data(), patterns.size(), err, sizeof(err), &bad),
		  nullptr);
	EXPECT_EQ(bad, patterns.size());
	EXPECT_NE(std::string(err).find("at most 1024"), std::string::npos);
	patterns.pop_back();
	Set set(patterns);
	EXPECT_EQ(set.scan("/0"), "0 ");
	EXPECT_EQ(set.scan("/64"), "64 ");
	EXPECT_EQ(set.scan("/1023"), "1023 ");
}

TEST(PatternSet, RefusesByIndexAndText)
{
	struct {
		std::string regex, why;
	} bad[] = {{"(a", "parenthesis"},
		   {"(a)\\1", "reference"},
		   {"(?=x)", "Zero-width"},
		   {"a**", "repeat"},
		   {std::string(PATTERN_REGEX_MAX, 'a'), "longer than 2047 octets"}};
	for (const auto &b : bad) {
		std::vector<pattern> patterns = {path("fine"), header("a", "fine"),
						 header("b", "fine"), header("a", b.regex.c_str())};
		char err[256] = "";
		size_t at = 99;
		EXPECT_EQ(pattern_set_compile(patterns.data(), patterns.size(), err, sizeof(err),
					      &at),
			  nullptr);
		EXPECT_EQ(at, 3u) << b.regex;
		EXPECT_NE(std::string(err).find(b.why), std::string::npos) << err;
		EXPECT_NE(std::string(err).find("\"" + b.regex.substr(0, 5)), std::string::npos)
			<< err;
	}
	std::string longest(PATTERN_REGEX_MAX - 1, 'a');
	Set set({path(longest.c_str())});
}

TEST(PatternSet, ScratchGrowsWithTheSets)
{
	hs_scratch_t *scratch = nullptr;
	std::vector<pattern_set *> sets;
	std::string alternatives = "x";
	for (int i = 0; i < 5; i++) {
		alternatives += "|(a.{" + std::to_string(10 * i + 5) + "}b[cd]+e)";
		pattern p = path(alternatives.c_str());
		char err[256] = "";
		size_t bad;
		sets.push_back(pattern_set_compile(&p, 1, err, sizeof(err), &bad));
		ASSERT_NE(sets.back(), nullptr) << err;
		ASSERT_TRUE(pattern_set_grow_scratch(sets.back(), &scratch));
	}
	auto req = std::make_unique<request>();
	ASSERT_TRUE(request_key_host(req.get(), reinterpret_cast<const uint8_t *>("a"), 1));
	ASSERT_TRUE(
		request_key_path(req.get(), reinterpret_cast<const uint8_t *>("/a12345bce"), 10));
	for (auto *set : sets) {
		pattern_matches matches;
		pattern_set_scan(set, req.get(), scratch, &matches);
		EXPECT_TRUE(pattern_matched(&matches, 0));
		pattern_set_release(set);
	}
	hs_free_scratch(scratch);
	pattern_set_release(nullptr);
}

/* As lib/pattern writes them. */
std::string glob(const std::string &pattern)
{
	char out[PATTERN_REGEX_MAX], err[256] = "";
	EXPECT_EQ(pattern_regex(pattern.c_str(), out, sizeof(out), err, sizeof(err)), 0) << err;
	return out;
}

/* Few globs are matched one by one, many by Hyperscan, and others stand between them. */
TEST(PatternSet, GlobsAmongOthers)
{
	std::string ts = glob("/live/*.ts"), any = glob("*/b?.mp4"), other = glob("/vod/*");
	for (bool many : {false, true}) {
		std::vector<pattern> patterns = {path(ts.c_str()), path("b.\\."), path(any.c_str()),
						 query("x"), path(ts.c_str(), true)};
		while (many && patterns.size() < 70)
			patterns.push_back(path(other.c_str()));
		Set set(patterns);
		EXPECT_EQ(set.scan("/live/b1.ts?x"), "0 1 3 4 ");
		EXPECT_EQ(set.scan("/LIVE/b1.ts"), "1 4 ");
		EXPECT_EQ(set.scan("/b1.mp4"), "1 2 ");
		EXPECT_EQ(set.scan("/b/.mp4"), "1 ");
	}
	Set alone({path(ts.c_str()), header("a", other.c_str())});
	EXPECT_EQ(alone.scan("/live/.ts", "A: /vod/\r\n"), "0 1 ");
	EXPECT_EQ(alone.scan("/live/.ts"), "0 ");
}

pattern_set *compile(const std::vector<pattern> &patterns, std::string *why, size_t *bad)
{
	char err[256] = "";
	pattern_set *set =
		pattern_set_compile(patterns.data(), patterns.size(), err, sizeof(err), bad);
	*why = err;
	return set;
}

TEST(PatternSet, RefusesWhatIsTooCostly)
{
	/* A deterministic automaton for each alternative: large though Hyperscan takes it. */
	std::string large;
	for (int i = 0; i < 60; i++) {
		large += i ? "|" : "";
		large += std::string("^.*") + static_cast<char>('a' + i % 26) + ".{" +
			 std::to_string(3 + i % 5) + "}" + static_cast<char>('a' + (i + 1) % 26);
	}
	std::string why;
	size_t bad = 99;
	EXPECT_EQ(compile({path("fine"), query(large.c_str())}, &why, &bad), nullptr);
	EXPECT_EQ(bad, 1u);
	EXPECT_EQ(why.substr(0, 13), "regex \"^.*a.{") << why;
	EXPECT_NE(why.find("it is too costly: "), std::string::npos) << why;
	EXPECT_NE(why.find("at most 1024 KiB are taken; make it simpler"), std::string::npos)
		<< why;

	std::vector<std::string> literals;
	std::vector<pattern> patterns = {query("fine")};
	for (int i = 0; i < 700; i++) {
		std::string text;
		for (unsigned k = 0; k < 2000; k++)
			text += static_cast<char>('a' +
						  (k * k + static_cast<unsigned>(i) * k) % 23);
		literals.push_back(std::to_string(i) + text);
	}
	for (const auto &text : literals)
		patterns.push_back(path(text.c_str()));
	EXPECT_EQ(compile(patterns, &why, &bad), nullptr);
	EXPECT_EQ(bad, patterns.size()) << "no one of them";
	EXPECT_EQ(why.substr(0, 50), "the patterns of one place of the table are togethe") << why;

	EXPECT_EQ(compile({path("(?:(a.{30}b|c.{30}d)){10}")}, &why, &bad), nullptr);
	EXPECT_EQ(bad, 0u);
	EXPECT_NE(why.find("\": Pattern is too large."), std::string::npos)
		<< "Hyperscan's own reason: " << why;
}

TEST(PatternSet, LongRegexesDoNotHideTheReason)
{
	std::string why, longest = "(" + std::string(2000, 'a');
	size_t bad;
	EXPECT_EQ(compile({path(longest.c_str())}, &why, &bad), nullptr);
	EXPECT_NE(why.find("aaa...\": Missing close parenthesis"), std::string::npos) << why;
}

TEST(PatternSet, KeepsWhatItWasMadeOf)
{
	std::string why, name = "accept", regex = "^/live/", any = ".";
	size_t bad, n = 0;
	pattern_set *set = compile(
		{path(regex.c_str(), true), header(name.c_str(), any.c_str()), query(any.c_str())},
		&why, &bad);
	ASSERT_NE(set, nullptr) << why;
	name = regex = any = "xxxxxxxxx";
	const pattern *own = pattern_set_patterns(set, &n);
	ASSERT_EQ(n, 3u);
	const pattern want[] = {path("^/live/", true), header("accept", "."), query(".")};
	for (size_t i = 0; i < n; i++)
		EXPECT_TRUE(pattern_equal(&own[i], &want[i])) << i;
	pattern_set_release(set);
}

TEST(PatternSet, EqualPatterns)
{
	const pattern all[] = {path("a"),        path("b"),        path("a", true),
			       query("a"),       header("x", "a"), header("y", "a"),
			       header("x", "b"), query("a", true)};
	for (const pattern &a : all) {
		for (const pattern &b : all) {
			std::string regex = b.regex, name = b.header ? b.header : "";
			pattern copy = {b.field, b.header ? name.c_str() : nullptr, regex.c_str(),
					b.caseless};
			EXPECT_EQ(pattern_equal(&a, &copy), &a == &b);
		}
	}
}

TEST(PatternSet, TellsWhenOneHolderIsLeft)
{
	std::string why;
	size_t bad;
	int told = 0;
	auto tell = [](void *arg) { ++*static_cast<int *>(arg); };
	pattern_set *set = compile({path("a")}, &why, &bad);
	ASSERT_NE(set, nullptr);
	pattern_set_watch(set, tell, &told);
	pattern_set_retain(set);
	pattern_set_retain(set);
	pattern_set_release(set);
	EXPECT_EQ(told, 0);
	pattern_set_release(set);
	EXPECT_EQ(told, 1);
	pattern_set_retain(set);
	pattern_set_watch(set, nullptr, nullptr);
	pattern_set_release(set);
	pattern_set_release(set);
	EXPECT_EQ(told, 1);
}

TEST(PatternSet, OutOfMemoryIsAReason)
{
	std::string live = glob("/live/*.ts");
	std::vector<pattern> patterns = {path(live.c_str()), query("a"), path(live.c_str()),
					 header("a", "b")};
	for (long i = 0;; i++) {
		char err[256] = "";
		size_t bad = 99;
		failing_malloc.reset(i);
		pattern_set *set = pattern_set_compile(patterns.data(), patterns.size(), err,
						       sizeof(err), &bad);
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		if (!failed) {
			EXPECT_GE(i, 6);
			EXPECT_NE(set, nullptr);
			pattern_set_release(set);
			break;
		}
		EXPECT_EQ(set, nullptr);
		EXPECT_STREQ(err, "no memory");
		EXPECT_EQ(bad, patterns.size());
	}
}

/* --- saved ones ----------------------------------------------------------------------------------------------- */

using Octets = std::vector<uint8_t>;

/* With globs, which Hyperscan has no part in, and three groups. */
std::vector<pattern> some_patterns(const std::string &live)
{
	return {path("^/a[0-9]+b"),     path(live.c_str()),           query("x="),
		header("x-a", "v1|v2"), path("\\.(ts|m4s)\\z", true), query("y=[0-9]")};
}

Octets save(const pattern_set *set)
{
	uint8_t *bytes;
	size_t len;
	EXPECT_TRUE(pattern_set_save(set, &bytes, &len));
	Octets saved(bytes, bytes + len);
	free(bytes);
	return saved;
}

pattern_set *load(const std::vector<pattern> &patterns, const Octets &saved)
{
	auto exact = std::make_unique<uint8_t[]>(saved.size()); /* for the sanitizer */
	std::copy(saved.begin(), saved.end(), exact.get());
	return pattern_set_load(patterns.data(), patterns.size(),
				{exact.get(), static_cast<uint32_t>(saved.size())});
}

bool can_load(const std::vector<pattern> &patterns, const Octets &saved)
{
	pattern_set *set = load(patterns, saved);
	pattern_set_release(set);
	return set != nullptr;
}

void poke32(Octets &octets, size_t at, uint32_t value)
{
	memcpy(octets.data() + at, &value, sizeof(value));
}

TEST(PatternSetSaved, MatchesWhatItMatched)
{
	std::string live = glob("/live/*.ts");
	auto patterns = some_patterns(live);
	std::string why;
	size_t bad;
	pattern_set *set = compile(patterns, &why, &bad);
	ASSERT_NE(set, nullptr) << why;
	Octets saved = save(set);
	pattern_set_release(set);
	pattern_set *again = load(patterns, saved);
	ASSERT_NE(again, nullptr);
	EXPECT_EQ(save(again), saved);
	Set both[] = {Set(patterns), Set(again, patterns.size())};
	for (const char *target :
	     {"/a1b", "/live/x.ts", "/x.M4S?x=1", "/a1b.ts?y=7", "/?x=&y=0", "/"}) {
		for (const char *fields : {"", "X-A: v2\r\n", "X-A: v3\r\n"})
			EXPECT_EQ(both[0].scan(target, fields), both[1].scan(target, fields));
	}
	EXPECT_EQ(both[1].scan("/live/a1b.TS?y=1", "X-A: v1\r\n"), "3 4 5 ");
}

TEST(PatternSetSaved, IsEmptyWithoutHyperscan)
{
	std::string live = glob("/live/*.ts"), why;
	size_t bad;
	pattern_set *set = compile({path(live.c_str())}, &why, &bad);
	EXPECT_EQ(save(set), Octets());
	EXPECT_TRUE(can_load({path(live.c_str())}, {}));
	EXPECT_FALSE(can_load({path("a[0-9]")}, {})) << "it has a part in that";
	pattern_set_release(set);
}

TEST(PatternSetSaved, IsRefusedWhenItIsNotOurs)
{
	/* What Hyperscan writes first (its database.h), behind our length: a magic number, its version, length, platform. */
	enum { VERSION = 8, LENGTH = 12, PLATFORM = 16, OCTETS = 64, UNUSED_END = 72 };
	std::string live = glob("/live/*.ts"), why;
	auto patterns = some_patterns(live);
	size_t bad;
	pattern_set *set = compile(patterns, &why, &bad);
	const Octets good = save(set);
	pattern_set_release(set);
	ASSERT_TRUE(can_load(patterns, good));
	for (size_t at : {(size_t)VERSION, (size_t)VERSION + 3, (size_t)LENGTH, (size_t)PLATFORM,
			  (size_t)PLATFORM + 1, (size_t)OCTETS, good.size() / 2,
			  good.size() - UNUSED_END - 1}) {
		Octets other = good;
		other[at] ^= 0x40;
		EXPECT_FALSE(can_load(patterns, other)) << at;
	}
	for (size_t len = 0; len < good.size(); len += 1 + good.size() / 97)
		EXPECT_FALSE(can_load(patterns, Octets(good.begin(), good.begin() + (long)len)));
	for (uint32_t len : {0u, 1u, 100u, UINT32_MAX, UINT32_MAX - 3}) {
		Octets other = good;
		poke32(other, 0, len);
		EXPECT_FALSE(can_load(patterns, other)) << len;
	}
	Octets longer = good;
	longer.push_back(0);
	EXPECT_FALSE(can_load(patterns, longer));
	EXPECT_FALSE(can_load({path("a[0-9]")}, good)) << "of more groups";
	patterns.push_back(header("x-b", "c"));
	EXPECT_FALSE(can_load(patterns, good)) << "of fewer groups";
}

TEST(PatternSetSaved, IsRefusedInAnotherMode)
{
	for (unsigned mode : {HS_MODE_BLOCK, HS_MODE_STREAM, HS_MODE_VECTORED}) {
		hs_database_t *database;
		hs_compile_error_t *error;
		char *bytes;
		size_t len;
		ASSERT_EQ(hs_compile("a[0-9]", 0, mode, nullptr, &database, &error), HS_SUCCESS);
		ASSERT_EQ(hs_serialize_database(database, &bytes, &len), HS_SUCCESS);
		Octets saved(sizeof(uint32_t));
		poke32(saved, 0, static_cast<uint32_t>(len));
		saved.insert(saved.end(), bytes, bytes + len);
		EXPECT_EQ(can_load({path("a[0-9]")}, saved), mode == HS_MODE_BLOCK) << mode;
		free(bytes);
		hs_free_database(database);
	}
}

TEST(PatternSetSaved, OutOfMemory)
{
	std::string live = glob("/live/*.ts"), why;
	auto patterns = some_patterns(live);
	size_t bad;
	pattern_set *set = compile(patterns, &why, &bad);
	const Octets good = save(set);
	for (long i = 0, failed = 1; failed; i++) {
		uint8_t *bytes;
		size_t len;
		failing_malloc.reset(i);
		bool saved = pattern_set_save(set, &bytes, &len);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(saved, !failed);
		EXPECT_EQ(bytes != nullptr, saved);
		free(bytes);
	}
	for (long i = 0, failed = 1; failed; i++) {
		failing_malloc.reset(i);
		pattern_set *again =
			pattern_set_load(patterns.data(), patterns.size(),
					 {good.data(), static_cast<uint32_t>(good.size())});
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(again != nullptr, !failed);
		pattern_set_release(again);
	}
	pattern_set_release(set);
}

TEST(PatternSetSaved, TellsWhatCompiledIt)
{
	char name[128], first[128];
	pattern_set_compiler(first, sizeof(first));
	pattern_set_compiler(name, sizeof(name));
	EXPECT_STREQ(name, first);
	EXPECT_NE(std::string(name).find(hs_version()), std::string::npos) << name;
	EXPECT_LT(strlen(name), sizeof(name) - 1) << "not cut";
}

} // namespace
