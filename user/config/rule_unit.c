/* SPDX-License-Identifier: Apache-2.0 */
/* Units of metrics, and the mistakes that people make with them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/rule_unit.h"

static const struct {
	const char *name;
	enum rule_statistic statistic;
	enum rule_unit unit;
} statistics[] = {
	{"count", RULE_COUNT, RULE_UNIT_NONE}, {"errors", RULE_ERRORS, RULE_UNIT_NONE},
	{"rate", RULE_RATE, RULE_UNIT_PER_S},  {"error_rate", RULE_ERROR_RATE, RULE_UNIT_RATIO},
	{"mean", RULE_MEAN, RULE_UNIT_NS},     {"min", RULE_MIN, RULE_UNIT_NS},
	{"max", RULE_MAX, RULE_UNIT_NS},       {"sum", RULE_SUM, RULE_UNIT_NS},
};

/* Values carry their units in their names. */
static const struct {
	const char *ending;
	enum rule_unit unit;
} endings[] = {
	{"_bytes_per_s", RULE_UNIT_UNKNOWN}, {"_ns", RULE_UNIT_NS},
	{"_bytes", RULE_UNIT_BYTES},	     {"_ratio", RULE_UNIT_RATIO},
	{"_percent", RULE_UNIT_PERCENT},     {"_per_s", RULE_UNIT_PER_S},
};

static const struct {
	const char *name;
	const char *words;
} units[] = {
	[RULE_UNIT_UNKNOWN] = {"", "a number"},
	[RULE_UNIT_NONE] = {"", "a plain number"},
	[RULE_UNIT_NS] = {"ns", "a time"},
	[RULE_UNIT_BYTES] = {"bytes", "bytes"},
	[RULE_UNIT_RATIO] = {"ratio", "a ratio"},
	[RULE_UNIT_PERCENT] = {"percent", "percent"},
	[RULE_UNIT_PER_S] = {"per_s", "a rate per s"},
};

#define PERCENTILE_DIGITS 6 /* p999999 is one in a million */

/* "p99" is 0.99, "p999" 0.999, "p5" 0.05: digits behind "0.", but one digit alone is percent.
 * False: no percentile. */
static bool read_percentile(const char *name, double *ret_quantile)
{
	double quantile = 0, place = 0.1;
	size_t cnt = 0;

	if (*name++ != 'p')
		return false;
	for (; name[cnt] >= '0' && name[cnt] <= '9'; cnt++) {
		quantile += (name[cnt] - '0') * place;
		place /= 10;
	}
	if (!cnt || cnt > PERCENTILE_DIGITS || name[cnt] || quantile == 0)
		return false;
	*ret_quantile = cnt == 1 ? quantile / 10 : quantile;
	return true;
}

static enum rule_unit unit_of_value(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t ending = strlen(endings[i].ending);

		if (length > ending && !strcmp(name + length - ending, endings[i].ending))
			return endings[i].unit;
	}
	return RULE_UNIT_UNKNOWN;
}

void rule_unit_of_metric(struct rule_metric *metric)
{
	metric->statistic = RULE_VALUE;
	metric->unit = unit_of_value(metric->metric);
	if (!metric->name[0])
		return;
	for (size_t i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++) {
		if (!strcmp(statistics[i].name, metric->metric)) {
			metric->statistic = statistics[i].statistic;
			metric->unit = statistics[i].unit;
		}
	}
	if (read_percentile(metric->metric, &metric->quantile)) {
		metric->statistic = RULE_QUANTILE;
		metric->unit = RULE_UNIT_NS;
	}
}

const char *rule_unit_name(enum rule_unit unit)
{
	return units[unit].name;
}

const char *rule_unit_words(enum rule_unit unit)
{
	return units[unit].words;
}

enum rule_unit rule_unit_of_expression(const struct rule_expression *expression)
{
	return expression->nodes[expression->root].unit;
}

static bool is_literal(const struct rule_expression *e, const struct rule_node *node)
{
	return node->type == RULE_NODE_NUMBER ||
	       (node->type == RULE_NODE_NEGATE && e->nodes[node->left].type == RULE_NODE_NUMBER);
}

static bool is_pair(enum rule_unit a, enum rule_unit b)
{
	return a == b || a == RULE_UNIT_UNKNOWN || b == RULE_UNIT_UNKNOWN;
}

/* A plain number beside a number that has a unit. */
static int check_plain(const struct rule_expression *e, const struct rule_node *plain,
		       const struct rule_node *other, struct fault *why)
{
	int other_bytes = other->end_byte - other->at_byte;
	const char *other_text = e->text + other->at_byte;

	if (plain->type == RULE_NODE_NUMBER && plain->number == 0)
		return 0;
	switch (other->unit) {
	case RULE_UNIT_NS:
		if (!is_literal(e, plain))
			return fault_set(why, -EINVAL, "\"%.*s\" is a time, this is not",
					 other_bytes, other_text);
		return fault_set(why, -EINVAL, "\"%.*s\" is a time: write a unit, as in %gms",
				 other_bytes, other_text, plain->number);
	case RULE_UNIT_RATIO:
		if (is_literal(e, plain) && plain->number > 1)
			return fault_set(why, -EINVAL, "\"%.*s\" is a ratio: write %g%%",
					 other_bytes, other_text, plain->number);
		return 0;
	default:
		return 0;
	}
}

int rule_unit_check(const struct rule_expression *expression, const struct rule_node *left,
		    const struct rule_node *right, size_t *ret_at, struct fault *why)
{
	const struct rule_node *literal = is_literal(expression, left) ? left : right;
	const struct rule_node *other = literal == left ? right : left;

	*ret_at = right->at_byte;
	if (is_pair(left->unit, right->unit))
		return 0;
	if (left->unit == RULE_UNIT_NONE || right->unit == RULE_UNIT_NONE) {
		const struct rule_node *plain = left->unit == RULE_UNIT_NONE ? left : right;

		/* "5%" beside a count is a mistake, 0.05 beside a ratio is none. */
		if (!is_literal(expression, plain) &&
		    is_literal(expression, plain == left ? right : left))
			return fault_set(why, -EINVAL, "\"%.*s\" is a plain number, not %s",
					 plain->end_byte - plain->at_byte,
					 expression->text + plain->at_byte,
					 units[(plain == left ? right : left)->unit].words);
		*ret_at = plain->at_byte;
		return check_plain(expression, plain, plain == left ? right : left, why);
	}
	if (literal->unit == RULE_UNIT_RATIO && other->unit == RULE_UNIT_PERCENT) {
		*ret_at = literal->at_byte;
		return fault_set(why, -EINVAL, "\"%.*s\" counts in percent itself: write %g",
				 other->end_byte - other->at_byte,
				 expression->text + other->at_byte, literal->number * 100);
	}
	return fault_set(why, -EINVAL, "%s and %s do not go together", units[left->unit].words,
			 units[right->unit].words);
}

enum rule_unit rule_unit_result(enum rule_node_type type, enum rule_unit left, enum rule_unit right)
{
	switch (type) {
	case RULE_NODE_MULTIPLY:
		if (left == RULE_UNIT_NONE || left == RULE_UNIT_RATIO)
			return right;
		return right == RULE_UNIT_NONE || right == RULE_UNIT_RATIO ? left
									   : RULE_UNIT_UNKNOWN;
	case RULE_NODE_DIVIDE:
		return right == RULE_UNIT_NONE && left != RULE_UNIT_NONE ? left : RULE_UNIT_UNKNOWN;
	default:
		return left == RULE_UNIT_NONE || left == RULE_UNIT_UNKNOWN ? right : left;
	}
}
