/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration becomes: values, defaults, the environment, aliases, rule files, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include "config_case.h"

#define SEC 1000000000ULL
#define DAY (86400 * SEC)

static struct config *load(const char *yaml)
{
	return config_of(yaml, config_no_env, NULL);
}

static void test_defaults(void **state)
{
	struct config *c = load("targets: [{name: a, match: {pid: 7}}]\n"
				"rules: [{name: r, expr: a == 1}]\n"
				"notify:\n"
				" - {name: n, type: alertmanager, url: 'http://h'}\n"
				" - {name: m, type: command, command: [/bin/true, x]}\n");

	(void)state;
	assert_true(c->history.is_enabled);
	assert_int_equal(c->history.keep_10s_ns, 2 * DAY);
	assert_int_equal(c->history.keep_1m_ns, 365 * DAY);
	assert_int_equal(c->history.keep_1h_ns, 3 * 365 * DAY);
	assert_int_equal(c->history.max_bytes, 2ULL << 30);
	assert_int_equal(c->judge.over_ns, 10 * SEC);
	assert_int_equal(c->judge.cooldown_ns, 60 * SEC);
	assert_int_equal(c->judge.keep_firing_ns, 10 * SEC);
	assert_int_equal(c->judge.min_samples, 10);
	assert_int_equal(c->judge.system_check_ns, 10 * SEC);
	assert_int_equal(c->operation_max, 256);
	assert_null(c->level);
	assert_null(c->hooks);
	assert_string_equal(c->log_format, "text");
	assert_string_equal(c->targets[0].exit_policy, "auto");
	assert_false(c->targets[0].wants_rpc);
	assert_int_equal(c->targets[0].match.pids[0], 7);
	assert_int_equal(c->rules[0].for_ns, 0);
	assert_int_equal(c->rules[0].over_ns, 10 * SEC);
	assert_int_equal(c->rules[0].keep_firing_ns, 10 * SEC);
	assert_string_equal(c->rules[0].severity, "warning");
	assert_string_equal(c->rules[0].group, "r");
	assert_string_equal(c->rules[0].file, "desk.yaml");
	assert_int_equal(c->rules[0].line, 2);
	assert_int_equal(c->channels[0].type, CONFIG_ALERTMANAGER);
	assert_int_equal(c->channels[0].repeat_ns, 60 * SEC);
	assert_int_equal(c->channels[0].timeout_ns, 30 * SEC);
	assert_int_equal(c->channels[0].retry_max, 3);
	assert_string_equal(c->channels[0].min_severity, "warning");
	assert_int_equal(c->channels[1].type, CONFIG_COMMAND);
	assert_int_equal(c->channels[1].repeat_ns, 4 * 3600 * SEC);
	assert_int_equal(c->channels[1].command_cnt, 2);
	assert_null(c->channels[1].command[2]); /* an argv */
	config_free(c);
}

static void test_endpoints(void **state)
{
	struct config *c = load("endpoints:\n"
				" - {name: a, remote: '10.1.0.0/16:9878', protocol: fix}\n"
				" - {name: b, remote: '[::1]:80', labels: [method, status]}\n"
				" - {name: c, remote: '127.0.0.1'}\n"
				" - {name: d, listen: ':8080'}\n"
				" - {name: e, remote: ':6379'}\n");
	uint8_t address[16] = {10, 1};

	(void)state;
	assert_int_equal(c->endpoint_cnt, 5);
	assert_int_equal(c->endpoints[0].family, AF_INET);
	assert_int_equal(c->endpoints[0].prefix_bits, 16);
	assert_int_equal(c->endpoints[0].port, 9878);
	assert_memory_equal(c->endpoints[0].address, address, 16);
	assert_string_equal(c->endpoints[0].protocol, "fix");
	assert_int_equal(c->endpoints[1].family, AF_INET6);
	assert_int_equal(c->endpoints[1].prefix_bits, 128);
	assert_int_equal(c->endpoints[1].label_cnt, 2);
	assert_string_equal(c->endpoints[1].labels[1], "status");
	assert_null(c->endpoints[1].protocol);
	assert_int_equal(c->endpoints[2].port, 0);
	assert_true(c->endpoints[3].is_listen);
	assert_int_equal(c->endpoints[3].port, 8080);
	assert_false(c->endpoints[4].is_listen);
	assert_int_equal(c->endpoints[4].family, 0);
	config_free(c);
}

static void check_limit(const struct config_contract *contract, size_t idx, const char *metric,
			double limit, bool is_minimum)
{
	assert_true(idx < contract->limit_cnt);
	assert_string_equal(contract->limits[idx].metric, metric);
	assert_true(contract->limits[idx].limit == limit);
	assert_int_equal(contract->limits[idx].is_minimum, is_minimum);
}

