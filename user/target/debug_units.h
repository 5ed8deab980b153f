/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/target: which unit of DWARF has an address, and the functions of units that were
 * asked for once. */
#ifndef TICKSCOPE_TARGET_DEBUG_UNITS_H
#define TICKSCOPE_TARGET_DEBUG_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include <elfutils/libdw.h>

struct debug_part;
struct debug_units;

/* Of all DWARF, or of a file that is read in parts; both must outlive it. NULL: out of memory. */
struct debug_units *debug_units_new(Dwarf *dwarf, struct debug_part *part);
void debug_units_free(struct debug_units *units);

/* The DIE of the function that begins at this address. */
bool debug_units_function(struct debug_units *units, uint64_t address, Dwarf_Die *ret_function);

#endif
