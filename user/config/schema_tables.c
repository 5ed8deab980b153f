/* SPDX-License-Identifier: Apache-2.0 */
/* The tables: a line for each key. What they say is in the manual, too, which a test compares. */
#include <tickscope/abi_sock.h>

#include "base/labels.h"
#include "base/time_units.h"
#include "config/check.h"
#include "config/config.h"
#include "config/key_types.h"
#include "config/quantity.h"

#define MIB  (1ULL << 20)
#define TIB  (1ULL << 40)
#define SEC  NS_PER_S
#define MS   NS_PER_MS
#define HOUR (3600 * SEC)
#define DAY  (24 * HOUR)
#define YEAR (365 * DAY)

/* What protocols tell of a request. */
#define RPC_LABELS "method route status trading_pair order_type side until encrypted"
/* As many as trace takes. */
#define OPERATION_MAX 1700

#define AT(type, member) .at = offsetof(struct type, member)
#define LIST(type, items, cnt) \
	.at = offsetof(struct type, items), .cnt_at = offsetof(struct type, cnt)
#define END                  \
	{                    \
		.name = NULL \
	}

static const struct schema_key history_keys[] = {
	{"enabled", &key_bool, AT(config_history, is_enabled), .value = "true"},
	{"keep_10s", &key_duration, AT(config_history, keep_10s_ns), .value = "2d", .min = HOUR,
	 .max = 10 * YEAR},
	{"keep_1m", &key_duration, AT(config_history, keep_1m_ns), .value = "365d", .min = HOUR,
	 .max = 10 * YEAR},
	{"keep_1h", &key_duration, AT(config_history, keep_1h_ns), .value = "1095d", .min = HOUR,
	 .max = 10 * YEAR},
	{"max_bytes", &key_bytes, AT(config_history, max_bytes), .value = "2GiB", .min = 4 * MIB,
	 .max = 64 * TIB},
	END,
};

static const struct schema_object history_object = {
	"the history", history_keys, sizeof(struct config_history), .variables = "HISTORY_"};

static const struct schema_key judge_keys[] = {
	{"over", &key_duration, AT(config_judge, over_ns), .value = "10s", .min = SEC, .max = HOUR},
	{"cooldown", &key_duration, AT(config_judge, cooldown_ns), .value = "60s", .max = DAY},
	{"keep_firing", &key_duration, AT(config_judge, keep_firing_ns), .value = "10s",
	 .max = DAY},
	{"min_samples", &key_count, AT(config_judge, min_samples), .value = "10", .min = 1,
	 .max = 1000000},
	{"system_check", &key_duration, AT(config_judge, system_check_ns), .value = "10s",
	 .min = SEC, .max = HOUR},
	END,
};

static const struct schema_object judge_object = {
	"the judge", judge_keys, sizeof(struct config_judge), .variables = "JUDGE_"};

static const struct schema_key questdb_keys[] = {
	{"url", &key_server_url, AT(config_questdb, url), .is_required = true},
	{"user", &key_text, AT(config_questdb, user)},
	{"password_file", &key_path, AT(config_questdb, password_file)},
	{"buckets", &key_bool, AT(config_questdb, has_buckets), .value = "true"},
	{"timeout", &key_duration, AT(config_questdb, timeout_ns), .value = "10s", .min = SEC / 10,
	 .max = HOUR},
	{"host", &key_text, AT(config_questdb, host)},
	END,
};

static const struct schema_object questdb_object = {
	"questdb", questdb_keys, sizeof(struct config_questdb), .variables = "SINKS_QUESTDB_"};

/* Which units each can have: what is written is ms, percent, and per minute. */
#define DASHBOARD(name, key, units)                                                            \
	{                                                                                      \
		name, &key_number, .at = CONFIG_##key * sizeof(struct config_dashboard_value), \
				   .words = (units)                                            \
	}

