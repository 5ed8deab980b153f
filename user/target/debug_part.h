/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside user/target: the DWARF of a file that has more of it than should be held in memory. The
 * heads of its units are read at first, others of their bytes when they are asked for, and no names
 * at all.
 */
#ifndef TICKSCOPE_TARGET_DEBUG_PART_H
#define TICKSCOPE_TARGET_DEBUG_PART_H

#include <stdbool.h>

#include <elfutils/libdw.h>
#include <libelf.h>

struct debug_part;

/* Of a file that elf reads from fd; the latter must outlive it. NULL: it cannot be read in parts
 * (compressed, damaged, too many units), or there is no memory. */
struct debug_part *debug_part_new(Elf *elf, int fd);
void debug_part_free(struct debug_part *part);

/* Units have their first DIE, and others when they have been read; all strings are empty. */
Dwarf *debug_part_dwarf(const struct debug_part *part);
bool debug_part_read(struct debug_part *part, Dwarf_Die *unit);

#endif
