/* SPDX-License-Identifier: Apache-2.0 */
/* Follows every path of a function from its entry, and from where exceptions land. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/cfi.h"
#include "target/flow.h"
#include "target/internal.h"

/* A path that is still to be followed. */
struct flow_work {
	uint64_t address;
	struct registers registers;
};

static int refuse(const struct flow *flow, uint64_t address, const char *what)
{
	return fault_set(flow->why, -ENOTSUP, "%s at +0x%llx", what,
			 (unsigned long long)(address - flow->pieces[0].start));
}

/* The piece that contains the address, or NULL. */
static struct flow_piece *flow_piece_of(struct flow *flow, uint64_t address)
{
	for (size_t i = 0; i < flow->piece_cnt; i++) {
		if (address >= flow->pieces[i].start && address < flow->pieces[i].end)
			return &flow->pieces[i];
	}
	return NULL;
}

static int add_piece(struct flow *flow, uint64_t start, uint64_t end)
{
	struct flow_piece *p = &flow->pieces[flow->piece_cnt];
	size_t bytes = end - start;

	if (flow->piece_cnt == FLOW_PIECE_MAX)
		return refuse(flow, start, "more than 8 separate pieces");
	if (bytes > FUNCTION_BYTES)
		return refuse(flow, start, "more code than a function has");
	*p = (struct flow_piece){.start = start, .end = end};
	flow->piece_cnt++;
	p->bytes = malloc(bytes);
	p->marks = calloc(bytes, 1);
	p->deltas = malloc(bytes * sizeof(*p->deltas));
	if (!p->bytes || !p->marks || !p->deltas)
		return fault_set(flow->why, -ENOMEM, "out of memory");
	if (image_read(flow->image, start, p->bytes, bytes) != bytes)
		return refuse(flow, start, "code that cannot be read");
	return 0;
}

bool flow_decode(const struct flow_piece *piece, uint64_t address, struct insn *ret_insn)
{
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	ret_insn->address = address;
	return ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&decoder, piece->bytes + (address - piece->start),
				       piece->end - address, &ret_insn->z, ret_insn->operands));
}

static int add_work(struct flow *flow, uint64_t address, const struct registers *registers)
{
	if (flow->work_cnt == flow->work_room) {
		size_t room = flow->work_room ? 2 * flow->work_room : 64;
		struct flow_work *grown = reallocarray(flow->work, room, sizeof(*grown));

		if (!grown)
			return fault_set(flow->why, -ENOMEM, "out of memory");
		flow->work = grown;
		flow->work_room = room;
	}
	flow->work[flow->work_cnt].address = address;
	flow->work[flow->work_cnt++].registers = *registers;
	return 0;
}

/* Arrays of the flow grow by doubling: room is the power of two at or above cnt. */
static void *grow(void *array, size_t cnt, size_t item_bytes)
{
	if (cnt & (cnt - 1))
		return array;
	return reallocarray(array, cnt ? 2 * cnt : 1, item_bytes);
}

static int add_exit(struct flow *flow, const struct insn *insn, enum flow_exit_kind kind,
		    uint64_t target)
{
	struct flow_exit *exits = grow(flow->exits, flow->exit_cnt, sizeof(*exits));
	struct flow_exit *e;
	const char *mnemonic = ZydisMnemonicGetString(insn->z.mnemonic);

	if (!exits)
		return fault_set(flow->why, -ENOMEM, "out of memory");
	flow->exits = exits;
	e = &exits[flow->exit_cnt++];
	*e = (struct flow_exit){.address = insn->address, .kind = kind, .target = target};
	e->cost = insn_site_cost(insn);
	e->is_probeable = insn_is_probeable(insn);
	e->condition = insn->z.opcode & 0x0f;
	strncpy(e->insn, mnemonic ? mnemonic : "?", sizeof(e->insn) - 1);
	return 0;
}

static int add_call(struct flow *flow, const struct insn *insn)
{
	uint64_t *calls = grow(flow->calls, flow->call_cnt, sizeof(*calls));

	if (!calls)
		return fault_set(flow->why, -ENOMEM, "out of memory");
	flow->calls = calls;
	if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&insn->z, &insn->operands[0], insn->address,
						   &calls[flow->call_cnt])) ||
	    insn->operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
		flow->has_indirect_call = true;
	else
		flow->call_cnt++;
	return 0;
}

/* Marks a jump target inside the function and queues it. */
static int branch_inside(struct flow *flow, uint64_t target, const struct registers *registers)
{
	struct flow_piece *piece = flow_piece_of(flow, target);

	if (target == flow->pieces[0].start)
		flow->has_branch_to_start = true;
	piece->marks[target - piece->start] |= FLOW_BRANCH_TARGET;
	return add_work(flow, target, registers);
}

