/* SPDX-License-Identifier: Apache-2.0 */
/* Two levels: the code of each unit, read at once (.debug_aranges would say it too, but clang
 * leaves that out), and in a unit the places of its functions, read when the first one is looked
 * up. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "target/debug_part.h"
#include "target/debug_units.h"

#define DIE_DEPTH_MAX 256

struct list {
	void *items;
	size_t cnt;
	size_t room;
};

struct place {
	Dwarf_Addr address;
	Dwarf_Off die;
};

struct unit {
	Dwarf_Off die;
	bool is_read;
	struct list places; /* struct place, sorted by address */
};

struct span {
	Dwarf_Addr low;
	Dwarf_Addr high; /* behind the last byte */
	size_t unit_idx;
};

struct debug_units {
	Dwarf *dwarf;
	struct debug_part *part; /* NULL: all is in memory */
	struct list units;	 /* struct unit */
	struct list spans;	 /* struct span, sorted by address */
};

static bool list_add(struct list *list, const void *item, size_t item_bytes)
{
	if (list->cnt == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		void *grown = reallocarray(list->items, room, item_bytes);

		if (!grown)
			return false;
		list->items = grown;
		list->room = room;
	}
	memcpy((char *)list->items + list->cnt * item_bytes, item, item_bytes);
	list->cnt++;
	return true;
}

/* Both kinds of items begin with the address that they are sorted by. */
static int compare_addresses(const void *left, const void *right)
{
	Dwarf_Addr a = *(const Dwarf_Addr *)left, b = *(const Dwarf_Addr *)right;

	return a < b ? -1 : a > b;
}

static void sort(struct list *list, size_t item_bytes)
{
	if (list->cnt)
		qsort(list->items, list->cnt, item_bytes, compare_addresses);
}

static bool add_unit(struct debug_units *u, Dwarf_Die *die)
{
	struct unit unit = {.die = dwarf_dieoffset(die)};
	struct span span = {.unit_idx = u->units.cnt};
	Dwarf_Addr base;
	ptrdiff_t next = 0;

	if (!list_add(&u->units, &unit, sizeof(unit)))
		return false;
	while ((next = dwarf_ranges(die, next, &base, &span.low, &span.high)) > 0) {
		if (span.low < span.high && !list_add(&u->spans, &span, sizeof(span)))
			return false;
	}
	return true;
}

struct debug_units *debug_units_new(Dwarf *dwarf, struct debug_part *part)
{
	struct debug_units *u = calloc(1, sizeof(*u));
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;

	if (!u)
		return NULL;
	u->dwarf = dwarf;
	u->part = part;
	while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0) {
		if (!add_unit(u, &die)) {
			debug_units_free(u);
			return NULL;
		}
	}
	sort(&u->spans, sizeof(struct span));
	return u;
}

void debug_units_free(struct debug_units *units)
{
	struct unit *unit;

	if (!units)
		return;
	unit = units->units.items;
	for (size_t i = 0; i < units->units.cnt; i++)
		free(unit[i].places.items);
	free(units->units.items);
	free(units->spans.items);
	free(units);
}

/* What can have functions in it. */
static bool is_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_enumeration_type || tag == DW_TAG_subprogram ||
	       tag == DW_TAG_lexical_block;
}

static bool add_places(struct list *places, Dwarf_Die *parent, int depth)
{
	Dwarf_Die child;

	if (depth == DIE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
		return true;
	do {
		struct place place = {.die = dwarf_dieoffset(&child)};
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram && dwarf_entrypc(&child, &place.address) == 0 &&
		    !list_add(places, &place, sizeof(place)))
			return false;
		if (is_scope(tag) && !add_places(places, &child, depth + 1))
			return false;
	} while (dwarf_siblingof(&child, &child) == 0);
	return true;
}

/* Tried once, whatever comes of it. */
static void read_unit(const struct debug_units *u, struct unit *unit)
{
	Dwarf_Die die;

	if (unit->is_read)
		return;
	unit->is_read = true;
	if (!dwarf_offdie(u->dwarf, unit->die, &die) ||
	    (u->part && !debug_part_read(u->part, &die)) || !add_places(&unit->places, &die, 0))
		unit->places.cnt = 0;
	sort(&unit->places, sizeof(struct place));
}

static int compare_span(const void *key, const void *item)
{
	Dwarf_Addr address = *(const Dwarf_Addr *)key;
	const struct span *span = item;

	return address < span->low ? -1 : address >= span->high;
}

bool debug_units_function(struct debug_units *units, uint64_t address, Dwarf_Die *ret_function)
{
	const struct span *span = NULL;
	const struct place *place = NULL;
	struct unit *unit;

	if (units->spans.cnt)
		span = bsearch(&address, units->spans.items, units->spans.cnt, sizeof(*span),
			       compare_span);
	if (!span)
		return false;
	unit = (struct unit *)units->units.items + span->unit_idx;
	read_unit(units, unit);
	if (unit->places.cnt)
		place = bsearch(&address, unit->places.items, unit->places.cnt, sizeof(*place),
				compare_addresses);
	return place && dwarf_offdie(units->dwarf, place->die, ret_function);
}
