/* SPDX-License-Identifier: Apache-2.0 */
/* What a metric's name says it is, and which numbers go together. */
#ifndef TICKSCOPE_CONFIG_RULE_UNIT_H
#define TICKSCOPE_CONFIG_RULE_UNIT_H

#include "config/rule_expression.h"

/* Sets statistic, quantile and unit from the name. A name that is no statistic is a value's. */
void rule_unit_of_metric(struct rule_metric *metric);
/* "ns", "bytes", "ratio", "percent", "per_s"; "" for plain numbers and unknown. */
const char *rule_unit_name(enum rule_unit unit);
/* "a time", "a plain number": for messages. */
const char *rule_unit_words(enum rule_unit unit);
/* Of an expression that is a number. */
enum rule_unit rule_unit_of_expression(const struct rule_expression *expression);

/*
 * Whether two numbers of a comparison or a sum go together. Where they do not, why says what to
 * write instead, and *ret_at is the byte of the text to point at; -EINVAL.
 */
int rule_unit_check(const struct rule_expression *expression, const struct rule_node *left,
		    const struct rule_node *right, size_t *ret_at, struct fault *why);
/* Unit of left <type> right, which have been checked where they must go together. */
enum rule_unit rule_unit_result(enum rule_node_type type, enum rule_unit left,
				enum rule_unit right);

#endif
