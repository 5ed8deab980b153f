/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule says: `node_rpc.p99 > 200ms and rate(node_rpc.errors[5m]) > 1`. Text -> a tree, with
 * the column of what is wrong. Whoever judges walks the tree.
 *
 *   or     = and { "or" and }          and = not { "and" not }        not = [ "not" ] compare
 *   compare = sum [ OP sum ]           OP = < <= > >= == !=
 *   sum    = product { (+|-) product } product = unary { (*|/) unary }   unary = [ - ] primary
 *   primary = NUMBER[UNIT] | "(" or ")" | "rate" "(" metric ")" | metric
 *   metric = NAME [ "{" label="value", … "}" ] "." METRIC [ "[" DURATION "]" ] | NAME [ "["
 * DURATION "]" ] NAME   = identifier (letters, digits, _ :: - where no blank is around) or "any
 * text in quotes"
 *
 * A NAME alone is a value (`circuit_breaker_state == 1`). UNIT: ns us ms s m h d, B KiB MiB GiB KB
 * MB GB, % (5% is 0.05).
 */
#ifndef TICKSCOPE_CONFIG_RULE_EXPRESSION_H
#define TICKSCOPE_CONFIG_RULE_EXPRESSION_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct rule_expression;

/* 0, or -EINVAL: the reason is in why, the column of it (from 1) in *ret_column. -ENOMEM. */
int rule_expression_parse(const char *text, struct rule_expression **ret_expression,
			  size_t *ret_column, struct fault *why);
void rule_expression_free(struct rule_expression *expression);

#endif