static const struct schema_key dashboard_keys[] = {
	DASHBOARD("trade_latency_p99", TRADE_LATENCY_P99, "ns"),
	DASHBOARD("node_latency_p99", NODE_LATENCY_P99, "ns"),
	DASHBOARD("slippage_accuracy", SLIPPAGE_ACCURACY, "ratio percent plain"),
	DASHBOARD("mev_avoidance_rate", MEV_AVOIDANCE_RATE, "ratio percent plain"),
	DASHBOARD("trades_per_minute", TRADES_PER_MINUTE, "per_s plain"),
	DASHBOARD("success_rate", SUCCESS_RATE, "ratio percent plain"),
	DASHBOARD("circuit_breaker_state", CIRCUIT_BREAKER_STATE, "plain"),
	DASHBOARD("active_connections", ACTIVE_CONNECTIONS, "plain"),
	END,
};

static const struct schema_object dashboard_object = {"the dashboard", dashboard_keys,
						      CONFIG_DASHBOARD_KEY_CNT *
							      sizeof(struct config_dashboard_value),
						      .variables = "SINKS_REDIS_DASHBOARD_"};

static const struct schema_key redis_keys[] = {
	{"url", &key_redis_url, AT(config_redis, url), .is_required = true},
	{"user", &key_text, AT(config_redis, user)},
	{"password_file", &key_path, AT(config_redis, password_file)},
	{"prefix", &key_text, AT(config_redis, prefix)},
	{"interval", &key_duration, AT(config_redis, interval_ns), .value = "5s", .min = SEC,
	 .max = HOUR / 6},
	{"timeout", &key_duration, AT(config_redis, timeout_ns), .value = "2s", .min = SEC / 10,
	 .max = HOUR},
	{"dashboard", &key_map, AT(config_redis, dashboard), .object = &dashboard_object},
	END,
};

static const struct schema_object redis_object = {"redis", redis_keys, sizeof(struct config_redis),
						  .variables = "SINKS_REDIS_"};

#define FAMILY(name, family)                                                   \
	{                                                                      \
		name, &key_text, .at = CONFIG_FAMILY_##family * sizeof(char *) \
	}

static const struct schema_key family_keys[] = {
	FAMILY("order_execution_latency_seconds", ORDER_EXECUTION_LATENCY),
	FAMILY("order_round_trip_time_seconds", ORDER_ROUND_TRIP_TIME),
	FAMILY("market_data_updates_total", MARKET_DATA_UPDATES),
	FAMILY("market_data_processing_seconds", MARKET_DATA_PROCESSING),
	FAMILY("signal_generation_seconds", SIGNAL_GENERATION),
	FAMILY("memory_usage_bytes", MEMORY_USAGE),
	FAMILY("cpu_usage_percent", CPU_USAGE),
	FAMILY("gc_pause_seconds", GC_PAUSE),
	FAMILY("api_request_duration_seconds", API_REQUEST_DURATION),
	FAMILY("websocket_message_duration_seconds", WEBSOCKET_MESSAGE_DURATION),
	FAMILY("dashboard_rendering_seconds", DASHBOARD_RENDERING),
	END,
};

static const struct schema_object families_object = {"the families", family_keys,
						     CONFIG_FAMILY_CNT * sizeof(char *),
						     .variables = "SINKS_PROMETHEUS_FAMILIES_"};

static const struct schema_key prometheus_keys[] = {
	{"listen", &key_address, AT(config_prometheus, listen), .is_required = true},
	{"max_series", &key_count32, AT(config_prometheus, series_max), .value = "20000", .min = 1,
	 .max = 1000000},
	{"families", &key_map, AT(config_prometheus, families), .object = &families_object},
	END,
};

static const struct schema_object prometheus_object = {"prometheus", prometheus_keys,
						       sizeof(struct config_prometheus),
						       .variables = "SINKS_PROMETHEUS_"};

static const struct schema_key sinks_keys[] = {
	{"questdb", &key_map, AT(config_sinks, questdb), .object = &questdb_object},
	{"redis", &key_map, AT(config_sinks, redis), .object = &redis_object},
	{"prometheus", &key_map, AT(config_sinks, prometheus), .object = &prometheus_object},
	END,
};

static const struct schema_object sinks_object = {
	"the sinks", sinks_keys, sizeof(struct config_sinks), .variables = "SINKS_"};

