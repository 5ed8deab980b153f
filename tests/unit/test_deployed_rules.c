/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule and every limit of deploy/rules: silent on a good stream, firing on a bad one when it
 * should, resolved when it is good again, no_data without a source. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/builtin.h"
#include "judge_stream.h"

/* A second of a source: a value, or cnt calls of us each. */
struct moment {
	double value;
	uint64_t cnt, us, errors;
};

struct row {
	const char *rule;
	const char *operation; /* "": of the target */
	const char *value;     /* NULL: calls */
	struct moment good, bad;
	uint64_t from_s, to_s; /* it fires between these seconds of bad ones */
	const char *severity;
};

#define CALLS(cnt, us, errors)     \
	{                          \
		0, cnt, us, errors \
	}
#define VALUE(number)           \
	{                       \
		number, 0, 0, 0 \
	}

static const struct row trading[] = {
	{"trade_execution.latency", "trade_execution", NULL, CALLS(20, 80000, 0),
	 CALLS(20, 120000, 0), 5, 60, "info"},
	{"trade_execution.p99", "trade_execution", NULL, CALLS(20, 80000, 0), CALLS(20, 210000, 0),
	 1, 10, "info"},
	{"trade_over_200ms", "trade_execution", NULL, CALLS(20, 199000, 0), CALLS(1, 205000, 0), 1,
	 1, "info"},
	{"node_rpc_slow", "node_rpc", NULL, CALLS(50, 150000, 0), CALLS(50, 250000, 0), 1, 1,
	 "critical"},
	{"trade_failures", "trade_execution", NULL, CALLS(100, 50000, 4), CALLS(100, 50000, 20), 2,
	 10, "warning"},
	{"circuit_breaker_open", "", "circuit_breaker_state", VALUE(0), VALUE(1), 1, 1, "critical"},
	{"mev_avoidance_low", "mev", "avoided_ratio", VALUE(0.9), VALUE(0.7), 1, 1, "warning"},
};

#define KPI(name, ok_us, high_us, bad_us, for_s)                                           \
	{name "_above_target",	name, NULL, CALLS(50, ok_us, 0),                           \
	 CALLS(50, high_us, 0), 121,  185,  "info"},                                       \
	{                                                                                  \
		name "_critical", name, NULL, CALLS(50, high_us, 0), CALLS(50, bad_us, 0), \
			(for_s) + 1, (for_s) + 65, "critical"                              \
	}

static const struct row exchange[] = {
	KPI("order_execution", 90000, 200000, 600000, 120),
	KPI("order_round_trip", 200000, 500000, 1200000, 60),
	KPI("signal_generation", 40000, 100000, 250000, 60),
	KPI("gc_pause", 9000, 20000, 150000, 60),
	KPI("api_request", 40000, 100000, 600000, 60),
	KPI("websocket_message", 15000, 50000, 150000, 60),
	KPI("database_query", 25000, 100000, 250000, 60),
	KPI("dashboard_rendering", 400000, 1000000, 2500000, 60),
	{"market_data_below_target", "market_data", NULL, CALLS(1500, 10, 0), CALLS(900, 10, 0),
	 121, 185, "info"},
	{"market_data_slow", "market_data", NULL, CALLS(900, 10, 0), CALLS(0, 0, 0), 61, 75,
	 "warning"},
	{"memory_above_target", "", "memory_bytes", VALUE(1.9e9), VALUE(2.5e9), 301, 301, "info"},
	{"memory_critical", "", "memory_bytes", VALUE(3.9e9), VALUE(4.5e9), 61, 61, "critical"},
	{"host_cpu_above_target", "host", "cpu_percent", VALUE(50), VALUE(70), 301, 365, "info"},
	{"host_cpu_high", "host", "cpu_percent", VALUE(85), VALUE(97), 301, 365, "warning"},
};

