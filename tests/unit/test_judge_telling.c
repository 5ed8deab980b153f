/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what: silences, inhibition, acknowledgement, severities, restarts, reloads, texts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_stream.h"

static const struct series_id op = {"engine", "op", "function", ""};

static void seconds(struct stream *s, uint64_t cnt, uint64_t ns)
{
	for (uint64_t i = 0; i < cnt; i++) {
		s->s++;
		stream_calls(s, &op, 100, ns, 0);
		stream_evaluate(s);
	}
}

static void good(struct stream *s, uint64_t cnt)
{
	seconds(s, cnt, 10 * STREAM_MS);
}

static void bad(struct stream *s, uint64_t cnt)
{
	seconds(s, cnt, 500 * STREAM_MS);
}

/* A silence matches by all that it names. */
static void test_silences(void **state)
{
	static const struct {
		const char *rule, *operation, *target, *labels;
		bool is_match;
	} rows[] = {
		{"", "", "", "", true},
		{"r", "", "", "", true},
		{"r", "op", "engine", "team=\"desk\"", true},
		{"other", "", "", "", false},
		{"", "other", "", "", false},
		{"", "", "other", "", false},
		{"", "", "", "team=\"other\"", false},
	};
	static struct config_pair labels[] = {{"team", "desk"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct judge_silence silence = {0};
		struct config_rule *rule;
		struct stream s;
		uint32_t id;
		size_t cnt;

		stream_init(&s);
		rule = stream_rule(&s, "r", "op.p90 > 200ms");
		rule->labels = labels;
		rule->label_cnt = 1;
		stream_start(&s);
		format_text(silence.rule, sizeof(silence.rule), "%s", rows[i].rule);
		format_text(silence.operation, sizeof(silence.operation), "%s", rows[i].operation);
		format_text(silence.target, sizeof(silence.target), "%s", rows[i].target);
		format_text(silence.labels, sizeof(silence.labels), "%s", rows[i].labels);
		silence.until_wall_ns = stream_wall(&s) + 20 * STREAM_S;
		assert_int_equal(judge_silence(s.judge, &silence, &id), 0);
		bad(&s, 30);
		assert_string_equal(s.said, rows[i].is_match
						    ? "1 fired r warning, 20 again* r warning"
						    : "1 fired* r warning");
		assert_non_null(judge_silences(s.judge, &cnt));
		assert_int_equal(cnt, 0);
		assert_int_equal(judge_unsilence(s.judge, id), -ENOENT);
		stream_fini(&s);
	}
}

/* What resolves while it is silenced was never told, and is not told then. */
static void test_silence_over_the_whole(void **state)
{
	struct judge_silence silence = {.rule = "r", .until_wall_ns = UINT64_MAX};
	struct stream s;
	uint32_t id;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	assert_int_equal(judge_silence(s.judge, &silence, &id), 0);
	bad(&s, 5);
	good(&s, 20);
	assert_string_equal(s.said, "1 fired r warning, 16 resolved r warning");
	assert_int_equal(judge_unsilence(s.judge, id), 0);
	for (int i = 0; i < JUDGE_SILENCE_MAX; i++)
		assert_int_equal(judge_silence(s.judge, &silence, &id), 0);
	assert_int_equal(judge_silence(s.judge, &silence, &id), -ENOSPC);
	stream_fini(&s);
}

/* Whoever was told that it fires is told its end, silenced since or not. */
static void test_silence_of_what_was_told(void **state)
{
	struct judge_silence silence = {.rule = "r", .until_wall_ns = UINT64_MAX};
	struct stream s;
	uint32_t id;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	bad(&s, 5);
	assert_int_equal(judge_silence(s.judge, &silence, &id), 0);
	bad(&s, 5);
	good(&s, 20);
	assert_string_equal(s.said, "1 fired* r warning, 21 resolved* r warning");
	stream_fini(&s);
}

/* Within a group and target, a critical alert that is told stands for the milder ones. */
static void test_inhibition(void **state)
{
	struct config_rule *rule;
	struct stream s;

	(void)state;
	stream_init(&s);
	rule = stream_rule(&s, "down", "op.p90 > 400ms");
	rule->severity = (char *)"critical";
	rule->group = (char *)"node";
	rule = stream_rule(&s, "slow", "op.p90 > 200ms");
	rule->group = (char *)"node";
	stream_rule(&s, "else", "op.p90 > 200ms");
	stream_start(&s);
	bad(&s, 5);
	seconds(&s, 11, 300 * STREAM_MS);
	assert_string_equal(s.said, "1 fired* down critical, 1 fired slow warning, "
				    "1 fired* else warning, 16 resolved* down critical, "
				    "16 again* slow warning");
	stream_fini(&s);
}

static void find_open(void *context, const struct alert *alert)
{
	if (alert->state == ALERT_FIRING)
		*(struct alert *)context = *alert;
}

static void test_acknowledge(void **state)
{
	struct alert alert = {0};
	struct stream s;

	(void)state;
	stream_init(&s);
	s.shows_all = true;
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	assert_int_equal(judge_acknowledge(s.judge, "0-0", "ann", 1), -ENOENT);
	bad(&s, 2);
	assert_int_equal(judge_acknowledge(s.judge, s.last.id, "ann", stream_wall(&s)), 0);
	assert_int_equal(judge_acknowledge(s.judge, s.last.id, "bob", stream_wall(&s)), -EALREADY);
	bad(&s, 5);
	judge_each_alert(s.judge, find_open, &alert);
	assert_string_equal(alert.acknowledged_by, "ann");
	assert_int_equal(alert.acknowledged_ns, (STREAM_WALL_S + 2) * STREAM_S);
	assert_string_equal(s.said, "1 fired* r warning, 2 acknowledged* r warning");
	stream_fini(&s);
}

/* Over kill -9: what fired goes on under its id, told once, acknowledged; what ended is shown. */
static void test_restart(void **state)
{
	struct alert kept[2];
	struct stream s;
	char id[ALERT_ID_BYTES];

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	bad(&s, 5);
	judge_acknowledge(s.judge, s.last.id, "ann", stream_wall(&s));
	kept[1] = s.last;
	kept[0] = s.last;
	kept[0].ended_ns = kept[0].fired_ns + 1;
	kept[0].state = ALERT_RESOLVED;
	format_text(kept[0].id, sizeof(kept[0].id), "old-1");
	memcpy(id, s.last.id, sizeof(id));
	judge_free(s.judge);
	s.said[0] = '\0';
	stream_start(&s);
	judge_restore(s.judge, kept, 2);
	/* Nothing is known yet. */
	for (int i = 0; i < 100; i++) {
		s.s++;
		stream_evaluate(&s);
	}
	bad(&s, 5);
	assert_string_equal(s.said, "");
	good(&s, 11);
	assert_string_equal(s.said, "121 resolved* r warning");
	assert_string_equal(s.last.id, id);
	assert_string_equal(s.last.acknowledged_by, "ann");
	stream_fini(&s);
}

/* One that ended just before the restart goes on where it fires again; of a rule that is gone is
 * resolved. */
static void test_restart_within_cooldown(void **state)
{
	struct alert kept[2];
	struct stream s;
	char id[ALERT_ID_BYTES];

	(void)state;
	stream_init(&s);
	stream_rule(&s, "r", "op.p90 > 200ms");
	stream_start(&s);
	bad(&s, 5);
	kept[1] = s.last;
	format_text(kept[1].rule, sizeof(kept[1].rule), "gone");
	good(&s, 11);
	kept[0] = s.last;
	memcpy(id, s.last.id, sizeof(id));
	judge_free(s.judge);
	s.said[0] = '\0';
	stream_start(&s);
	judge_restore(s.judge, kept, 2);
	bad(&s, 1);
	assert_string_equal(s.said, "17 fired r warning, 17 resolved* gone warning");
	bad(&s, 60);
	assert_string_equal(s.last.id, id);
	assert_int_equal(s.last.flap_cnt, 1);
	assert_string_equal(s.said,
			    "17 fired r warning, 17 resolved* gone warning, 77 again* r warning");
	stream_fini(&s);
}

/* SIGHUP: rules that stay keep their alerts, others end theirs. */
static void test_reload(void **state)
{
	struct stream s, after;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "same", "op.p90 > 200ms");
	stream_rule(&s, "other", "op.p90 > 200ms");
	stream_rule(&s, "gone", "op.p90 > 200ms");
	stream_init(&after);
	stream_rule(&after, "new", "op.p90 > 200ms");
	stream_rule(&after, "other", "op.p90 > 250ms");
	stream_rule(&after, "same", "op.p90 > 200ms");
	stream_start(&s);
	bad(&s, 5);
	s.said[0] = '\0';
	assert_int_equal(judge_replace(s.judge, &after.config, stream_wall(&s)), 0);
	assert_string_equal(s.said, "5 resolved* other warning, 5 resolved* gone warning");
	assert_string_equal(s.last.message, "The rule was changed or removed.");
	s.said[0] = '\0';
	bad(&s, 1);
	good(&s, 11);
	assert_string_equal(s.said, "6 fired* new warning, 6 fired* other warning, "
				    "17 resolved* new warning, 17 resolved* other warning, "
				    "17 resolved* same warning");
	stream_fini(&s);
	for (size_t i = 0; i < after.config.rule_cnt; i++)
		rule_expression_free(after.rules[i].expression);
}

