/* watch_top - the method that lists the busiest scopes, hosts and client prefixes of the last minute. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/top.h"
#include "watch.h"

enum { LIMIT_DEFAULT = 10, LIMIT_MAX = 100 };

/* NULL: no memory. */
static json_t *busiest(const struct plane *plane, enum top_kind kind, unsigned limit,
		       struct top_total *total)
{
	struct top_entry entries[LIMIT_MAX];
	uint64_t now = plane_now_ns(plane) / UINT64_C(1000000000);
	int n = top_read((const struct top *const *)plane->tops, plane->n_workers, kind, now,
			 entries, limit, total);
	json_t *list = n < 0 ? NULL : json_array();
	double seconds = total->seconds ? (double)total->seconds : 1;
	for (int i = 0; list && i < n; i++)
		json_array_append_new(list, json_pack("{s:o, s:f, s:f}", "name",
						      rpc_text(entries[i].text), "share",
						      entries[i].share, "per-second",
						      (double)entries[i].count / seconds));
	return list;
}

json_t *watch_top(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	const struct plane *plane = control->plane;
	struct top_total total = {0};
	unsigned limit = (unsigned)json_in_integer(params, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	if (!json_in_end(params))
		return NULL;
	json_t *scopes = busiest(plane, TOP_SCOPES, limit, &total);
	json_t *hosts = busiest(plane, TOP_HOSTS, limit, &total);
	json_t *clients = busiest(plane, TOP_CLIENTS, limit, &total);
	return json_pack("{s:I, s:I, s:o, s:o, s:o}", "seconds", (json_int_t)total.seconds,
			 "requests", (json_int_t)total.requests, "scopes", scopes, "hosts", hosts,
			 "clients", clients);
}
