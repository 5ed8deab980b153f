/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers with units as people write them: "100MB", "5%", "1000/min". */
#ifndef TICKSCOPE_CONFIG_QUANTITY_H
#define TICKSCOPE_CONFIG_QUANTITY_H

#include <stdint.h>

#include "base/fault.h"

enum quantity_unit {
	QUANTITY_DURATION = 1, /* in ns, as in duration.h */
	QUANTITY_BYTES,	       /* "1024", "1.5GiB", "100MB" */
	QUANTITY_RATIO,	       /* 0 to 1: "5%", "0.05" */
	QUANTITY_PERCENT,      /* "80%" is 80; of several CPUs above 100 */
	QUANTITY_RATE,	       /* per second: "10/s", "1000/min", "50/h" */
	QUANTITY_NUMBER,       /* "5", "0.5" */
};

/* Parses the whole text into the unit's base. 0, or -EINVAL with the reason. Never negative. */
int quantity_parse(enum quantity_unit unit, const char *text, double *ret_value, struct fault *why);

/* Whole numbers within a range: of bytes, of anything. */
int quantity_parse_bytes(const char *text, uint64_t min_bytes, uint64_t max_bytes,
			 uint64_t *ret_bytes, struct fault *why);
int quantity_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_cnt,
			 struct fault *why);

/* "2.00GiB", for messages. */
#define QUANTITY_TEXT_BYTES 32
const char *quantity_bytes(uint64_t bytes, char text[static QUANTITY_TEXT_BYTES]);

#endif
