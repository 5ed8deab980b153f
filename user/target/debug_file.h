/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that holds the names and the DWARF of a stripped one: looked for by build-id, then by
 * .gnu_debuglink
 * (https://sourceware.org/gdb/current/onlinedocs/gdb.html/Separate-Debug-Files.html), then inside
 * the file itself (.gnu_debugdata). All of it is foreign: nothing but a regular file is opened,
 * none is mapped, and one that is damaged or of another build is refused.
 */
#ifndef TICKSCOPE_TARGET_DEBUG_FILE_H
#define TICKSCOPE_TARGET_DEBUG_FILE_H

#include <libelf.h>

#include "base/fault.h"

/* A debug file is read in whole for its checksum, 2 s at worst. */
#define DEBUG_FILE_BYTES (2ULL << 30)

struct debug_file;

struct debug_file_query {
	Elf *elf;	       /* the running file; has passed elf_file_check_sections */
	int target_root_fd;    /* O_PATH of the target's root directory, or -1 */
	const char *path;      /* of the running file, as the target sees it */
	const char *extra_dir; /* of ours, looked into first (--debug-dir), or NULL */
};

/*
 * 0 with *ret_file, NULL where there is none; -ENOMEM. why->text is set always: empty, or why the
 * first file that was found and refused is not used. Both can be: the next one may have been right.
 *
 * Addresses in a debug file are those of the running one; offsets are not.
 */
int debug_file_open(const struct debug_file_query *query, struct debug_file **ret_file,
		    struct fault *why);
void debug_file_free(struct debug_file *file);

/* Valid until debug_file_free. elf_file_prepare_dwarf before libdw reads it. */
Elf *debug_file_elf(const struct debug_file *file);
/* What it is read from; -1: memory. */
int debug_file_fd(const struct debug_file *file);
/* For people: clean, and not always a path. */
const char *debug_file_path(const struct debug_file *file);

#endif
