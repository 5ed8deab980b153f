/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libdw wants whole sections in memory. It gets a mapping as large as the file with no memory
 * behind it, into which the bytes that are needed are read, each at its place. All others are zero,
 * which ends whatever leads there: no DIE, an empty string.
 */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dwarf.h>

#include "target/debug_part.h"
#include "target/elf_file.h"

#define WHOLE_BYTES                                                                          \
	(48UL << 20)	     /* of sections that are read whole: a tenth of their usual file \
			      */
#define UNIT_HEAD_BYTES 512  /* header and first DIE: a dozen attributes, perhaps a path */
#define UNIT_MAX	8192 /* a page of memory each; large programs have 2000 */
#define SECTION_MAX	4096 /* executables have 40 */

struct debug_part {
	int fd;
	uint8_t *bytes;
	uint64_t byte_cnt;
	GElf_Shdr info;
	GElf_Shdr line;
	Elf *elf;
	Dwarf *dwarf;
};

static bool fill(const struct debug_part *p, uint64_t at, uint64_t cnt)
{
	if (at > p->byte_cnt || cnt > p->byte_cnt - at)
		return false;
	while (cnt) {
		ssize_t read_cnt = pread(p->fd, p->bytes + at, cnt, (off_t)at);

		if (read_cnt <= 0)
			return false;
		at += (uint64_t)read_cnt;
		cnt -= (uint64_t)read_cnt;
	}
	return true;
}

/* Reads the beginning of what a length stands in front of (DWARF 5, 7.4: of 32 or 64 bits), and
 * tells how long it is with its length; 0: damaged. */
static uint64_t fill_head(const struct debug_part *p, const GElf_Shdr *section, uint64_t at)
{
	uint64_t room = at < section->sh_size ? section->sh_size - at : 0;
	uint64_t length = 0, own_bytes = 4;
	const uint8_t *head;

	if (room < 12 ||
	    !fill(p, section->sh_offset + at, room < UNIT_HEAD_BYTES ? room : UNIT_HEAD_BYTES))
		return 0;
	head = p->bytes + section->sh_offset + at;
	memcpy(&length, head, 4);
	if (length == UINT32_MAX) {
		memcpy(&length, head + 4, 8);
		own_bytes = 12;
	}
	return length && length <= room - own_bytes ? length + own_bytes : 0;
}

/* Headers of sections and their names. */
static bool fill_headers(struct debug_part *p, Elf *elf)
{
	GElf_Ehdr header;
	GElf_Shdr names;
	size_t names_idx, cnt;

	return gelf_getehdr(elf, &header) && elf_getshdrnum(elf, &cnt) == 0 && cnt <= SECTION_MAX &&
	       elf_getshdrstrndx(elf, &names_idx) == 0 &&
	       gelf_getshdr(elf_getscn(elf, names_idx), &names) && names.sh_size <= WHOLE_BYTES &&
	       fill(p, 0, sizeof(Elf64_Ehdr)) &&
	       fill(p, header.e_shoff, cnt * sizeof(Elf64_Shdr)) &&
	       fill(p, names.sh_offset, names.sh_size);
}

static bool find(Elf *elf, const char *name, GElf_Shdr *ret_header)
{
	return elf_file_section(elf, name, ret_header) && ret_header->sh_type != SHT_NOBITS &&
	       !(ret_header->sh_flags & SHF_COMPRESSED);
}

/* What says where units are, and what their DIEs look like. */
static bool fill_sections(struct debug_part *p, Elf *elf)
{
	static const char *const whole[] = {".debug_abbrev", ".debug_addr",	".debug_aranges",
					    ".debug_ranges", ".debug_rnglists", ".debug_line_str"};
	uint64_t total_bytes = 0;
	GElf_Shdr header;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (!find(elf, whole[i], &header))
			continue;
		total_bytes += header.sh_size;
		if (total_bytes > WHOLE_BYTES || !fill(p, header.sh_offset, header.sh_size))
			return false;
	}
	return find(elf, ".debug_info", &p->info) && find(elf, ".debug_line", &p->line);
}

