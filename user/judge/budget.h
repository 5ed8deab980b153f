/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What probes may cost a target: when it is too much, and which of them have to go so that the
 * others fit. The dearest go first, since the fewest are lost then.
 */
#ifndef TICKSCOPE_JUDGE_BUDGET_H
#define TICKSCOPE_JUDGE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks in a row, a second each: one burst is no reason to stop measuring. */
#define BUDGET_LOOK_CNT 3

/* Starts zeroed. */
struct budget {
	uint32_t over_cnt; /* looks in a row at which it was too much */
};

/* A probe that is attached, of all copies of a function. Starts zeroed. */
struct budget_item {
	double cost_ratio; /* since the last look, in CPUs: 1 is one of them */
	double sum_ratio;  /* of the looks that are in a row */
	bool is_chosen;	   /* it has to go */
};

/* Another look, at all that is attached. How many of them are chosen; the mean of the others over
 * the looks in a row is at most max_ratio. */
size_t budget_look(struct budget *budget, double max_ratio, struct budget_item *const *items,
		   size_t cnt);

#endif
