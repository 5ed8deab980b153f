/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of rules, by recursive descent: a level a function, its depth bounded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/rule_expression.h"
#include "config/rule_metric.h"
#include "config/rule_scan.h"
#include "config/rule_unit.h"

struct parser {
	struct rule_scan scan;
	struct rule_expression *e;
	size_t depth;
};

static int parse_or(struct parser *p, uint16_t *ret_node);
static int parse_not(struct parser *p, uint16_t *ret_node);

static bool is_truth(const struct rule_node *node)
{
	return node->type >= RULE_NODE_LT;
}

/* Of the parser's text, whatever is added later. */
static struct rule_node *node_of(struct parser *p, uint16_t idx)
{
	return &p->e->nodes[idx];
}

static int add_node(struct parser *p, enum rule_node_type type, size_t at, uint16_t *ret_node)
{
	size_t end = p->scan.at;
	struct rule_node *node;

	/* Looking for what could follow went over the blanks. */
	while (strchr(" \t\r\n", p->scan.text[end - 1]))
		end--;
	if (p->e->node_cnt == RULE_NODE_MAX)
		return rule_scan_fail(&p->scan, at, "the expression has more than %d parts",
				      RULE_NODE_MAX);
	*ret_node = (uint16_t)p->e->node_cnt;
	node = &p->e->nodes[p->e->node_cnt++];
	*node = (struct rule_node){
		.type = type, .at_byte = (uint16_t)at, .end_byte = (uint16_t)end};
	return 0;
}

/* Refuses a number where a condition must stand, and the other way round. */
static int want_truth(struct parser *p, uint16_t idx, bool is_wanted)
{
	const struct rule_node *node = node_of(p, idx);
	int length = node->end_byte - node->at_byte;
	const char *text = p->e->text + node->at_byte;

	if (is_truth(node) == is_wanted)
		return 0;
	if (is_wanted)
		return rule_scan_fail(&p->scan, node->at_byte,
				      "\"%.*s\" is a number, not a condition: compare it, as in "
				      "\"%.*s > 0\"",
				      length, text, length, text);
	return rule_scan_fail(&p->scan, node->at_byte,
			      "\"%.*s\" is a condition, where a number is needed", length, text);
}

static int enter(struct parser *p)
{
	if (p->depth == RULE_DEPTH_MAX)
		return rule_scan_fail(&p->scan, p->scan.at, "this is nested more than %d deep",
				      RULE_DEPTH_MAX);
	p->depth++;
	return 0;
}

static int parse_number(struct parser *p, uint16_t *ret_node)
{
	size_t at = p->scan.at;
	enum rule_unit unit;
	double number;
	int err = rule_scan_number(&p->scan, &number, &unit);

	if (!err)
		err = add_node(p, RULE_NODE_NUMBER, at, ret_node);
	if (err)
		return err;
	node_of(p, *ret_node)->number = number;
	node_of(p, *ret_node)->unit = unit;
	return 0;
}

static int parse_metric(struct parser *p, uint16_t *ret_node)
{
	struct rule_metric metric = {0};
	size_t at = p->scan.at;
	int err = rule_metric_scan(&p->scan, &metric);

	if (!err && p->e->metric_cnt == RULE_METRIC_MAX)
		err = rule_scan_fail(&p->scan, at, "at most %d metrics in one expression",
				     RULE_METRIC_MAX);
	if (!err)
		err = add_node(p, RULE_NODE_METRIC, at, ret_node);
	if (err)
		return err;
	node_of(p, *ret_node)->metric = (uint16_t)p->e->metric_cnt;
	node_of(p, *ret_node)->unit = metric.unit;
	p->e->metrics[p->e->metric_cnt++] = metric;
	return 0;
}

/* Behind "rate(". */
static int parse_rate(struct parser *p, size_t at, uint16_t *ret_node)
{
	struct rule_metric *metric;
	int err;

	rule_scan_skip_blanks(&p->scan);
	if (!rule_scan_has_name(&p->scan))
		return rule_scan_expected(&p->scan, "a metric, as in rate(node_rpc.errors[5m])");
	err = parse_metric(p, ret_node);
	if (err)
		return err;
	metric = &p->e->metrics[node_of(p, *ret_node)->metric];
	if (metric->statistic != RULE_COUNT && metric->statistic != RULE_ERRORS &&
	    metric->statistic != RULE_SUM && metric->statistic != RULE_VALUE)
		return rule_scan_fail(&p->scan, node_of(p, *ret_node)->at_byte,
				      "rate() is of what only grows: count, errors, sum, or a "
				      "value; not of \"%s\"",
				      metric->metric);
	if (!rule_scan_take(&p->scan, ")"))
		return rule_scan_expected(&p->scan, "\")\"");
	metric->is_rate = true;
	/* ns of calls in a ns are a ratio: how many were under way at a time. */
	metric->unit = metric->unit == RULE_UNIT_NONE ? RULE_UNIT_PER_S : RULE_UNIT_UNKNOWN;
	node_of(p, *ret_node)->unit = metric->unit;
	node_of(p, *ret_node)->at_byte = (uint16_t)at;
	node_of(p, *ret_node)->end_byte = (uint16_t)p->scan.at;
	return 0;
}

