/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as people write them: "10", "10s", "250us", "1.5ms", "2m", "1h", "7d". */
#ifndef TICKSCOPE_CONFIG_DURATION_H
#define TICKSCOPE_CONFIG_DURATION_H

#include <stdint.h>

#include "base/fault.h"

/*
 * Parses the whole text into ns; without a unit it means seconds. At most min_ns … max_ns is
 * accepted. 0, or -EINVAL with the reason.
 */
int duration_parse(const char *text, uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns,
		   struct fault *why);

#endif
