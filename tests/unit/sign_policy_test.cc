/* sign_policy_test - the member uri-signing of a scope: what is taken, what is refused, and what is kept of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/json_ptr.h"

extern "C" {
#include "control/sign_policy.h"
}

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace
{

/* {"uri-signing": ...} once read. */
struct Read {
	JsonPtr json;
	std::string said, text = "-";

	explicit Read(const std::string &value)
	    : json(json_loads(("{\"uri-signing\": " + value + "}").c_str(), 0, nullptr))
	{
		struct faults faults = {};
		struct json_source source = {&faults, nullptr, {nullptr, 0}, nullptr};
		struct json_in in;
		char *made = nullptr;
		json_in_begin(&in, &source, json.get(), source.place, "scope");
		sign_policy_read(&in, &made);
		for (size_t i = 0; i < faults.n; i++)
			said += std::string(faults.list[i].text) + "\n";
		if (made)
			text = made;
		free(made);
		faults_clear(&faults);
	}
	std::string canonical() const
	{
		char *dump = json_dumps(json_object_get(json.get(), "uri-signing"),
					JSON_COMPACT | JSON_SORT_KEYS);
		std::string copy = dump ? dump : "";
		free(dump);
		return copy;
	}
};

/* "attribute header [issuers]" */
std::string split(const std::string &text)
{
	auto policy = std::make_unique<struct sign_policy>();
	if (!sign_policy_split(policy.get(), text.c_str()))
		return "refused";
	const struct uri_signing_policy &p = policy->policy;
	EXPECT_TRUE(p.enforce);
	std::string all = std::string(p.attribute) + " " + (p.header ? p.header : "-") + " [";
	for (size_t i = 0; i < p.n_issuers; i++)
		all += (i ? "," : "") + std::string(p.issuers[i]);
	return all + "]";
}

TEST(sign_policy, what_is_taken)
{
	const struct {
		const char *value, *canonical, *split;
	} cases[] = {
		{"{}", "{}", "URISigningPackage - []"},
		{R"({"enforce": true, "issuers": [], "package-attribute": "URISigningPackage"})",
		 "{}", "URISigningPackage - []"},
		{R"({"issuers": ["csp", "u cdn"]})", R"({"issuers":["csp","u cdn"]})",
		 "URISigningPackage - [csp,u cdn]"},
		{R"({"package-attribute": "tok-._~9"})", R"({"package-attribute":"tok-._~9"})",
		 "tok-._~9 - []"},
		{R"({"jwt-header": {"alg": "ES256"}})", R"({"jwt-header":{"alg":"ES256"}})",
		 "URISigningPackage eyJhbGciOiJFUzI1NiJ9 []"},
		{R"({"jwt-header": "eyJhbGciOiJFUzI1NiJ9", "issuers": ["x"]})",
		 R"({"issuers":["x"],"jwt-header":"eyJhbGciOiJFUzI1NiJ9"})",
		 "URISigningPackage eyJhbGciOiJFUzI1NiJ9 [x]"},
	};
	for (const auto &c : cases) {
		Read read(c.value);
		EXPECT_EQ(read.said, "") << c.value;
		EXPECT_EQ(read.canonical(), c.canonical);
		EXPECT_EQ(split(read.text), c.split);
		EXPECT_EQ(Read(read.canonical()).text, read.text);
	}
}

TEST(sign_policy, not_enforced_is_as_if_it_were_not_there)
{
	Read read(R"({"enforce": false, "issuers": ["x"]})");
	EXPECT_EQ(read.text, "-");
	EXPECT_EQ(read.canonical(), R"({"enforce":false,"issuers":["x"]})");
}

