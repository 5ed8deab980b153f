/* SPDX-License-Identifier: Apache-2.0 */
/* Opens DWARF with libdw, and finds functions in it; everything is looked up on demand. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "target/debug_info.h"
#include "target/debug_part.h"
#include "target/debug_units.h"

struct debug_info {
	Dwarf *dwarf;
	struct debug_part *part; /* NULL: all of it is in memory */
	uint64_t info_bytes;
	struct debug_units *units; /* NULL: nothing was looked up yet */
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

struct debug_info *debug_info_new_partial(Elf *elf, int fd)
{
	struct debug_info *info = calloc(1, sizeof(*info));

	if (!info)
		return NULL;
	info->part = debug_part_new(elf, fd);
	if (!info->part) {
		free(info);
		return NULL;
	}
	info->dwarf = debug_part_dwarf(info->part);
	info->info_bytes = info_bytes_of(elf);
	return info;
}

void debug_info_free(struct debug_info *info)
{
	if (!info)
		return;
	debug_units_free(info->units);
	if (info->part)
		debug_part_free(info->part);
	else
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

bool debug_info_function(struct debug_info *info, uint64_t address, Dwarf_Die *ret_function)
{
	if (!info)
		return false;
	if (!info->units)
		info->units = debug_units_new(info->dwarf, info->part);
	return info->units && debug_units_function(info->units, address, ret_function);
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

/* libdw takes number 0 for no file, which it was before DWARF 5; clang's first file has it. */
static const char *declaration_file(Dwarf_Die *function)
{
	const char *file = dwarf_decl_file(function);
	Dwarf_Attribute attribute;
	Dwarf_Half version;
	Dwarf_Files *files;
	Dwarf_Die unit;
	Dwarf_Word idx;
	size_t cnt;

	if (file || !dwarf_attr_integrate(function, DW_AT_decl_file, &attribute) ||
	    dwarf_formudata(&attribute, &idx) || idx ||
	    dwarf_cu_info(attribute.cu, &version, NULL, &unit, NULL, NULL, NULL, NULL) ||
	    version < 5 || dwarf_getsrcfiles(&unit, &files, &cnt))
		return file;
	return dwarf_filesrc(files, 0, NULL, NULL);
}

bool debug_info_declaration(Dwarf_Die *function, const char **ret_file, unsigned int *ret_line)
{
	const char *file = declaration_file(function);
	int line;

	if (!file || dwarf_decl_line(function, &line) || line < 0)
		return false;
	*ret_file = file;
	*ret_line = (unsigned int)line;
	return true;
}

bool debug_info_source(struct debug_info *info, uint64_t address, const char **ret_file,
		       unsigned int *ret_line)
{
	Dwarf_Die function;

	return debug_info_function(info, address, &function) &&
	       debug_info_declaration(&function, ret_file, ret_line);
}
