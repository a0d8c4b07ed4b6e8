/* trace - records of single requests while an operator traces them: which ones, and what is kept of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

const char *trace_stage_name(enum trace_stage stage)
{
	static const char *const names[TRACE_STAGES] = {"classify", "decode", "match",
							"choose",   "ask",    "count",
							"reply",    "seal",   "transmit"};
	return names[stage];
}

struct trace_filter *trace_filter_copy(const struct trace_filter *filter)
{
	size_t scope_size = filter->scope ? strlen(filter->scope) + 1 : 0;
	struct trace_filter *copy = malloc(sizeof(*copy) + scope_size);
	if (!copy)
		return NULL;
	*copy = *filter;
	if (filter->scope)
		copy->scope = memcpy(copy + 1, filter->scope, scope_size);
	return copy;
}

static bool host_matches(const struct trace_filter *filter, const struct request *req)
{
	if (filter->host_len == 0)
		return true;
	if (req->host_len < filter->host_len ||
	    memcmp(req->key, filter->host, filter->host_len) != 0)
		return false;
	return req->host_len == filter->host_len || req->key[filter->host_len] == '.';
}

static bool client_matches(const struct trace_filter *filter, const struct request *req)
{
	if (filter->client.addr.family == 0)
		return true;
	struct ip_addr client = req->client;
	if (client.family != filter->client.addr.family || req->client_len < filter->client.len)
		return false;
	ip_addr_mask(&client, filter->client.len);
	return ip_addr_equal(&client, &filter->client.addr);
}

bool trace_matches(const struct trace_filter *filter, const struct request *req, const char *scope)
{
	if (filter->protocols && !(filter->protocols & req->protocol))
		return false;
	if (filter->scope && (!scope || strcmp(filter->scope, scope) != 0))
		return false;
	return host_matches(filter, req) && client_matches(filter, req);
}

static void fill_name(char out[TRACE_NAME_MAX], const char *name)
{
	size_t len = name ? text_fit(name, strlen(name), TRACE_NAME_MAX - 1) : 0;
	memcpy(out, name ? name : "", len);
	out[len] = '\0';
}

/* After an error in decode the key ends where it was found. */
void trace_fill(struct trace_record *record, const struct request *req,
		const struct verdict *verdict)
{
	const struct target *target = verdict->target;
	record->protocol = req->protocol;
	record->qtype = req->protocol == PROTOCOL_DNS ? req->dns.qtype : 0;
	record->client = req->client;
	record->client_len = req->client_len;
	record->key_whole = req->key_len;
	record->key_len = req->key_len < TRACE_KEY_MAX ? req->key_len : TRACE_KEY_MAX;
	record->host_len = req->host_len < record->key_len ? req->host_len : record->key_len;
	memcpy(record->key, req->key, record->key_len);
	record->outcome = verdict->outcome;
	record->fell_back = verdict->fell_back;
	record->target_kind = target ? (uint8_t)target->kind : 0;
	fill_name(record->scope, verdict->scope ? verdict->scope->name : NULL);
	fill_name(record->target, target ? target->name : NULL);
}

struct trace_record *trace_begin(struct trace_ring *ring, const struct trace_filter *filter,
				 const struct request *req, const char *scope)
{
	if (!trace_matches(filter, req, scope) || ring->turn++ % filter->every != 0)
		return NULL;
	if (ring->head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) == TRACE_RING) {
		__atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
		return NULL;
	}
	return &ring->records[ring->head % TRACE_RING];
}

void trace_put(struct trace_ring *ring)
{
	__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
}

bool trace_take(struct trace_ring *ring, struct trace_record *record)
{
	if (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == ring->tail)
		return false;
	*record = ring->records[ring->tail % TRACE_RING];
	__atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
	return true;
}
