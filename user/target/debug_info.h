/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside user/target: what DWARF says about functions beyond their addresses: where their source
 * is, the types they return, and where they were inlined.
 */
#ifndef TICKSCOPE_TARGET_DEBUG_INFO_H
#define TICKSCOPE_TARGET_DEBUG_INFO_H

#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>
#include <libelf.h>

#include "target/target.h"

struct debug_info;
struct symbol;

/* Opens the DWARF of a file, which must outlive it; NULL where there is none, or a damaged one. */
struct debug_info *debug_info_new(Elf *elf);
/* The same of a file with so much DWARF that it is read in parts, from fd: it knows where functions
 * are and where they are written, and no names. */
struct debug_info *debug_info_new_partial(Elf *elf, int fd);
void debug_info_free(struct debug_info *info);

/* The DIE of the function that begins at this address; info may be NULL. */
bool debug_info_function(struct debug_info *info, uint64_t address, Dwarf_Die *ret_function);
/* Where it is written; *ret_file belongs to info. False where that is not said. */
bool debug_info_source(struct debug_info *info, uint64_t address, const char **ret_file,
		       unsigned int *ret_line);
/* The same of a DIE. */
bool debug_info_declaration(Dwarf_Die *function, const char **ret_file, unsigned int *ret_line);
/* The name that symbols of the function have, or the plain one; NULL where it has none. */
const char *debug_info_name(Dwarf_Die *function);

/*
 * return_type.c: how `ret`, `ret2` … of the function at this address are to be read (Go has several
 * results, other languages one). Constants of the query's names are looked up in the types.
 */
void debug_info_return_types(struct debug_info *info, uint64_t address,
			     const struct function_query *query, struct return_types *ret_types);

/* Bytes of .debug_info that are walked for inlined copies: 10 ns a byte, so a third of a second. */
#define INLINED_WALK_BYTES	    (32UL << 20)
#define INLINED_WALK_BYTES_THOROUGH (512UL << 20)

/* inlined.c: all inlined copies of a file. */
struct inlined;

/* One walk over all DWARF; NULL where that is more than max_bytes, or memory ran out. */
struct inlined *inlined_new(struct debug_info *info, uint64_t max_bytes);
void inlined_free(struct inlined *inlined);
/* Inlined copies, in the whole file, of the function that begins at this address. */
size_t inlined_copies(const struct inlined *inlined, struct debug_info *info, uint64_t address);

#define INLINED_CALLER_MAX 8

/* A function of which only inlined copies exist. */
struct inlined_function {
	const char *raw; /* name, as a symbol would have it */
	Dwarf_Die die;
	size_t copy_cnt;
	uint64_t callers[INLINED_CALLER_MAX]; /* addresses of functions that contain copies */
	size_t caller_cnt;
};

/* Calls back for each, once for each unit that has copies, until it returns false. */
typedef bool (*inlined_fn)(const struct inlined_function *function, void *context);
void inlined_each(const struct inlined *inlined, struct debug_info *info, inlined_fn fn,
		  void *context);

/* The opened DWARF, and the size of its .debug_info when uncompressed. */
Dwarf *debug_info_dwarf(const struct debug_info *info);
uint64_t debug_info_bytes(const struct debug_info *info);

#endif
