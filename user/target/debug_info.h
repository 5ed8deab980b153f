/* SPDX-License-Identifier: Apache-2.0 */
/* What DWARF says about a function beyond its address: the type it returns, and how often it was
 * inlined. */
#ifndef TICKSCOPE_TARGET_DEBUG_INFO_H
#define TICKSCOPE_TARGET_DEBUG_INFO_H

#include <stddef.h>
#include <stdint.h>

#include "target/target.h"

struct debug_info;
struct image;

/* Opens the DWARF of an opened image; NULL where it has none. */
struct debug_info *debug_info_new(const struct image *image);
void debug_info_free(struct debug_info *info);

/* The type that the function at this address returns; info may be NULL. */
void debug_info_return_type(struct debug_info *info, uint64_t address,
			    struct return_type *ret_type);

/*
 * Inlined copies of the function at this address in the whole file. 0 also where the file's debug
 * information is too large to walk (DEBUG_INFO_WALK_BYTES).
 */
size_t debug_info_inlined_copies(struct debug_info *info, uint64_t address);

#define DEBUG_INFO_WALK_BYTES                                              \
	(32UL << 20) /* .debug_info of this size takes about 0.3 s to walk \
		      */

#endif