static const struct schema_key operation_contract_keys[] = {
	{"latency", &key_limit, .metric = "mean", .unit = QUANTITY_DURATION},
	{"p50", &key_limit, .metric = "p50", .unit = QUANTITY_DURATION},
	{"p90", &key_limit, .metric = "p90", .unit = QUANTITY_DURATION},
	{"p95", &key_limit, .metric = "p95", .unit = QUANTITY_DURATION},
	{"p99", &key_limit, .metric = "p99", .unit = QUANTITY_DURATION},
	{"p999", &key_limit, .metric = "p999", .unit = QUANTITY_DURATION},
	{"max", &key_limit, .metric = "max", .unit = QUANTITY_DURATION},
	{"error_rate", &key_limit, .metric = "error_rate", .unit = QUANTITY_RATIO},
	{"throughput", &key_limit, .metric = "rate", .unit = QUANTITY_RATE, .is_minimum = true},
	{"connect_time", &key_limit, .metric = "connect.mean", .unit = QUANTITY_DURATION},
	/* Judged on values of that name, whoever supplies them. */
	{"hit_rate", &key_limit, .metric = "hit_rate", .unit = QUANTITY_RATIO, .is_minimum = true},
	{"batch_size", &key_limit, .metric = "batch_size", .unit = QUANTITY_NUMBER,
	 .is_minimum = true},
	{"pool_efficiency", &key_limit, .metric = "pool_efficiency", .unit = QUANTITY_RATIO,
	 .is_minimum = true},
	{"backlog", &key_limit, .metric = "backlog", .unit = QUANTITY_NUMBER},
	END,
};

const struct schema_object schema_operation_contract = {
	"an operation's contract", operation_contract_keys, sizeof(struct config_contract),
	.check = check_contract};

static const struct schema_key target_contract_keys[] = {
	{"memory", &key_limit, .metric = "memory_bytes", .unit = QUANTITY_BYTES},
	{"cpu", &key_limit, .metric = "cpu_percent", .unit = QUANTITY_PERCENT},
	{"uptime", &key_limit, .metric = "uptime_ratio", .unit = QUANTITY_RATIO,
	 .is_minimum = true},
	{"descriptors", &key_limit, .metric = "descriptors", .unit = QUANTITY_NUMBER},
	{"threads", &key_limit, .metric = "threads", .unit = QUANTITY_NUMBER},
	/* Judged on values of that name, whoever supplies them. */
	{"hit_rate", &key_limit, .metric = "hit_rate", .unit = QUANTITY_RATIO, .is_minimum = true},
	{"batch_size", &key_limit, .metric = "batch_size", .unit = QUANTITY_NUMBER,
	 .is_minimum = true},
	{"pool_efficiency", &key_limit, .metric = "pool_efficiency", .unit = QUANTITY_RATIO,
	 .is_minimum = true},
	{"backlog", &key_limit, .metric = "backlog", .unit = QUANTITY_NUMBER},
	END,
};

const struct schema_object schema_target_contract = {"a target's contract", target_contract_keys,
						     sizeof(struct config_contract),
						     .check = check_contract};

static const struct schema_key match_keys[] = {
	{"pid", &key_pids, LIST(config_match, pids, pid_cnt), .max = 256},
	{"exe", &key_path, AT(config_match, exe)},
	{"cmdline", &key_glob, AT(config_match, cmdline)},
	{"unit", &key_unit, AT(config_match, unit)},
	{"cgroup", &key_glob, AT(config_match, cgroup)},
	{"namespace", &key_glob, AT(config_match, name_space)},
	{"pod", &key_glob, AT(config_match, pod)},
	{"container", &key_glob, AT(config_match, container)},
	{"pod_labels", &key_tags, LIST(config_match, pod_labels, pod_label_cnt)},
	END,
};

static const struct schema_object match_object = {
	"a match", match_keys, sizeof(struct config_match), .check = check_match};

static const struct schema_key target_keys[] = {
	{"name", &key_name, AT(config_target, name), .object = &schema_target, .is_required = true},
	{"match", &key_map, AT(config_target, match), .object = &match_object, .is_required = true},
	{"rpc", &key_bool, AT(config_target, wants_rpc)},
	{"exit", &key_word, AT(config_target, exit_policy), .value = "auto",
	 .words = "auto safe fast"},
	{"debug_dir", &key_path, AT(config_target, debug_dir)},
	{"max_overhead", &key_percent, AT(config_target, max_overhead_percent)},
	{"contract", &key_map, AT(config_target, contract), .object = &schema_target_contract},
	END,
};

