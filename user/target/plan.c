/* SPDX-License-Identifier: Apache-2.0 */
/* One copy of a function: decode it, decide how its return is seen, choose where its entry is. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/plan.h"

int plan_refuse(struct function_plan *plan, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(plan->reason, sizeof(plan->reason), format, args);
	va_end(args);
	plan->exit_mode = EXIT_REFUSED;
	return -ENOTSUP;
}

void plan_fini(struct function_plan *plan)
{
	free(plan->raw_name);
	free(plan->exits);
}

/* A probe on every instruction that leaves the function. */
static int use_exit_sites(struct function_plan *plan, const struct flow *flow)
{
	if (!flow->exit_cnt)
		return plan_refuse(plan, "it never returns");
	plan->exits = calloc(flow->exit_cnt, sizeof(*plan->exits));
	if (!plan->exits)
		return -ENOMEM;
	for (size_t i = 0; i < flow->exit_cnt; i++) {
		const struct flow_exit *from = &flow->exits[i];
		struct exit_site *to = &plan->exits[i];

		if (!from->is_probeable ||
		    !image_offset(flow->image, from->address, 1, &to->file_offset))
			return plan_refuse(plan,
					   "the kernel accepts no probe on the %s it leaves by",
					   from->insn);
		to->address = from->address;
		to->cost = from->cost;
		to->condition = from->condition;
		to->is_conditional = from->kind == FLOW_CONDITIONAL_TAIL_JUMP;
		to->is_tail = from->kind != FLOW_RETURN;
		memcpy(to->insn, from->insn, sizeof(to->insn));
	}
	plan->exit_cnt = flow->exit_cnt;
	plan->exit_mode = EXIT_SITES;
	return 0;
}

/* Go moves its stacks in memory, and from thread to thread: a changed return address ends it. */
static int plan_go(struct flow *flow, const struct function_query *query,
		   struct function_plan *plan)
{
	int err;

	plan->may_nest = true;
	plan->is_go = true;
	snprintf(plan->reason, sizeof(plan->reason), "Go moves its stacks");
	err = use_exit_sites(plan, flow);
	return err ? err : entry_choose(plan, flow, query);
}

static int choose_exit(struct process *process, struct image *image, struct flow *flow,
		       const struct function_query *query, struct function_plan *plan)
{
	enum hijack_verdict verdict = hijack_judge(process, image, flow, query, plan);
	bool wants_hijack = query->policy == EXIT_POLICY_FAST ||
			    (query->policy == EXIT_POLICY_AUTO && verdict == HIJACK_PROVEN);

	if (!wants_hijack || verdict == HIJACK_FORBIDDEN)
		return use_exit_sites(plan, flow);
	plan->exit_mode = EXIT_HIJACK;
	plan->is_forced = verdict != HIJACK_PROVEN;
	return 0;
}

static int plan_from_flow(struct process *process, struct image *image, struct flow *flow,
			  const struct function_query *query, struct function_plan *plan)
{
	int err = choose_exit(process, image, flow, query, plan);

	return err ? err : entry_choose(plan, flow, query);
}

/* FUNC+0xOFF starts inside the function, where the return address is not on top of the stack: exit
 * sites only. */
static int plan_from_offset(struct flow *flow, uint64_t offset, struct function_plan *plan)
{
	int err = use_exit_sites(plan, flow);

	if (err)
		return err;
	snprintf(plan->reason, sizeof(plan->reason), "starts inside the function");
	plan->may_nest = true;
	plan->is_go = flow->is_go;
	return entry_at_offset(plan, flow, offset);
}

int plan_fill(struct process *process, struct image *image, const struct symbol *symbol,
	      const struct function_query *query, uint64_t offset, struct function_plan *plan)
{
	struct fault why;
	struct flow flow;
	int err;

	*plan = (struct function_plan){.address = symbol->address,
				       .size_bytes = symbol->size_bytes};
	plan->raw_name = strndup(symbol->raw, strcspn(symbol->raw, "@"));
	if (!plan->raw_name)
		return -ENOMEM;
	if (symbol->kind == SYMBOL_IFUNC) {
		plan_refuse(plan, "it only chooses an implementation when the program starts "
				  "(IFUNC): trace that one");
		return 0;
	}
	if (image->names->go_refusal) {
		plan_refuse(plan, "%s", image->names->go_refusal);
		return 0;
	}
	if (symbol->flags & SYMBOL_IS_ASSEMBLER) {
		plan_refuse(plan, "it is written in assembler, where the goroutine that runs it is "
				  "not known");
		return 0;
	}
	err = flow_open(&flow, image, symbol, &why);
	if (err == -ENOMEM)
		return err;
	if (err) {
		plan_refuse(plan, "its code is not understood: %s", why.text);
		return 0;
	}
	if (offset != PLAN_NO_OFFSET)
		err = plan_from_offset(&flow, offset, plan);
	else if (flow.is_go)
		err = plan_go(&flow, query, plan);
	else
		err = plan_from_flow(process, image, &flow, query, plan);
	flow_close(&flow);
	return err == -ENOMEM ? err : 0;
}
