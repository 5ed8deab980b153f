/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's results: assigned to registers in order, structures part by part; a result that does not fit
 * what is left goes to the stack as a whole (Go internal ABI, "Function call argument and result
 * passing").
 */
#include <string.h>

#include <dwarf.h>

#include "target/return_type.h"

#define INTEGER_REGISTER_CNT 9	/* rax rbx rcx rdi rsi r8 r9 r10 r11, as enum ts_source */
#define FLOAT_REGISTER_CNT   15 /* xmm0 … xmm14 */
#define TYPE_DEPTH_MAX	     32

struct assignment {
	unsigned int integers;
	unsigned int floats;
};

static bool assign(Dwarf_Die *type, int depth, struct assignment *a);

static bool assign_members(Dwarf_Die *type, int depth, struct assignment *a)
{
	Dwarf_Die child, member;

	if (dwarf_child(type, &child) != 0)
		return true;
	do {
		if (dwarf_tag(&child) == DW_TAG_member &&
		    (!return_type_target(&child, &member) || !assign(&member, depth + 1, a)))
			return false;
	} while (dwarf_siblingof(&child, &child) == 0);
	return true;
}

static bool assign_array(Dwarf_Die *type, int depth, struct assignment *a)
{
	Dwarf_Die range, element;
	uint64_t cnt = 0;

	if (dwarf_child(type, &range) != 0 || !return_type_target(type, &element))
		return false;
	if (!return_type_number(&range, DW_AT_count, &cnt) &&
	    return_type_number(&range, DW_AT_upper_bound, &cnt))
		cnt++;
	return cnt == 0 || (cnt == 1 && assign(&element, depth + 1, a));
}

static bool assign_base(Dwarf_Die *type, struct assignment *a)
{
	uint64_t encoding = 0;

	return_type_number(type, DW_AT_encoding, &encoding);
	if (encoding == DW_ATE_float)
		a->floats++;
	else if (encoding == DW_ATE_complex_float)
		a->floats += 2;
	else
		a->integers++;
	return a->integers <= INTEGER_REGISTER_CNT && a->floats <= FLOAT_REGISTER_CNT;
}

/* Takes the registers of a value; false where it has no place in what is left. */
static bool assign(Dwarf_Die *type, int depth, struct assignment *a)
{
	Dwarf_Die t = *type;

	if (depth > TYPE_DEPTH_MAX || !return_type_strip(&t))
		return false;
	switch (dwarf_tag(&t)) {
	case DW_TAG_base_type:
		return assign_base(&t, a);
	case DW_TAG_structure_type:
		return assign_members(&t, depth, a);
	case DW_TAG_array_type:
		return assign_array(&t, depth, a);
	default: /* pointers, maps, channels, functions */
		a->integers++;
		return a->integers <= INTEGER_REGISTER_CNT;
	}
}

/* Interfaces and slices are nil where their first word is. */
static bool has_nil(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return name && (strcmp(name, "runtime.iface") == 0 || strcmp(name, "runtime.eface") == 0 ||
			strncmp(name, "[]", 2) == 0);
}

static void read_result(Dwarf_Die *die, const struct error_expression *error, struct assignment *a,
			struct return_type *ret)
{
	struct assignment before = *a;
	Dwarf_Die type, stripped;

	ret->value.source = (uint8_t)(before.integers < INTEGER_REGISTER_CNT ? before.integers : 0);
	if (!return_type_target(die, &type)) {
		return_type_refuse(ret, "its type is not said");
		return;
	}
	return_type_set_name(ret, &type);
	if (!assign(&type, 0, a)) {
		*a = before;
		return_type_refuse(ret, "it is returned on the stack");
		return;
	}
	stripped = type;
	if (!return_type_strip(&stripped))
		return_type_refuse(ret, "its type is not said");
	else if (dwarf_tag(&stripped) == DW_TAG_structure_type && !has_nil(&stripped))
		return_type_refuse(ret, "it is a structure");
	else if (!return_type_scalar(&stripped, error, ret))
		return_type_accept(ret, 8, false); /* what can be nil, and all else is a pointer */
}

void return_go(Dwarf_Die *function, const struct error_expression *error,
	       struct return_types *types)
{
	struct assignment a = {0};
	Dwarf_Die child, origin;
	Dwarf_Attribute attribute;
	Dwarf_Die source = *function;

	types->cnt = 0;
	/* A function that was also inlined keeps its parameters in the abstract one. */
	if (dwarf_attr(function, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin))
		source = origin;
	if (dwarf_child(&source, &child) == 0) {
		do {
			bool is_result = false;

			if (dwarf_tag(&child) != DW_TAG_formal_parameter ||
			    !dwarf_attr_integrate(&child, DW_AT_variable_parameter, &attribute) ||
			    dwarf_formflag(&attribute, &is_result) || !is_result)
				continue;
			if (types->cnt < ERROR_VALUE_MAX)
				read_result(&child, error, &a, &types->items[types->cnt++]);
		} while (dwarf_siblingof(&child, &child) == 0);
	}
}
