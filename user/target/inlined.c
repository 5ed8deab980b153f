/* SPDX-License-Identifier: Apache-2.0 */
/* Where functions were inlined: one walk over all DWARF, kept as two sorted lists. */
#include <stdlib.h>
#include <string.h>

#include <dwarf.h>

#include "target/debug_info.h"

#define DIE_DEPTH_MAX 256

struct copy {
	Dwarf_Off origin; /* the abstract function, one for each unit that knows it */
	uint64_t caller;  /* address of the function that it is in */
};

/* An abstract function with its copies. */
struct origin {
	Dwarf_Off offset;
	uint64_t name_hash; /* equal in all units */
	size_t first;	    /* index of its first copy */
	size_t cnt;
};

struct list {
	void *items;
	size_t cnt;
	size_t room;
};

struct inlined {
	struct list copies;   /* struct copy, sorted by origin */
	struct list outlines; /* Dwarf_Off of abstract functions that also have code of their own */
	struct origin *origins; /* sorted by offset */
	size_t origin_cnt;
};

static bool list_add(struct list *list, const void *item, size_t item_bytes)
{
	if (list->cnt == list->room) {
		size_t room = list->room ? 2 * list->room : 1024;
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

static bool origin_of(Dwarf_Die *die, Dwarf_Off *ret_offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	if (!dwarf_attr(die, DW_AT_abstract_origin, &attribute) ||
	    !dwarf_formref_die(&attribute, &origin))
		return false;
	*ret_offset = dwarf_dieoffset(&origin);
	return true;
}

static bool walk(struct inlined *l, Dwarf_Die *parent, uint64_t caller, int depth)
{
	Dwarf_Die child;

	if (depth == DIE_DEPTH_MAX || dwarf_child(parent, &child) != 0)
		return true;
	do {
		int tag = dwarf_tag(&child);
		uint64_t inside = caller;
		Dwarf_Addr low;
		Dwarf_Off origin;

		if (tag == DW_TAG_inlined_subroutine && origin_of(&child, &origin)) {
			struct copy copy = {origin, caller};

			if (!list_add(&l->copies, &copy, sizeof(copy)))
				return false;
		} else if (tag == DW_TAG_subprogram && dwarf_entrypc(&child, &low) == 0) {
			inside = low;
			if (origin_of(&child, &origin) &&
			    !list_add(&l->outlines, &origin, sizeof(origin)))
				return false;
		}
		if (dwarf_haschildren(&child) && !walk(l, &child, inside, depth + 1))
			return false;
	} while (dwarf_siblingof(&child, &child) == 0);
	return true;
}

static int compare_offsets(const void *left, const void *right)
{
	Dwarf_Off a = *(const Dwarf_Off *)left, b = *(const Dwarf_Off *)right;

	return a < b ? -1 : a > b;
}

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211ULL;
	return hash;
}

static bool origin_die(struct debug_info *info, Dwarf_Off offset, Dwarf_Die *ret_die)
{
	return dwarf_offdie(debug_info_dwarf(info), offset, ret_die) != NULL;
}

/* The sorted copies, in groups of one origin. */
static bool group_copies(struct inlined *l, struct debug_info *info)
{
	const struct copy *copies = l->copies.items;

	l->origins = calloc(l->copies.cnt + 1, sizeof(*l->origins));
	if (!l->origins)
		return false;
	for (size_t i = 0; i < l->copies.cnt; i++) {
		struct origin *o = l->origin_cnt ? &l->origins[l->origin_cnt - 1] : NULL;
		const char *name;
		Dwarf_Die die;

		if (o && o->offset == copies[i].origin) {
			o->cnt++;
			continue;
		}
		o = &l->origins[l->origin_cnt++];
		*o = (struct origin){.offset = copies[i].origin, .first = i, .cnt = 1};
		name = origin_die(info, o->offset, &die) ? debug_info_name(&die) : NULL;
		o->name_hash = name ? hash_of(name) : 0;
	}
	return true;
}

static void sort(struct list *list, size_t item_bytes)
{
	if (list->cnt)
		qsort(list->items, list->cnt, item_bytes, compare_offsets);
}

struct inlined *inlined_new(struct debug_info *info, uint64_t max_bytes)
{
	struct inlined *l;
	bool is_complete = true;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	if (!info || debug_info_bytes(info) > max_bytes)
		return NULL;
	l = calloc(1, sizeof(*l));
	while (l && is_complete &&
	       dwarf_get_units(debug_info_dwarf(info), cu, &cu, NULL, NULL, &unit, NULL) == 0)
		is_complete = walk(l, &unit, 0, 0);
	if (!l)
		return NULL;
	sort(&l->copies, sizeof(struct copy));
	sort(&l->outlines, sizeof(Dwarf_Off));
	if (is_complete && group_copies(l, info))
		return l;
	inlined_free(l);
	return NULL;
}

void inlined_free(struct inlined *inlined)
{
	if (!inlined)
		return;
	free(inlined->copies.items);
	free(inlined->outlines.items);
	free(inlined->origins);
	free(inlined);
}

size_t inlined_copies(const struct inlined *inlined, struct debug_info *info, uint64_t address)
{
	Dwarf_Die function;
	const char *name;
	size_t cnt = 0;
	uint64_t hash;

	if (!inlined || !debug_info_function(info, address, &function))
		return 0;
	name = debug_info_name(&function);
	hash = name ? hash_of(name) : 0;
	for (size_t i = 0; hash && i < inlined->origin_cnt; i++)
		cnt += inlined->origins[i].name_hash == hash ? inlined->origins[i].cnt : 0;
	return cnt;
}

static bool has_outline(const struct inlined *l, Dwarf_Off origin)
{
	return l->outlines.cnt && bsearch(&origin, l->outlines.items, l->outlines.cnt,
					  sizeof(origin), compare_offsets);
}

static void add_caller(struct inlined_function *f, uint64_t caller)
{
	for (size_t i = 0; i < f->caller_cnt; i++) {
		if (f->callers[i] == caller)
			return;
	}
	if (caller && f->caller_cnt < INLINED_CALLER_MAX)
		f->callers[f->caller_cnt++] = caller;
}

void inlined_each(const struct inlined *inlined, struct debug_info *info, inlined_fn fn,
		  void *context)
{
	const struct copy *copies = inlined->copies.items;

	for (size_t i = 0; i < inlined->origin_cnt; i++) {
		const struct origin *o = &inlined->origins[i];
		struct inlined_function f = {.copy_cnt = o->cnt};

		if (has_outline(inlined, o->offset) || !origin_die(info, o->offset, &f.die))
			continue;
		f.raw = debug_info_name(&f.die);
		if (!f.raw)
			continue;
		for (size_t c = o->first; c < o->first + o->cnt; c++)
			add_caller(&f, copies[c].caller);
		if (!fn(&f, context))
			return;
	}
}