static const struct row service_level[] = {
	{"token_validator.latency", "token_validator", NULL, CALLS(100, 2500, 0),
	 CALLS(100, 7000, 0), 40, 60, "critical"},
	{"token_validator.hit_rate", "token_validator", "hit_rate", VALUE(0.97), VALUE(0.94), 30,
	 60, "info"},
	{"token_validator.error_rate", "token_validator", NULL, CALLS(1000, 2000, 0),
	 CALLS(1000, 2000, 3), 40, 60, "critical"},
	{"rpc_connection.latency", "rpc_connection", NULL, CALLS(100, 9000, 0),
	 CALLS(100, 16000, 0), 40, 60, "warning"},
	{"rpc_connection.throughput", "rpc_connection", NULL, CALLS(20, 9000, 0), CALLS(9, 9000, 0),
	 40, 60, "warning"},
	{"rpc_connection.error_rate", "rpc_connection", NULL, CALLS(100, 9000, 4),
	 CALLS(100, 9000, 9), 5, 60, "warning"},
	{"batch_optimizer.latency", "batch_optimizer", NULL, CALLS(100, 20000, 0),
	 CALLS(100, 30000, 0), 20, 60, "info"},
	{"batch_optimizer.batch_size", "batch_optimizer", "batch_size", VALUE(6), VALUE(2), 10, 60,
	 "critical"},
	{"http_client.latency", "http_client", NULL, CALLS(100, 4000, 0), CALLS(100, 6000, 0), 20,
	 60, "info"},
	{"http_client.pool_efficiency", "http_client", "pool_efficiency", VALUE(0.9), VALUE(0.65),
	 10, 60, "warning"},
	{"http_client.connect_time", "http_client", "connect", CALLS(20, 900000, 0),
	 CALLS(20, 1600000, 0), 5, 60, "warning"},
	{"end_to_end.latency", "end_to_end", NULL, CALLS(100, 25000, 0), CALLS(100, 70000, 0), 40,
	 60, "critical"},
	{"end_to_end.backlog", "end_to_end", "backlog", VALUE(20), VALUE(80), 20, 60, "warning"},
	{"bot.uptime", "", "up", VALUE(1), VALUE(0), 5, 60, "critical"},
	{"batch_optimizer_memory", "batch_optimizer", "memory_bytes", VALUE(90e6), VALUE(120e6), 10,
	 30, "info"},
	{"batch_optimizer_memory_warning", "batch_optimizer", "memory_bytes", VALUE(140e6),
	 VALUE(170e6), 10, 30, "warning"},
	{"batch_optimizer_memory_critical", "batch_optimizer", "memory_bytes", VALUE(190e6),
	 VALUE(250e6), 5, 30, "critical"},
	{"system_errors", "end_to_end", NULL, CALLS(100, 5000, 4), CALLS(100, 5000, 8), 10, 40,
	 "warning"},
	{"system_errors_critical", "end_to_end", NULL, CALLS(100, 5000, 9), CALLS(100, 5000, 20), 5,
	 40, "critical"},
	{"system_uptime", "", "up", VALUE(1), VALUE(0), 5, 30, "warning"},
	{"system_uptime_critical", "", "up", VALUE(1), VALUE(0), 10, 40, "critical"},
};

static const struct row platform[] = {
	{"cpu_high", "host", "cpu_percent", VALUE(75), VALUE(85), 301, 301, "warning"},
	{"cpu_exhausted", "host", "cpu_percent", VALUE(94), VALUE(99), 61, 61, "critical"},
	{"memory_high", "host", "memory_used_ratio", VALUE(0.8), VALUE(0.9), 181, 181, "warning"},
	{"response_slow", "api_request", NULL, CALLS(50, 900000, 0), CALLS(50, 1100000, 0), 121,
	 130, "warning"},
	{"error_rate_high", "api_request", NULL, CALLS(1000, 5000, 9), CALLS(1000, 5000, 20), 61,
	 80, "critical"},
	{"api_rate_high", "api_request", NULL, CALLS(900, 50, 0), CALLS(1500, 50, 0), 121, 130,
	 "info"},
	{"prediction_accuracy_low", "", "prediction_accuracy_ratio", VALUE(0.7), VALUE(0.6), 601,
	 601, "warning"},
	{"profitable_trades_low", "", "profitable_trades_ratio", VALUE(0.6), VALUE(0.5), 901, 901,
	 "warning"},
};