/*
 * The part of this function that a jump out of it leads to: one that the compiler moved away. Named
 * so in the symbol table; in a stripped file known by its frame entry, and by the stack pointer,
 * which has moved.
 */
static bool is_own_part(const struct flow *flow, uint64_t target, int32_t delta,
			struct cfi_range *ret_range)
{
	const struct symbol *s = image_symbol_around(flow->image, target);

	if (s) {
		ret_range->start = s->address;
		ret_range->end = s->address + s->size_bytes;
		return s->kind == SYMBOL_COLD;
	}
	if (delta == 0)
		return false;
	return cfi_find(flow->image->cfi, target, ret_range);
}

static int add_landing_pads(struct flow *flow, const struct flow_piece *piece);

/* 1: the address lies in the function, which may just have grown by the part that it lies in; 0:
 * outside; -errno. */
static int is_inside(struct flow *flow, uint64_t address, int32_t delta)
{
	struct cfi_range part;
	int err;

	if (flow_piece_of(flow, address))
		return 1;
	if (flow->is_go || !is_own_part(flow, address, delta, &part))
		return 0;
	err = add_piece(flow, part.start, part.end);
	if (!err)
		err = add_landing_pads(flow, &flow->pieces[flow->piece_cnt - 1]);
	return err ? err : 1;
}

/* A direct jump or conditional jump that leaves the function. */
static int branch_outside(struct flow *flow, const struct insn *insn, uint64_t target,
			  const struct registers *registers)
{
	bool is_conditional = insn->z.meta.category == ZYDIS_CATEGORY_COND_BR;

	if (registers->delta != 0 && registers->delta != DELTA_UNKNOWN)
		return refuse(flow, insn->address,
			      "a jump out of the function with a moved stack pointer");
	/* jrcxz, loop and xbegin have no condition code that a probe could check. */
	if (is_conditional && (insn->z.opcode & 0xf0) != 0x70 && (insn->z.opcode & 0xf0) != 0x80)
		return refuse(flow, insn->address, "a counting jump out of the function");
	return add_exit(flow, insn, is_conditional ? FLOW_CONDITIONAL_TAIL_JUMP : FLOW_TAIL_JUMP,
			target);
}

static int direct_branch(struct flow *flow, const struct insn *insn,
			 const struct registers *registers)
{
	uint64_t target;
	int inside;

	if (!ZYAN_SUCCESS(
		    ZydisCalcAbsoluteAddress(&insn->z, &insn->operands[0], insn->address, &target)))
		return refuse(flow, insn->address, "a jump without a target");
	inside = is_inside(flow, target, registers->delta);
	if (inside < 0)
		return inside;
	return inside ? branch_inside(flow, target, registers)
		      : branch_outside(flow, insn, target, registers);
}

#define TABLE_ENTRY_MAX 4096 /* of one switch */

/*
 * A table has no length of its own: it ends with the first entry that leads out of the function.
 * What follows it and happens to lead inside is another table of this function, whose targets are
 * as real.
 */
static int switch_targets(struct flow *flow, const struct insn *insn,
			  const struct register_value *table, const struct registers *registers)
{
	bool is_offsets = table->kind == REGISTER_TABLE_TARGET;
	uint64_t target;
	size_t cnt = 0;

	for (; cnt < TABLE_ENTRY_MAX &&
	       insn_table_target(flow->image, table->value, is_offsets, cnt, &target);
	     cnt++) {
		int inside = is_inside(flow, target, registers->delta), err;

		if (!inside)
			break;
		err = inside < 0 ? inside : branch_inside(flow, target, registers);
		if (err)
			return err;
	}
	if (!cnt || cnt == TABLE_ENTRY_MAX)
		return refuse(flow, insn->address, "a jump through a table that cannot be read");
	return 0;
}

/* What an indirect jump jumps through. */
static struct register_value jump_source(const struct insn *insn, const struct registers *r)
{
	const ZydisDecodedOperand *o = &insn->operands[0];
	struct register_value v = {0};
	int base;

	if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && register_index(o->reg.value) >= 0)
		return r->values[register_index(o->reg.value)];
	if (o->type != ZYDIS_OPERAND_TYPE_MEMORY)
		return v;
	if (o->mem.index == ZYDIS_REGISTER_NONE) {
		v.kind = REGISTER_POINTER;
		return v;
	}
	base = register_index(o->mem.base);
	if (o->mem.scale != 8 || (base >= 0 && r->values[base].kind != REGISTER_ADDRESS))
		return v;
	v.kind = REGISTER_TABLE_ENTRY;
	v.value = (uint64_t)o->mem.disp.value + (base >= 0 ? r->values[base].value : 0);
	return v;
}

