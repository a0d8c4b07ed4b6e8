/* target_test - the order of DRIs does not depend on the order in which they were put in. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/scope.h"
#include "lib/target.h"
}

#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <vector>

namespace
{

struct dri plain()
{
	struct dri dri = {};
	dri.refs = 1;
	dri.footprint = SCOPE_ANY_FOOTPRINT;
	dri.order = 7;
	dri.ttl = 60;
	return dri;
}

TEST(target, dris_that_were_said_at_once_go_by_what_they_say)
{
	static char authority[] = "b.test", scheme[] = "http", prefix[] = "/x/";
	const std::vector<std::function<void(struct dri &)>> changes = {
		[](struct dri &d) { d.ttl = 61; },
		[](struct dri &d) { memcpy(d.cname, "\1b", d.cname_len = 3); },
		[](struct dri &d) { memcpy(d.cname, "\1c", d.cname_len = 3); },
		[](struct dri &d) { d.n_v4 = 1; },
		[](struct dri &d) { d.n_v4 = 1, d.v4[0][3] = 9; },
		[](struct dri &d) { d.n_v6 = 1; },
		[](struct dri &d) { d.n_v6 = 1, d.v6[0][15] = 9; },
		[](struct dri &d) { d.authority = authority; },
		[](struct dri &d) { d.authority = authority, d.scheme = scheme; },
		[](struct dri &d) { d.authority = authority, d.path_prefix = prefix; },
		[](struct dri &d) { d.authority = authority, d.include_redirecting_host = true; },
	};
	std::vector<struct dri> all = {plain()};
	for (const auto &change : changes) {
		all.push_back(plain());
		change(all.back());
	}
	for (const struct dri &a : all)
		for (const struct dri &b : all)
			EXPECT_EQ(dri_before(&a, &b) + dri_before(&b, &a), &a != &b);
}

} // namespace
