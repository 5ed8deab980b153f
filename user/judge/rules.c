/* SPDX-License-Identifier: Apache-2.0 */
/* Builds rules. A contract's limit becomes an expression of its metric alone; how it is compared
 * stands in its levels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "judge/instances.h"
#include "judge/rules.h"

/* S2.2: from the contract's limit on, a severity. */
#define WARNING_FACTOR	1.5
#define CRITICAL_FACTOR 2.0
#define UPTIME_WARNING	0.995
#define UPTIME_CRITICAL 0.99
#define ERRORS_WARNING	0.05 /* of a limit of 0, which has no multiple */
#define ERRORS_CRITICAL 0.10
#define LOSS_MIN	0.01 /* what a ratio that must be 1 may lack, as the unit of its levels */

static uint64_t add_number(uint64_t hash, uint64_t number)
{
	for (int shift = 0; shift < 64; shift += 8)
		hash = (hash ^ (number >> shift & 0xff)) * 1099511628211ULL;
	return hash;
}

/* With its end, so that two texts are other than their sum; NULL is other than "". */
static uint64_t add_text(uint64_t hash, const char *text)
{
	if (!text)
		return add_number(hash, 1);
	do
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	while (*text++);
	return hash;
}

static uint64_t signature_of(const struct config_rule *c)
{
	const char *texts[] = {c->name,	 c->expression_text, c->severity,    c->group,	c->channel,
			       c->title, c->message,	     c->description, c->runbook};
	uint64_t hash = add_number(14695981039346656037ULL, c->for_ns);

	hash = add_number(hash, c->over_ns);
	hash = add_number(hash, c->over_samples);
	hash = add_number(hash, c->keep_firing_ns);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hash = add_text(hash, texts[i]);
	for (size_t i = 0; i < c->by_cnt; i++)
		hash = add_text(hash, c->by[i]);
	for (size_t i = 0; i < c->suggested_action_cnt; i++)
		hash = add_text(hash, c->suggested_actions[i]);
	for (size_t i = 0; i < c->label_cnt; i++)
		hash = add_text(add_text(hash, c->labels[i].name), c->labels[i].value);
	return hash;
}

static void rule_of_config(struct rule *rule, const struct config_rule *c)
{
	format_text(rule->name, sizeof(rule->name), "%s", c->name);
	rule->config = c;
	rule->expression = c->expression;
	rule->for_ns = c->for_ns;
	rule->over_ns = c->over_ns;
	rule->over_samples = c->over_samples;
	rule->keep_firing_ns = c->keep_firing_ns;
	rule->severity = c->severity ? alert_severity_parse(c->severity) : ALERT_WARNING;
	rule->signature = signature_of(c);
	rule->generation = UINT64_MAX;
}

static void minimum_levels(const struct config_limit *limit, double *warning, double *critical)
{
	double loss = 1 - limit->limit;

	*warning = limit->limit / WARNING_FACTOR;
	*critical = limit->limit / CRITICAL_FACTOR;
	if (limit->limit > 1 || !strcmp(limit->metric, "rate"))
		return;
	/* A ratio: what it lacks is what grows. Half an uptime is no warning. */
	loss = loss > LOSS_MIN || (loss > 0 && limit->limit < 1) ? loss : LOSS_MIN;
	*warning = 1 - loss * WARNING_FACTOR;
	*critical = 1 - loss * CRITICAL_FACTOR;
	if (!strcmp(limit->metric, "uptime_ratio") && limit->limit > UPTIME_WARNING) {
		*warning = UPTIME_WARNING;
		*critical = UPTIME_CRITICAL;
	}
}

size_t rules_levels(const struct config_limit *limit, struct level *levels)
{
	double warning = limit->limit * WARNING_FACTOR, critical = limit->limit * CRITICAL_FACTOR;

	if (limit->is_minimum)
		minimum_levels(limit, &warning, &critical);
	else if (limit->limit == 0 && !strcmp(limit->metric, "error_rate")) {
		warning = ERRORS_WARNING;
		critical = ERRORS_CRITICAL;
	}
	levels[0] = (struct level){ALERT_INFO, limit->limit};
	levels[1] = (struct level){ALERT_WARNING, warning};
	levels[2] = (struct level){ALERT_CRITICAL, critical};
	return LEVEL_MAX;
}

/* The name in quotes, since it may be any text. */
static void quote(const char *name, char *text, size_t room)
{
	size_t at = 0;

	text[at++] = '"';
	for (; *name && at + 3 < room; name++) {
		if (*name == '"' || *name == '\\')
			text[at++] = '\\';
		text[at++] = *name;
	}
	text[at++] = '"';
	text[at] = '\0';
}

static bool is_value(const char *metric)
{
	static const char *const statistics[] = {"error_rate", "rate", "mean",	 "min",
						 "max",	       "sum",  "errors", "count"};

	for (size_t i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++) {
		if (!strcmp(statistics[i], metric))
			return false;
	}
	return strncmp(metric, "connect.", 8) != 0 &&
	       !(metric[0] == 'p' && metric[1] >= '0' && metric[1] <= '9');
}