static void test_contracts(void **state)
{
	struct config *c = load(
		"targets:\n"
		" - {name: a, match: {exe: /a}, contract: {memory: 100MB, cpu: 80%, uptime: "
		"99.5%}}\n"
		"operations:\n"
		" - {name: f, function: f, contract: {latency: 3ms, p99: 200ms, error_rate: 5%,\n"
		"    throughput: 1000/min, hit_rate: 0.95, batch_size: 5, backlog: 50}}\n"
		" - {name: g, function: 'desk::*', error: 'ret < 0'}\n"
		"contracts:\n"
		" - {target: a, threads: 100, descriptors: 1000}\n"
		" - {operation: g, p50: 1us}\n");
	const struct config_contract *k = &c->operations[0].contract;

	(void)state;
	assert_int_equal(k->limit_cnt, 7);
	check_limit(k, 0, "mean", 3e6, false);
	check_limit(k, 1, "p99", 2e8, false);
	check_limit(k, 2, "error_rate", 0.05, false);
	check_limit(k, 3, "rate", 1000.0 / 60, true);
	check_limit(k, 4, "hit_rate", 0.95, true);
	check_limit(k, 5, "batch_size", 5, true);
	check_limit(k, 6, "backlog", 50, false);
	assert_string_equal(k->limits[0].key, "latency");
	k = &c->targets[0].contract;
	assert_int_equal(k->limit_cnt, 5);
	check_limit(k, 0, "memory_bytes", 1e8, false);
	check_limit(k, 1, "cpu_percent", 80, false);
	check_limit(k, 2, "uptime_ratio", 0.995, true);
	check_limit(k, 3, "descriptors", 1000, false);
	check_limit(k, 4, "threads", 100, false);
	check_limit(&c->operations[1].contract, 0, "p50", 1000, false);
	assert_int_equal(c->operations[1].kind, CONFIG_FUNCTION);
	assert_int_equal(c->operations[1].error.term_cnt, 1);
	assert_string_equal(c->operations[1].error_text, "ret < 0");
	assert_int_equal(c->unowned_cnt, 0);
	config_free(c);
}

/* Who needs connections measured: targets of operations on endpoints, all where none says who. */
static void test_rpc(void **state)
{
	static const char targets[] = "targets:\n"
				      " - {name: a, match: {pid: 1}}\n"
				      " - {name: b, match: {pid: 2}}\n"
				      " - {name: c, match: {pid: 3}, rpc: false}\n"
				      " - {name: d, match: {pid: 4}, rpc: true}\n";
	static const struct {
		const char *rest;
		bool wants[4];
	} rows[] = {
		{"", {false, false, false, true}},
		{"endpoints: [{name: e, remote: ':1'}]\n", {true, true, false, true}},
		{"endpoints: [{name: e, remote: ':1'}]\n"
		 "operations: [{name: o, rpc: e, target: a}]\n",
		 {true, false, false, true}},
		{"endpoints: [{name: e, remote: ':1'}]\n"
		 "operations: [{name: o, rpc: e}, {name: p, function: f, target: a}]\n",
		 {true, true, false, true}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char yaml[1024];
		struct config *c;

		snprintf(yaml, sizeof(yaml), "%s%s", targets, rows[i].rest);
		c = load(yaml);
		for (size_t t = 0; t < 4; t++) {
			if (c->targets[t].wants_rpc != rows[i].wants[t])
				fail_msg("row %zu, target %zu", i, t);
		}
		config_free(c);
	}
}

static void test_rules(void **state)
{
	struct config *c =
		load("judge: {over: 30s, keep_firing: 1m}\n"
		     "rules:\n"
		     " - {name: r, expr: 'a.p99 > 5ms', for: 2m, by: [method], group: g}\n"
		     " - name: s\n"
		     "   expr: b.error_rate > 5%\n"
		     "   over: 5m\n"
		     "   keep_firing: 0s\n"
		     "   severity: critical\n"
		     "   channel: n\n"
		     "   description: |\n"
		     "     Two\n"
		     "     lines.\n"
		     "   suggested_actions: [look, think]\n"
		     "   labels: {team: desk, tier: '1'}\n"
		     " - {name: t, expr: 'a.p99 > 5ms', over_samples: 100}\n"
		     "notify: [{name: n, type: webhook, url: 'https://h/x?y=1', then: m,\n"
		     "  escalate_after: 5m}, {name: m, type: webhook, url: 'http://h:1'}]\n");

	(void)state;
	assert_int_equal(c->rules[0].over_ns, 30 * SEC);
	assert_int_equal(c->rules[0].keep_firing_ns, 60 * SEC);
	assert_int_equal(c->rules[0].for_ns, 120 * SEC);
	assert_string_equal(c->rules[0].by[0], "method");
	assert_string_equal(c->rules[0].group, "g");
	assert_non_null(c->rules[0].expression);
	assert_string_equal(c->rules[0].expression_text, "a.p99 > 5ms");
	assert_int_equal(c->rules[1].over_ns, 300 * SEC);
	assert_int_equal(c->rules[1].keep_firing_ns, 0);
	assert_string_equal(c->rules[1].severity, "critical");
	assert_string_equal(c->rules[1].description, "Two\nlines.\n");
	assert_int_equal(c->rules[1].suggested_action_cnt, 2);
	assert_string_equal(c->rules[1].labels[1].name, "tier");
	assert_string_equal(c->rules[1].labels[1].value, "1");
	assert_string_equal(c->rules[1].channel, "n");
	assert_int_equal(c->rules[2].over_samples, 100);
	assert_string_equal(c->channels[0].then, "m");
	assert_int_equal(c->channels[0].escalate_after_ns, 300 * SEC);
	config_free(c);
}

static void test_aliases(void **state)
{
	struct config *c = load("x-shared:\n"
				"  promise: &promise {p99: 5ms, error_rate: 1%}\n"
				"  shape: &shape {function: f, contract: *promise}\n"
				"targets: [{name: a, match: {pid: 1}}]\n"
				"operations:\n"
				" - {<<: *shape, name: o}\n"
				" - {<<: [*shape, *shape], name: p, function: g}\n");

	(void)state;
	assert_string_equal(c->operations[0].function, "f");
	assert_string_equal(c->operations[1].function, "g");
	check_limit(&c->operations[0].contract, 0, "p99", 5e6, false);
	check_limit(&c->operations[1].contract, 1, "error_rate", 0.01, false);
	config_free(c);
}

static const char *env(const char *name)
{
	static const char *const rows[][2] = {
		{"TICKSCOPE_HISTORY_MAX_BYTES", "1GiB"},
		{"TICKSCOPE_HISTORY_ENABLED", "false"},
		{"TICKSCOPE_JUDGE_MIN_SAMPLES", "7"},
		{"TICKSCOPE_LEVEL", "perf"},
		{"TICKSCOPE_HOOKS", ""},
		{"TICKSCOPE_NOTIFY_ON_CALL_URL", "https://secret"},
		{"TICKSCOPE_NOTIFY_ON_CALL_NAME", "other"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i][0], name) == 0)
			return rows[i][1];
	}
	return NULL;
}

