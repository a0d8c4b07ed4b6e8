/* recursion_sign - a parked request with a signed URI: verified once, then signed for where it goes. RFC 9246 §5.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"
#include "lib/park.h"

/* Control thread, as all of this. The view in which it was matched stays as long as this. */
struct recursion_sign;

/* Matches and verifies it. NULL: no memory, its URI is too long, or its scope is gone. */
struct recursion_sign *recursion_sign_new(struct control *control, const struct parked *parked);
void recursion_sign_free(struct recursion_sign *sign); /* NULL is fine */

/* false: 403. */
bool recursion_sign_is_good(const struct recursion_sign *sign);

/* The target that the worker chose. NULL: the scope has it no more. */
const struct target *recursion_sign_target(const struct recursion_sign *sign);

/* Where the DRIs of a target, or a CDN that was asked, send the request, with our signature; one reference. NULL: nowhere, or it
 * cannot be signed. */
struct dri *recursion_sign_to(struct recursion_sign *sign, const struct target *target);
struct dri *recursion_sign_told(struct recursion_sign *sign, const struct dri *told);

/* The fallback of the scope, or of all scopes, that can be used; its seed becomes that of the parked request. NULL: there is none. */
struct dri *recursion_sign_fallback(struct recursion_sign *sign, struct parked *parked);
