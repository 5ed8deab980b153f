/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about registers along one path through a function: where the stack pointer is, and
 * what a register that might be jumped through holds. Enough to tell a switch from a tail call, and
 * no more.
 */
#ifndef TICKSCOPE_TARGET_REGISTERS_H
#define TICKSCOPE_TARGET_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include <Zydis/Zydis.h>

#define REGISTER_CNT  16
#define DELTA_UNKNOWN INT32_MIN

enum register_kind {
	REGISTER_UNKNOWN = 0,
	REGISTER_ADDRESS, /* value: an address in this file (lea) */
	REGISTER_POINTER, /* a pointer from outside: an argument, a result, or loaded without an
			     index */
	REGISTER_TABLE_OFFSET, /* value: the table of 32-bit offsets that an entry was loaded from
				*/
	REGISTER_TABLE_TARGET, /* the same, with the table's address added: a switch label */
	REGISTER_TABLE_ENTRY,  /* value: the table of 64-bit addresses that an entry was loaded from
				*/
};

struct register_value {
	enum register_kind kind;
	uint64_t value;
};

struct registers {
	int32_t delta;	     /* bytes pushed since function entry; DELTA_UNKNOWN */
	int32_t frame_delta; /* the same for the stack pointer that rbp holds a copy of;
				DELTA_UNKNOWN */
	struct register_value values[REGISTER_CNT];
};

/* A decoded instruction and where it stands. */
struct insn {
	ZydisDecodedInstruction z;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	uint64_t address;
};

/* As at a function's first instruction. */
void registers_init(struct registers *r);
/* As where the unwinder enters: nothing is known. */
void registers_init_landing(struct registers *r);
/* What holds after an instruction that is neither a jump nor a return. */
void registers_step(struct registers *r, const struct insn *insn);
/* Index 0 … 15 of the general register that this one is part of; -1: none. */
int register_index(ZydisRegister reg);

#endif
