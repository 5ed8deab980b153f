/* SPDX-License-Identifier: Apache-2.0 */
/* Names, numbers and objects as they stand in Redis. Pure. */
#ifndef TICKSCOPE_DAEMON_AGENT_REDIS_FORMAT_H
#define TICKSCOPE_DAEMON_AGENT_REDIS_FORMAT_H

#include <stdint.h>

#include <jansson.h>

#include "config/config_sinks.h"
#include "measure/series_id.h"
#include "measure/window.h"

#define AGENT_REDIS_FORMAT_DAY_BYTES	16
#define AGENT_REDIS_FORMAT_NUMBER_BYTES 320 /* the largest double has 309 digits, and 7 behind */

/* Numbers in JSON: as many digits as a double surely has. */
#define AGENT_REDIS_FORMAT_JSON (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* "trade_latency_p99" …: the key behind "dashboard:", and the member of a time series. */
const char *agent_redis_format_name(enum config_dashboard_key key);

/* In the unit that the key has: ms, percent, per minute; what has no unit is taken for a ratio
 * where percent is wanted, and as it is elsewhere. With six digits behind the point. */
double agent_redis_format_value(enum config_dashboard_key key, enum rule_unit unit, double value);

/* "12.5": without exponent, six digits behind the point at most. Finite numbers. Returns text. */
const char *agent_redis_format_number(double value,
				      char text[static AGENT_REDIS_FORMAT_NUMBER_BYTES]);

/* "20260101": the day in UTC. Returns text. */
const char *agent_redis_format_day(uint64_t wall_ns,
				   char text[static AGENT_REDIS_FORMAT_DAY_BYTES]);

/* {name, kind, labels, count, rate_per_s, errors, error_ratio, p50_ms, p95_ms, p99_ms}; null: too
 * few calls to say. NULL: no memory. */
json_t *agent_redis_format_operation(const struct series_id *id, const struct window *window);

#endif
