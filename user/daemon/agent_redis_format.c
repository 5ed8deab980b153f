/* SPDX-License-Identifier: Apache-2.0 */
/* Units of dashboards: milliseconds, percent, minutes. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time_units.h"
#include "daemon/agent_redis_format.h"
#include "measure/stats.h"
#include "wire/wire.h"

/* What a key is shown in. */
enum shown_in { AS_IT_IS, IN_MS, IN_PERCENT, PER_MINUTE };

static const struct {
	const char *name;
	enum shown_in shown_in;
} keys[CONFIG_DASHBOARD_KEY_CNT] = {
	[CONFIG_TRADE_LATENCY_P99] = {"trade_latency_p99", IN_MS},
	[CONFIG_NODE_LATENCY_P99] = {"node_latency_p99", IN_MS},
	[CONFIG_SLIPPAGE_ACCURACY] = {"slippage_accuracy", IN_PERCENT},
	[CONFIG_MEV_AVOIDANCE_RATE] = {"mev_avoidance_rate", IN_PERCENT},
	[CONFIG_TRADES_PER_MINUTE] = {"trades_per_minute", PER_MINUTE},
	[CONFIG_SUCCESS_RATE] = {"success_rate", IN_PERCENT},
	[CONFIG_CIRCUIT_BREAKER_STATE] = {"circuit_breaker_state", AS_IT_IS},
	[CONFIG_ACTIVE_CONNECTIONS] = {"active_connections", AS_IT_IS},
};

const char *agent_redis_format_name(enum config_dashboard_key key)
{
	return keys[key].name;
}

static double factor_of(enum shown_in shown_in, enum rule_unit unit)
{
	switch (shown_in) {
	case IN_MS:
		return 1e-6;
	case IN_PERCENT:
		return unit == RULE_UNIT_PERCENT ? 1 : 100;
	case PER_MINUTE:
		return unit == RULE_UNIT_PER_S ? 60 : 1;
	case AS_IT_IS:
		break;
	}
	return 1;
}

/* What is added makes 0 of -0. */
static double rounded(double value)
{
	double scaled = value * 1e6;

	return isfinite(scaled) ? round(scaled) / 1e6 + 0.0 : value;
}

double agent_redis_format_value(enum config_dashboard_key key, enum rule_unit unit, double value)
{
	return rounded(value * factor_of(keys[key].shown_in, unit));
}

const char *agent_redis_format_number(double value,
				      char text[static AGENT_REDIS_FORMAT_NUMBER_BYTES])
{
	size_t length = (size_t)snprintf(text, AGENT_REDIS_FORMAT_NUMBER_BYTES, "%.6f", value);

	while (text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	return text;
}

const char *agent_redis_format_day(uint64_t wall_ns, char text[static AGENT_REDIS_FORMAT_DAY_BYTES])
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(text, AGENT_REDIS_FORMAT_DAY_BYTES, "%Y%m%d", &utc);
	return text;
}

static json_t *labels_json(const char *text)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	json_t *labels = json_object();

	while (labels_next(&text, name, value))
		json_object_set_new(labels, name, wire_text(value));
	return labels;
}

static json_t *ms_or_null(uint64_t ns)
{
	return ns == STATS_NULL ? json_null() : json_real((double)ns / 1e6);
}

json_t *agent_redis_format_operation(const struct series_id *id, const struct window *window)
{
	struct stats s;
	json_t *error_ratio;

	stats_of(&s, window, 0);
	error_ratio = s.count ? json_real((double)s.errors / (double)s.count) : json_null();
	return json_pack("{s:o, s:s, s:o, s:I, s:f, s:I, s:o, s:o, s:o, s:o}", "name",
			 wire_text(id->operation), "kind", id->kind, "labels",
			 labels_json(id->labels), "count", (json_int_t)s.count, "rate_per_s",
			 s.rate_per_s, "errors", (json_int_t)s.errors, "error_ratio", error_ratio,
			 "p50_ms", ms_or_null(s.quantile_ns[STATS_P50]), "p95_ms",
			 ms_or_null(s.quantile_ns[STATS_P95]), "p99_ms",
			 ms_or_null(s.quantile_ns[STATS_P99]));
}
