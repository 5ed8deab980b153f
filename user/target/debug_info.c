/* SPDX-License-Identifier: Apache-2.0 */
/* Reads DWARF with libdw. Everything is looked up on demand; the walk over all inlined copies
 * happens once a file. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "base/text.h"
#include "target/debug_info.h"
#include "target/internal.h"

#define TYPE_DEPTH_MAX 64 /* typedefs of typedefs; deeper is a cycle in damaged data */
#define DIE_DEPTH_MAX  256

struct debug_info {
	Dwarf *dwarf;
	uint64_t info_bytes;
	bool has_inlined;   /* walked already */
	Dwarf_Off *inlined; /* offset of the abstract function of each inlined copy, sorted */
	size_t inlined_cnt;
	size_t inlined_room;
};

struct debug_info *debug_info_new(const struct image *image)
{
	struct debug_info *info;
	GElf_Shdr header;
	Dwarf *dwarf;

	if (!image_section(image, ".debug_info", &header))
		return NULL;
	dwarf = dwarf_begin_elf(image->elf, DWARF_C_READ, NULL);
	if (!dwarf)
		return NULL;
	info = calloc(1, sizeof(*info));
	if (!info) {
		dwarf_end(dwarf);
		return NULL;
	}
	info->dwarf = dwarf;
	info->info_bytes = header.sh_size;
	return info;
}

void debug_info_free(struct debug_info *info)
{
	if (!info)
		return;
	dwarf_end(info->dwarf);
	free(info->inlined);
	free(info);
}

/* The subprogram among the children of `parent` (namespaces and classes included) that begins at
 * this address. */
static bool find_subprogram(Dwarf_Die *parent, uint64_t address, int depth, Dwarf_Die *ret_die)
{
	Dwarf_Die child;
	Dwarf_Addr low;

	if (depth == DIE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
		return false;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram && dwarf_entrypc(&child, &low) == 0 &&
		    low == address) {
			*ret_die = child;
			return true;
		}
		if ((tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
		     tag == DW_TAG_structure_type) &&
		    find_subprogram(&child, address, depth + 1, ret_die))
			return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

static bool find_function(struct debug_info *info, uint64_t address, Dwarf_Die *ret_die)
{
	Dwarf_Die unit;

	if (!dwarf_addrdie(info->dwarf, address, &unit)) {
		/* Clang leaves .debug_aranges out: every unit is asked whether it covers the
		 * address. */
		Dwarf_CU *cu = NULL;

		while (dwarf_get_units(info->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0) {
			if (dwarf_haspc(&unit, address) == 1)
				return find_subprogram(&unit, address, 0, ret_die);
		}
		return false;
	}
	return find_subprogram(&unit, address, 0, ret_die);
}

/* Follows typedefs and qualifiers; false at the end of the chain, which means void. */
static bool strip_type(Dwarf_Die *type)
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

static void refuse(struct return_type *type, const char *reason)
{
	snprintf(type->reason, sizeof(type->reason), "%s", reason);
}

static void accept(struct return_type *type, uint64_t width_bytes, bool is_signed)
{
	if (width_bytes != 1 && width_bytes != 2 && width_bytes != 4 && width_bytes != 8) {
		refuse(type, "it returns a number that does not fit a register");
		return;
	}
	type->is_known = true;
	type->width_bytes = (uint8_t)width_bytes;
	type->is_signed = is_signed;
}

static void accept_base(Dwarf_Die *die, Dwarf_Word bytes, struct return_type *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Word encoding = 0;

	dwarf_formudata(dwarf_attr_integrate(die, DW_AT_encoding, &attribute), &encoding);
	switch (encoding) {
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		accept(type, bytes, true);
		break;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_boolean:
	case DW_ATE_UTF:
		accept(type, bytes, false);
		break;
	default:
		refuse(type,
		       "it returns a floating-point number, which is not in a general register");
	}
}

/* An enum is unsigned where its underlying type is, or where that is not said. */
static void accept_enum(Dwarf_Die *die, Dwarf_Word bytes, struct return_type *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die underlying;

	if (dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	    dwarf_formref_die(&attribute, &underlying) && strip_type(&underlying))
		accept_base(&underlying, bytes, type);
	else
		accept(type, bytes, false);
}

static void classify(Dwarf_Die *die, struct return_type *type)
{
	Dwarf_Word bytes = 8;

	dwarf_aggregate_size(die, &bytes);
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		accept_base(die, bytes, type);
		break;
	case DW_TAG_enumeration_type:
		accept_enum(die, bytes, type);
		break;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		accept(type, 8, false);
		break;
	default:
		refuse(type, "it returns a structure");
	}
}

void debug_info_return_type(struct debug_info *info, uint64_t address, struct return_type *ret_type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die function, die;
	const char *name;

	memset(ret_type, 0, sizeof(*ret_type));
	if (!info || !find_function(info, address, &function)) {
		refuse(ret_type, "the file has no debug information about it");
		return;
	}
	if (!dwarf_attr_integrate(&function, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &die)) {
		refuse(ret_type, "it returns nothing");
		return;
	}
	name = dwarf_diename(&die);
	snprintf(ret_type->name, sizeof(ret_type->name), "%s", name ? name : "");
	text_clean(ret_type->name);
	if (strip_type(&die))
		classify(&die, ret_type);
	else
		refuse(ret_type, "it returns nothing");
}

static bool add_inlined(struct debug_info *info, Dwarf_Die *copy)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	if (!dwarf_attr(copy, DW_AT_abstract_origin, &attribute) ||
	    !dwarf_formref_die(&attribute, &origin))
		return true;
	if (info->inlined_cnt == info->inlined_room) {
		size_t room = info->inlined_room ? 2 * info->inlined_room : 1024;
		Dwarf_Off *grown = reallocarray(info->inlined, room, sizeof(*grown));

		if (!grown)
			return false;
		info->inlined = grown;
		info->inlined_room = room;
	}
	info->inlined[info->inlined_cnt++] = dwarf_dieoffset(&origin);
	return true;
}

