/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule says: `node_rpc.p99 > 200ms and rate(node_rpc.errors[5m]) > 1`. Text -> a tree, with
 * the column of what is wrong. Whoever judges walks the tree.
 *
 *   or      = and { "or" and }           and = not { "and" not }      not = [ "not" ] compare
 *   compare = sum [ OP sum ]             OP = < <= > >= == !=
 *   sum     = product { (+|-) product }  product = unary { (*|/) unary }
 *   unary   = [ - ] primary
 *   primary = NUMBER[UNIT] | "(" or ")" | "rate" "(" metric ")" | metric
 *   metric  = NAME [ LABELS ] [ "." METRIC ] [ "[" DURATION "]" ]
 *   LABELS  = "{" label="value" { "," label="value" } "}"
 *   NAME    = letters, digits, _ :: and - where no blank is around; or "any text in quotes"
 *   METRIC  = [ "connect." ] count errors rate error_rate mean min max sum p50 p99 p999 …, or the
 *             name of a value
 *
 * A NAME alone is a value (`circuit_breaker_state == 1`). UNIT: ns us ms s m h d, B KiB MiB GiB KB
 * MB GB, % (5% is 0.05). Sides of different units are refused: `p99 > 200` would always hold.
 */
#ifndef TICKSCOPE_CONFIG_RULE_EXPRESSION_H
#define TICKSCOPE_CONFIG_RULE_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/labels.h"

/* What people write stays far below these; they bound the recursion and the size of a rule. */
#define RULE_TEXT_MAX	1024 /* bytes */
#define RULE_DEPTH_MAX	24   /* of brackets, "not" and "-" */
#define RULE_NODE_MAX	64
#define RULE_METRIC_MAX 16
#define RULE_LABEL_MAX	8   /* of one metric */
#define RULE_NAME_BYTES 192 /* with its 0; as alerts have them */

/* Spans of "[5m]": what is kept for judging is an hour, in windows of a second and more. */
#define RULE_SPAN_MIN_NS 1000000000ULL
#define RULE_SPAN_MAX_NS 3600000000000ULL

enum rule_unit {
	RULE_UNIT_UNKNOWN, /* fits all: a value whose name has no unit, quotients, products */
	RULE_UNIT_NONE,	   /* a plain number */
	RULE_UNIT_NS,
	RULE_UNIT_BYTES,
	RULE_UNIT_RATIO,
	RULE_UNIT_PERCENT,
	RULE_UNIT_PER_S,
};

enum rule_statistic {
	RULE_VALUE = 1, /* last value; with a span: its mean; in rate(): its increase per second */
	RULE_COUNT,
	RULE_ERRORS,
	RULE_RATE,
	RULE_ERROR_RATE,
	RULE_MEAN,
	RULE_MIN,
	RULE_MAX,
	RULE_SUM,
	RULE_QUANTILE,
};

/* Strings belong to the expression. */
struct rule_metric {
	const char *name;   /* operation, target or "host"; "": a value named alone */
	const char *metric; /* as written: "p99", "cpu_percent", "circuit_breaker_state" */
	struct label labels[RULE_LABEL_MAX];
	size_t label_cnt;
	enum rule_statistic statistic;
	double quantile;  /* RULE_QUANTILE: in (0, 1) */
	bool is_connect;  /* of the operation's connects instead */
	bool is_rate;	  /* inside rate(): per second of its span */
	uint64_t span_ns; /* 0: the rule's */
	enum rule_unit unit;
};

enum rule_node_type {
	RULE_NODE_NUMBER = 1,
	RULE_NODE_METRIC,
	RULE_NODE_NEGATE,
	RULE_NODE_ADD,
	RULE_NODE_SUBTRACT,
	RULE_NODE_MULTIPLY,
	RULE_NODE_DIVIDE,
	RULE_NODE_LT, /* comparisons: RULE_NODE_LT … RULE_NODE_NE */
	RULE_NODE_LE,
	RULE_NODE_GT,
	RULE_NODE_GE,
	RULE_NODE_EQ,
	RULE_NODE_NE,
	RULE_NODE_NOT, /* RULE_NODE_LT and behind it are true or false, before it numbers */
	RULE_NODE_AND,
	RULE_NODE_OR,
};

struct rule_node {
	enum rule_node_type type;
	enum rule_unit unit;	    /* of numbers */
	uint16_t left, right;	    /* nodes; NEGATE and NOT have left only */
	uint16_t metric;	    /* RULE_NODE_METRIC: index into metrics */
	uint16_t at_byte, end_byte; /* where it stands in text */
	double number;		    /* in ns, bytes, or 1 */
};

struct rule_expression {
	char text[RULE_TEXT_MAX + 1];
	struct rule_node nodes[RULE_NODE_MAX];
	size_t node_cnt;
	uint16_t root; /* true or false; of a number, that */
	struct rule_metric metrics[RULE_METRIC_MAX];
	size_t metric_cnt;
	char strings[2 * RULE_TEXT_MAX + 2]; /* each is as long as its text, and one 0 */
};

/* 0, or -EINVAL: the reason is in why, the column of it (from 1, in characters) in *ret_column.
 * -ENOMEM. */
int rule_expression_parse(const char *text, struct rule_expression **ret_expression,
			  size_t *ret_column, struct fault *why);
/* What is a number instead: `1 - trade_execution.error_rate`. rule_unit_of_expression has its unit.
 */
int rule_expression_parse_number(const char *text, struct rule_expression **ret_expression,
				 size_t *ret_column, struct fault *why);
void rule_expression_free(struct rule_expression *expression);

#endif
