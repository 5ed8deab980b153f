/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: what the languages' readers of result types share. */
#ifndef TICKSCOPE_TARGET_RETURN_TYPE_H
#define TICKSCOPE_TARGET_RETURN_TYPE_H

#include <elfutils/libdw.h>

#include "target/target.h"

/* Follows typedefs and qualifiers; false at the end of the chain, which means void. */
bool return_type_strip(Dwarf_Die *type);
/* The type that a DIE refers to; false where it has none. */
bool return_type_target(Dwarf_Die *die, Dwarf_Die *ret_type);
/* A constant attribute, sign-extended where its form is signed. */
bool return_type_number(Dwarf_Die *die, unsigned int name, uint64_t *ret_value);

void return_type_refuse(struct return_type *type, const char *reason);
void return_type_accept(struct return_type *type, uint64_t width_bytes, bool is_signed);
void return_type_set_name(struct return_type *type, Dwarf_Die *die);
/* The name in a term of the expression; "" where it has none. */
const char *return_type_constant_name(const struct error_expression *error, uint32_t idx);

/* Numbers, enums, pointers: fills everything but the place. False for any other type. */
bool return_type_scalar(Dwarf_Die *die, const struct error_expression *error,
			struct return_type *type);
/* return_rust.c: an enum with values, such as Result. False where it is none. */
bool return_rust(Dwarf_Die *die, const struct error_expression *error, struct return_type *type);
/* return_go.c: all results of a function. */
void return_go(Dwarf_Die *function, const struct error_expression *error,
	       struct return_types *types);

#endif
