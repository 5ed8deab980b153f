/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go beside the history: the part of the configuration that sinks read. */
#ifndef TICKSCOPE_CONFIG_CONFIG_SINKS_H
#define TICKSCOPE_CONFIG_CONFIG_SINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/rule_expression.h"

struct config_questdb {
	char *url;	     /* "http://questdb:9000"; NULL: no such sink */
	char *user;	     /* of HTTP basic authentication; NULL: none */
	char *password_file; /* its first line; needed where there is a user */
	bool has_buckets;    /* default true: tickscope_bucket gets rows */
	uint64_t timeout_ns; /* of one request, beside the time that its bytes take; default 10 s */
	char *host;	     /* the value of the column `host`; NULL: this host's name */
};

/* The keys dashboard:* of Redis, in the order of their table. A key without an expression is left
 * out. */
enum config_dashboard_key {
	CONFIG_TRADE_LATENCY_P99,
	CONFIG_NODE_LATENCY_P99,
	CONFIG_SLIPPAGE_ACCURACY,
	CONFIG_MEV_AVOIDANCE_RATE,
	CONFIG_TRADES_PER_MINUTE,
	CONFIG_SUCCESS_RATE,
	CONFIG_CIRCUIT_BREAKER_STATE,
	CONFIG_ACTIVE_CONNECTIONS,
	CONFIG_DASHBOARD_KEY_CNT
};

struct config_dashboard_value {
	char *text; /* "trade_execution.p99", "1 - trade_execution.error_rate"; NULL: left out */
	struct rule_expression *expression; /* a number */
};

struct config_redis {
	char *url;	      /* "redis://HOST[:PORT][/DB]" or "unix:///PATH"; NULL: no such sink */
	char *user;	      /* ACL user; NULL: the default one */
	char *password_file;  /* NULL: none */
	char *prefix;	      /* before every key and channel; default "" */
	uint64_t interval_ns; /* default 5 s */
	uint64_t timeout_ns;  /* of connecting and of one tick's commands; default 2 s */
	struct config_dashboard_value dashboard[CONFIG_DASHBOARD_KEY_CNT];
};

/* Families of S1.2 that are fed by an operation or a target, in the order of their table. */
enum config_family {
	CONFIG_FAMILY_ORDER_EXECUTION_LATENCY,
	CONFIG_FAMILY_ORDER_ROUND_TRIP_TIME,
	CONFIG_FAMILY_MARKET_DATA_UPDATES,
	CONFIG_FAMILY_MARKET_DATA_PROCESSING,
	CONFIG_FAMILY_SIGNAL_GENERATION,
	CONFIG_FAMILY_MEMORY_USAGE,
	CONFIG_FAMILY_CPU_USAGE,
	CONFIG_FAMILY_GC_PAUSE,
	CONFIG_FAMILY_API_REQUEST_DURATION,
	CONFIG_FAMILY_WEBSOCKET_MESSAGE_DURATION,
	CONFIG_FAMILY_DASHBOARD_RENDERING,
	CONFIG_FAMILY_CNT
};

struct config_prometheus {
	char *listen; /* "127.0.0.1:9464", "[::1]:9464", ":9464"; NULL: no such sink */
	/* Names of an operation (of a target for memory and CPU) each: globs; NULL: not mapped. */
	char *families[CONFIG_FAMILY_CNT];
	uint32_t series_max; /* default 20000; what comes later is counted as refused */
};

struct config_sinks {
	struct config_questdb questdb;
	struct config_redis redis;
	struct config_prometheus prometheus;
};

#endif
