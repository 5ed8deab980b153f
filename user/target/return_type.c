/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the results of a function are when it returns, and how to read them, by what DWARF says of
 * their types and by the conventions of three languages: C and C++ (System V ABI), Rust (which
 * keeps to no fixed one: only what all its versions do is used), Go (ABIInternal).
 */
#include <stdio.h>
#include <string.h>

#include <dwarf.h>

#include "base/text.h"
#include "target/debug_info.h"
#include "target/return_type.h"

#define TYPE_DEPTH_MAX 64 /* typedefs of typedefs; deeper is a cycle in damaged data */

bool return_type_strip(Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!dwarf_attr_integrate(type, DW_AT_type, &attribute) ||
			    !dwarf_formref_die(&attribute, type))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

bool return_type_target(Dwarf_Die *die, Dwarf_Die *ret_type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, ret_type);
}

bool return_type_number(Dwarf_Die *die, unsigned int name, uint64_t *ret_value)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword signed_value;
	Dwarf_Word value;

	if (!dwarf_attr_integrate(die, name, &attribute))
		return false;
	/* Signed forms are read as such: -1 must not become a large number of fewer bytes. */
	if (dwarf_whatform(&attribute) == DW_FORM_sdata ||
	    dwarf_whatform(&attribute) == DW_FORM_implicit_const) {
		if (dwarf_formsdata(&attribute, &signed_value))
			return false;
		*ret_value = (uint64_t)signed_value;
		return true;
	}
	if (dwarf_formudata(&attribute, &value))
		return false;
	*ret_value = value;
	return true;
}

void return_type_refuse(struct return_type *type, const char *reason)
{
	snprintf(type->reason, sizeof(type->reason), "%s", reason);
	type->value.is_known = false;
}

void return_type_accept(struct return_type *type, uint64_t width_bytes, bool is_signed)
{
	if (width_bytes != 1 && width_bytes != 2 && width_bytes != 4 && width_bytes != 8) {
		return_type_refuse(type, "it returns a number that does not fit a register");
		return;
	}
	type->value.is_known = true;
	type->value.width_bytes = (uint8_t)width_bytes;
	type->value.is_signed = is_signed;
}

static void accept_base(Dwarf_Die *die, Dwarf_Word bytes, struct return_type *type)
{
	uint64_t encoding = 0;

	return_type_number(die, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		return_type_accept(type, bytes, true);
		break;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_boolean:
	case DW_ATE_UTF:
		return_type_accept(type, bytes, false);
		break;
	default:
		return_type_refuse(type,
				   "it returns a floating-point number, which is not in a general "
				   "register");
	}
}

const char *return_type_constant_name(const struct error_expression *error, uint32_t idx)
{
	return error && idx < error->term_cnt ? error->terms[idx].name : "";
}

/* Names of enumerators become constants: the last part counts, as people write it. */
static void find_enumerators(Dwarf_Die *type, const struct error_expression *error,
			     struct return_type *ret)
{
	Dwarf_Die child;

	if (!error || dwarf_child(type, &child) != 0)
		return;
	do {
		const char *name = dwarf_diename(&child);
		uint64_t value;

		if (dwarf_tag(&child) != DW_TAG_enumerator || !name ||
		    !return_type_number(&child, DW_AT_const_value, &value))
			continue;
		for (uint32_t i = 0; i < error->term_cnt; i++) {
			const char *wanted = error->terms[i].name;
			const char *colon = strrchr(wanted, ':');
			struct error_constant *c = &ret->value.constants[i];

			if (!c->value_cnt && *wanted &&
			    strcmp(name, colon ? colon + 1 : wanted) == 0)
				c->values[c->value_cnt++] = value;
		}
	} while (dwarf_siblingof(&child, &child) == 0);
}

/* An enum is unsigned where its underlying type is, or where that is not said. */
static void accept_enum(Dwarf_Die *die, Dwarf_Word bytes, const struct error_expression *error,
			struct return_type *type)
{
	Dwarf_Die underlying;

	if (return_type_target(die, &underlying) && return_type_strip(&underlying))
		accept_base(&underlying, bytes, type);
	else
		return_type_accept(type, bytes, false);
	find_enumerators(die, error, type);
}

bool return_type_scalar(Dwarf_Die *die, const struct error_expression *error,
			struct return_type *type)
{
	Dwarf_Word bytes = 8;

	dwarf_aggregate_size(die, &bytes);
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		accept_base(die, bytes, type);
		return true;
	case DW_TAG_enumeration_type:
		accept_enum(die, bytes, error, type);
		return true;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
	case DW_TAG_subroutine_type:
		return_type_accept(type, 8, false);
		return true;
	default:
		return false;
	}
}

void return_type_set_name(struct return_type *type, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	snprintf(type->name, sizeof(type->name), "%s", name ? name : "");
	text_clean(type->name);
}

static void read_one(Dwarf_Die *function, const struct error_expression *error, bool is_rust,
		     struct return_type *type)
{
	Dwarf_Die die;

	if (!return_type_target(function, &die)) {
		return_type_refuse(type, "it returns nothing");
		return;
	}
	return_type_set_name(type, &die);
	if (!return_type_strip(&die))
		return_type_refuse(type, "it returns nothing");
	else if (!return_type_scalar(&die, error, type) &&
		 !(is_rust && return_rust(&die, error, type)))
		return_type_refuse(type, "it returns a structure");
}

void debug_info_return_types(struct debug_info *info, uint64_t address,
			     const struct function_query *query, struct return_types *ret_types)
{
	Dwarf_Die function, unit;
	int language = 0;

	memset(ret_types, 0, sizeof(*ret_types));
	ret_types->cnt = 1;
	if (!debug_info_function(info, address, &function)) {
		return_type_refuse(&ret_types->items[0],
				   "the file has no debug information about it");
		return;
	}
	ret_types->has_debug_info = true;
	if (dwarf_diecu(&function, &unit, NULL, NULL))
		language = dwarf_srclang(&unit);
	if (language == DW_LANG_Go)
		return_go(&function, query->error, ret_types);
	else
		read_one(&function, query->error, language == DW_LANG_Rust, &ret_types->items[0]);
}
