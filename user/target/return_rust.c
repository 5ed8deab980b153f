/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rust's enums: which variant a Result, an Option or any other holds. Their tag, or the field whose
 * impossible values stand for variants (a niche), is in a register where the whole is small, and in
 * memory that the caller provides where it is larger than two words.
 */
#include <string.h>

#include <dwarf.h>

#include "target/return_type.h"

#define WORD_BYTES     8
#define LEAF_DEPTH_MAX 16

static bool child_with_tag(Dwarf_Die *parent, int tag, Dwarf_Die *ret_child)
{
	if (dwarf_child(parent, ret_child) != 0)
		return false;
	do {
		if (dwarf_tag(ret_child) == tag)
			return true;
	} while (dwarf_siblingof(ret_child, ret_child) == 0);
	return false;
}

/* Offsets of the numbers and pointers that a value consists of, without the tag. */
struct leaves {
	uint64_t tag_at;
	uint64_t at[2];
	size_t cnt;
	bool has_other; /* more of them, or something that is none */
};

static void add_leaf(struct leaves *l, uint64_t at)
{
	if (at == l->tag_at)
		return;
	for (size_t i = 0; i < l->cnt; i++) {
		if (l->at[i] == at)
			return;
	}
	if (l->cnt == 2)
		l->has_other = true;
	else
		l->at[l->cnt++] = at;
}

static void find_leaves(Dwarf_Die *type, uint64_t at, int depth, struct leaves *l);

static void find_member_leaves(Dwarf_Die *parent, uint64_t at, int depth, struct leaves *l)
{
	Dwarf_Die child, type;

	if (dwarf_child(parent, &child) != 0)
		return;
	do {
		uint64_t offset = 0;
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_variant_part || tag == DW_TAG_variant) {
			find_member_leaves(&child, at, depth + 1, l);
		} else if (tag == DW_TAG_member) {
			return_type_number(&child, DW_AT_data_member_location, &offset);
			if (return_type_target(&child, &type) && return_type_strip(&type))
				find_leaves(&type, at + offset, depth + 1, l);
		}
	} while (dwarf_siblingof(&child, &child) == 0);
}

static void find_leaves(Dwarf_Die *type, uint64_t at, int depth, struct leaves *l)
{
	if (depth > LEAF_DEPTH_MAX) {
		l->has_other = true;
		return;
	}
	switch (dwarf_tag(type)) {
	case DW_TAG_base_type:
	case DW_TAG_pointer_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_subroutine_type:
		if (dwarf_bytesize(type) != 0)
			add_leaf(l, at);
		break;
	case DW_TAG_structure_type:
		find_member_leaves(type, at, depth, l);
		break;
	default:
		l->has_other = true;
	}
}

/*
 * Up to two words, all compilers return a pair of scalars in rax and rdx, and one word or less in
 * rax. Whether anything else of up to two words is in registers differs between their versions.
 */
static bool place_tag(Dwarf_Die *type, uint64_t tag_at, struct return_type *ret)
{
	struct leaves leaves = {.tag_at = tag_at};
	int bytes = dwarf_bytesize(type);
	bool is_pair;

	if (bytes < 0)
		return false;
	if (bytes > 2 * WORD_BYTES) {
		ret->value.source = TS_SOURCE_MEMORY;
		ret->value.offset_bytes = (uint32_t)tag_at;
		return true;
	}
	find_leaves(type, 0, 0, &leaves);
	is_pair = leaves.cnt <= 1 && !leaves.has_other;
	if (tag_at == 0 && (bytes <= WORD_BYTES || is_pair)) {
		ret->value.source = TS_SOURCE_AX;
		return true;
	}
	/* The second of a pair: a whole word, or one that follows a smaller first. */
	if (tag_at && is_pair && leaves.cnt == 1 && leaves.at[0] < tag_at) {
		ret->value.source = TS_SOURCE_DX;
		return true;
	}
	return false;
}

/* Whether a variant's name is the one in the expression: "Err", or "Result::Err". */
static bool is_named(const char *wanted, const char *name)
{
	const char *colon = strrchr(wanted, ':');

	return *wanted && strcmp(colon ? colon + 1 : wanted, name) == 0;
}

/* A variant without a value of its own is all values that no other has. */
static void add_variant(Dwarf_Die *variant, const char *wanted, struct error_constant *own,
			struct error_constant *others, bool *is_found)
{
	Dwarf_Die member;
	uint64_t value;
	const char *name =
		child_with_tag(variant, DW_TAG_member, &member) ? dwarf_diename(&member) : NULL;
	bool is_wanted = name && is_named(wanted, name);
	bool has_value = return_type_number(variant, DW_AT_discr_value, &value);
	struct error_constant *c = is_wanted ? own : others;

	*is_found |= is_wanted;
	if (!has_value)
		return;
	/* Of more than fit, one too many is counted: the expression is refused then. */
	if (c->value_cnt < TS_ERROR_TERMS)
		c->values[c->value_cnt++] = value;
	else
		c->value_cnt = TS_ERROR_TERMS + 1;
}

static void find_variants(Dwarf_Die *part, const char *wanted, struct error_constant *ret)
{
	struct error_constant own = {0}, others = {.is_complement = true};
	bool is_found = false;
	Dwarf_Die child;

	if (dwarf_child(part, &child) != 0)
		return;
	do {
		if (dwarf_tag(&child) == DW_TAG_variant)
			add_variant(&child, wanted, &own, &others, &is_found);
	} while (dwarf_siblingof(&child, &child) == 0);
	if (is_found)
		*ret = own.value_cnt ? own : others;
}

bool return_rust(Dwarf_Die *die, const struct error_expression *error, struct return_type *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die part, tag, tag_type;
	uint64_t tag_at = 0;

	if (dwarf_tag(die) != DW_TAG_structure_type ||
	    !child_with_tag(die, DW_TAG_variant_part, &part))
		return false;
	if (!dwarf_attr(&part, DW_AT_discr, &attribute) || !dwarf_formref_die(&attribute, &tag) ||
	    !return_type_target(&tag, &tag_type) || !return_type_strip(&tag_type)) {
		return_type_refuse(type, "it returns an enum that has only one variant");
		return true;
	}
	return_type_number(&tag, DW_AT_data_member_location, &tag_at);
	if (!return_type_scalar(&tag_type, NULL, type) || !type->value.is_known)
		return_type_refuse(type, "it returns an enum whose tag is not understood");
	else if (!place_tag(die, tag_at, type))
		return_type_refuse(type,
				   "it returns an enum for which compilers differ in where they "
				   "put it");
	for (uint32_t i = 0; i < TS_ERROR_TERMS; i++)
		find_variants(&part, return_type_constant_name(error, i),
			      &type->value.constants[i]);
	return true;
}