TEST(sign_policy, what_is_refused)
{
	const std::string long_name(SIGN_ISSUER_MAX + 1, 'x');
	std::string many = "\"x\"";
	for (int i = 0; i < SIGN_ISSUERS_MAX; i++)
		many += ", \"x\"";
	const std::pair<std::string, const char *> cases[] = {
		{"1", "uri-signing: expected a group of members, not a number"},
		{R"({"enforce": 1})", "enforce: expected true or false, not a number"},
		{R"({"issuers": "x"})", "issuers: expected a list"},
		{R"({"issuers": [1]})", "issuers: expected a text"},
		{R"({"issuers": ["a\nb"]})", "without control characters"},
		{R"({"issuers": [")" + long_name + "\"]}", "issuers: at most 255 octets"},
		{R"({"issuers": [)" + many + "]}", "issuers: at most 32 are possible"},
		{R"({"package-attribute": ""})", "package-attribute: expected a text"},
		{R"({"package-attribute": "a=b"})", "package-attribute: expected 1 to 64 letters"},
		{R"({"package-attribute": ")" + std::string(65, 'a') + "\"}",
		 "package-attribute: expected 1 to 64 letters"},
		{R"({"jwt-header": 1})", "jwt-header: expected"},
		{R"({"jwt-header": {"alg": "none"}})", "jwt-header: expected the header of a JWT"},
		{R"({"jwt-header": {"alg": "ES256", "crit": ["x"], "x": 1}})", "jwt-header: "},
		{R"({"jwt-header": "x y"})", "jwt-header: expected the header of a JWT"},
		{R"({"jwt-header": {"alg": "ES256", "x": ")" + std::string(4090, 'x') + "\"}}",
		 "jwt-header: expected the header of a JWT"},
		{R"({"issuer": ["x"]})", "unknown key 'issuer'; did you mean 'issuers'?"},
	};
	for (const auto &c : cases) {
		Read read(c.first);
		EXPECT_NE(read.said.find(c.second), std::string::npos) << c.first << read.said;
		EXPECT_EQ(read.text, "-") << c.first;
	}
}

/* An image may hold anything. */
TEST(sign_policy, texts_that_nothing_made)
{
	for (const char *text : {"", "a", "\n", "a b\n", "\nx\ny"})
		EXPECT_EQ(split(text), "refused") << text;
	EXPECT_EQ(split(std::string(100000, 'a')), "refused");
	EXPECT_EQ(split("a\n"), "a - []");
	std::string issuers;
	for (int i = 0; i < SIGN_ISSUERS_MAX; i++)
		issuers += "\nx";
	EXPECT_NE(split("a\n" + issuers), "refused");
	EXPECT_EQ(split("a\n" + issuers + "\nx"), "refused");
}

TEST(sign_policy, the_largest_one)
{
	std::string issuers;
	for (int i = 0; i < SIGN_ISSUERS_MAX; i++)
		issuers += (i ? ", \"" : "\"") + std::string(SIGN_ISSUER_MAX, 'x') + "\"";
	Read read(R"({"issuers": [)" + issuers + R"(], "package-attribute": ")" +
		  std::string(SIGN_ATTRIBUTE_MAX, 'a') +
		  R"(", "jwt-header": {"alg": "ES256", "x": ")" + std::string(3000, 'x') + "\"}}");
	EXPECT_EQ(read.said, "");
	EXPECT_NE(split(read.text), "refused");
}

TEST(sign_policy, out_of_metadata)
{
	JsonPtr value(json_loads(R"({"enforce": true, "issuers": ["x"], "new": 1,
		"jwt-header": {"alg": "ES256"}})",
				 0, nullptr));
	JsonPtr member(sign_policy_member(value.get()));
	char *text = json_dumps(member.get(), JSON_COMPACT | JSON_SORT_KEYS);
	EXPECT_STREQ(text, R"({"enforce":true,"issuers":["x"],"jwt-header":{"alg":"ES256"}})");
	free(text);
}

TEST(sign_policy, memory_that_runs_out)
{
	const char *value = R"({"issuers": ["a", "b"], "jwt-header": {"alg": "ES256"}})";
	std::string good = Read(value).text;
	JsonPtr parsed(
		json_loads(("{\"uri-signing\": " + std::string(value) + "}").c_str(), 0, nullptr));
	for (long n = 0;; n++) {
		ASSERT_LT(n, 1000);
		struct faults faults = {};
		struct json_source source = {&faults, nullptr, {nullptr, 0}, nullptr};
		struct json_in in;
		char *made = nullptr;
		failing_malloc.reset(n);
		json_in_begin(&in, &source, parsed.get(), source.place, "scope");
		sign_policy_read(&in, &made);
		bool failed = failing_malloc.failed > 0;
		failing_malloc.reset(-1);
		EXPECT_TRUE(made || faults.total);
		if (made) {
			EXPECT_EQ(made, good);
		}
		free(made);
		faults_clear(&faults);
		if (!failed)
			break;
	}
}

} // namespace
