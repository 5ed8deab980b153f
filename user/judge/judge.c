/* SPDX-License-Identifier: Apache-2.0 */
/* The room's doors: feeds in, one evaluation a second, alerts out. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "judge/alarm.h"
#include "judge/instances.h"
#include "judge/rules.h"
#include "judge/silence.h"
#include "judge/system_check.h"
#include "judge/verdict.h"

#define NOTICE_BYTES 512
/* Targets are attached and have counted something by then. */
#define GRACE_NS 15000000000ULL
#define SWEEP_NS 60000000000ULL

int judge_new(const struct config *config, const struct judge_callbacks *callbacks,
	      struct judge **ret_judge)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	int err = -ENOMEM;

	if (!judge)
		return -ENOMEM;
	judge->config = config;
	judge->callbacks = *callbacks;
	window_init(&judge->scratch);
	judge->ended = calloc(JUDGE_ENDED_MAX, sizeof(struct alert));
	judge->restored = calloc(JUDGE_ENDED_MAX, sizeof(struct alert));
	if (judge->ended && judge->restored)
		err = rules_new(config, &judge->rules, &judge->rule_cnt);
	if (err) {
		judge_free(judge);
		return err;
	}
	*ret_judge = judge;
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	rules_free(judge->rules, judge->rule_cnt);
	source_table_fini(&judge->sources);
	free(judge->ended);
	free(judge->restored);
	free(judge);
}

/* The state of a rule that did not change. */
static void take_state(struct rule *rule, struct rule *former)
{
	rule->instances = former->instances;
	rule->instance_cnt = former->instance_cnt;
	rule->violations = former->violations;
	rule->violation_ns = former->violation_ns;
	rule->has_data = former->has_data;
	rule->is_no_data = former->is_no_data;
	former->instances = NULL;
	former->instance_cnt = 0;
}

int judge_replace(struct judge *judge, const struct config *config, uint64_t wall_ns)
{
	struct rule *rules;
	size_t cnt;
	int err = rules_new(config, &rules, &cnt);

	if (err)
		return err;
	for (size_t i = 0; i < cnt; i++) {
		for (size_t k = 0; k < judge->rule_cnt; k++) {
			if (rules[i].signature == judge->rules[k].signature &&
			    !strcmp(rules[i].name, judge->rules[k].name))
				take_state(&rules[i], &judge->rules[k]);
		}
	}
	for (size_t k = 0; k < judge->rule_cnt; k++) {
		for (size_t i = 0; i < judge->rules[k].instance_cnt; i++)
			alarm_end(judge, judge->rules[k].instances[i], judge->evaluated_ns, wall_ns,
				  "The rule was changed or removed.");
	}
	rules_free(judge->rules, judge->rule_cnt);
	judge->rules = rules;
	judge->rule_cnt = cnt;
	judge->config = config;
	/* What ended just now did so because its rule is another. */
	judge->has_restored = false;
	return 0;
}

const struct rolling *judge_feed(struct judge *judge, const struct series_id *id, uint64_t mono_ns,
				 const struct window *window)
{
	struct source *source;
	int err = source_table_get(&judge->sources, id, "", &source);

	if (!err)
		err = rolling_add(source->rolling, mono_ns, window, &judge->scratch);
	if (!err && mono_ns > source->newest_ns)
		source->newest_ns = mono_ns;
	judge->counters.refused_windows += err == -ENOSPC;
	judge->counters.late_windows += err == -ESTALE;
	judge->counters.memory_failures += err == -ENOMEM;
	return err ? NULL : source->rolling;
}

void judge_feed_value(struct judge *judge, const struct value_id *id, uint64_t mono_ns,
		      double value)
{
	struct series_id of = id->of;
	struct source *source;
	int err;

	if (!isfinite(value))
		return;
	of.kind = "value";
	err = source_table_get(&judge->sources, &of, id->name, &source);
	judge->counters.refused_windows += err == -ENOSPC;
	judge->counters.memory_failures += err == -ENOMEM;
	if (err)
		return;
	if (source->history && !rolling_value_add(source->history, mono_ns, value))
		judge->counters.late_windows++;
	if (mono_ns >= source->newest_ns) {
		source->newest_ns = mono_ns;
		source->last = value;
	}
}

