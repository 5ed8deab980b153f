/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: how a function_plan comes about. */
#ifndef TICKSCOPE_TARGET_PLAN_H
#define TICKSCOPE_TARGET_PLAN_H

#include "target/flow.h"
#include "target/internal.h"

/* Marks the plan refused, with the reason. Returns -ENOTSUP. */
int plan_refuse(struct function_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* entry.c: the entry site. plan->exit_mode is decided before. 0 or -ENOTSUP. */
int entry_choose(struct function_plan *plan, const struct flow *flow,
		 const struct function_query *query);
int entry_at_offset(struct function_plan *plan, struct flow *flow, uint64_t offset);

/* hijack.c: whether the return address of this function may be replaced, and why (not). */
enum hijack_verdict { HIJACK_PROVEN, HIJACK_UNPROVEN, HIJACK_FORBIDDEN };
enum hijack_verdict hijack_judge(struct process *process, struct image *image, struct flow *flow,
				 const struct function_query *query, struct function_plan *plan);

#define PLAN_NO_OFFSET UINT64_MAX

/*
 * Fills the plan of one copy; offset is that of FUNC+0xOFF, or PLAN_NO_OFFSET. A function that
 * cannot be traced gets EXIT_REFUSED and its reason, which is no error. -ENOMEM.
 */
int plan_fill(struct process *process, struct image *image, const struct symbol *symbol,
	      const struct function_query *query, uint64_t offset, struct function_plan *plan);
void plan_fini(struct function_plan *plan);

#endif
