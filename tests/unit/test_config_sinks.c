/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks in a configuration: what they become, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/rule_unit.h"
#include "config_case.h"

#define SEC 1000000000ULL

static void test_defaults(void **state)
{
	struct config *c = config_of("sinks:\n"
				     "  questdb: {url: 'http://questdb:9000'}\n"
				     "  redis: {url: 'redis://redis'}\n"
				     "  prometheus: {listen: ':9464'}\n",
				     config_no_env, NULL);
	const struct config_sinks *s = &c->sinks;

	(void)state;
	assert_string_equal(s->questdb.url, "http://questdb:9000");
	assert_null(s->questdb.user);
	assert_null(s->questdb.password_file);
	assert_true(s->questdb.has_buckets);
	assert_int_equal(s->questdb.timeout_ns, 10 * SEC);
	assert_null(s->questdb.host);
	assert_string_equal(s->redis.url, "redis://redis");
	assert_null(s->redis.user);
	assert_null(s->redis.password_file);
	assert_string_equal(s->redis.prefix, "");
	assert_int_equal(s->redis.interval_ns, 5 * SEC);
	assert_int_equal(s->redis.timeout_ns, 2 * SEC);
	for (size_t i = 0; i < CONFIG_DASHBOARD_KEY_CNT; i++) {
		assert_null(s->redis.dashboard[i].text);
		assert_null(s->redis.dashboard[i].expression);
	}
	assert_string_equal(s->prometheus.listen, ":9464");
	assert_int_equal(s->prometheus.series_max, 20000);
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++)
		assert_null(s->prometheus.families[i]);
	config_free(c);
}

static void test_none(void **state)
{
	static const char *const files[] = {"level: perf\n", "sinks:\n", "sinks: {questdb: }\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config *c = config_of(files[i], config_no_env, NULL);

		assert_null(c->sinks.questdb.url);
		assert_null(c->sinks.redis.url);
		assert_null(c->sinks.prometheus.listen);
		config_free(c);
	}
}

static void check_number(const struct config_redis *redis, enum config_dashboard_key key,
			 const char *text, enum rule_unit unit)
{
	assert_string_equal(redis->dashboard[key].text, text);
	assert_int_equal(rule_unit_of_expression(redis->dashboard[key].expression), unit);
}

static void test_redis(void **state)
{
	struct config *c =
		config_of("sinks:\n"
			  "  redis:\n"
			  "    url: 'unix:///run/redis.sock'\n"
			  "    user: tickscope\n"
			  "    password_file: /k\n"
			  "    prefix: 'desk:'\n"
			  "    interval: 1s\n"
			  "    timeout: 100ms\n"
			  "    dashboard:\n"
			  "      trade_latency_p99: trade.p99\n"
			  "      node_latency_p99: '(node.sum + 1ms) / node.count'\n"
			  "      slippage_accuracy: slippage\n"
			  "      mev_avoidance_rate: 100 * avoided.count / trades.count\n"
			  "      trades_per_minute: 'rate(trade.count[1m])'\n"
			  "      success_rate: 1 - trade.error_rate\n"
			  "      circuit_breaker_state: circuit_breaker_state\n"
			  "      active_connections: engine.connections[10s]\n",
			  config_no_env, NULL);
	const struct config_redis *r = &c->sinks.redis;

	(void)state;
	assert_string_equal(r->url, "unix:///run/redis.sock");
	assert_string_equal(r->user, "tickscope");
	assert_string_equal(r->password_file, "/k");
	assert_string_equal(r->prefix, "desk:");
	assert_int_equal(r->interval_ns, SEC);
	assert_int_equal(r->timeout_ns, SEC / 10);
	check_number(r, CONFIG_TRADE_LATENCY_P99, "trade.p99", RULE_UNIT_NS);
	check_number(r, CONFIG_NODE_LATENCY_P99, "(node.sum + 1ms) / node.count", RULE_UNIT_NS);
	check_number(r, CONFIG_SLIPPAGE_ACCURACY, "slippage", RULE_UNIT_UNKNOWN);
	check_number(r, CONFIG_MEV_AVOIDANCE_RATE, "100 * avoided.count / trades.count",
		     RULE_UNIT_UNKNOWN);
	check_number(r, CONFIG_TRADES_PER_MINUTE, "rate(trade.count[1m])", RULE_UNIT_PER_S);
	check_number(r, CONFIG_SUCCESS_RATE, "1 - trade.error_rate", RULE_UNIT_RATIO);
	check_number(r, CONFIG_CIRCUIT_BREAKER_STATE, "circuit_breaker_state", RULE_UNIT_UNKNOWN);
	check_number(r, CONFIG_ACTIVE_CONNECTIONS, "engine.connections[10s]", RULE_UNIT_UNKNOWN);
	config_free(c);
}