static const struct file {
	const char *name;
	const struct row *rows;
	size_t cnt;
} files[] = {
	{"trading", trading, sizeof(trading) / sizeof(trading[0])},
	{"exchange", exchange, sizeof(exchange) / sizeof(exchange[0])},
	{"service_level", service_level, sizeof(service_level) / sizeof(service_level[0])},
	{"platform", platform, sizeof(platform) / sizeof(platform[0])},
};

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

/* A configuration with all that the file's head says it expects. */
static struct config *load(const struct file *file)
{
	char path[] = "/tmp/deployed-rules-XXXXXX", directory[1024];
	struct config_problems problems = {0};
	struct config *config = NULL;
	FILE *out = fdopen(mkstemp(path), "w");
	int err;

	assert_non_null(out);
	assert_non_null(getcwd(directory, sizeof(directory)));
	fprintf(out, "rule_files: [\"%s/deploy/rules/%s.yaml\"]\n", directory, file->name);
	fprintf(out, "targets:\n  - { name: bot, match: { exe: /bin/bot } }\n"
		     "endpoints:\n  - { name: remote, remote: \"10.0.0.1:80\" }\noperations:\n");
	for (size_t i = 0; i < file->cnt; i++) {
		const char *name = file->rows[i].operation;
		bool is_known = !name[0] || !strcmp(name, "host") || !strcmp(name, "mev");

		for (size_t k = 0; k < i && !is_known; k++)
			is_known = !strcmp(file->rows[k].operation, name);
		if (!is_known)
			fprintf(out, "  - { name: %s, rpc: remote }\n", name);
	}
	fclose(out);
	err = config_load(path, no_variable, &config, &problems);
	unlink(path);
	if (err)
		fail_msg("%s: %s", file->name, problems.cnt ? problems.items[0].text : "");
	return config;
}

struct heard {
	struct stream s;
	const char *rule;
	uint64_t fired_s, resolved_s;
	enum alert_severity severity;
	char notices[8192];
};

static void hear(void *context, const struct alert *alert, enum judge_change change, bool is_told)
{
	struct heard *h = context;

	(void)is_told;
	if (strcmp(alert->rule, h->rule) != 0)
		return;
	if (change == JUDGE_FIRED || change == JUDGE_SEVERITY) {
		h->severity = alert->severity;
		h->fired_s = h->s.s;
	}
	if (change == JUDGE_RESOLVED)
		h->resolved_s = h->s.s;
}

static void notice(void *context, const char *text)
{
	struct heard *h = context;
	size_t at = strlen(h->notices);

	format_text(h->notices + at, sizeof(h->notices) - at, "%s\n", text);
}

static void feed_value(struct stream *s, const struct row *row, double value)
{
	bool is_host = !strcmp(row->operation, "host");
	struct value_id id = {
		{is_host ? "host" : "bot", is_host ? "" : row->operation, "value", ""}, row->value};

	judge_feed_value(s->judge, &id, stream_mono(s), value);
	/* What its rule also asks for. */
	id.name = "trades";
	if (!strcmp(row->operation, "mev"))
		judge_feed_value(s->judge, &id, stream_mono(s), 200);
}

static void seconds(struct heard *h, const struct row *row, const struct moment *m, uint64_t cnt)
{
	bool is_connect = row->value && !strcmp(row->value, "connect");
	struct series_id id = {"bot", row->operation, is_connect ? "connect" : "function", ""};

	for (uint64_t i = 0; i < cnt; i++) {
		h->s.s++;
		if (row->value && !is_connect)
			feed_value(&h->s, row, m->value);
		else
			stream_calls(&h->s, &id, m->cnt, m->us * 1000, m->errors);
		stream_evaluate(&h->s);
	}
}

static void begin(struct heard *h, const struct config *config, const char *rule)
{
	struct judge_callbacks callbacks = {hear, notice, h};

	memset(h, 0, sizeof(*h));
	h->rule = rule;
	assert_int_equal(judge_new(config, &callbacks, &h->s.judge), 0);
}

