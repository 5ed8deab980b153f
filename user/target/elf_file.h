/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be known about a foreign ELF file before libelf and libdw may read all of it. They
 * check bounds, but allocate whatever a file says, and open whatever files it names.
 */
#ifndef TICKSCOPE_TARGET_ELF_FILE_H
#define TICKSCOPE_TARGET_ELF_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <gelf.h>
#include <libelf.h>

#include "base/fault.h"

/* Linkers write 8, 16 or 20 bytes; --build-id=0x… as many as are given, and nobody gives more. */
#define ELF_FILE_BUILD_ID_BYTES 64

/* Symbol and string tables together: 8 million symbols (SYMBOL_MAX) with Rust's long names. */
#define ELF_FILE_NAMES_BYTES (1ULL << 30)
/* Debug information, packed and unpacked, that libdw would hold in memory: twice that of a browser.
 */
#define ELF_FILE_DEBUG_BYTES (2ULL << 30)

/*
 * Looks at the first `cnt` bytes of a file of file_bytes before libelf does: -EBADMSG where it is
 * no ELF file or a damaged one, -ENOTSUP where it is not a 64-bit x86 program or library. Here and
 * below the words go after the name of the file.
 */
int elf_file_check_header(const void *bytes, size_t cnt, uint64_t file_bytes, struct fault *why);

/*
 * To be called once for each opened file, before any name in it is asked for (elf_strptr unpacks a
 * packed table of any size, and reads all of one without an end). Reads nothing but headers.
 * -EBADMSG: a section lies outside of the file, or is a table of names without an end or a packed
 * one; -E2BIG: beyond ELF_FILE_NAMES_BYTES.
 */
int elf_file_check_sections(Elf *elf, uint64_t file_bytes, struct fault *why);

/*
 * Whether the debug sections may be unpacked; after elf_file_check_sections. Reads nothing but
 * headers. -EBADMSG: a size that its packing cannot give, -E2BIG: beyond ELF_FILE_DEBUG_BYTES.
 */
int elf_file_check_debug(Elf *elf, struct fault *why);

/* What libdw would hold in memory, of a file that passed; UINT64_MAX of another. */
uint64_t elf_file_debug_bytes(Elf *elf);

/*
 * The same, directly before dwarf_begin_elf: reads the packed sections, so that the file cannot be
 * changed between this check and the unpacking, and hides .gnu_debugaltlink. (libdw would open the
 * path in it, be that a FIFO or a watchdog device, when it meets the first reference to it.)
 */
int elf_file_prepare_dwarf(Elf *elf, struct fault *why);

/* The first section of that name, NULL where there is none. */
Elf_Scn *elf_file_section(Elf *elf, const char *name, GElf_Shdr *ret_header);

/* Length of the GNU build-id, from the notes of sections or else of segments; 0 where there is
 * none. */
size_t elf_file_build_id(Elf *elf, unsigned char id[ELF_FILE_BUILD_ID_BYTES]);

#endif
