/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: whether libdw may look for the ends of strings. */
#ifndef TICKSCOPE_TARGET_DEBUG_STRINGS_H
#define TICKSCOPE_TARGET_DEBUG_STRINGS_H

#include <stdbool.h>

#include <libelf.h>

/*
 * Whether every section of debug strings ends in a zero. libdw 0.188 gives out strings without one,
 * which are read beyond their section then. Sections that SHF_COMPRESSED packs are unpacked, as
 * libdw would do; their sizes have been checked.
 */
bool debug_strings_are_terminated(Elf *elf);

#endif
