/* fuzz_advertise - the body of a request for an update stream, as a peer may send it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/advertise_params.h"
#include "control/json_strict.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const resources[] = {"adv", "map", NULL};
	static const struct json_limits limits = {1 << 16, 32, 1000};
	struct advertise_params params;
	struct alto_error error;
	char err[256];
	json_t *body =
		size ? json_strict_load((const char *)data + 1, size - 1, &limits, err, sizeof(err))
		     : NULL;
	if (body && !advertise_params_read(body, resources, data[0] & 1, &params, &error) &&
	    (!error.code[0] || strlen(error.code) >= sizeof(error.code)))
		abort();
	json_decref(body);
	return 0;
}