static int indirect_jump(struct flow *flow, const struct insn *insn,
			 const struct registers *registers)
{
	struct register_value source = jump_source(insn, registers);

	/* A switch; its labels are found by the sweep. Go has no other indirect jump. */
	if (flow->is_go && insn->operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
	    insn->operands[0].mem.scale == 8)
		return 0;
	if (source.kind == REGISTER_TABLE_TARGET || source.kind == REGISTER_TABLE_ENTRY)
		return switch_targets(flow, insn, &source, registers);
	/* Only compilers' switches carry the prefix that says the target needs no endbr64. */
	if (source.kind != REGISTER_POINTER || insn->z.attributes & ZYDIS_ATTRIB_HAS_NOTRACK)
		return refuse(flow, insn->address, "an indirect jump whose targets are not known");
	if (registers->delta != 0)
		return refuse(flow, insn->address, "an indirect jump with a moved stack pointer");
	return add_exit(flow, insn, FLOW_TAIL_JUMP, 0);
}

/* Marks the bytes of an instruction; -EEXIST: it was seen before, -ENOTSUP: it overlaps another. */
static int mark(struct flow *flow, struct flow_piece *piece, const struct insn *insn, int32_t delta)
{
	size_t at = insn->address - piece->start;

	for (size_t i = 0; i < insn->z.length; i++) {
		if (piece->marks[at + i] &
		    (i ? FLOW_FIRST_BYTE | FLOW_LATER_BYTE : FLOW_LATER_BYTE))
			return refuse(flow, insn->address, "instructions that overlap");
		piece->marks[at + i] |= i ? FLOW_LATER_BYTE : FLOW_FIRST_BYTE;
	}
	piece->deltas[at] = delta;
	return 0;
}

enum step { STEP_NEXT, STEP_DONE };

/* Compilers put these where no path goes on. */
static bool ends_path(const struct insn *insn)
{
	switch (insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
	case ZYDIS_MNEMONIC_INT3:
		return true;
	default:
		return false;
	}
}

/* Handles one instruction. STEP_NEXT: the path goes on behind it. */
static int follow_insn(struct flow *flow, const struct insn *insn, struct registers *registers)
{
	int err;

	switch (insn->z.meta.category) {
	case ZYDIS_CATEGORY_RET:
		if (insn->z.mnemonic != ZYDIS_MNEMONIC_RET)
			return refuse(flow, insn->address, "a return to another mode");
		if (registers->delta != 0 && registers->delta != DELTA_UNKNOWN)
			return refuse(flow, insn->address, "a return with a moved stack pointer");
		err = add_exit(flow, insn, FLOW_RETURN, 0);
		return err ? err : STEP_DONE;
	case ZYDIS_CATEGORY_UNCOND_BR:
		err = insn->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE
			      ? direct_branch(flow, insn, registers)
			      : indirect_jump(flow, insn, registers);
		return err ? err : STEP_DONE;
	case ZYDIS_CATEGORY_COND_BR:
		err = direct_branch(flow, insn, registers);
		return err ? err : STEP_NEXT;
	case ZYDIS_CATEGORY_CALL:
		err = add_call(flow, insn);
		break;
	default:
		err = 0;
		if (ends_path(insn))
			return STEP_DONE;
	}
	registers_step(registers, insn);
	return err ? err : STEP_NEXT;
}

/* Follows one path until it joins another or ends. */
static int follow(struct flow *flow, uint64_t address, struct registers *registers)
{
	bool is_behind_call = false;
	struct insn insn;
	int step;

	for (;;) {
		struct flow_piece *piece = flow_piece_of(flow, address);

		if (!piece) /* behind a call that does not return; else the function runs on into
			       the next */
			return is_behind_call
				       ? 0
				       : refuse(flow, address, "no end before its last byte");
		if (piece->marks[address - piece->start] & FLOW_FIRST_BYTE)
			return 0;
		if (!flow_decode(piece, address, &insn))
			return is_behind_call
				       ? 0
				       : refuse(flow, address, "bytes that are no instruction");
		step = mark(flow, piece, &insn, registers->delta);
		if (!step)
			step = follow_insn(flow, &insn, registers);
		if (step < 0 || step == STEP_DONE)
			return step < 0 ? step : 0;
		is_behind_call = insn.z.meta.category == ZYDIS_CATEGORY_CALL;
		address += insn.z.length;
	}
}