static void notice_data(struct judge *judge, struct rule *rule, uint64_t mono_ns)
{
	const struct rule_metric *missing;
	char text[NOTICE_BYTES];

	if (rule->has_data == !rule->is_no_data)
		return;
	if (rule->has_data) {
		rule->is_no_data = false;
		format_text(text, sizeof(text), "rule \"%s\" has data now", rule->name);
		judge->callbacks.on_notice(judge->callbacks.context, text);
		return;
	}
	if (mono_ns - judge->begun_ns < GRACE_NS)
		return;
	missing = instances_missing(rule, &judge->sources);
	rule->is_no_data = true;
	format_text(
		text, sizeof(text),
		"rule \"%s\": no data: nothing measures \"%s%s%s\" so far; the rule waits for it",
		rule->name, missing ? missing->name : "", missing && missing->name[0] ? "." : "",
		missing ? missing->metric : "");
	judge->callbacks.on_notice(judge->callbacks.context, text);
}

/* A limit that stays broken is another violation each cooldown (S2.7 counts them). */
static void count_violation(struct judge *judge, struct rule *rule, uint64_t mono_ns)
{
	if (rule->violation_ns && mono_ns - rule->violation_ns < judge->config->judge.cooldown_ns)
		return;
	rule->violation_ns = mono_ns;
	violations_add(&rule->violations, mono_ns);
}

static void evaluate_rule(struct judge *judge, struct rule *rule, const struct times *now)
{
	uint64_t refused = rule->refused_cnt;
	char text[NOTICE_BYTES];

	if (instances_bind(rule, &judge->sources) != 0) {
		judge->counters.memory_failures++;
		return;
	}
	if (rule->refused_cnt && !refused) {
		format_text(
			text, sizeof(text),
			"rule \"%s\": more than %d values of its labels, the rest is not judged",
			rule->name, JUDGE_INSTANCE_MAX);
		judge->callbacks.on_notice(judge->callbacks.context, text);
	}
	notice_data(judge, rule, now->mono_ns);
	for (size_t i = 0; i < rule->instance_cnt; i++) {
		struct instance *instance = rule->instances[i];
		struct judgement j;

		alarm_adopt(judge, rule, instance, now->mono_ns);
		verdict_of(judge, rule, instance, now->mono_ns, &j);
		if (rule->limit && j.truth == TRUTH_TRUE)
			count_violation(judge, rule, now->mono_ns);
		if (alarm_step(judge, rule, instance, &j, now) != 0)
			judge->counters.memory_failures++;
	}
}

/* Of rules that are gone since, or that had no series for an hour. */
static void end_restored(struct judge *judge, const struct times *now)
{
	bool is_late = now->mono_ns - judge->begun_ns >= SOURCE_SILENT_NS;

	for (size_t i = judge->restored_cnt; i > 0; i--) {
		struct alert *alert = &judge->restored[i - 1];
		bool has_rule = false;

		for (size_t k = 0; k < judge->rule_cnt && !has_rule; k++)
			has_rule = !strcmp(judge->rules[k].name, alert->rule);
		if (has_rule && !is_late)
			continue;
		alert->state = ALERT_RESOLVED;
		alert->ended_ns = now->wall_ns > alert->fired_ns ? now->wall_ns : alert->fired_ns;
		format_text(alert->message, sizeof(alert->message), "%s",
			    has_rule ? "Nothing was measured for an hour since the restart."
				     : "The rule was removed.");
		alarm_keep(judge, alert);
		judge->counters.told++;
		judge->counters.resolved++;
		judge->callbacks.on_alert(judge->callbacks.context, alert, JUDGE_RESOLVED, true);
		*alert = judge->restored[--judge->restored_cnt];
	}
}

void judge_pause_uptime(struct judge *judge, bool is_paused)
{
	judge->is_uptime_paused = is_paused;
}