static bool fill_unit_heads(const struct debug_part *p)
{
	uint64_t at = 0, bytes;

	for (size_t i = 0; i < UNIT_MAX && at < p->info.sh_size; i++, at += bytes) {
		bytes = fill_head(p, &p->info, at);
		if (!bytes)
			return false;
	}
	return at >= p->info.sh_size;
}

struct debug_part *debug_part_new(Elf *elf, int fd)
{
	struct debug_part *p = calloc(1, sizeof(*p));
	struct fault ignored;
	struct stat st;

	if (!p || fstat(fd, &st))
		goto fini;
	p->fd = fd;
	p->byte_cnt = (uint64_t)st.st_size;
	p->bytes = mmap(NULL, p->byte_cnt, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->bytes == MAP_FAILED) {
		p->bytes = NULL;
		goto fini;
	}
	if (!fill_headers(p, elf) || !fill_sections(p, elf) || !fill_unit_heads(p))
		goto fini;
	p->elf = elf_memory((char *)p->bytes, p->byte_cnt);
	if (!p->elf || elf_file_check_sections(p->elf, p->byte_cnt, &ignored) ||
	    elf_file_prepare_dwarf(p->elf, &ignored))
		goto fini;
	p->dwarf = dwarf_begin_elf(p->elf, DWARF_C_READ, NULL);
	if (p->dwarf)
		return p;
fini:
	debug_part_free(p);
	return NULL;
}

void debug_part_free(struct debug_part *part)
{
	if (!part)
		return;
	dwarf_end(part->dwarf);
	elf_end(part->elf);
	if (part->bytes)
		munmap(part->bytes, part->byte_cnt);
	free(part);
}

Dwarf *debug_part_dwarf(const struct debug_part *part)
{
	return part->dwarf;
}

/* What relative paths are relative to. */
static void read_directory(const struct debug_part *p, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	const char *path = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	uintptr_t at = (uintptr_t)path - (uintptr_t)p->bytes;

	if (path && at < p->byte_cnt)
		fill(p, at, p->byte_cnt - at < PATH_MAX ? p->byte_cnt - at : PATH_MAX);
}

/*
 * The table of the unit's files, which is the header of that of its lines (DWARF 5, 6.2.4). libdw
 * would take 50 bytes for each line: here there are none behind it.
 */
static bool read_files(const struct debug_part *p, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Word at;
	uint64_t bytes, header_bytes = 0;
	size_t word_bytes, header_at;
	uint16_t version;
	uint8_t *table;

	if (dwarf_formudata(dwarf_attr(unit, DW_AT_stmt_list, &attribute), &at))
		return false;
	bytes = fill_head(p, &p->line, at);
	if (!bytes)
		return false;
	table = p->bytes + p->line.sh_offset + at;
	word_bytes = memcmp(table, "\xff\xff\xff\xff", 4) == 0 ? 8 : 4;
	header_at = word_bytes == 8 ? 14 : 6;
	memcpy(&version, table + header_at - 2, sizeof(version));
	if (version >= 5)
		header_at += 2;
	if (bytes < header_at + word_bytes)
		return false;
	memcpy(&header_bytes, table + header_at, word_bytes);
	header_at += word_bytes;
	if (header_bytes > bytes - header_at ||
	    !fill(p, p->line.sh_offset + at, header_at + header_bytes))
		return false;
	bytes = header_at + header_bytes - (word_bytes == 8 ? 12 : 4);
	memcpy(table + (word_bytes == 8 ? 4 : 0), &bytes, word_bytes);
	return true;
}

bool debug_part_read(struct debug_part *part, Dwarf_Die *unit)
{
	uint64_t at = dwarf_dieoffset(unit) - dwarf_cuoffset(unit);
	uint64_t bytes = fill_head(part, &part->info, at);

	if (!bytes || !fill(part, part->info.sh_offset + at, bytes))
		return false;
	read_directory(part, unit);
	return read_files(part, unit);
}