static int parse_brackets(struct parser *p, size_t at, uint16_t *ret_node)
{
	int err = enter(p);

	if (!err)
		err = parse_or(p, ret_node);
	if (err)
		return err;
	if (!rule_scan_take(&p->scan, ")"))
		return rule_scan_expected(&p->scan, "\")\"");
	p->depth--;
	node_of(p, *ret_node)->at_byte = (uint16_t)at;
	node_of(p, *ret_node)->end_byte = (uint16_t)p->scan.at;
	return 0;
}

static int parse_primary(struct parser *p, uint16_t *ret_node)
{
	static const char *const words[] = {"and", "or", "not"};
	size_t at;

	rule_scan_skip_blanks(&p->scan);
	at = p->scan.at;
	if (rule_scan_is_digit(p->scan.text[at]))
		return parse_number(p, ret_node);
	if (rule_scan_take(&p->scan, "("))
		return parse_brackets(p, at, ret_node);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (rule_scan_take(&p->scan, words[i])) {
			p->scan.at = at;
			return rule_scan_expected(&p->scan, "a number or a metric");
		}
	}
	if (rule_scan_take(&p->scan, "rate") && rule_scan_take(&p->scan, "("))
		return parse_rate(p, at, ret_node);
	p->scan.at = at;
	if (rule_scan_has_name(&p->scan))
		return parse_metric(p, ret_node);
	return rule_scan_expected(&p->scan, "a number or a metric, as in node_rpc.p99");
}

/* "-" or "not" before something that must, or must not, be a condition. */
static int add_prefix(struct parser *p, enum rule_node_type type, size_t at, uint16_t *node)
{
	uint16_t inner = *node;
	int err = want_truth(p, inner, type == RULE_NODE_NOT);

	if (!err)
		err = add_node(p, type, at, node);
	if (err)
		return err;
	node_of(p, *node)->left = inner;
	node_of(p, *node)->unit = node_of(p, inner)->unit;
	node_of(p, *node)->number = -node_of(p, inner)->number;
	p->depth--;
	return 0;
}

static int parse_unary(struct parser *p, uint16_t *ret_node)
{
	size_t at;
	int err;

	rule_scan_skip_blanks(&p->scan);
	at = p->scan.at;
	if (!rule_scan_take(&p->scan, "-"))
		return parse_primary(p, ret_node);
	err = enter(p);
	if (!err)
		err = parse_unary(p, ret_node);
	return err ? err : add_prefix(p, RULE_NODE_NEGATE, at, ret_node);
}

static bool needs_same_unit(enum rule_node_type type)
{
	return type == RULE_NODE_ADD || type == RULE_NODE_SUBTRACT ||
	       (type >= RULE_NODE_LT && type <= RULE_NODE_NE);
}

/* *left becomes `*left type right`. */
static int add_pair(struct parser *p, enum rule_node_type type, uint16_t right, uint16_t *left)
{
	bool is_of_truths = type == RULE_NODE_AND || type == RULE_NODE_OR;
	uint16_t first = *left, idx;
	size_t at;
	int err = want_truth(p, first, is_of_truths);

	if (!err)
		err = want_truth(p, right, is_of_truths);
	if (!err && needs_same_unit(type)) {
		struct fault why;

		if (rule_unit_check(p->e, node_of(p, first), node_of(p, right), &at, &why) != 0)
			err = rule_scan_fail(&p->scan, at, "%s", why.text);
	}
	if (!err)
		err = add_node(p, type, node_of(p, first)->at_byte, &idx);
	if (err)
		return err;
	node_of(p, idx)->left = first;
	node_of(p, idx)->right = right;
	node_of(p, idx)->unit =
		rule_unit_result(type, node_of(p, first)->unit, node_of(p, right)->unit);
	*left = idx;
	return 0;
}