const struct schema_object schema_target = {"a target", target_keys,
					    .bytes = sizeof(struct config_target)};

static const struct schema_key endpoint_keys[] = {
	{"name", &key_name, AT(config_endpoint, name), .object = &schema_endpoint,
	 .is_required = true},
	{"remote", &key_remote, AT(config_endpoint, address)},
	{"listen", &key_listen, AT(config_endpoint, port)},
	{"protocol", &key_protocol, AT(config_endpoint, protocol)},
	{"labels", &key_texts, LIST(config_endpoint, labels, label_cnt), .max = LABELS_MAX,
	 .words = RPC_LABELS},
	END,
};

const struct schema_object schema_endpoint = {
	"an endpoint", endpoint_keys, sizeof(struct config_endpoint), .check = check_endpoint};

static const struct schema_key operation_keys[] = {
	{"name", &key_name, AT(config_operation, name), .object = &schema_operation,
	 .is_required = true},
	{"function", &key_text, AT(config_operation, function)},
	{"rpc", &key_reference, AT(config_operation, endpoint), .object = &schema_endpoint},
	{"order", &key_reference, AT(config_operation, endpoint), .object = &schema_endpoint},
	{"target", &key_reference, AT(config_operation, target), .object = &schema_target},
	{"error", &key_error, AT(config_operation, error_text)},
	{"breakdown", &key_bool, AT(config_operation, wants_breakdown)},
	{"labels", &key_texts, LIST(config_operation, labels, label_cnt), .max = LABELS_MAX,
	 .words = RPC_LABELS},
	{"contract", &key_map, AT(config_operation, contract),
	 .object = &schema_operation_contract},
	END,
};

const struct schema_object schema_operation = {
	"an operation", operation_keys, sizeof(struct config_operation), .check = check_operation};

static const struct schema_key chain_keys[] = {
	/* Of the operations' names: contracts and rules mean either by it. */
	{"name", &key_name, AT(config_chain, name), .object = &schema_operation,
	 .is_required = true},
	{"stages", &key_stages, LIST(config_chain, stages, stage_cnt), .max = TS_CHAIN_STAGE_MAX,
	 .is_required = true},
	{"key", &key_text, AT(config_chain, key)},
	{"timeout", &key_duration, AT(config_chain, timeout_ns), .value = "10s", .min = MS,
	 .max = DAY},
	{"breakdown", &key_bool, AT(config_chain, wants_breakdown)},
	{"target", &key_reference, AT(config_chain, target), .object = &schema_target},
	{"contract", &key_map, AT(config_chain, contract), .object = &schema_operation_contract},
	END,
};

const struct schema_object schema_chain = {"a chain", chain_keys, sizeof(struct config_chain),
					   .check = check_chain};

static const struct schema_key rule_keys[] = {
	{"name", &key_name, AT(config_rule, name), .object = &schema_rule, .is_required = true},
	{"expr", &key_expression, AT(config_rule, expression_text), .is_required = true},
	{"by", &key_texts, LIST(config_rule, by, by_cnt), .max = LABELS_MAX},
	{"for", &key_duration, AT(config_rule, for_ns), .value = "0s", .max = DAY},
	{"over", &key_duration, AT(config_rule, over_ns), .min = SEC, .max = HOUR},
	{"over_samples", &key_count, AT(config_rule, over_samples), .min = 1, .max = 1000000000},
	{"keep_firing", &key_duration, AT(config_rule, keep_firing_ns), .max = DAY},
	{"severity", &key_word, AT(config_rule, severity), .value = "warning",
	 .words = "info warning critical"},
	{"group", &key_text, AT(config_rule, group)},
	{"channel", &key_reference, AT(config_rule, channel), .object = &schema_channel},
	{"title", &key_text, AT(config_rule, title)},
	{"message", &key_text, AT(config_rule, message)},
	{"description", &key_text, AT(config_rule, description)},
	{"runbook", &key_text, AT(config_rule, runbook)},
	{"suggested_actions", &key_texts,
	 LIST(config_rule, suggested_actions, suggested_action_cnt), .max = 16},
	{"labels", &key_pairs, LIST(config_rule, labels, label_cnt), .max = LABELS_MAX},
	END,
};

const struct schema_object schema_rule = {"a rule", rule_keys, sizeof(struct config_rule),
					  .check = check_rule};