static void test_texts(void **state)
{
	static char *actions[] = {"Call the desk", "Switch the node"};
	static const struct series_id rpc = {"engine", "node rpc", "rpc_client",
					     "method=\"getSlot\""};
	static char *by[] = {"method", "target"};
	struct config_rule *rule;
	struct stream s;

	(void)state;
	stream_init(&s);
	rule = stream_rule(&s, "node_slow", "\"node rpc\".p90 > 200ms and op.count > 5");
	rule->by = by;
	rule->by_cnt = 1;
	stream_start(&s);
	s.s++;
	stream_calls(&s, &rpc, 100, 312 * STREAM_MS, 0);
	stream_calls(&s, &op, 100, STREAM_MS, 0);
	stream_evaluate(&s);
	/* op has no label method: its series belong to no value of it. */
	assert_string_equal(s.said, "");
	judge_free(s.judge);
	rule->by_cnt = 0;
	rule->over_ns = 10 * STREAM_S;
	stream_start(&s);
	stream_calls(&s, &rpc, 100, 312 * STREAM_MS, 0);
	stream_calls(&s, &op, 100, STREAM_MS, 0);
	stream_evaluate(&s);
	assert_string_equal(s.last.title, "node rpc.p90 is above 200ms");
	assert_string_equal(s.last.message,
			    "node rpc.p90 is 312ms, above the threshold of 200ms (1.6 times)");
	assert_string_equal(s.last.description,
			    "Rule node_slow: \"node rpc\".p90 > 200ms and op.count > 5, over the "
			    "last 10.0s, for 0ns.");
	assert_string_equal(s.last.operation, "node rpc");
	assert_string_equal(s.last.target, "engine");
	assert_string_equal(s.last.metric, "node rpc.p90");
	assert_string_equal(s.last.unit, "ns");
	assert_string_equal(s.last.group, "node_slow");
	assert_string_equal(s.last.correlation_id, s.last.id);
	assert_non_null(strstr(s.last.suggested_actions, "tickscope query 'node rpc'"));
	judge_free(s.judge);
	rule->title = (char *)"Node is slow";
	rule->message = (char *)"Look at it";
	rule->description = (char *)"D";
	rule->runbook = (char *)"https://runbooks/node";
	rule->suggested_actions = actions;
	rule->suggested_action_cnt = 2;
	stream_start(&s);
	stream_calls(&s, &rpc, 100, 312 * STREAM_MS, 0);
	stream_calls(&s, &op, 100, STREAM_MS, 0);
	stream_evaluate(&s);
	assert_string_equal(s.last.title, "Node is slow");
	assert_string_equal(s.last.message, "Look at it");
	assert_string_equal(s.last.runbook, "https://runbooks/node");
	assert_string_equal(s.last.suggested_actions, "Call the desk\nSwitch the node");
	stream_fini(&s);
}

/* Two that begin within seconds on one target belong together; a later one does not. */
static void test_correlation(void **state)
{
	char first[ALERT_ID_BYTES];
	struct stream s;

	(void)state;
	stream_init(&s);
	stream_rule(&s, "a", "op.p90 > 200ms");
	stream_rule(&s, "b", "op.p90 > 400ms");
	stream_rule(&s, "c", "op.p90 > 600ms");
	stream_start(&s);
	seconds(&s, 1, 300 * STREAM_MS);
	memcpy(first, s.last.id, sizeof(first));
	seconds(&s, 3, 500 * STREAM_MS);
	assert_string_equal(s.last.rule, "b");
	assert_string_equal(s.last.correlation_id, first);
	seconds(&s, 3, 500 * STREAM_MS);
	seconds(&s, 1, 700 * STREAM_MS);
	assert_string_equal(s.last.rule, "c");
	assert_string_equal(s.last.correlation_id, s.last.id);
	stream_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silences),
		cmocka_unit_test(test_silence_over_the_whole),
		cmocka_unit_test(test_silence_of_what_was_told),
		cmocka_unit_test(test_inhibition),
		cmocka_unit_test(test_acknowledge),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_restart_within_cooldown),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_correlation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
