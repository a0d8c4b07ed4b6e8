/* http_locations - the content of a redirect for clients that can choose themselves: all locations that can be used, in JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_locations.h"

#include "http_answer.h"
#include "http_field.h"
#include "http_request.h"

enum { LOCATION_MAX = 4096 };

/* weight = "q=" and a number that is not 0 (RFC 9110 §12.4.2). */
static bool is_refused(struct span parameters)
{
	while (parameters.len) {
		struct span parameter = span_trim(span_cut(&parameters, ';'));
		struct span name = {parameter.at, parameter.len < 2 ? parameter.len : 2};
		if (!span_is(name, "q=", 2))
			continue;
		for (uint32_t i = 2; i < parameter.len; i++)
			if (OCTET_IN(parameter.at[i], '1', '9'))
				return false;
		return true;
	}
	return false;
}

bool http_locations_wanted(const struct request *req)
{
	struct span accept = http_request_header(req, "accept", 6), range;
	while (span_next_member(&accept, &range)) {
		struct span type = span_trim(span_cut(&range, ';'));
		if (span_is(type, "application/json", 16))
			return !is_refused(range);
	}
	return false;
}

/* false: it does not fit, or is no URI, and nothing is written. */
static bool write_location(struct writer *w, const struct request *req, const struct dri *dri)
{
	uint8_t location[LOCATION_MAX];
	struct writer plain = writer_of(location, sizeof(location)), before = *w;
	if (!http_answer_location(&plain, req, dri) || plain.bad)
		return false;
	writer_u8(w, '"');
	for (const uint8_t *at = location; at < plain.at; at++) {
		w->bad |= !OCTET_VISIBLE(*at);
		if (*at == '"' || *at == '\\')
			writer_u8(w, '\\');
		writer_u8(w, *at);
	}
	writer_u8(w, '"');
	if (!w->bad)
		return true;
	*w = before;
	return false;
}

/* The scope's policy goes on with those that were not taken; nobody is told, and no turn is used up. */
static void write_others(struct writer *w, const struct view *view, struct match_context *context,
			 const struct request *req, const struct verdict *verdict)
{
	const struct scope *scope = verdict->scope;
	const struct match_trace *trace = context->trace;
	const uint64_t tried = context->tried;
	uint32_t *turn = &context->turns[scope->seed % (sizeof(context->turns) / sizeof(*turn))];
	const uint32_t turn_before = *turn;
	struct verdict other = *verdict;
	const struct scope_candidate *next = &scope->candidates[verdict->candidate];
	context->trace = NULL;
	for (unsigned n = 1; next && n < HTTP_LOCATIONS_MAX;) {
		context->tried |= UINT64_C(1) << (next - scope->candidates);
		next = match_candidate(view, context, req, &other);
		const struct target *target = next ? view_target(view, next->target) : NULL;
		if (!target || target->strategy != STRATEGY_ITERATIVE)
			continue;
		const struct dri *dri = match_dri(view, req, target, &other);
		if (match_dri_fit(req, dri) != MATCH_FITS)
			continue;
		struct writer before = *w;
		writer_u8(w, ',');
		if (w->bad || !write_location(w, req, dri)) {
			*w = before;
			continue;
		}
		n++;
	}
	context->trace = trace;
	context->tried = tried;
	*turn = turn_before;
}

size_t http_locations_write(uint8_t *out, size_t cap, const struct view *view,
			    struct match_context *context, const struct request *req,
			    const struct verdict *verdict)
{
	static const char end[] = "]}";
	const struct scope *scope = verdict->scope;
	if (verdict->outcome != VERDICT_REDIRECT || cap < sizeof(end))
		return 0;
	struct writer w = writer_of(out, cap - (sizeof(end) - 1));
	writer_text(&w, "{\"locations\":[");
	if (w.bad || !write_location(&w, req, verdict->dri))
		return 0;
	if (scope && !scope->signed_uri && verdict->candidate < scope->n_candidates)
		write_others(&w, view, context, req, verdict);
	memcpy(w.at, end, sizeof(end) - 1);
	return (size_t)(w.at - out) + sizeof(end) - 1;
}
