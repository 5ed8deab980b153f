/* SPDX-License-Identifier: Apache-2.0 */
/* Words for alerts. */
#include <math.h>
#include <string.h>

#include "base/format.h"
#include "base/units.h"
#include "config/rule_unit.h"
#include "judge/alert_text.h"

#define ACTION_CHANGED "What was deployed or configured just before it began?"

static void number_of_bytes(double value, char text[static ALERT_TEXT_NUMBER_BYTES])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	for (; fabs(value) >= 1024 && unit < 4; unit++)
		value /= 1024;
	format_text(text, ALERT_TEXT_NUMBER_BYTES, "%.*f%s", unit && fabs(value) < 100 ? 2 : 0,
		    value, units[unit]);
}

/* Beyond what units_duration takes: negative, as differences are. */
static void number_of_ns(double value, char text[static ALERT_TEXT_NUMBER_BYTES])
{
	char duration[UNITS_TEXT_BYTES];
	double distance_ns = fabs(value);

	units_duration(distance_ns < 9e18 ? (uint64_t)distance_ns : (uint64_t)9e18, duration);
	format_text(text, ALERT_TEXT_NUMBER_BYTES, "%s%s", value < 0 ? "-" : "", duration);
}

const char *alert_text_number(double value, const char *unit,
			      char text[static ALERT_TEXT_NUMBER_BYTES])
{
	if (isnan(value))
		format_text(text, ALERT_TEXT_NUMBER_BYTES, "unknown");
	else if (!strcmp(unit, "ns"))
		number_of_ns(value, text);
	else if (!strcmp(unit, "bytes"))
		number_of_bytes(value, text);
	else if (!strcmp(unit, "ratio"))
		format_text(text, ALERT_TEXT_NUMBER_BYTES, "%.4g%%", value * 100);
	else if (!strcmp(unit, "percent"))
		format_text(text, ALERT_TEXT_NUMBER_BYTES, "%.4g%%", value);
	else if (!strcmp(unit, "per_s"))
		format_text(text, ALERT_TEXT_NUMBER_BYTES, "%.4g/s", value);
	else
		format_text(text, ALERT_TEXT_NUMBER_BYTES, "%.6g", value);
	return text;
}

/* The one target of all its sources; "" where they have several. */
static const char *target_of(const struct metric_binding *binding)
{
	for (size_t i = 1; binding && i < binding->cnt; i++) {
		if (strcmp(binding->items[i]->id.target, binding->items[0]->id.target) != 0)
			return "";
	}
	return binding && binding->cnt ? binding->items[0]->id.target : "";
}

static const char *operation_of(const struct rule *rule, const struct judgement *j)
{
	if (rule->limit)
		return rule->is_of_target ? "" : rule->component;
	if (!j->metric)
		return "";
	if (j->metric->statistic != RULE_VALUE)
		return j->metric->name;
	return j->binding && j->binding->cnt ? j->binding->items[0]->id.operation : "";
}

/* Labels that tell it from others of its rule, those its metric was chosen by, the rule's own. */
static void set_labels(struct alert *alert, const struct rule *rule,
		       const struct instance *instance, const struct judgement *j)
{
	char names[LABELS_MAX][LABEL_NAME_BYTES], values[LABELS_MAX][LABEL_VALUE_BYTES];
	struct label labels[LABELS_MAX];
	const char *cursor = instance->labels;
	size_t cnt = 0, first;

	while (cnt < LABELS_MAX && labels_next(&cursor, names[cnt], values[cnt])) {
		labels[cnt] = (struct label){names[cnt], values[cnt]};
		cnt++;
	}
	first = cnt;
	for (size_t i = 0; j->metric && i < j->metric->label_cnt && cnt < LABELS_MAX; i++)
		labels[cnt++] = j->metric->labels[i];
	for (size_t i = 0; rule->config && i < rule->config->label_cnt && cnt < LABELS_MAX; i++)
		labels[cnt++] =
			(struct label){rule->config->labels[i].name, rule->config->labels[i].value};
	/* Where two have one name, what tells it from others is what must stay. */
	while (labels_write(labels, cnt, alert->labels, sizeof(alert->labels)) != 0 && cnt > first)
		cnt--;
}

void alert_text_identity(struct alert *alert, const struct rule *rule,
			 const struct instance *instance, const struct judgement *judgement)
{
	const char *target = instance->target[0] ? instance->target : target_of(judgement->binding);
	const char *name = judgement->metric ? judgement->metric->name : "";
	const char *group = rule->config ? rule->config->group : rule->component;

	format_text(alert->rule, sizeof(alert->rule), "%s", rule->name);
	format_text(alert->operation, sizeof(alert->operation), "%s",
		    operation_of(rule, judgement));
	format_text(alert->target, sizeof(alert->target), "%s", target);
	format_text(alert->metric, sizeof(alert->metric), "%s%s%s%s", name, name[0] ? "." : "",
		    judgement->metric && judgement->metric->is_connect ? "connect." : "",
		    judgement->metric ? judgement->metric->metric : "");
	format_text(alert->unit, sizeof(alert->unit), "%s", rule_unit_name(judgement->unit));
	format_text(alert->group, sizeof(alert->group), "%s", group ? group : rule->name);
	set_labels(alert, rule, instance, judgement);
}