static int follow_all(struct flow *flow)
{
	while (flow->work_cnt) {
		struct flow_work w = flow->work[--flow->work_cnt];
		int err = follow(flow, w.address, &w.registers);

		if (err)
			return err;
	}
	return 0;
}

/* Queues where exceptions land in a piece. They are followed last: what is known on ordinary paths
 * counts. */
static int add_landing_pads(struct flow *flow, const struct flow_piece *piece)
{
	uint64_t *pads = malloc(CFI_LANDING_MAX * sizeof(*pads));
	struct registers registers;
	struct cfi_range range;
	int cnt, err = 0;

	if (!pads)
		return fault_set(flow->why, -ENOMEM, "out of memory");
	registers_init_landing(&registers);
	cnt = cfi_find(flow->image->cfi, piece->start, &range)
		      ? cfi_landing_pads(flow->image, &range, pads, CFI_LANDING_MAX)
		      : 0;
	if (cnt < 0)
		err = refuse(flow, piece->start, "exception tables that cannot be read");
	for (int i = 0; i < cnt && !err; i++) {
		err = is_inside(flow, pads[i], DELTA_UNKNOWN);
		if (err == 0)
			err = refuse(flow, piece->start,
				     "exceptions that land outside the function");
		if (err > 0)
			err = branch_inside(flow, pads[i], &registers);
	}
	free(pads);
	return err;
}

/*
 * A return that no known path reaches means that a path is not known. Bytes that decode to nothing
 * are data or padding.
 */
static int check_unreached(struct flow *flow)
{
	struct insn insn;

	for (size_t i = 0; i < flow->piece_cnt; i++) {
		struct flow_piece *p = &flow->pieces[i];
		uint64_t address = p->start;

		while (address < p->end) {
			bool is_known =
				p->marks[address - p->start] & (FLOW_FIRST_BYTE | FLOW_LATER_BYTE);

			if (is_known || !flow_decode(p, address, &insn)) {
				address++;
				continue;
			}
			if (insn.z.meta.category == ZYDIS_CATEGORY_RET)
				return refuse(flow, address, "a return that no known path reaches");
			address += insn.z.length;
		}
	}
	return 0;
}

/*
 * Go code has no data in it, so that all of it can be decoded from one instruction to the next.
 * What no path reaches is where the runtime goes on after a panic that was recovered, or a switch
 * label.
 */
static int sweep_unreached(struct flow *flow)
{
	struct flow_piece *p = &flow->pieces[0];
	uint64_t address = p->start;
	struct registers registers;
	struct insn insn;

	while (address < p->end) {
		int err = 0;

		if (!flow_decode(p, address, &insn))
			return refuse(flow, address, "bytes that are no instruction");
		if (!(p->marks[address - p->start] & FLOW_FIRST_BYTE)) {
			registers_init_landing(&registers);
			err = add_work(flow, address, &registers);
		}
		if (!err)
			err = follow_all(flow);
		if (err)
			return err;
		address += insn.z.length;
	}
	return 0;
}

static int flow_run(struct flow *flow, const struct symbol *symbol)
{
	struct registers registers;
	int err = add_piece(flow, symbol->address, symbol->address + symbol->size_bytes);

	if (err)
		return err;
	registers_init(&registers);
	err = add_work(flow, symbol->address, &registers);
	if (!err)
		err = follow_all(flow);
	if (flow->is_go)
		return err ? err : sweep_unreached(flow);
	if (!err)
		err = add_landing_pads(flow, &flow->pieces[0]);
	if (!err)
		err = follow_all(flow);
	return err ? err : check_unreached(flow);
}

int flow_open(struct flow *flow, struct image *image, const struct symbol *symbol,
	      struct fault *why)
{
	int err;

	*flow = (struct flow){.image = image, .why = why, .is_go = symbol->flags & SYMBOL_IS_GO};
	if (!image->cfi)
		image->cfi = cfi_new(image);
	if (!image->cfi)
		return fault_set(why, -ENOMEM, "out of memory");
	err = flow_run(flow, symbol);
	free(flow->work);
	flow->work = NULL;
	if (err)
		flow_close(flow);
	return err;
}

void flow_close(struct flow *flow)
{
	for (size_t i = 0; i < flow->piece_cnt; i++) {
		free(flow->pieces[i].bytes);
		free(flow->pieces[i].marks);
		free(flow->pieces[i].deltas);
	}
	free(flow->exits);
	free(flow->calls);
	*flow = (struct flow){0};
}
