/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All paths through one function, decoded: which addresses are instructions for certain, where it
 * leaves, what it calls. What cannot be proven is an error with its reason; nothing is guessed,
 * since a probe on a byte that is not an instruction's first would break the program.
 */
#ifndef TICKSCOPE_TARGET_FLOW_H
#define TICKSCOPE_TARGET_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/registers.h"
#include "target/target.h"

struct image;
struct symbol;

#define FLOW_PIECE_MAX 8 /* the function and its cold parts */

enum flow_exit_kind { FLOW_RETURN, FLOW_TAIL_JUMP, FLOW_CONDITIONAL_TAIL_JUMP };

struct flow_exit {
	uint64_t address;
	enum flow_exit_kind kind;
	uint8_t condition; /* of a conditional jump */
	bool is_probeable; /* false: the kernel refuses probes on instructions with its prefix */
	uint64_t target;   /* of a direct jump; 0: indirect */
	enum site_cost cost;
	char insn[SITE_INSN_BYTES];
};

/* A contiguous piece of code. */
struct flow_piece {
	uint64_t start;
	uint64_t end;
	uint8_t *bytes;
	uint8_t *marks;	 /* for each byte: FLOW_… */
	int32_t *deltas; /* for each first byte: bytes pushed since function entry, or DELTA_UNKNOWN
			  */
};

enum { FLOW_UNSEEN = 0, FLOW_FIRST_BYTE = 1, FLOW_LATER_BYTE = 2, FLOW_BRANCH_TARGET = 4 };

struct flow {
	const struct image *image;
	struct flow_piece pieces[FLOW_PIECE_MAX];
	size_t piece_cnt;
	struct flow_exit *exits;
	size_t exit_cnt;
	uint64_t *calls; /* targets of direct calls */
	size_t call_cnt;
	bool has_indirect_call; /* or one whose target is not in this file's code */
	bool has_branch_to_start;
	bool is_go;	   /* the Go compiler puts nothing but instructions between two functions */
	struct fault *why; /* during flow_open */
	struct flow_work *work; /* likewise */
	size_t work_cnt;
	size_t work_room;
};

/* 0, -ENOTSUP with the reason where something is not proven, -ENOMEM. */
int flow_open(struct flow *flow, struct image *image, const struct symbol *symbol,
	      struct fault *why);
void flow_close(struct flow *flow);

/* Decodes one instruction of a piece; false where the bytes are none. */
bool flow_decode(const struct flow_piece *piece, uint64_t address, struct insn *ret_insn);

/* What a probe on this instruction costs. */
enum site_cost insn_site_cost(const struct insn *insn);
/* True where the kernel accepts a probe on it at all (its is_prefix_bad and opcode tables). */
bool insn_is_probeable(const struct insn *insn);

/* Target of one entry of a jump table (64-bit addresses, or 32-bit offsets from it); false where it
 * cannot be read. */
bool insn_table_target(const struct image *image, uint64_t table, bool is_offsets, size_t idx,
		       uint64_t *ret_target);

#endif
