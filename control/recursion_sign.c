/* recursion_sign - a parked request with a signed URI: verified once, then signed for where it goes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "recursion_sign.h"

#include "lib/http_answer.h"
#include "lib/http_request.h"
#include "lib/uri.h"
#include "sign.h"

#include <stdlib.h>
#include <string.h>

struct recursion_sign {
	struct control *control;
	struct view *view;
	struct verdict match;
	const struct target *target;
	struct request req;
	struct uri_signing_verdict verdict;
	struct sign_request signing; /* its URI is text */
	char text[URI_MAX];
};

static bool match(struct recursion_sign *sign, const struct parked *parked)
{
	struct request *req = &sign->req;
	struct writer w = writer_of(sign->text, sizeof(sign->text));
	memcpy(req, &parked->request, offsetof(struct request, key) + parked->request.key_len);
	if (!http_request_uri(&w, req) || w.bad)
		return false;
	match_scope(sign->view, &sign->control->match, req, &sign->match);
	if (!sign->match.scope || !sign->match.scope->signed_uri)
		return false;
	if (match_resume(sign->view, req, parked->target, &sign->match))
		sign->target = sign->match.target;
	sign->signing = (struct sign_request){
		.scope = sign->match.scope,
		.req = req,
		.uri = {(const uint8_t *)sign->text, (uint32_t)(w.at - (uint8_t *)sign->text)},
	};
	return true;
}

struct recursion_sign *recursion_sign_new(struct control *control, const struct parked *parked)
{
	struct recursion_sign *sign = calloc(1, sizeof(*sign));
	if (!sign)
		return NULL;
	sign->control = control;
	sign->view = control->head;
	view_retain(sign->view);
	if (match(sign, parked)) {
		sign_verify(control->sign, &sign->signing, &sign->verdict);
		return sign;
	}
	recursion_sign_free(sign);
	return NULL;
}

void recursion_sign_free(struct recursion_sign *sign)
{
	if (!sign)
		return;
	uri_signing_verdict_clear(&sign->verdict);
	view_release(sign->view);
	free(sign);
}

bool recursion_sign_is_good(const struct recursion_sign *sign)
{
	return sign->verdict.code == URI_SIGN_GOOD;
}

const struct target *recursion_sign_target(const struct recursion_sign *sign)
{
	return sign->target;
}

struct dri *recursion_sign_told(struct recursion_sign *sign, const struct dri *told)
{
	char location[URI_MAX];
	struct writer w = writer_of(location, sizeof(location));
	if (!http_answer_location(&w, &sign->req, told) || w.bad)
		return NULL;
	struct span text = {(const uint8_t *)location, (uint32_t)(w.at - (uint8_t *)location)};
	return sign_location(sign->control->sign, &sign->signing, &sign->verdict, text, NULL);
}

struct dri *recursion_sign_to(struct recursion_sign *sign, const struct target *target)
{
	const struct dri *dri = match_dri(sign->view, &sign->req, target, &sign->match);
	return match_dri_fit(&sign->req, dri) == MATCH_FITS ? recursion_sign_told(sign, dri) : NULL;
}

struct dri *recursion_sign_fallback(struct recursion_sign *sign, struct parked *parked)
{
	const uint32_t fallbacks[] = {sign->match.scope->fallback, sign->view->fallback};
	for (unsigned i = 0; i < 2; i++) {
		if (!match_may_have(sign->view, &sign->req, fallbacks[i]))
			continue;
		const struct target *target = view_target(sign->view, fallbacks[i]);
		struct dri *dri = recursion_sign_to(sign, target);
		if (!dri)
			continue;
		parked->target = target->seed;
		return dri;
	}
	return NULL;
}
