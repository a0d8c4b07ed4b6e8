/* scope_rank_test - each rule of the rank decides before all later ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/request.h"
#include "lib/scope_rank.h"
}

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <tuple>

namespace
{

/* The best that rules from `rule` on can give, and the worst; rules before it are equal in both. */
struct scope_rank_parts extreme(unsigned rule, bool best)
{
	struct scope_rank_parts p = {};
	p.priority = 5;
	p.host_labels = 2;
	p.path_len = 9;
	p.path_kind = 1;
	p.footprint = 7;
	p.protocols = PROTOCOL_HTTP | PROTOCOL_HTTPS;
	p.conditions = 3;
	if (rule <= 1)
		p.priority = best ? INT16_MAX : INT16_MIN;
	if (rule <= 2) {
		p.host_exact = best;
		p.host_labels = best ? 127 : 0;
	}
	if (rule <= 3)
		p.path_len = best ? 2047 : 0;
	if (rule <= 4)
		p.path_kind = best ? 2 : 0;
	if (rule <= 5)
		p.footprint = best ? 255 : 0;
	if (rule <= 6)
		p.protocols = best ? PROTOCOL_DNS : PROTOCOL_DNS | PROTOCOL_HTTP | PROTOCOL_HTTPS;
	if (rule <= 7)
		p.conditions = best ? 7 : 0;
	return p;
}

/* Better in one rule by the smallest step, and as bad as can be in all later ones. */
TEST(scope_rank, each_rule_decides_before_all_later_ones)
{
	struct {
		unsigned rule;
		const char *why;
		void (*better)(struct scope_rank_parts *p);
	} const steps[] = {
		{1, "higher priority", [](struct scope_rank_parts *p) { p->priority++; }},
		{2, "more specific host", [](struct scope_rank_parts *p) { p->host_labels++; }},
		{3, "longer path", [](struct scope_rank_parts *p) { p->path_len++; }},
		{4, "pattern before regex before plain prefix",
		 [](struct scope_rank_parts *p) { p->path_kind++; }},
		{5, "narrower footprint", [](struct scope_rank_parts *p) { p->footprint++; }},
		{6, "fewer protocols",
		 [](struct scope_rank_parts *p) { p->protocols = PROTOCOL_HTTPS; }},
		{7, "more conditions", [](struct scope_rank_parts *p) { p->conditions++; }},
	};
	for (const auto &step : steps) {
		struct scope_rank_parts worst = extreme(step.rule + 1, false),
					best = extreme(step.rule + 1, true);
		step.better(&worst);
		uint64_t a = scope_rank(&worst), b = scope_rank(&best);
		EXPECT_GT(a, b) << step.why;
		EXPECT_STREQ(scope_rank_why(a, b), step.why);
	}
}

TEST(scope_rank, equal_parts_leave_it_to_the_order)
{
	struct scope_rank_parts p = extreme(8, true);
	EXPECT_EQ(scope_rank(&p), scope_rank(&p));
	EXPECT_STREQ(scope_rank_why(scope_rank(&p), scope_rank(&p)), "configured first");
}

TEST(scope_rank, why_names_the_first_rule_that_differs)
{
	struct scope_rank_parts best = extreme(1, true), worst = extreme(1, false);
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)), "higher priority");
	worst.priority = best.priority;
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)), "more specific host");
	worst.host_exact = best.host_exact;
	worst.host_labels = best.host_labels;
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)), "longer path");
	worst.path_len = best.path_len;
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)),
		     "pattern before regex before plain prefix");
	worst.path_kind = best.path_kind;
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)), "narrower footprint");
	worst.footprint = best.footprint;
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)), "fewer protocols");
	worst.protocols = best.protocols;
	EXPECT_STREQ(scope_rank_why(scope_rank(&best), scope_rank(&worst)), "more conditions");
}

TEST(scope_rank, negative_priorities)
{
	struct scope_rank_parts p = extreme(2, true);
	uint64_t before = 0;
	for (int priority = INT16_MIN; priority <= INT16_MAX; priority += 13) {
		p.priority = (int16_t)priority;
		uint64_t rank = scope_rank(&p);
		EXPECT_TRUE(priority == INT16_MIN || rank > before) << priority;
		before = rank;
	}
}

TEST(scope_rank, every_exact_host_stands_above_every_wildcard)
{
	struct scope_rank_parts exact = extreme(3, false), wildcard = extreme(3, true);
	exact.host_exact = true;
	exact.host_labels = 1;
	wildcard.host_exact = false;
	wildcard.host_labels = 127;
	EXPECT_GT(scope_rank(&exact), scope_rank(&wildcard));
}

/* What is past a field's width counts as its end and does not reach into the next field. */
TEST(scope_rank, numbers_out_of_range_are_cut)
{
	struct scope_rank_parts at = extreme(8, true), past = at;
	at.conditions = 7;
	past.conditions = 255;
	EXPECT_EQ(scope_rank(&past), scope_rank(&at));
	at.path_len = 2047;
	past.path_len = UINT16_MAX;
	EXPECT_EQ(scope_rank(&past), scope_rank(&at));
	at.path_kind = 3;
	past.path_kind = 255;
	EXPECT_EQ(scope_rank(&past), scope_rank(&at));
	at.host_exact = past.host_exact = true;
	at.host_labels = 127;
	past.host_labels = 255;
	EXPECT_EQ(scope_rank(&past), scope_rank(&at));
	past.protocols |= 0xf8;
	EXPECT_EQ(scope_rank(&past), scope_rank(&at));
}

/* The same order as comparing the parts one after the other. */
TEST(scope_rank, random_pairs_compare_as_their_parts)
{
	std::mt19937 random(3);
	auto make = [&] {
		struct scope_rank_parts p = {};
		p.priority = (int16_t)(random() % 3 - 1);
		p.host_exact = random() % 2;
		p.host_labels = (uint8_t)(random() % 3);
		p.path_len = (uint16_t)(random() % 3);
		p.path_kind = (uint8_t)(random() % 3);
		p.footprint = (uint8_t)(random() % 3);
		p.protocols = (uint8_t)(random() % 7 + 1);
		p.conditions = (uint8_t)(random() % 3);
		return p;
	};
	auto parts = [](const struct scope_rank_parts &p) {
		int n = (p.protocols & 1) + (p.protocols >> 1 & 1) + (p.protocols >> 2 & 1);
		return std::make_tuple(p.priority, p.host_exact, p.host_labels, p.path_len,
				       p.path_kind, p.footprint, -n, p.conditions);
	};
	for (int i = 0; i < 200000; i++) {
		struct scope_rank_parts a = make(), b = make();
		ASSERT_EQ(scope_rank(&a) < scope_rank(&b), parts(a) < parts(b)) << i;
		ASSERT_EQ(scope_rank(&a) == scope_rank(&b), parts(a) == parts(b)) << i;
	}
}

} // namespace
