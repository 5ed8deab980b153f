/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where to see a call begin. The kernel emulates only a few instructions and single-steps the rest,
 * at 2 to 20 times the cost: the probe goes to the first cheap instruction that is executed once
 * for each call, before the stack pointer moves (kernel.md §1.2).
 */
#include <errno.h>
#include <string.h>

#include "target/plan.h"

#define SLIDE_BYTES_MAX \
	32 /* further in, arguments are being used and the stack pointer has moved */

struct entry_rules {
	bool avoids_nop5;
	bool uses_exits; /* an instruction that leaves has a probe already */
};

struct candidate {
	struct insn insn;
	enum site_cost cost;
};

/* rsp, and what keys are read from: rdi rsi rdx rcx r8 r9; in Go rax rbx rcx rdi rsi r8 … r11. */
static bool writes_argument_or_stack(const struct insn *insn, bool is_go)
{
	static const uint16_t common = 1 << 4 | 1 << 7 | 1 << 6 | 1 << 1 | 1 << 8 | 1 << 9;
	uint16_t kept = is_go ? common | 1 << 0 | 1 << 3 | 1 << 10 | 1 << 11 : common | 1 << 2;

	for (int i = 0; i < insn->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &insn->operands[i];
		int idx;

		if (o->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		idx = register_index(o->reg.value);
		if (idx >= 0 && kept >> idx & 1)
			return true;
	}
	return false;
}

static bool ends_slide(const struct insn *insn, bool is_go)
{
	switch (insn->z.meta.category) {
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_UNCOND_BR:
	case ZYDIS_CATEGORY_COND_BR:
	case ZYDIS_CATEGORY_CALL:
	case ZYDIS_CATEGORY_SYSCALL:
		return true;
	default:
		return writes_argument_or_stack(insn, is_go);
	}
}

static bool is_exit(const struct flow *flow, uint64_t address)
{
	for (size_t i = 0; i < flow->exit_cnt; i++) {
		if (flow->exits[i].address == address)
			return true;
	}
	return false;
}

/* A nop is better than a push, and that than anything stepped; a call is the last choice: its
 * emulation writes memory. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
	bool is_call = a->insn.z.meta.category == ZYDIS_CATEGORY_CALL;

	return a->cost < b->cost && !(is_call && b->cost == SITE_COST_NOP5);
}

/* Walks from an instruction as far as a site may slide, and keeps the best. */
static void slide(const struct flow *flow, uint64_t start, const struct entry_rules *rules,
		  struct candidate *best)
{
	const struct flow_piece *p = &flow->pieces[0];
	uint64_t address = start;
	struct candidate c;

	while (address < p->end && address - start < SLIDE_BYTES_MAX) {
		/* A jump back to this or an earlier instruction would make one call hit twice. */
		if (p->marks[address - p->start] & FLOW_BRANCH_TARGET ||
		    !flow_decode(p, address, &c.insn))
			return;
		c.cost = insn_site_cost(&c.insn);
		if (c.cost == SITE_COST_NOP5 && rules->avoids_nop5)
			c.cost = SITE_COST_STEPPED;
		if (insn_is_probeable(&c.insn) && !(rules->uses_exits && is_exit(flow, address)) &&
		    is_better(&c, best))
			*best = c;
		if (ends_slide(&c.insn, flow->is_go))
			return;
		address += c.insn.z.length;
	}
}

static void set_entry(struct function_plan *plan, const struct flow *flow,
		      const struct candidate *c)
{
	const char *mnemonic = ZydisMnemonicGetString(c->insn.z.mnemonic);

	plan->entry_delta = (uint32_t)(c->insn.address - flow->pieces[0].start);
	plan->entry_cost = c->cost;
	strncpy(plan->entry_insn, mnemonic ? mnemonic : "?", sizeof(plan->entry_insn) - 1);
	image_offset(flow->image, c->insn.address, 1, &plan->entry_file_offset);
}

/* cmp rsp, [r14+16], with r12 where the frame is large, and 24 in functions of the system stack. */
static bool is_stack_check(const struct insn *insn)
{
	const ZydisDecodedOperand *limit = &insn->operands[1];

	return insn->z.mnemonic == ZYDIS_MNEMONIC_CMP &&
	       (insn->operands[0].reg.value == ZYDIS_REGISTER_RSP ||
		insn->operands[0].reg.value == ZYDIS_REGISTER_R12) &&
	       limit->type == ZYDIS_OPERAND_TYPE_MEMORY && limit->mem.base == ZYDIS_REGISTER_R14 &&
	       (limit->mem.disp.value == 16 || limit->mem.disp.value == 24);
}

#define STACK_CHECK_BYTES_MAX 64

/*
 * Go code begins by looking whether its stack is large enough; where it is not, the runtime makes
 * a larger one and starts the function anew. A call begins behind the check, which is passed once.
 * 0: there is no check.
 */
static uint64_t behind_stack_check(const struct flow *flow)
{
	const struct flow_piece *p = &flow->pieces[0];
	uint64_t address = p->start;
	bool has_compared = false;
	struct insn insn;

	while (address < p->end && address - p->start < STACK_CHECK_BYTES_MAX &&
	       flow_decode(p, address, &insn)) {
		address += insn.z.length;
		has_compared |= is_stack_check(&insn);
		if (has_compared && insn.z.meta.category == ZYDIS_CATEGORY_COND_BR)
			return address;
		if (insn.z.meta.category == ZYDIS_CATEGORY_CALL ||
		    insn.z.meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
		    insn.z.meta.category == ZYDIS_CATEGORY_RET)
			return 0;
	}
	return 0;
}

int entry_choose(struct function_plan *plan, const struct flow *flow,
		 const struct function_query *query)
{
	const struct entry_rules rules = {.avoids_nop5 = query->avoids_nop5,
					  .uses_exits = plan->exit_mode == EXIT_SITES};
	struct candidate best = {.cost = SITE_COST_STEPPED + 1};
	uint64_t start = flow->is_go ? behind_stack_check(flow) : 0;

	if (flow->has_branch_to_start && !start)
		return plan_refuse(
			plan,
			"a loop leads back to its first instruction: calls and rounds look alike");
	slide(flow, start ? start : plan->address, &rules, &best);
	if (best.cost > SITE_COST_STEPPED)
		return plan_refuse(plan, "its first instruction %s",
				   is_exit(flow, plan->address)
					   ? "already leaves it: nothing is left to time"
					   : "cannot hold a probe");
	set_entry(plan, flow, &best);
	return 0;
}

int entry_at_offset(struct function_plan *plan, struct flow *flow, uint64_t offset)
{
	const struct flow_piece *p = &flow->pieces[0];
	struct candidate c;

	if (offset >= p->end - p->start || !(p->marks[offset] & FLOW_FIRST_BYTE) ||
	    !flow_decode(p, p->start + offset, &c.insn))
		return plan_refuse(plan,
				   "the offset is not that of an instruction on a known path");
	if (p->deltas[offset] == DELTA_UNKNOWN)
		return plan_refuse(plan, "the stack pointer at that offset is not known");
	if (!insn_is_probeable(&c.insn) || is_exit(flow, c.insn.address))
		return plan_refuse(plan,
				   "the instruction at that offset cannot hold an entry probe");
	c.cost = insn_site_cost(&c.insn);
	plan->sp_adjust = p->deltas[offset];
	set_entry(plan, flow, &c);
	return 0;
}