/* Each name of a family stands for its member. */
static void test_families(void **state)
{
	static const char *const names[CONFIG_FAMILY_CNT] = {
		[CONFIG_FAMILY_ORDER_EXECUTION_LATENCY] = "order_execution_latency_seconds",
		[CONFIG_FAMILY_ORDER_ROUND_TRIP_TIME] = "order_round_trip_time_seconds",
		[CONFIG_FAMILY_MARKET_DATA_UPDATES] = "market_data_updates_total",
		[CONFIG_FAMILY_MARKET_DATA_PROCESSING] = "market_data_processing_seconds",
		[CONFIG_FAMILY_SIGNAL_GENERATION] = "signal_generation_seconds",
		[CONFIG_FAMILY_MEMORY_USAGE] = "memory_usage_bytes",
		[CONFIG_FAMILY_CPU_USAGE] = "cpu_usage_percent",
		[CONFIG_FAMILY_GC_PAUSE] = "gc_pause_seconds",
		[CONFIG_FAMILY_API_REQUEST_DURATION] = "api_request_duration_seconds",
		[CONFIG_FAMILY_WEBSOCKET_MESSAGE_DURATION] = "websocket_message_duration_seconds",
		[CONFIG_FAMILY_DASHBOARD_RENDERING] = "dashboard_rendering_seconds",
	};

	(void)state;
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++) {
		char yaml[256];
		struct config *c;

		snprintf(yaml, sizeof(yaml),
			 "sinks: {prometheus: {listen: '[::1]:0', families: {%s: 'op*'}}}\n",
			 names[i]);
		c = config_of(yaml, config_no_env, NULL);
		for (size_t k = 0; k < CONFIG_FAMILY_CNT; k++) {
			if (k != i)
				assert_null(c->sinks.prometheus.families[k]);
		}
		assert_string_equal(c->sinks.prometheus.families[i], "op*");
		config_free(c);
	}
}

static const char *env(const char *name)
{
	static const char *const rows[][2] = {
		{"TICKSCOPE_SINKS_QUESTDB_URL", "https://q/base"},
		{"TICKSCOPE_SINKS_QUESTDB_BUCKETS", "false"},
		{"TICKSCOPE_SINKS_REDIS_PREFIX", "x"},
		{"TICKSCOPE_SINKS_REDIS_DASHBOARD_SUCCESS_RATE", "1 - other.error_rate"},
		{"TICKSCOPE_SINKS_PROMETHEUS_LISTEN", "127.0.0.1:1"},
		{"TICKSCOPE_SINKS_PROMETHEUS_FAMILIES_CPU_USAGE_PERCENT", "engine"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i][0], name) == 0)
			return rows[i][1];
	}
	return NULL;
}

/* Over what the file says, and where it says nothing. */
static void test_environment(void **state)
{
	struct config *c = config_of("sinks:\n"
				     "  questdb: {url: 'http://q', timeout: 1s}\n"
				     "  redis: {url: 'redis://r',"
				     " dashboard: {success_rate: 1 - a.error_rate}}\n",
				     env, NULL);

	(void)state;
	assert_string_equal(c->sinks.questdb.url, "https://q/base");
	assert_false(c->sinks.questdb.has_buckets);
	assert_int_equal(c->sinks.questdb.timeout_ns, SEC);
	assert_string_equal(c->sinks.redis.prefix, "x");
	assert_string_equal(c->sinks.redis.dashboard[CONFIG_SUCCESS_RATE].text,
			    "1 - other.error_rate");
	assert_string_equal(c->sinks.prometheus.listen, "127.0.0.1:1");
	assert_string_equal(c->sinks.prometheus.families[CONFIG_FAMILY_CPU_USAGE], "engine");
	assert_int_equal(c->sinks.prometheus.series_max, 20000);
	config_free(c);
}

static const char *secret_env(const char *name)
{
	if (strcmp(name, "TICKSCOPE_SINKS_QUESTDB_URL") == 0)
		return "http://u:secret@q";
	return strcmp(name, "TICKSCOPE_SINKS_REDIS_USER") ? NULL : "u";
}

static void test_wrong_environment(void **state)
{
	(void)state;
	config_of("level: perf\n", secret_env,
		  "desk.yaml:1:1: redis has a \"user\" and no \"password_file\": a file with the "
		  "password in its first line\n"
		  "TICKSCOPE_SINKS_QUESTDB_URL: its value has a user or a password in it, where "
		  "others can read them: give \"user\" and \"password_file\" beside it\n");
}