/* What is still less severe than the row says is another level of the same limit. */
static void check_row(const struct config *config, const struct row *row)
{
	struct heard *h = malloc(sizeof(*h));
	uint64_t bad_s = row->to_s;

	begin(h, config, row->rule);
	seconds(h, row, &row->good, 1200);
	if (h->fired_s)
		fail_msg("%s: fired on the good stream, after %llu s", row->rule,
			 (unsigned long long)h->fired_s);
	seconds(h, row, &row->bad, bad_s);
	if (!h->fired_s || h->fired_s - 1200 < row->from_s ||
	    h->severity != alert_severity_parse(row->severity))
		fail_msg("%s: fired after %lld s of the bad stream as %s, not %llu to %llu as %s",
			 row->rule, h->fired_s ? (long long)(h->fired_s - 1200) : -1LL,
			 h->fired_s ? alert_severity_name(h->severity) : "nothing",
			 (unsigned long long)row->from_s, (unsigned long long)row->to_s,
			 row->severity);
	/* An uptime of a day needs a day to be good again. */
	if (!row->value || strcmp(row->value, "up") != 0) {
		seconds(h, row, &row->good, 150);
		if (!h->resolved_s)
			fail_msg("%s: not resolved", row->rule);
	}
	judge_free(h->s.judge);
	free(h);
}

#define BUILTIN_CNT 6 /* of the agent about itself, behind the others; nobody feeds them here */

static const struct row *find_row(const struct file *file, const char *rule)
{
	for (size_t i = 0; i < file->cnt; i++) {
		if (!strcmp(file->rows[i].rule, rule))
			return &file->rows[i];
	}
	fail_msg("%s.yaml: the rule %s has no row here", file->name, rule);
	return NULL;
}

static size_t check_contract(const struct file *file, const char *name,
			     const struct config_contract *contract)
{
	char rule[2 * ALERT_NAME_BYTES];

	for (size_t i = 0; i < contract->limit_cnt; i++) {
		format_text(rule, sizeof(rule), "%s.%s", name, contract->limits[i].key);
		find_row(file, rule);
	}
	return contract->limit_cnt;
}

/* Each rule has a row, each row is of a rule. */
static void check_complete(const struct file *file, const struct config *config)
{
	size_t cnt = config->rule_cnt - BUILTIN_CNT;

	for (size_t i = 0; i < cnt; i++)
		find_row(file, config->rules[i].name);
	for (size_t i = cnt; i < config->rule_cnt; i++)
		assert_string_equal(config->rules[i].file, BUILTIN_NAME);
	for (size_t i = 0; i < config->operation_cnt; i++)
		cnt += check_contract(file, config->operations[i].name,
				      &config->operations[i].contract);
	for (size_t i = 0; i < config->target_cnt; i++)
		cnt += check_contract(file, config->targets[i].name, &config->targets[i].contract);
	assert_int_equal(cnt, file->cnt);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config *config = load(&files[i]);

		check_complete(&files[i], config);
		for (size_t k = 0; k < files[i].cnt; k++)
			check_row(config, &files[i].rows[k]);
		config_free(config);
	}
}

/* Without any source: each rule says so once; only what judge knows of itself has data. */
static void test_no_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config *config = load(&files[i]);
		struct heard *h = malloc(sizeof(*h));
		struct judge_counters counters;
		size_t line_cnt = 0;

		begin(h, config, "none");
		for (int k = 0; k < 100; k++) {
			h->s.s++;
			judge_evaluate(h->s.judge, stream_mono(&h->s), stream_wall(&h->s));
		}
		judge_count(h->s.judge, &counters);
		for (const char *at = h->notices; *at; at++)
			line_cnt += *at == '\n';
		assert_int_equal(counters.rules_no_data, files[i].cnt + BUILTIN_CNT);
		assert_int_equal(line_cnt, files[i].cnt + BUILTIN_CNT);
		judge_free(h->s.judge);
		free(h);
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
