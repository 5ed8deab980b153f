/* SPDX-License-Identifier: Apache-2.0 */
/* The families of operations, those that a configuration maps, and the endpoint's own. */
#include <string.h>

#include "sink/prometheus_families.h"

#define MS_NS 1000000ULL

const struct prometheus_family prometheus_operation_families[PROMETHEUS_OPERATION_FAMILY_CNT] = {
	[PROMETHEUS_DURATION] = {"tickscope_operation_duration_seconds",
				 "Time that calls, requests or connects took.", "seconds",
				 PROMETHEUS_HISTOGRAM},
	[PROMETHEUS_ERRORS] = {"tickscope_operation_errors_total", "Calls that were errors.", NULL,
			       PROMETHEUS_COUNTER},
	[PROMETHEUS_LOST] = {"tickscope_operation_lost_total",
			     "Calls whose begin was seen, but not their end.", NULL,
			     PROMETHEUS_COUNTER},
	[PROMETHEUS_UNWOUND] = {"tickscope_operation_unwound_total",
				"Calls that an exception or the end of their thread ended.", NULL,
				PROMETHEUS_COUNTER},
	[PROMETHEUS_DROPPED] = {"tickscope_operation_dropped_total",
				"Calls that ended, and whose time was not counted.", NULL,
				PROMETHEUS_COUNTER},
};

#define HISTOGRAM(name, help)                               \
	{                                                   \
		name, help, "seconds", PROMETHEUS_HISTOGRAM \
	}

const struct prometheus_mapped prometheus_mapped_families[CONFIG_FAMILY_CNT] = {
	[CONFIG_FAMILY_ORDER_EXECUTION_LATENCY] =
		{HISTOGRAM("order_execution_latency_seconds", "From a signal to the order's send."),
		 PROMETHEUS_FROM_DURATION,
		 {"trading_pair", "order_type", "side"},
		 {5 * MS_NS, 10 * MS_NS, 25 * MS_NS, 50 * MS_NS, 100 * MS_NS, 250 * MS_NS,
		  500 * MS_NS, 1000 * MS_NS, 2500 * MS_NS, 5000 * MS_NS, 10000 * MS_NS}},
	[CONFIG_FAMILY_ORDER_ROUND_TRIP_TIME] = {HISTOGRAM(
							 "order_round_trip_time_seconds",
							 "From an order's send to its first fill."),
						 PROMETHEUS_FROM_DURATION,
						 {"trading_pair", "order_type", "side"},
						 {10 * MS_NS, 50 * MS_NS, 100 * MS_NS, 250 * MS_NS,
						  500 * MS_NS, 1000 * MS_NS, 2500 * MS_NS,
						  5000 * MS_NS, 10000 * MS_NS, 30000 * MS_NS}},
	[CONFIG_FAMILY_MARKET_DATA_UPDATES] = {{"market_data_updates_total",
						"Market data updates that the engine read.", NULL,
						PROMETHEUS_COUNTER},
					       PROMETHEUS_FROM_COUNT,
					       {"trading_pair", "update_type"},
					       {0}},
	[CONFIG_FAMILY_MARKET_DATA_PROCESSING] = {HISTOGRAM("market_data_processing_seconds",
							    "Time that a market data update took."),
						  PROMETHEUS_FROM_DURATION,
						  {"trading_pair", "update_type"},
						  {MS_NS / 10, MS_NS / 4, MS_NS / 2, MS_NS,
						   5 * MS_NS / 2, 5 * MS_NS, 10 * MS_NS, 25 * MS_NS,
						   50 * MS_NS, 100 * MS_NS}},
	[CONFIG_FAMILY_SIGNAL_GENERATION] = {HISTOGRAM("signal_generation_seconds",
						       "Time that making a signal took."),
					     PROMETHEUS_FROM_DURATION,
					     {"strategy", "trading_pair"},
					     {MS_NS, 5 * MS_NS, 10 * MS_NS, 25 * MS_NS, 50 * MS_NS,
					      100 * MS_NS, 250 * MS_NS, 500 * MS_NS, 1000 * MS_NS}},
	[CONFIG_FAMILY_MEMORY_USAGE] = {{"memory_usage_bytes", "Resident memory of a component.",
					 "bytes", PROMETHEUS_GAUGE},
					PROMETHEUS_FROM_MEMORY,
					{"component"},
					{0}},
	[CONFIG_FAMILY_CPU_USAGE] = {{"cpu_usage_percent",
				      "CPU time used by a component, in percent of one CPU.", NULL,
				      PROMETHEUS_GAUGE},
				     PROMETHEUS_FROM_CPU,
				     {"component"},
				     {0}},
	[CONFIG_FAMILY_GC_PAUSE] = {HISTOGRAM("gc_pause_seconds",
					      "Time that a garbage collection stopped the engine."),
				    PROMETHEUS_FROM_DURATION,
				    {"gc_type"},
				    {MS_NS, 5 * MS_NS, 10 * MS_NS, 25 * MS_NS, 50 * MS_NS,
				     100 * MS_NS, 250 * MS_NS, 500 * MS_NS, 1000 * MS_NS}},
	[CONFIG_FAMILY_API_REQUEST_DURATION] = {HISTOGRAM("api_request_duration_seconds",
							  "Time that an API request took."),
						PROMETHEUS_FROM_DURATION,
						{"endpoint", "method", "status"},
						{5 * MS_NS, 10 * MS_NS, 25 * MS_NS, 50 * MS_NS,
						 100 * MS_NS, 250 * MS_NS, 500 * MS_NS,
						 1000 * MS_NS, 2500 * MS_NS, 5000 * MS_NS}},
	[CONFIG_FAMILY_WEBSOCKET_MESSAGE_DURATION] =
		{HISTOGRAM("websocket_message_duration_seconds",
			   "Time that a WebSocket message took."),
		 PROMETHEUS_FROM_DURATION,
		 {"message_type"},
		 {MS_NS, 5 * MS_NS, 10 * MS_NS, 25 * MS_NS, 50 * MS_NS, 100 * MS_NS, 250 * MS_NS,
		  500 * MS_NS}},
	[CONFIG_FAMILY_DASHBOARD_RENDERING] = {HISTOGRAM("dashboard_rendering_seconds",
							 "Time that rendering a dashboard took."),
					       PROMETHEUS_FROM_DURATION,
					       {"component"},
					       {10 * MS_NS, 50 * MS_NS, 100 * MS_NS, 250 * MS_NS,
						500 * MS_NS, 1000 * MS_NS, 2500 * MS_NS,
						5000 * MS_NS}},
};

const struct prometheus_family prometheus_other_values = {
	"tickscope_value", "Values that have no family of their own.", NULL, PROMETHEUS_GAUGE};

const struct prometheus_family prometheus_build_info = {
	"tickscope_build_info", "The agent that answers.", NULL, PROMETHEUS_INFO};
const struct prometheus_family prometheus_series = {
	"tickscope_agent_series", "Series that count against max_series.", NULL, PROMETHEUS_GAUGE};
const struct prometheus_family prometheus_refused_series = {
	"tickscope_agent_refused_series_total",
	"Operations and values that are not here, since max_series was reached.", NULL,
	PROMETHEUS_COUNTER};

const char *prometheus_families_alias(const char *label)
{
	static const struct {
		const char *label;
		const char *alias;
	} rows[] = {
		{"endpoint", "route"},
		{"update_type", "method"},
		{"message_type", "method"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].label, label) == 0)
			return rows[i].alias;
	}
	return NULL;
}
