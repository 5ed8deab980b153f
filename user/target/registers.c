/* SPDX-License-Identifier: Apache-2.0 */
/* Steps registers over one instruction. */
#include <string.h>

#include "target/registers.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI }; /* as x86 numbers them */

int register_index(ZydisRegister reg)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);

	if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15)
		return -1;
	return whole - ZYDIS_REGISTER_RAX;
}

void registers_init(struct registers *r)
{
	memset(r, 0, sizeof(*r));
	r->frame_delta = DELTA_UNKNOWN;
	for (int i = 0; i < REGISTER_CNT; i++) {
		/* Arguments and the static chain (r10) come from the caller; rbx, rbp, r12-r15 are
		 * the caller's own. */
		if (i != RBX && i != RSP && i != RBP && i < 12)
			r->values[i].kind = REGISTER_POINTER;
	}
}

void registers_init_landing(struct registers *r)
{
	memset(r, 0, sizeof(*r));
	r->delta = DELTA_UNKNOWN;
	r->frame_delta = DELTA_UNKNOWN;
}

/* The address that a memory operand names where it has neither base nor index, or is relative to
 * rip; else false. */
static bool insn_fixed_address(const struct insn *insn, const ZydisDecodedOperand *operand,
			       uint64_t *ret_address)
{
	if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.index != ZYDIS_REGISTER_NONE)
		return false;
	if (operand->mem.base == ZYDIS_REGISTER_RIP)
		*ret_address = insn->address + insn->z.length + (uint64_t)operand->mem.disp.value;
	else if (operand->mem.base == ZYDIS_REGISTER_NONE)
		*ret_address = (uint64_t)operand->mem.disp.value;
	else
		return false;
	return true;
}

static bool is_register(const ZydisDecodedOperand *o, int idx)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER && register_index(o->reg.value) == idx;
}

static int32_t moved(int32_t delta, int64_t by)
{
	/* A frame larger than this is not one. */
	if (delta == DELTA_UNKNOWN || by > (1 << 28) || by < -(1 << 28))
		return DELTA_UNKNOWN;
	return delta + (int32_t)by;
}

/* lea OFF(%rsp or %rbp),%rsp */
static int32_t delta_of_lea(const struct registers *r, const ZydisDecodedOperand *m)
{
	int base = register_index(m->mem.base);

	if (m->mem.index != ZYDIS_REGISTER_NONE)
		return DELTA_UNKNOWN;
	if (base == RSP)
		return moved(r->delta, -m->mem.disp.value);
	return base == RBP ? moved(r->frame_delta, -m->mem.disp.value) : DELTA_UNKNOWN;
}

/* The stack pointer after an instruction that writes it. */
static int32_t delta_after(const struct registers *r, const struct insn *insn)
{
	const ZydisDecodedOperand *to = &insn->operands[0], *from = &insn->operands[1];

	switch (insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_PUSH:
	case ZYDIS_MNEMONIC_PUSHFQ:
		return moved(r->delta, insn->z.operand_width == 16 ? 2 : 8);
	case ZYDIS_MNEMONIC_POP:
	case ZYDIS_MNEMONIC_POPFQ:
		if (is_register(to, RSP))
			return DELTA_UNKNOWN;
		return moved(r->delta, insn->z.operand_width == 16 ? -2 : -8);
	case ZYDIS_MNEMONIC_CALL:
		return r->delta;
	case ZYDIS_MNEMONIC_LEAVE:
		return moved(r->frame_delta, -8);
	case ZYDIS_MNEMONIC_SUB:
		return from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE
			       ? moved(r->delta, from->imm.value.s)
			       : DELTA_UNKNOWN;
	case ZYDIS_MNEMONIC_ADD:
		return from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE
			       ? moved(r->delta, -from->imm.value.s)
			       : DELTA_UNKNOWN;
	case ZYDIS_MNEMONIC_LEA:
		return delta_of_lea(r, from);
	case ZYDIS_MNEMONIC_MOV:
		return is_register(from, RBP) ? r->frame_delta : DELTA_UNKNOWN;
	default:
		return DELTA_UNKNOWN;
	}
}

static int32_t frame_after(const struct registers *r, const struct insn *insn)
{
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_MOV && is_register(&insn->operands[1], RSP))
		return r->delta;
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_LEA)
		return delta_of_lea(r, &insn->operands[1]);
	return DELTA_UNKNOWN;
}

/* An offset out of a switch table: (table,index,4), or unoptimised (index*4,table). */
static struct register_value value_of_offset(const struct registers *r,
					     const ZydisDecodedOperand *from)
{
	struct register_value v = {0};
	int base = register_index(from->mem.base), idx = register_index(from->mem.index);

	if (base < 0 || idx < 0)
		return v;
	if (from->mem.scale == 1 && r->values[idx].kind == REGISTER_ADDRESS)
		base = idx;
	else if (from->mem.scale != 4 && from->mem.scale != 1)
		return v;
	if (r->values[base].kind != REGISTER_ADDRESS)
		return v;
	v.kind = REGISTER_TABLE_OFFSET;
	v.value = r->values[base].value + (uint64_t)from->mem.disp.value;
	return v;
}

