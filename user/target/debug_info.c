/* SPDX-License-Identifier: Apache-2.0 */
/* Opens DWARF with libdw, and finds functions in it; everything is looked up on demand. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "target/debug_info.h"

#define DIE_DEPTH_MAX 256

struct debug_info {
	Dwarf *dwarf;
	uint64_t info_bytes;
	const struct function_place *places; /* NULL: functions are searched unit by unit */
	size_t place_cnt;
};

/* Size of .debug_info, as libdw will hold it in memory; 0: there is none. */
static uint64_t info_bytes_of(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		GElf_Chdr compressed;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name ||
		    (strcmp(name, ".debug_info") != 0 && strcmp(name, ".zdebug_info") != 0))
			continue;
		if (header.sh_flags & SHF_COMPRESSED && gelf_getchdr(section, &compressed))
			return compressed.ch_size;
		return header.sh_size;
	}
	return 0;
}

struct debug_info *debug_info_new(Elf *elf)
{
	struct debug_info *info;
	uint64_t bytes = info_bytes_of(elf);
	Dwarf *dwarf = bytes ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;

	if (!dwarf)
		return NULL;
	info = calloc(1, sizeof(*info));
	if (!info) {
		dwarf_end(dwarf);
		return NULL;
	}
	info->dwarf = dwarf;
	info->info_bytes = bytes;
	return info;
}

void debug_info_free(struct debug_info *info)
{
	if (!info)
		return;
	dwarf_end(info->dwarf);
	free(info);
}

Dwarf *debug_info_dwarf(const struct debug_info *info)
{
	return info->dwarf;
}

uint64_t debug_info_bytes(const struct debug_info *info)
{
	return info->info_bytes;
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

void debug_info_set_places(struct debug_info *info, const struct function_place *places, size_t cnt)
{
	info->places = places;
	info->place_cnt = cnt;
}

static int compare_place(const void *key, const void *item)
{
	uint64_t address = *(const uint64_t *)key;
	const struct function_place *place = item;

	return address < place->address ? -1 : address > place->address;
}

static bool find_place(const struct debug_info *info, uint64_t address, Dwarf_Die *ret_function)
{
	const struct function_place *place =
		bsearch(&address, info->places, info->place_cnt, sizeof(*place), compare_place);

	return place && dwarf_offdie(info->dwarf, place->die, ret_function);
}

bool debug_info_function(struct debug_info *info, uint64_t address, Dwarf_Die *ret_function)
{
	Dwarf_Die unit;

	if (!info)
		return false;
	if (info->places)
		return find_place(info, address, ret_function);
	if (!dwarf_addrdie(info->dwarf, address, &unit)) {
		/* Clang leaves .debug_aranges out: every unit is asked whether it covers the
		 * address. */
		Dwarf_CU *cu = NULL;

		while (dwarf_get_units(info->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0) {
			if (dwarf_haspc(&unit, address) == 1)
				return find_subprogram(&unit, address, 0, ret_function);
		}
		return false;
	}
	return find_subprogram(&unit, address, 0, ret_function);
}

const char *debug_info_name(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	const char *name;

	name = dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute));
	if (!name)
		name = dwarf_formstring(
			dwarf_attr_integrate(function, DW_AT_MIPS_linkage_name, &attribute));
	return name ? name : dwarf_diename(function);
}

bool debug_info_source(struct debug_info *info, uint64_t address, const char **ret_file,
		       unsigned int *ret_line)
{
	Dwarf_Die function;
	const char *file;
	int line;

	if (!debug_info_function(info, address, &function))
		return false;
	file = dwarf_decl_file(&function);
	if (!file || dwarf_decl_line(&function, &line) || line < 0)
		return false;
	*ret_file = file;
	*ret_line = (unsigned int)line;
	return true;
}