static bool walk_inlined(struct debug_info *info, Dwarf_Die *parent, int depth)
{
	Dwarf_Die child;

	if (depth == DIE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
		return true;
	do {
		if (dwarf_tag(&child) == DW_TAG_inlined_subroutine && !add_inlined(info, &child))
			return false;
		if (dwarf_haschildren(&child) && !walk_inlined(info, &child, depth + 1))
			return false;
	} while (dwarf_siblingof(&child, &child) == 0);
	return true;
}

static int compare_offsets(const void *left, const void *right)
{
	Dwarf_Off a = *(const Dwarf_Off *)left, b = *(const Dwarf_Off *)right;

	return a < b ? -1 : a > b;
}

static void load_inlined(struct debug_info *info)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	info->has_inlined = true;
	if (info->info_bytes > DEBUG_INFO_WALK_BYTES)
		return;
	while (dwarf_get_units(info->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0) {
		if (!walk_inlined(info, &unit, 0))
			break;
	}
	if (info->inlined_cnt)
		qsort(info->inlined, info->inlined_cnt, sizeof(*info->inlined), compare_offsets);
}

size_t debug_info_inlined_copies(struct debug_info *info, uint64_t address)
{
	Dwarf_Attribute attribute;
	Dwarf_Die function, origin;
	Dwarf_Off offset;
	size_t cnt = 0;

	if (!info || !find_function(info, address, &function))
		return 0;
	if (!info->has_inlined)
		load_inlined(info);
	/* A function that was inlined somewhere refers, from its own copy, to the abstract one. */
	if (!dwarf_attr(&function, DW_AT_abstract_origin, &attribute) ||
	    !dwarf_formref_die(&attribute, &origin))
		return 0;
	offset = dwarf_dieoffset(&origin);
	for (size_t i = 0; i < info->inlined_cnt; i++)
		cnt += info->inlined[i] == offset;
	return cnt;
}
