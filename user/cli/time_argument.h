/* SPDX-License-Identifier: Apache-2.0 */
/* Instants as people give them: "10m" (ago), "now", ISO 8601. */
#ifndef TICKSCOPE_CLI_TIME_ARGUMENT_H
#define TICKSCOPE_CLI_TIME_ARGUMENT_H

#include <stdint.h>

#include "base/fault.h"

/*
 * The whole text: a duration back from now_wall_ns; "now"; or a date, a time of today, or both
 * ("2026-01-31", "14:30", "2026-01-31T14:30:05.25Z", "2026-01-31 14:30+01:00"), local without a
 * zone. Before 1970 and after 2200 there is none. 0, or -EINVAL with the reason.
 */
int time_argument_parse(const char *text, uint64_t now_wall_ns, uint64_t *ret_wall_ns,
			struct fault *why);

#endif
