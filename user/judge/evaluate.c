/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tree, whose depth the parser bounds. */
#include <math.h>

#include "judge/evaluate.h"

struct walker {
	struct metric_context *context;
	const struct rule_expression *e;
	const struct metric_binding *bindings;
	struct evaluation *result;
	bool has_compare; /* one that holds has been seen */
};

static double number_of(struct walker *w, uint16_t idx)
{
	const struct rule_node *n = &w->e->nodes[idx];
	double left, right;

	if (n->type == RULE_NODE_NUMBER)
		return n->number;
	if (n->type == RULE_NODE_METRIC)
		return metric_number(w->context, &w->e->metrics[n->metric],
				     &w->bindings[n->metric]);
	left = number_of(w, n->left);
	if (n->type == RULE_NODE_NEGATE)
		return -left;
	right = number_of(w, n->right);
	switch (n->type) {
	case RULE_NODE_ADD:
		return left + right;
	case RULE_NODE_SUBTRACT:
		return left - right;
	case RULE_NODE_MULTIPLY:
		return left * right;
	default:
		return right != 0 ? left / right : NAN;
	}
}

static enum truth truth_of_compare(enum rule_node_type type, double left, double right)
{
	bool holds;

	if (isnan(left) || isnan(right))
		return TRUTH_NULL;
	switch (type) {
	case RULE_NODE_LT:
		holds = left < right;
		break;
	case RULE_NODE_LE:
		holds = left <= right;
		break;
	case RULE_NODE_GT:
		holds = left > right;
		break;
	case RULE_NODE_GE:
		holds = left >= right;
		break;
	case RULE_NODE_EQ:
		holds = left == right;
		break;
	default:
		holds = left != right;
		break;
	}
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool has_metric(const struct rule_expression *e, uint16_t idx)
{
	const struct rule_node *n = &e->nodes[idx];

	if (n->type <= RULE_NODE_METRIC)
		return n->type == RULE_NODE_METRIC;
	return has_metric(e, n->left) || (n->type != RULE_NODE_NEGATE && has_metric(e, n->right));
}

static enum truth compare(struct walker *w, uint16_t idx)
{
	const struct rule_node *n = &w->e->nodes[idx];
	double left = number_of(w, n->left), right = number_of(w, n->right);
	enum truth truth = truth_of_compare(n->type, left, right);
	struct evaluation *r = w->result;

	/* The first that holds is what people are told; else the first, while none holds. */
	if (w->has_compare || (r->compare && truth != TRUTH_TRUE))
		return truth;
	w->has_compare = truth == TRUTH_TRUE;
	r->compare = idx;
	r->is_swapped = !has_metric(w->e, n->left) && has_metric(w->e, n->right);
	r->value = r->is_swapped ? right : left;
	r->threshold = r->is_swapped ? left : right;
	return truth;
}

static enum truth truth_of(struct walker *w, uint16_t idx)
{
	const struct rule_node *n = &w->e->nodes[idx];
	enum truth left, right, decides;

	if (n->type >= RULE_NODE_LT && n->type <= RULE_NODE_NE)
		return compare(w, idx);
	left = truth_of(w, n->left);
	if (n->type == RULE_NODE_NOT)
		return left == TRUTH_NULL   ? TRUTH_NULL
		       : left == TRUTH_TRUE ? TRUTH_FALSE
					    : TRUTH_TRUE;
	right = truth_of(w, n->right);
	decides = n->type == RULE_NODE_AND ? TRUTH_FALSE : TRUTH_TRUE;
	if (left == decides || right == decides)
		return decides;
	return left == TRUTH_NULL ? left : right;
}

void evaluate_expression(struct metric_context *context, const struct rule_expression *expression,
			 const struct metric_binding *bindings, struct evaluation *ret_evaluation)
{
	struct walker w = {context, expression, bindings, ret_evaluation, false};

	*ret_evaluation = (struct evaluation){.value = NAN, .threshold = NAN};
	ret_evaluation->truth = truth_of(&w, expression->root);
}

double evaluate_number(struct metric_context *context, const struct rule_expression *expression,
		       const struct metric_binding *bindings)
{
	struct walker w = {.context = context, .e = expression, .bindings = bindings};

	return number_of(&w, expression->root);
}