struct level {
	int (*parse)(struct parser *p, uint16_t *ret_node);
	struct {
		const char *token;
		enum rule_node_type type;
	} operators[6]; /* longer ones first */
	bool is_once;
};

static enum rule_node_type take_operator(struct parser *p, const struct level *level)
{
	for (size_t i = 0; i < 6 && level->operators[i].token; i++) {
		if (rule_scan_take(&p->scan, level->operators[i].token))
			return level->operators[i].type;
	}
	return 0;
}

static int parse_level(struct parser *p, const struct level *level, uint16_t *ret_node)
{
	int err = level->parse(p, ret_node);
	enum rule_node_type type;
	uint16_t right;

	while (!err && (type = take_operator(p, level))) {
		err = level->parse(p, &right);
		if (!err)
			err = add_pair(p, type, right, ret_node);
		if (level->is_once)
			break;
	}
	return err;
}

static int parse_product(struct parser *p, uint16_t *ret_node)
{
	static const struct level level = {
		parse_unary, {{"*", RULE_NODE_MULTIPLY}, {"/", RULE_NODE_DIVIDE}}, false};

	return parse_level(p, &level, ret_node);
}

static int parse_sum(struct parser *p, uint16_t *ret_node)
{
	static const struct level level = {
		parse_product, {{"+", RULE_NODE_ADD}, {"-", RULE_NODE_SUBTRACT}}, false};

	return parse_level(p, &level, ret_node);
}

static int parse_compare(struct parser *p, uint16_t *ret_node)
{
	static const struct level level = {parse_sum,
					   {{"<=", RULE_NODE_LE},
					    {">=", RULE_NODE_GE},
					    {"==", RULE_NODE_EQ},
					    {"!=", RULE_NODE_NE},
					    {"<", RULE_NODE_LT},
					    {">", RULE_NODE_GT}},
					   true};

	return parse_level(p, &level, ret_node);
}

static int parse_not(struct parser *p, uint16_t *ret_node)
{
	size_t at;
	int err;

	rule_scan_skip_blanks(&p->scan);
	at = p->scan.at;
	if (!rule_scan_take(&p->scan, "not"))
		return parse_compare(p, ret_node);
	err = enter(p);
	if (!err)
		err = parse_not(p, ret_node);
	return err ? err : add_prefix(p, RULE_NODE_NOT, at, ret_node);
}

static int parse_and(struct parser *p, uint16_t *ret_node)
{
	static const struct level level = {parse_not, {{"and", RULE_NODE_AND}}, false};

	return parse_level(p, &level, ret_node);
}

static int parse_or(struct parser *p, uint16_t *ret_node)
{
	static const struct level level = {parse_and, {{"or", RULE_NODE_OR}}, false};

	return parse_level(p, &level, ret_node);
}

static int parse_whole(struct parser *p, bool is_truth_wanted)
{
	int err = parse_or(p, &p->e->root);

	if (err)
		return err;
	rule_scan_skip_blanks(&p->scan);
	if (p->scan.text[p->scan.at])
		return rule_scan_expected(&p->scan, "and, or, an operator, or the end");
	return want_truth(p, p->e->root, is_truth_wanted);
}

static int parse_text(struct parser *p, const char *text, bool is_truth_wanted,
		      struct rule_expression **ret_expression)
{
	size_t length = strlen(text);
	int err;

	if (length > RULE_TEXT_MAX) {
		*p->scan.ret_column = RULE_TEXT_MAX + 1;
		return fault_set(p->scan.why, -EINVAL, "an expression has at most %d bytes",
				 RULE_TEXT_MAX);
	}
	p->e = calloc(1, sizeof(*p->e));
	if (!p->e)
		return -ENOMEM;
	memcpy(p->e->text, text, length);
	p->scan.text = p->e->text;
	p->scan.strings = p->e->strings;
	err = parse_whole(p, is_truth_wanted);
	if (err) {
		rule_expression_free(p->e);
		return err;
	}
	*ret_expression = p->e;
	return 0;
}

int rule_expression_parse(const char *text, struct rule_expression **ret_expression,
			  size_t *ret_column, struct fault *why)
{
	struct parser p = {.scan = {.ret_column = ret_column, .why = why}};

	return parse_text(&p, text, true, ret_expression);
}

int rule_expression_parse_number(const char *text, struct rule_expression **ret_expression,
				 size_t *ret_column, struct fault *why)
{
	struct parser p = {.scan = {.ret_column = ret_column, .why = why}};

	return parse_text(&p, text, false, ret_expression);
}

void rule_expression_free(struct rule_expression *expression)
{
	free(expression);
}