static void test_environment(void **state)
{
	struct config *c = config_of("level: multi\nhooks: kprobe\n"
				     "history: {max_bytes: 5GiB}\n"
				     "notify: [{name: on-call, type: webhook}]\n",
				     env, NULL);

	(void)state;
	assert_int_equal(c->history.max_bytes, 1ULL << 30);
	assert_false(c->history.is_enabled);
	assert_int_equal(c->judge.min_samples, 7);
	assert_string_equal(c->level, "perf");
	assert_string_equal(c->hooks, "kprobe"); /* an empty variable is none */
	assert_string_equal(c->channels[0].url, "https://secret");
	assert_string_equal(c->channels[0].name, "on-call");
	config_free(c);
}

static const char *wrong_env(const char *name)
{
	static const char *const rows[][2] = {
		{"TICKSCOPE_HISTORY_MAX_BYTES", "1GX"},
		{"TICKSCOPE_JUDGE_OVER", "10"},
		{"TICKSCOPE_LOG_FORMAT", "tex"},
		{"TICKSCOPE_NOTIFY_N_URL", "h"},
		{"TICKSCOPE_NOTIFY_N_MIN_SEVERITY", "\377"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i][0], name) == 0)
			return rows[i][1];
	}
	return NULL;
}

static void test_wrong_environment(void **state)
{
	(void)state;
	config_of("level: multy\nnotify: [{name: n, type: webhook, url: 'http://h'}]\n", wrong_env,
		  "desk.yaml:1:8: \"level\": \"multy\" is none of session, multi, perf; did you "
		  "mean \"multi\"?\n"
		  "TICKSCOPE_LOG_FORMAT: \"tex\" is none of text, json; did you mean \"text\"?\n"
		  "TICKSCOPE_HISTORY_MAX_BYTES: \"1GX\" is not a size: write it like 100MB, 2GiB "
		  "or 4096\n"
		  "TICKSCOPE_JUDGE_OVER: \"10\" has no unit: write 10ms or 10s\n"
		  "TICKSCOPE_NOTIFY_N_URL: its value is no URL: it begins with http:// or "
		  "https://\n"
		  "TICKSCOPE_NOTIFY_N_MIN_SEVERITY: \"?\" is none of info, warning, critical\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),    cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_contracts),   cmocka_unit_test(test_rpc),
		cmocka_unit_test(test_rules),	    cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_wrong_environment),
	};

	return cmocka_run_group_tests(tests, config_enter, config_leave);
}
