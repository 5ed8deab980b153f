/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel does with a probe on an instruction, and jump tables. (arch/x86/kernel/uprobes.c,
 * kernel.md §1.1) */
#include <string.h>

#include "target/flow.h"
#include "target/internal.h"

bool insn_is_probeable(const struct insn *insn)
{
	/* is_prefix_bad: ES, CS, DS, SS and LOCK; notrack is the DS prefix. */
	return !(insn->z.attributes &
		 (ZYDIS_ATTRIB_HAS_SEGMENT_ES | ZYDIS_ATTRIB_HAS_SEGMENT_CS |
		  ZYDIS_ATTRIB_HAS_SEGMENT_DS | ZYDIS_ATTRIB_HAS_SEGMENT_SS |
		  ZYDIS_ATTRIB_HAS_LOCK | ZYDIS_ATTRIB_HAS_NOTRACK |
		  ZYDIS_ATTRIB_HAS_BRANCH_NOT_TAKEN | ZYDIS_ATTRIB_HAS_BRANCH_TAKEN));
}

enum site_cost insn_site_cost(const struct insn *insn)
{
	bool is_relative = insn->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;

	switch (insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_NOP:
		if (insn->z.opcode == 0x90)
			return SITE_COST_EMULATED;
		return insn->z.length == 5 && insn->z.raw.prefix_count == 0 ? SITE_COST_NOP5
									    : SITE_COST_STEPPED;
	case ZYDIS_MNEMONIC_PUSH:
		return (insn->z.opcode & 0xf8) == 0x50 && insn->z.operand_width == 64
			       ? SITE_COST_EMULATED
			       : SITE_COST_STEPPED;
	case ZYDIS_MNEMONIC_JMP:
	case ZYDIS_MNEMONIC_CALL:
		return is_relative ? SITE_COST_EMULATED : SITE_COST_STEPPED;
	default:
		return insn->z.meta.category == ZYDIS_CATEGORY_COND_BR &&
				       ((insn->z.opcode & 0xf0) == 0x70 ||
					(insn->z.opcode & 0xf0) == 0x80)
			       ? SITE_COST_EMULATED
			       : SITE_COST_STEPPED;
	}
}

bool insn_table_target(const struct image *image, uint64_t table, bool is_offsets, size_t idx,
		       uint64_t *ret_target)
{
	int32_t offset;

	if (!is_offsets)
		return image_read(image, table + 8 * idx, ret_target, 8) == 8;
	if (image_read(image, table + 4 * idx, &offset, 4) != 4)
		return false;
	*ret_target = table + (uint64_t)(int64_t)offset;
	return true;
}