/* Sign extension of an offset, from memory or from a register. */
static struct register_value value_of_movsxd(const struct registers *r, const struct insn *insn)
{
	const ZydisDecodedOperand *from = &insn->operands[1];
	struct register_value v = {0};

	if (from->type == ZYDIS_OPERAND_TYPE_MEMORY)
		return value_of_offset(r, from);
	if (from->type == ZYDIS_OPERAND_TYPE_REGISTER && register_index(from->reg.value) >= 0 &&
	    r->values[register_index(from->reg.value)].kind == REGISTER_TABLE_OFFSET)
		return r->values[register_index(from->reg.value)];
	return v;
}

/* mov: a pointer from memory, an entry of a table, or a copy of a register. */
static struct register_value value_of_mov(const struct registers *r, const struct insn *insn)
{
	const ZydisDecodedOperand *from = &insn->operands[1];
	struct register_value v = {0};
	int base;

	if (from->type == ZYDIS_OPERAND_TYPE_REGISTER && register_index(from->reg.value) >= 0 &&
	    from->size == 64)
		return r->values[register_index(from->reg.value)];
	if (from->type != ZYDIS_OPERAND_TYPE_MEMORY)
		return v;
	if (from->size == 32)
		return value_of_offset(r, from);
	if (from->size != 64)
		return v;
	if (from->mem.index == ZYDIS_REGISTER_NONE) {
		v.kind = REGISTER_POINTER;
		return v;
	}
	base = register_index(from->mem.base);
	if (from->mem.scale != 8)
		return v;
	if (base < 0) {
		v.kind = REGISTER_TABLE_ENTRY;
		v.value = (uint64_t)from->mem.disp.value;
	} else if (r->values[base].kind == REGISTER_ADDRESS) {
		v.kind = REGISTER_TABLE_ENTRY;
		v.value = r->values[base].value + (uint64_t)from->mem.disp.value;
	}
	return v;
}

/* add: an offset out of a switch table plus that table's address, in either order. */
static struct register_value value_of_add(const struct registers *r, const struct insn *insn)
{
	struct register_value v = {0};
	int to = register_index(insn->operands[0].reg.value);
	int from = insn->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER
			   ? register_index(insn->operands[1].reg.value)
			   : -1;
	const struct register_value *a, *b;

	if (to < 0 || from < 0)
		return v;
	a = &r->values[to];
	b = &r->values[from];
	if (a->kind == REGISTER_ADDRESS && b->kind == REGISTER_TABLE_OFFSET) {
		const struct register_value *swap = a;

		a = b;
		b = swap;
	}
	if (a->kind == REGISTER_TABLE_OFFSET && b->kind == REGISTER_ADDRESS &&
	    a->value == b->value) {
		v.kind = REGISTER_TABLE_TARGET;
		v.value = a->value;
	}
	return v;
}

/* What the first operand holds afterwards. */
static struct register_value value_after(const struct registers *r, const struct insn *insn)
{
	struct register_value v = {0};

	switch (insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_LEA:
		if (insn_fixed_address(insn, &insn->operands[1], &v.value))
			v.kind = REGISTER_ADDRESS;
		return v;
	case ZYDIS_MNEMONIC_MOV:
		return value_of_mov(r, insn);
	case ZYDIS_MNEMONIC_MOVSXD:
		return value_of_movsxd(r, insn);
	case ZYDIS_MNEMONIC_ADD:
		return value_of_add(r, insn);
	case ZYDIS_MNEMONIC_CDQE:
		return r->values[RAX].kind == REGISTER_TABLE_OFFSET ? r->values[RAX] : v;
	default:
		return v;
	}
}

/* After a call, registers that the callee may use are its own; the result may be a function
 * pointer. */
static void step_call(struct registers *r)
{
	static const uint8_t volatile_registers[] = {RAX, RCX, RDX, RSI, RDI, 8, 9, 10, 11};

	for (size_t i = 0; i < sizeof(volatile_registers); i++)
		r->values[volatile_registers[i]].kind = REGISTER_UNKNOWN;
	r->values[RAX].kind = REGISTER_POINTER;
}

void registers_step(struct registers *r, const struct insn *insn)
{
	struct registers before = *r;

	for (int i = 0; i < insn->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &insn->operands[i];
		int idx;

		if (o->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		idx = register_index(o->reg.value);
		if (idx < 0)
			continue;
		r->values[idx].kind = REGISTER_UNKNOWN;
		if (idx == RSP)
			r->delta = delta_after(&before, insn);
		else if (idx == RBP)
			r->frame_delta = frame_after(&before, insn);
		else if (i == 0)
			r->values[idx] = value_after(&before, insn);
	}
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_CALL)
		step_call(r);
}
