/* http_date - a time as HTTP writes it. RFC 9110 §5.6.7. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

enum { HTTP_DATE_LEN = 29 };

/* IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", and a NUL. Seconds since 1970-01-01 UTC; times
 * after the year 9999, which the format cannot say, become its last second. Any thread. */
void http_date_write(char out[HTTP_DATE_LEN + 1], uint64_t unix_seconds);
