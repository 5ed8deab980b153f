/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug files, and what leads to them. The first byte says what the others are: 0 a .gnu_debugdata
 * section, 1 a .gnu_debuglink section, 2 a debug file, 3 an ELF file that .gnu_debugdata packs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <elfutils/libdw.h>
#include <lzma.h>
#include <zlib.h>

#include "target/debug_file.h"
#include "target/elf_file.h"

#define PACK_MAX   (1U << 20) /* more takes too long to pack */
#define SYMBOL_MAX 1000

enum what { WHAT_PACKED, WHAT_LINK, WHAT_FILE, WHAT_TO_PACK, WHAT_CNT };

/* The running file: one section besides the names of sections. */
struct tiny_elf {
	Elf64_Ehdr header;
	Elf64_Shdr sections[3];
	char names[64];
	uint8_t content[];
};

static void fill_running_file(struct tiny_elf *elf, const char *name, size_t content_bytes)
{
	elf->header = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					       ELFDATA2LSB, EV_CURRENT},
				   .e_type = ET_EXEC,
				   .e_machine = EM_X86_64,
				   .e_version = EV_CURRENT,
				   .e_shoff = offsetof(struct tiny_elf, sections),
				   .e_ehsize = sizeof(Elf64_Ehdr),
				   .e_shentsize = sizeof(Elf64_Shdr),
				   .e_shnum = 3,
				   .e_shstrndx = 1};
	elf->sections[1] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
					.sh_offset = offsetof(struct tiny_elf, names),
					.sh_size = sizeof(elf->names)};
	elf->sections[2] = (Elf64_Shdr){.sh_name = 1,
					.sh_type = SHT_PROGBITS,
					.sh_offset = offsetof(struct tiny_elf, content),
					.sh_size = content_bytes};
	snprintf(elf->names + 1, sizeof(elf->names) - 1, "%s", name);
}

/* What follows where a debug file was found: its names, and libdw. */
static void read_debug_file(struct debug_file *file)
{
	Elf *elf = debug_file_elf(file);
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section(elf, ".symtab", &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	struct fault why;
	Dwarf_CU *unit = NULL;
	GElf_Sym symbol;

	for (int i = 0; data && i < SYMBOL_MAX && gelf_getsym(data, i, &symbol); i++)
		elf_strptr(elf, header.sh_link, symbol.st_name);
	if (elf_file_prepare_dwarf(elf, &why) == 0) {
		Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);

		dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, NULL, NULL);
		dwarf_end(dwarf);
	}
}

static void run(struct tiny_elf *elf, size_t content_bytes, const char *extra_dir)
{
	struct debug_file_query query = {
		.target_root_fd = -1, .path = "/nonexistent/fuzz", .extra_dir = extra_dir};
	struct debug_file *file = NULL;
	struct fault why;

	query.elf = elf_memory((char *)elf, sizeof(*elf) + content_bytes);
	if (!query.elf || debug_file_open(&query, &file, &why))
		abort();
	if (file)
		read_debug_file(file);
	else if (content_bytes && !why.text[0] && strcmp(elf->names + 1, ".gnu_debuglink") != 0)
		abort(); /* neither used nor refused; a link may lead nowhere */
	debug_file_free(file);
	elf_end(query.elf);
}

/* A running file that links to these bytes, by the number of their descriptor. */
static void run_linked(const uint8_t *data, size_t size_bytes)
{
	struct tiny_elf *elf = calloc(1, sizeof(*elf) + 16);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	uint32_t checksum = (uint32_t)crc32(0, data, (uInt)size_bytes);

	if (fd < 0 || write(fd, data, size_bytes) != (ssize_t)size_bytes)
		abort();
	fill_running_file(elf, ".gnu_debuglink", 12);
	snprintf((char *)elf->content, 8, "%d", fd);
	memcpy(elf->content + (strlen((char *)elf->content) < 4 ? 4 : 8), &checksum,
	       sizeof(checksum));
	run(elf, 12, "/proc/self/fd");
	close(fd);
	free(elf);
}

static void run_packed(const uint8_t *data, size_t size_bytes)
{
	size_t room = lzma_stream_buffer_bound(size_bytes), packed_cnt = 0;
	struct tiny_elf *elf = calloc(1, sizeof(*elf) + room);

	if (size_bytes <= PACK_MAX &&
	    lzma_easy_buffer_encode(0, LZMA_CHECK_NONE, NULL, data, size_bytes, elf->content,
				    &packed_cnt, room) == LZMA_OK) {
		fill_running_file(elf, ".gnu_debugdata", packed_cnt);
		run(elf, packed_cnt, NULL);
	}
	free(elf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct tiny_elf *elf;
	enum what what;

	if (!size_bytes)
		return 0;
	elf_version(EV_CURRENT);
	what = (enum what)(data[0] % WHAT_CNT);
	data++;
	size_bytes--;
	if (what == WHAT_FILE) {
		run_linked(data, size_bytes);
	} else if (what == WHAT_TO_PACK) {
		run_packed(data, size_bytes);
	} else {
		elf = calloc(1, sizeof(*elf) + size_bytes);
		fill_running_file(elf, what == WHAT_PACKED ? ".gnu_debugdata" : ".gnu_debuglink",
				  size_bytes);
		memcpy(elf->content, data, size_bytes);
		run(elf, size_bytes, NULL);
		free(elf);
	}
	return 0;
}
