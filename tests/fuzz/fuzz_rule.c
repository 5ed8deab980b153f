/* SPDX-License-Identifier: Apache-2.0 */
/* Rule expressions: whatever is accepted is a tree whose parts all lie where they should. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/rule_expression.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Children stand before their parents, so that a walk ends. */
static void check_node(const struct rule_expression *e, uint16_t idx)
{
	const struct rule_node *n = &e->nodes[idx];

	require(idx < e->node_cnt && n->at_byte < n->end_byte && n->end_byte <= strlen(e->text));
	if (n->type == RULE_NODE_METRIC)
		require(n->metric < e->metric_cnt);
	if (n->type <= RULE_NODE_METRIC)
		return;
	require(n->left < idx);
	check_node(e, n->left);
	if (n->type == RULE_NODE_NEGATE || n->type == RULE_NODE_NOT)
		return;
	require(n->right < idx);
	check_node(e, n->right);
}

static void check_metric(const struct rule_expression *e, const struct rule_metric *m)
{
	const char *end = e->strings + sizeof(e->strings);

	require(m->metric >= e->strings && m->metric + strlen(m->metric) < end);
	require(m->statistic != RULE_QUANTILE || (m->quantile > 0 && m->quantile < 1));
	require(!m->span_ns || (m->span_ns >= RULE_SPAN_MIN_NS && m->span_ns <= RULE_SPAN_MAX_NS));
	for (size_t i = 0; i < m->label_cnt; i++)
		require(m->labels[i].name >= e->strings && m->labels[i].value < end);
}

typedef int (*parse_fn)(const char *text, struct rule_expression **ret_expression,
			size_t *ret_column, struct fault *why);

static bool check_text(const char *text, parse_fn parse, bool is_truth)
{
	struct rule_expression *e;
	struct fault why;
	size_t column = 0;
	bool is_taken = parse(text, &e, &column, &why) == 0;

	if (is_taken) {
		require((e->nodes[e->root].type >= RULE_NODE_LT) == is_truth);
		check_node(e, e->root);
		for (size_t i = 0; i < e->metric_cnt; i++)
			check_metric(e, &e->metrics[i]);
		rule_expression_free(e);
	} else {
		require(column >= 1 && column <= strlen(text) + 1);
	}
	return is_taken;
}

/* A text is a condition, a number, or neither. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	char *text = malloc(size_bytes + 1);

	memcpy(text, data, size_bytes);
	text[size_bytes] = '\0';
	require(!(check_text(text, rule_expression_parse, true) &&
		  check_text(text, rule_expression_parse_number, false)));
	free(text);
	return 0;
}