static const char *actions_of(const struct judgement *j)
{
	switch (j->metric ? j->metric->statistic : RULE_VALUE) {
	case RULE_RATE:
	case RULE_COUNT:
		return "Is the connection that feeds it up, and does data arrive on it?\n"
		       "Compare with the hours before";
	case RULE_ERRORS:
	case RULE_ERROR_RATE:
		return "Which labels (status, method, endpoint) have the errors?\n"
		       "Do latencies grow too? Then the remote side may be overloaded";
	case RULE_VALUE:
		return "Which process or operation began to use more at that time?";
	default:
		return "Which labels and which segment (network, wake-up, engine) grew?\n"
		       "Do CPU or the run queue of the target explain it?";
	}
}

static void fill_actions(struct alert *alert, const struct rule *rule, const struct judgement *j)
{
	char *text = alert->suggested_actions;
	size_t room = sizeof(alert->suggested_actions), at = 0;

	if (rule->config && rule->config->suggested_action_cnt) {
		text[0] = '\0';
		for (size_t i = 0; i < rule->config->suggested_action_cnt; i++)
			at += format_text(text + at, room - at, "%s%s", i ? "\n" : "",
					  rule->config->suggested_actions[i]);
		return;
	}
	if (alert->operation[0])
		at = format_text(text, room, "tickscope query '%s' --since 1h --step 1m\n",
				 alert->operation);
	format_text(text + at, room - at, "%s\n%s", actions_of(j), ACTION_CHANGED);
}

static void fill_message(struct alert *alert, const struct rule *rule, const struct judgement *j)
{
	char value[ALERT_TEXT_NUMBER_BYTES], threshold[ALERT_TEXT_NUMBER_BYTES];
	const char *side = j->is_minimum ? "below" : "above";
	double ratio =
		j->is_minimum ? alert->threshold / alert->value : alert->value / alert->threshold;
	size_t at;

	alert_text_number(alert->value, alert->unit, value);
	alert_text_number(alert->threshold, alert->unit, threshold);
	if (!rule->limit && alert->value == alert->threshold) {
		format_text(alert->title, sizeof(alert->title), "%s is %s", alert->metric, value);
		format_text(alert->message, sizeof(alert->message), "%s is %s", alert->metric,
			    value);
		return;
	}
	format_text(alert->title, sizeof(alert->title), "%s is %s %s", alert->metric, side,
		    threshold);
	at = format_text(alert->message, sizeof(alert->message), "%s is %s, %s the %s of %s",
			 alert->metric, value, side, rule->limit ? "contract" : "threshold",
			 threshold);
	if (isfinite(ratio) && ratio >= 1.05)
		format_text(alert->message + at, sizeof(alert->message) - at, " (%.2g times)",
			    ratio);
}

static void fill_description(struct alert *alert, const struct config *config,
			     const struct rule *rule)
{
	uint64_t over_ns = rule->over_ns ? rule->over_ns : config->judge.over_ns;
	char over[UNITS_TEXT_BYTES], duration[UNITS_TEXT_BYTES];

	units_duration(over_ns, over);
	units_duration(rule->for_ns, duration);
	if (rule->limit)
		format_text(alert->description, sizeof(alert->description),
			    "The contract of %s limits %s. Judged over the last %s%s.",
			    rule->component, rule->limit->key, over,
			    rule->over_ns == 60000000000ULL ? " and the last 100 samples" : "");
	else if (rule->over_samples)
		format_text(alert->description, sizeof(alert->description),
			    "Rule %s: %s, over the last %llu samples, for %s.", rule->name,
			    rule->expression->text, (unsigned long long)rule->over_samples,
			    duration);
	else
		format_text(alert->description, sizeof(alert->description),
			    "Rule %s: %s, over the last %s, for %s.", rule->name,
			    rule->expression->text, over, duration);
}

static void copy_if(char *text, size_t room, const char *given)
{
	if (given)
		format_text(text, room, "%s", given);
}

void alert_text_fill(struct alert *alert, const struct config *config, const struct rule *rule,
		     const struct judgement *judgement)
{
	const struct config_rule *c = rule->config;

	fill_message(alert, rule, judgement);
	fill_description(alert, config, rule);
	fill_actions(alert, rule, judgement);
	if (!c)
		return;
	copy_if(alert->title, sizeof(alert->title), c->title);
	copy_if(alert->message, sizeof(alert->message), c->message);
	copy_if(alert->description, sizeof(alert->description), c->description);
	copy_if(alert->runbook, sizeof(alert->runbook), c->runbook);
}
