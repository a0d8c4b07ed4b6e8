/* recursion_question - a request of the packet path as a redirection-request, and what was answered as a DRI. RFC 7975 §4.4, §4.5. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/dri_cache.h"
#include "ri_request.h"
#include "ri_response.h"

/* One question, from the request until its answer; in one block of memory. */
struct recursion_question {
	struct recursion *recursion;
	struct parked *parked; /* who waits; NULL: nobody, it is asked ahead of need */
	struct recursion_sign
		*sign; /* the answer is to be signed, and for this request alone; NULL: it is not */
	uint64_t since_ms;
	struct dri_ask ask; /* points into this */
	struct ip_prefix user;
	struct ip_addr source;
	const char *uri;  /* HTTP, else NULL */
	const char *name; /* DNS, else NULL */
	char text[];
};

/* For free(). NULL: no memory, or it cannot be asked: its name is no host name, or its URI is too long. uri: as it was asked for
 * before; NULL: the request says it. */
struct recursion_question *recursion_question_new(const struct dri_ask *ask, const char *uri,
						  const struct request *req);

/* Fills a redirection-request, whose texts are the question's: all but the path and its limit. */
void recursion_question_fill(const struct recursion_question *question, struct ri_request *request);

/* With one reference. NULL: no memory, or it is none that the packet path can use. turn: which of several names. */
struct dri *recursion_question_dri(const struct recursion_question *question,
				   const struct ri_response *response, uint32_t turn);

/* For whom the answer is good: the narrowest range that holds the user, or the user alone. */
struct ip_prefix recursion_question_range(const struct recursion_question *question,
					  const struct ri_response *response);
