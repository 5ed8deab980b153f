/* SPDX-License-Identifier: Apache-2.0 */
/* Instances of rules, and the sources that each is about. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/instances.h"

static void instance_free(struct instance *instance)
{
	for (size_t i = 0; i < RULE_METRIC_MAX; i++)
		metric_unbind(&instance->bindings[i]);
	free(instance->labels);
	free(instance->target);
	free(instance->alert);
	free(instance);
}

void instances_free(struct rule *rule)
{
	for (size_t i = 0; i < rule->instance_cnt; i++)
		instance_free(rule->instances[i]);
	free(rule->instances);
	rule->instances = NULL;
	rule->instance_cnt = 0;
}

static struct instance *find(const struct rule *rule, const char *labels, const char *target)
{
	for (size_t i = 0; i < rule->instance_cnt; i++) {
		if (!strcmp(rule->instances[i]->labels, labels) &&
		    !strcmp(rule->instances[i]->target, target))
			return rule->instances[i];
	}
	return NULL;
}

static int add(struct rule *rule, const char *labels, const char *target)
{
	struct instance *instance;
	struct instance **larger;

	if (rule->instance_cnt == JUDGE_INSTANCE_MAX) {
		rule->refused_cnt++;
		return 0;
	}
	larger = realloc(rule->instances, (rule->instance_cnt + 1) * sizeof(struct instance *));
	if (!larger)
		return -ENOMEM;
	rule->instances = larger;
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return -ENOMEM;
	instance->labels = strdup(labels);
	instance->target = strdup(target);
	if (!instance->labels || !instance->target) {
		instance_free(instance);
		return -ENOMEM;
	}
	rule->instances[rule->instance_cnt++] = instance;
	return 0;
}

static bool is_by_target(const struct rule *rule)
{
	for (size_t i = 0; rule->config && i < rule->config->by_cnt; i++) {
		if (!strcmp(rule->config->by[i], "target"))
			return true;
	}
	return false;
}

/* The source's values of the `by` labels; false: it has none of them. */
static bool key_of(const struct rule *rule, const struct source *s,
		   char labels[static LABELS_TEXT_BYTES])
{
	char values[LABELS_MAX][LABEL_VALUE_BYTES];
	struct label by[LABELS_MAX];
	bool is_known = is_by_target(rule);
	size_t cnt = 0;

	for (size_t i = 0; i < rule->config->by_cnt && cnt < LABELS_MAX; i++) {
		if (!labels_find(s->id.labels, rule->config->by[i], values[cnt]))
			continue;
		by[cnt] = (struct label){rule->config->by[i], values[cnt]};
		cnt++;
		is_known = true;
	}
	return is_known && labels_write(by, cnt, labels, LABELS_TEXT_BYTES) == 0;
}

static bool is_of_rule(const struct rule *rule, const struct source *s)
{
	for (size_t i = 0; i < rule->expression->metric_cnt; i++) {
		const struct rule_metric *metric = &rule->expression->metrics[i];
		char labels[LABELS_TEXT_BYTES];

		if (labels_write(metric->labels, metric->label_cnt, labels, sizeof(labels)) == 0 &&
		    source_is_of(s, metric, labels))
			return true;
	}
	return false;
}

static int find_instances(struct rule *rule, const struct source_table *sources)
{
	bool is_by = rule->config && rule->config->by_cnt, has_target = is_by_target(rule);
	char labels[LABELS_TEXT_BYTES];
	int err = 0;

	rule->refused_cnt = 0;
	if (!is_by)
		return rule->instance_cnt ? 0 : add(rule, "", "");
	for (size_t i = 0; i < sources->cnt && !err; i++) {
		const struct source *s = sources->items[i];
		const char *target = has_target ? s->id.target : "";

		if (!is_of_rule(rule, s) || !key_of(rule, s, labels))
			continue;
		if (!find(rule, labels, target))
			err = add(rule, labels, target);
	}
	return err;
}

static int bind(struct rule *rule, struct instance *instance, struct source_table *sources)
{
	bool has_source = false;
	int err = 0;

	for (size_t i = 0; i < rule->expression->metric_cnt && !err; i++) {
		err = metric_bind(&instance->bindings[i], sources, &rule->expression->metrics[i],
				  instance->labels, instance->target[0] ? instance->target : NULL);
		has_source |= instance->bindings[i].cnt > 0;
	}
	instance->is_orphan = !has_source;
	return err;
}

/* Instances without sources and without an alert that is still open. */
static void drop_orphans(struct rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < rule->instance_cnt; i++) {
		struct instance *instance = rule->instances[i];

		if (instance->is_orphan && !instance->state && rule->config && rule->config->by_cnt)
			instance_free(instance);
		else
			rule->instances[kept++] = instance;
	}
	rule->instance_cnt = kept;
}

const struct rule_metric *instances_missing(const struct rule *rule,
					    const struct source_table *sources)
{
	for (size_t i = 0; i < rule->expression->metric_cnt; i++) {
		const struct rule_metric *metric = &rule->expression->metrics[i];
		char labels[LABELS_TEXT_BYTES];
		bool is_known = false;

		if (labels_write(metric->labels, metric->label_cnt, labels, sizeof(labels)) != 0)
			return metric;
		for (size_t k = 0; k < sources->cnt && !is_known; k++)
			is_known = source_is_of(sources->items[k], metric, labels);
		if (!is_known)
			return metric;
	}
	return NULL;
}

int instances_bind(struct rule *rule, struct source_table *sources)
{
	int err;

	if (rule->generation == sources->generation)
		return 0;
	err = find_instances(rule, sources);
	for (size_t i = 0; i < rule->instance_cnt && !err; i++)
		err = bind(rule, rule->instances[i], sources);
	if (err) {
		/* Sources may be gone that it was bound to. */
		for (size_t i = 0; i < rule->instance_cnt; i++) {
			for (size_t k = 0; k < RULE_METRIC_MAX; k++)
				metric_unbind(&rule->instances[i]->bindings[k]);
		}
		return err;
	}
	drop_orphans(rule);
	rule->has_data |= !instances_missing(rule, sources);
	rule->generation = sources->generation;
	return 0;
}