#define QUESTDB	   "sinks: {questdb: "
#define REDIS	   "sinks: {redis: "
#define DASHBOARD  "sinks: {redis: {url: 'redis://r', dashboard: "
#define PROMETHEUS "sinks: {prometheus: "
#define CREDENTIALS                                                                          \
	"\"url\" has a user or a password in it, where others can read them: give \"user\" " \
	"and \"password_file\" beside it\n"
#define NO_ADDRESS                                                                              \
	"desk.yaml:1:30: \"listen\" is no address to listen at: write it like 127.0.0.1:9464, " \
	"[::1]:9464, or :9464 for all\n"

static const struct config_case cases[] = {
	{"sinks: {kafka: {}}\n",
	 "desk.yaml:1:9: \"kafka\" is no key of the sinks; its keys are questdb, redis, "
	 "prometheus\n"},
	{"sinks: {questdv: {url: 'http://q'}}\n",
	 "desk.yaml:1:9: \"questdv\" is no key of the sinks; did you mean \"questdb\"?\n"},
	{QUESTDB "http://q}\n", "desk.yaml:1:18: questdb must be a map (key: value), not text\n"},
	{QUESTDB "{buckets: true}}\n", "desk.yaml:1:18: questdb needs \"url\"\n"},
	{QUESTDB "{url: 'tcp://q'}}\n",
	 "desk.yaml:1:24: \"url\" is no URL: it begins with http:// or https://\n"},
	{QUESTDB "{url: 'http://'}}\n", "desk.yaml:1:24: \"url\" names no host\n"},
	{QUESTDB "{url: 'http://q?x=1'}}\n",
	 "desk.yaml:1:24: \"url\" is more than a server and a path: it has a query\n"},
	{QUESTDB "{url: 'https://u:secret@q'}}\n", "desk.yaml:1:24: " CREDENTIALS},
	{QUESTDB "{url: 'http://u@q:9000/x'}}\n", "desk.yaml:1:24: " CREDENTIALS},
	{QUESTDB "{url: 'http://q/a@b'}}\n", NULL},
	{QUESTDB "{url: 'http://q', user: u}}\n",
	 "desk.yaml:1:18: questdb has a \"user\" and no \"password_file\": a file with the "
	 "password in its first line\n"},
	{QUESTDB "{url: 'http://q', password_file: /k}}\n",
	 "desk.yaml:1:18: questdb has a \"password_file\" and no \"user\": HTTP needs both\n"},
	{QUESTDB "{url: 'http://q', password: x}}\n",
	 "desk.yaml:1:36: \"password\" is no key of questdb; did you mean \"password_file\"?\n"},
	{QUESTDB "{url: 'http://q', user: u, password_file: k}}\n",
	 "desk.yaml:1:60: \"password_file\": \"k\" is no absolute path\n"},
	{QUESTDB "{url: 'http://q', timeout: 1ms}}\n",
	 "desk.yaml:1:45: \"timeout\": \"1ms\" is out of range: from 100ms to 1h00m\n"},
	{QUESTDB "{url: 'http://q', buckets: 60s}}\n",
	 "desk.yaml:1:45: \"buckets\": \"60s\" is none of true, false\n"},
	{REDIS "{prefix: x}}\n", "desk.yaml:1:16: redis needs \"url\"\n"},
	{REDIS "{url: 'http://r'}}\n",
	 "desk.yaml:1:22: \"url\" is no URL of Redis: it begins with redis:// or unix://\n"},
	{REDIS "{url: 'rediss://r'}}\n",
	 "desk.yaml:1:22: \"url\" asks for TLS, which is not spoken here: use redis://, through a "
	 "tunnel where the way to the server is not safe\n"},
	{REDIS "{url: 'redis://:secret@r:6379'}}\n", "desk.yaml:1:22: " CREDENTIALS},
	{REDIS "{url: 'redis://'}}\n", "desk.yaml:1:22: \"url\" names no host\n"},
	{REDIS "{url: 'redis://:6379'}}\n", "desk.yaml:1:22: \"url\" names no host\n"},
	{REDIS "{url: 'redis://[::1'}}\n", "desk.yaml:1:22: \"url\" names no host\n"},
	{REDIS "{url: 'redis://a b'}}\n", "desk.yaml:1:22: \"url\" names no host\n"},
	{REDIS "{url: 'redis://r:'}}\n", "desk.yaml:1:22: \"url\" has a port that is none\n"},
	{REDIS "{url: 'redis://r:65536'}}\n", "desk.yaml:1:22: \"url\" has a port that is none\n"},
	{REDIS "{url: 'redis://r:6379/x'}}\n",
	 "desk.yaml:1:22: \"url\" ends in what is no number of a database, as in "
	 "redis://redis:6379/1\n"},
	{REDIS "{url: 'redis://r/1/2'}}\n",
	 "desk.yaml:1:22: \"url\" ends in what is no number of a database, as in "
	 "redis://redis:6379/1\n"},
	{REDIS "{url: 'redis://[::1]:6379/15'}}\n", NULL},
	{REDIS "{url: 'redis://r/'}}\n", NULL},
	{REDIS "{url: 'redis://r/3', password_file: /k}}\n", NULL},
	{REDIS "{url: 'unix://redis.sock'}}\n",
	 "desk.yaml:1:22: \"url\" names no absolute path, as in unix:///run/redis/redis.sock\n"},
	{REDIS "{url: 'redis://r', user: u}}\n",
	 "desk.yaml:1:16: redis has a \"user\" and no \"password_file\": a file with the password "
	 "in its first line\n"},
	{REDIS "{url: 'redis://r', interval: 500ms}}\n",
	 "desk.yaml:1:45: \"interval\": \"500ms\" is out of range: from 1.00s to 10m00s\n"},
	{DASHBOARD "{trade_p99: a.p99}}}\n",
	 "desk.yaml:1:47: \"trade_p99\" is no key of the dashboard; its keys are "
	 "trade_latency_p99, node_latency_p99, slippage_accuracy, mev_avoidance_rate, "
	 "trades_per_minute, success_rate, circuit_breaker_state, active_connections\n"},
	{DASHBOARD "{trade_latency_p99: a.rate}}}\n",
	 "desk.yaml:1:66: \"trade_latency_p99\": \"a.rate\" is a rate per s, where a time is "
	 "needed\n"},
	{DASHBOARD "{node_latency_p99: a.slow}}}\n",
	 "desk.yaml:1:65: \"node_latency_p99\": \"a.slow\" is a number, where a time is needed\n"},
	{DASHBOARD "{success_rate: a.p99}}}\n",
	 "desk.yaml:1:61: \"success_rate\": \"a.p99\" is a time, where a plain number or a ratio "
	 "or percent is needed\n"},
	{DASHBOARD "{trades_per_minute: a.error_rate}}}\n",
	 "desk.yaml:1:66: \"trades_per_minute\": \"a.error_rate\" is a ratio, where a plain number "
	 "or a rate per s is needed\n"},
	{DASHBOARD "{active_connections: a.memory_bytes}}}\n",
	 "desk.yaml:1:67: \"active_connections\": \"a.memory_bytes\" is bytes, where a plain "
	 "number is needed\n"},
	{DASHBOARD "{circuit_breaker_state: breaker == 1}}}\n",
	 "desk.yaml:1:70: \"circuit_breaker_state\": \"breaker == 1\" is a condition, where a "
	 "number is needed\n"},
	{DASHBOARD "{success_rate: 1 - }}}\n",
	 "desk.yaml:1:64: \"success_rate\": expected a number or a metric, as in node_rpc.p99, not "
	 "the end\n"},
	{DASHBOARD "{success_rate: [1]}}}\n",
	 "desk.yaml:1:61: \"success_rate\" must be a number, as in node_rpc.p99, not a list\n"},
	{PROMETHEUS "{max_series: 5}}\n", "desk.yaml:1:21: prometheus needs \"listen\"\n"},
	{PROMETHEUS "{listen: 9464}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: ''}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: 'localhost:9464'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '127.0.0.1'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '127.0.0.1:'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '127.0.0.1:65536'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '::1:9464'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '[]:9464'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '[127.0.0.1]:9464'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: '[::1'}}\n", NO_ADDRESS},
	{PROMETHEUS "{listen: ':1', max_series: 0}}\n",
	 "desk.yaml:1:48: \"max_series\": \"0\" is out of range: from 1 to 1000000\n"},
	{PROMETHEUS "{listen: ':1', families: {gc_pause: x}}}\n",
	 "desk.yaml:1:47: \"gc_pause\" is no key of the families; did you mean "
	 "\"gc_pause_seconds\"?\n"},
	{PROMETHEUS "{listen: ':1', families: {pause: x}}}\n",
	 "desk.yaml:1:47: \"pause\" is no key of the families; its keys are "
	 "order_execution_latency_seconds, order_round_trip_time_seconds, "
	 "market_data_updates_total, market_data_processing_seconds, signal_generation_seconds, "
	 "memory_usage_bytes, cpu_usage_percent, gc_pause_seconds, api_request_duration_seconds, "
	 "websocket_message_duration_seconds, dashboard_rendering_seconds\n"},
	{PROMETHEUS "{listen: ':1', families: {gc_pause_seconds: ''}}}\n",
	 "desk.yaml:1:65: \"gc_pause_seconds\": \"\" is empty\n"},
};

static void test_mistakes(void **state)
{
	(void)state;
	CONFIG_CASES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_redis),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_wrong_environment),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
