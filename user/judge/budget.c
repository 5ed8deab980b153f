/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over some seconds, and a choice. */
#include "judge/budget.h"

static struct budget_item *find_dearest(struct budget_item *const *items, size_t cnt)
{
	struct budget_item *dearest = NULL;

	for (size_t i = 0; i < cnt; i++) {
		if (!items[i]->is_chosen && (!dearest || items[i]->sum_ratio > dearest->sum_ratio))
			dearest = items[i];
	}
	return dearest;
}

/* max_sum_ratio: of all of them that stay. */
static size_t choose(double max_sum_ratio, struct budget_item *const *items, size_t cnt)
{
	size_t chosen_cnt = 0;

	for (;;) {
		struct budget_item *dearest = find_dearest(items, cnt);
		double rest = 0; /* anew each time: what is subtracted leaves a rest of its own */

		for (size_t i = 0; i < cnt; i++)
			rest += items[i]->is_chosen ? 0 : items[i]->sum_ratio;
		if (!dearest || rest <= max_sum_ratio)
			return chosen_cnt;
		dearest->is_chosen = true;
		chosen_cnt++;
	}
}

size_t budget_look(struct budget *budget, double max_ratio, struct budget_item *const *items,
		   size_t cnt)
{
	double cost_ratio = 0;
	size_t chosen_cnt = 0;

	for (size_t i = 0; i < cnt; i++)
		cost_ratio += items[i]->cost_ratio;
	if (cost_ratio > max_ratio) {
		budget->over_cnt++;
		for (size_t i = 0; i < cnt; i++)
			items[i]->sum_ratio += items[i]->cost_ratio;
		if (budget->over_cnt < BUDGET_LOOK_CNT)
			return 0;
		chosen_cnt = choose(max_ratio * budget->over_cnt, items, cnt);
	}
	budget->over_cnt = 0;
	for (size_t i = 0; i < cnt; i++)
		items[i]->sum_ratio = 0;
	return chosen_cnt;
}
