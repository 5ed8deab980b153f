/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them. Each function writes into `text` and returns it. */
#ifndef TICKSCOPE_BASE_UNITS_H
#define TICKSCOPE_BASE_UNITS_H

#include <stdint.h>

#define UNITS_TEXT_BYTES 32

/* "873ns", "12.3us", "1.50ms", "2.10s", "3m20s", "2h05m", "3d04h": three significant digits up to a
 * minute. */
const char *units_duration(uint64_t ns, char text[static UNITS_TEXT_BYTES]);
/* "0", "<0.01", "12.3", "1999", "12.3k", "4.56M": for rates. */
const char *units_rate(double per_s, char text[static UNITS_TEXT_BYTES]);
/* All digits, in groups: "1,234,567". */
const char *units_count(uint64_t count, char text[static UNITS_TEXT_BYTES]);

#endif