static int rule_of_limit(struct rule *rule, const struct config *config,
			 const struct config_limit *limit)
{
	char name[2 * ALERT_NAME_BYTES], text[3 * ALERT_NAME_BYTES];
	struct fault why;
	uint64_t bits;
	size_t column;
	int err;

	quote(rule->component, name, sizeof(name));
	/* Values go up and down from one reading to the next: their mean is what is judged. */
	format_text(text, sizeof(text), "%s.%s%s >= 0", name, limit->metric,
		    is_value(limit->metric) ? "[1m]" : "");
	err = rule_expression_parse(text, &rule->own_expression, &column, &why);
	if (err)
		return err;
	format_text(rule->name, sizeof(rule->name), "%s.%s", rule->component, limit->key);
	rule->limit = limit;
	rule->expression = rule->own_expression;
	/* One slow call is a fact of its moment, not of a minute. */
	rule->over_ns =
		strcmp(limit->metric, "max") != 0 ? RULES_CONTRACT_OVER_NS : config->judge.over_ns;
	rule->keep_firing_ns = config->judge.keep_firing_ns;
	rule->severity = ALERT_INFO;
	rule->level_cnt = rules_levels(limit, rule->levels);
	rule->signature = add_text(14695981039346656037ULL, rule->name);
	rule->signature = add_text(rule->signature, text);
	memcpy(&bits, &limit->limit, sizeof(bits));
	rule->signature = add_number(rule->signature, bits);
	rule->generation = UINT64_MAX;
	return 0;
}

static int add_contract(struct rule *rules, size_t *cnt, const struct config *config,
			const struct config_contract *contract, const char *component)
{
	for (size_t i = 0; i < contract->limit_cnt; i++) {
		struct rule *rule = &rules[*cnt];
		int err;

		rule->component = component;
		err = rule_of_limit(rule, config, &contract->limits[i]);
		if (err)
			return err;
		(*cnt)++;
	}
	return 0;
}

static int add_target_contract(struct rule *rules, size_t *cnt, const struct config *config,
			       const struct config_contract *contract, const char *target)
{
	size_t first = *cnt;
	int err = add_contract(rules, cnt, config, contract, target);

	for (size_t k = first; k < *cnt; k++) {
		rules[k].is_of_target = true;
		rules[k].signature++;
	}
	return err;
}

static int add_contracts(struct rule *rules, size_t *cnt, const struct config *config)
{
	int err = 0;

	for (size_t i = 0; i < config->operation_cnt && !err; i++)
		err = add_contract(rules, cnt, config, &config->operations[i].contract,
				   config->operations[i].name);
	for (size_t i = 0; i < config->chain_cnt && !err; i++)
		err = add_contract(rules, cnt, config, &config->chains[i].contract,
				   config->chains[i].name);
	for (size_t i = 0; i < config->target_cnt && !err; i++)
		err = add_target_contract(rules, cnt, config, &config->targets[i].contract,
					  config->targets[i].name);
	/* Those wait: a glob of functions makes operations that only then have a name. */
	for (size_t i = 0; i < config->unowned_cnt && !err; i++) {
		const struct config_unowned *u = &config->unowned[i];

		err = u->operation
			      ? add_contract(rules, cnt, config, &u->contract, u->operation)
			      : add_target_contract(rules, cnt, config, &u->contract, u->target);
	}
	return err;
}

static size_t limit_cnt(const struct config *config)
{
	size_t cnt = 0;

	for (size_t i = 0; i < config->operation_cnt; i++)
		cnt += config->operations[i].contract.limit_cnt;
	for (size_t i = 0; i < config->chain_cnt; i++)
		cnt += config->chains[i].contract.limit_cnt;
	for (size_t i = 0; i < config->target_cnt; i++)
		cnt += config->targets[i].contract.limit_cnt;
	for (size_t i = 0; i < config->unowned_cnt; i++)
		cnt += config->unowned[i].contract.limit_cnt;
	return cnt;
}

int rules_new(const struct config *config, struct rule **ret_rules, size_t *ret_cnt)
{
	size_t cnt = 0;
	/* One more, so that there is something to allocate. */
	struct rule *rules = calloc(config->rule_cnt + limit_cnt(config) + 1, sizeof(struct rule));
	int err;

	if (!rules)
		return -ENOMEM;
	while (cnt < config->rule_cnt) {
		rule_of_config(&rules[cnt], &config->rules[cnt]);
		cnt++;
	}
	err = add_contracts(rules, &cnt, config);
	if (err) {
		rules_free(rules, cnt);
		return err;
	}
	*ret_rules = rules;
	*ret_cnt = cnt;
	return 0;
}

void rules_free(struct rule *rules, size_t cnt)
{
	for (size_t i = 0; rules && i < cnt; i++) {
		instances_free(&rules[i]);
		rule_expression_free(rules[i].own_expression);
	}
	free(rules);
}