static const struct schema_key channel_keys[] = {
	{"name", &key_name, AT(config_channel, name), .object = &schema_channel,
	 .is_required = true},
	/* In the order of enum config_channel_type. */
	{"type", &key_choice, AT(config_channel, type), .words = "alertmanager webhook command",
	 .is_required = true},
	{"url", &key_url, AT(config_channel, url)},
	{"command", &key_texts, LIST(config_channel, command, command_cnt), .max = 64},
	{"secret_file", &key_path, AT(config_channel, secret_file)},
	{"min_severity", &key_word, AT(config_channel, min_severity), .value = "warning",
	 .words = "info warning critical"},
	{"timeout", &key_duration, AT(config_channel, timeout_ns), .value = "30s", .min = SEC / 10,
	 .max = HOUR},
	{"retries", &key_count32, AT(config_channel, retry_max), .value = "3", .max = 100},
	{"escalate_after", &key_duration, AT(config_channel, escalate_after_ns), .value = "0s",
	 .max = DAY},
	{"then", &key_reference, AT(config_channel, then), .object = &schema_channel},
	{"repeat", &key_duration, AT(config_channel, repeat_ns), .min = SEC, .max = 7 * DAY},
	END,
};

const struct schema_object schema_channel = {"a channel", channel_keys,
					     sizeof(struct config_channel), .variables = "NOTIFY_",
					     .check = check_channel};

static const struct schema_key contract_owner_keys[] = {
	{"operation", &key_text, .object = &schema_operation},
	{"target", &key_text, .object = &schema_target},
	END,
};

const struct schema_object schema_contract_owner = {"a contract", contract_owner_keys, .bytes = 0};

/* Read in this order: rules have defaults that the judge says. */
static const struct schema_key config_keys[] = {
	{"max_operations", &key_count32, AT(config, operation_max), .value = "256", .min = 1,
	 .max = OPERATION_MAX},
	{"level", &key_word, AT(config, level), .words = "session multi perf"},
	{"hooks", &key_word, AT(config, hooks), .words = "fentry kprobe raw_tp"},
	{"log_format", &key_word, AT(config, log_format), .value = "text", .words = "text json"},
	{"disable_file", &key_path, AT(config, disable_file)},
	{"sandbox", &key_word, AT(config, sandbox), .value = "on", .words = "on strict off"},
	{"history", &key_map, AT(config, history), .object = &history_object},
	{"judge", &key_map, AT(config, judge), .object = &judge_object},
	{"targets", &key_list, LIST(config, targets, target_cnt), .max = 256,
	 .object = &schema_target},
	/* One filter of the kernel each. */
	{"endpoints", &key_list, LIST(config, endpoints, endpoint_cnt), .max = TS_FILTER_MAX,
	 .object = &schema_endpoint},
	{"operations", &key_list, LIST(config, operations, operation_cnt), .max = OPERATION_MAX,
	 .object = &schema_operation},
	{"chains", &key_list, LIST(config, chains, chain_cnt), .max = TS_CHAIN_MAX,
	 .object = &schema_chain},
	{"contracts", &key_contracts, .max = OPERATION_MAX, .object = &schema_contract_owner},
	{"rules", &key_list, LIST(config, rules, rule_cnt), .max = 1024, .object = &schema_rule},
	{"rule_files", &key_rule_files, .max = 64},
	{"notify", &key_list, LIST(config, channels, channel_cnt), .max = 64,
	 .object = &schema_channel},
	{"sinks", &key_map, AT(config, sinks), .object = &sinks_object},
	{"health", &key_map, AT(config, health), .object = &schema_health},
	{"kubernetes", &key_map, AT(config, kubernetes), .object = &schema_kubernetes},
	END,
};

const struct schema_object schema_config = {"a configuration", config_keys, sizeof(struct config),
					    .variables = ""};

static const struct schema_key rule_file_keys[] = {
	{"contracts", &key_contracts, .max = OPERATION_MAX, .object = &schema_contract_owner},
	{"rules", &key_list, LIST(config, rules, rule_cnt), .max = 1024, .object = &schema_rule},
	END,
};

const struct schema_object schema_rule_file = {"a rule file", rule_file_keys,
					       .bytes = sizeof(struct config)};