void judge_evaluate(struct judge *judge, uint64_t mono_ns, uint64_t wall_ns)
{
	struct times now = {mono_ns, wall_ns};

	if (!judge->begun_ns)
		judge->begun_ns = judge->swept_ns = mono_ns;
	if (mono_ns - judge->swept_ns >= SWEEP_NS) {
		source_table_sweep(&judge->sources, mono_ns);
		judge->swept_ns = mono_ns;
	}
	silence_sweep(judge, wall_ns);
	system_check_step(judge, mono_ns);
	for (size_t i = 0; i < judge->rule_cnt; i++)
		evaluate_rule(judge, &judge->rules[i], &now);
	end_restored(judge, &now);
	judge->evaluated_ns = mono_ns;
	judge->counters.evaluations++;
}

static bool is_open(const struct judge *judge, const char *id)
{
	for (size_t r = 0; r < judge->rule_cnt; r++) {
		for (size_t i = 0; i < judge->rules[r].instance_cnt; i++) {
			const struct instance *instance = judge->rules[r].instances[i];

			if (instance->state && !strcmp(instance->alert->id, id))
				return true;
		}
	}
	return false;
}

void judge_each_alert(const struct judge *judge, judge_each_fn fn, void *context)
{
	for (size_t r = 0; r < judge->rule_cnt; r++) {
		for (size_t i = 0; i < judge->rules[r].instance_cnt; i++) {
			if (judge->rules[r].instances[i]->state)
				fn(context, judge->rules[r].instances[i]->alert);
		}
	}
	for (size_t i = 0; i < judge->restored_cnt; i++)
		fn(context, &judge->restored[i]);
	for (size_t i = judge->ended_cnt; i > 0; i--) {
		const struct alert *alert =
			&judge->ended[(judge->ended_first + i - 1) % JUDGE_ENDED_MAX];

		/* One that fired again stands among the open ones. */
		if (!is_open(judge, alert->id))
			fn(context, alert);
	}
}

static struct alert *find_firing(struct judge *judge, const char *id)
{
	for (size_t r = 0; r < judge->rule_cnt; r++) {
		for (size_t i = 0; i < judge->rules[r].instance_cnt; i++) {
			struct instance *instance = judge->rules[r].instances[i];

			if (instance->state == ALERT_FIRING && !strcmp(instance->alert->id, id))
				return instance->alert;
		}
	}
	for (size_t i = 0; i < judge->restored_cnt; i++) {
		if (!strcmp(judge->restored[i].id, id))
			return &judge->restored[i];
	}
	return NULL;
}

int judge_acknowledge(struct judge *judge, const char *id, const char *by, uint64_t wall_ns)
{
	struct alert *alert = find_firing(judge, id);

	if (!alert)
		return -ENOENT;
	if (alert->acknowledged_ns)
		return -EALREADY;
	alert->acknowledged_ns = wall_ns;
	format_text(alert->acknowledged_by, sizeof(alert->acknowledged_by), "%s", by);
	judge->callbacks.on_alert(judge->callbacks.context, alert, JUDGE_ACKNOWLEDGED, true);
	return 0;
}

void judge_restore(struct judge *judge, const struct alert *alerts, size_t cnt)
{
	judge->has_restored = true;
	for (size_t i = 0; i < cnt; i++) {
		if (alerts[i].ended_ns)
			alarm_keep(judge, &alerts[i]);
		else if (alerts[i].fired_ns && judge->restored_cnt < JUDGE_ENDED_MAX)
			judge->restored[judge->restored_cnt++] = alerts[i];
	}
}

void judge_count(const struct judge *judge, struct judge_counters *ret_counters)
{
	*ret_counters = judge->counters;
	ret_counters->rules = judge->rule_cnt;
	ret_counters->sources = judge->sources.cnt;
	ret_counters->rules_no_data = ret_counters->instances = 0;
	for (size_t i = 0; i < judge->rule_cnt; i++) {
		ret_counters->rules_no_data += judge->rules[i].is_no_data;
		ret_counters->instances += judge->rules[i].instance_cnt;
		ret_counters->refused_instances += judge->rules[i].refused_cnt;
	}
}
