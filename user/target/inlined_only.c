/* SPDX-License-Identifier: Apache-2.0 */
/* Collects inlined copies by the names of their functions, over all units of a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "target/debug_info.h"
#include "target/go_table.h"
#include "target/inlined_only.h"
#include "target/match.h"

struct search {
	struct image *image;
	const struct pattern *pattern;
	struct inlined_only_list list;
	size_t room;
	bool is_out_of_memory;
};

static void append_callers(struct inlined_only *item, const char *names)
{
	size_t length = strlen(item->callers);

	if (*names && !strstr(item->callers, names) &&
	    length + strlen(names) + 3 < sizeof(item->callers))
		snprintf(item->callers + length, sizeof(item->callers) - length, "%s%s",
			 length ? ", " : "", names);
}

static void add_caller(const struct search *s, struct inlined_only *item, uint64_t address)
{
	const struct symbol *symbol = image_function_at(s->image, address);
	char *name = symbol ? symbol_demangle(symbol, false) : NULL;

	if (name)
		append_callers(item, name);
	free(name);
}

static bool make_room(struct search *s)
{
	size_t room = s->room ? 2 * s->room : 16;
	struct inlined_only *grown;

	if (s->list.cnt < s->room)
		return true;
	grown = reallocarray(s->list.items, room, sizeof(*grown));
	if (!grown)
		return false;
	s->list.items = grown;
	s->room = room;
	return true;
}

static bool note(const struct inlined_function *f, void *context)
{
	struct search *s = context;
	struct symbol symbol = {.raw = f->raw};
	struct inlined_only *item;
	Dwarf_Die die = f->die;
	const char *file;
	char *name;

	if (s->image->names->go)
		symbol.flags = SYMBOL_IS_GO;
	symbol_classify(&symbol);
	name = match_name(s->pattern, &symbol);
	if (!name)
		return true;
	if (!make_room(s)) {
		free(name);
		s->is_out_of_memory = true;
		return false;
	}
	item = &s->list.items[s->list.cnt++];
	*item = (struct inlined_only){.name = name, .copy_cnt = f->copy_cnt};
	if (debug_info_declaration(&die, &file, &item->line)) {
		item->file = strdup(file);
		if (item->file)
			text_clean(item->file);
	}
	for (size_t i = 0; i < f->caller_cnt; i++)
		add_caller(s, item, f->callers[i]);
	return true;
}

static int compare_items(const void *left, const void *right)
{
	const struct inlined_only *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static void item_fini(struct inlined_only *item)
{
	free(item->name);
	free(item->file);
}

/* The same function in several units. */
static void merge(struct inlined_only *to, struct inlined_only *from)
{
	char callers[INLINED_ONLY_CALLER_BYTES];

	memcpy(callers, from->callers, sizeof(callers));
	append_callers(to, callers);
	to->copy_cnt += from->copy_cnt;
	item_fini(from);
}

static bool has_code(const struct matches *matches, const char *name)
{
	size_t low = 0, high = matches->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, matches->items[middle].name);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Leaves one item for each name, and none for functions that another unit has code of. */
static void merge_all(struct inlined_only_list *list, const struct matches *matches)
{
	size_t kept = 0;

	if (list->cnt)
		qsort(list->items, list->cnt, sizeof(*list->items), compare_items);
	for (size_t i = 0; i < list->cnt; i++) {
		struct inlined_only *item = &list->items[i];

		if (kept && strcmp(list->items[kept - 1].name, item->name) == 0)
			merge(&list->items[kept - 1], item);
		else if (has_code(matches, item->name))
			item_fini(item);
		else
			list->items[kept++] = *item;
	}
	list->cnt = kept;
}

int inlined_only_find(struct image *image, const struct pattern *pattern, bool is_thorough,
		      struct inlined_only_list *ret_list)
{
	struct search s = {.image = image, .pattern = pattern};
	struct debug_info *info = names_debug_info(image->names, is_thorough);
	struct inlined *inlined = names_inlined(image->names, true);
	struct matches matches = {0};

	if (inlined)
		inlined_each(inlined, info, note, &s);
	if (s.list.cnt && !s.is_out_of_memory)
		s.is_out_of_memory = match_find_all(image, pattern, &matches) != 0;
	merge_all(&s.list, &matches);
	match_free_all(&matches);
	if (s.is_out_of_memory) {
		inlined_only_free(&s.list);
		return -ENOMEM;
	}
	*ret_list = s.list;
	return 0;
}

void inlined_only_free(struct inlined_only_list *list)
{
	for (size_t i = 0; i < list->cnt; i++)
		item_fini(&list->items[i]);
	free(list->items);
	*list = (struct inlined_only_list){0};
}

int inlined_only_explain(struct image *image, const struct pattern *pattern, bool is_thorough,
			 struct fault *why)
{
	struct inlined_only_list list;
	int err = inlined_only_find(image, pattern, is_thorough, &list);

	if (err)
		return fault_set(why, err, "out of memory");
	if (list.cnt) {
		const struct inlined_only *f = &list.items[0];

		err = fault_set(why, -ENOTSUP,
				"function \"%.300s\" exists only inlined (%zu cop%s), where no "
				"probe can see it%s%s",
				f->name, f->copy_cnt, f->copy_cnt == 1 ? "y" : "ies",
				f->callers[0] ? "; trace what contains it: " : "", f->callers);
	} else if (image->names->go && go_table_has_name(image->names->go, pattern->function)) {
		err = fault_set(why, -ENOTSUP,
				"function \"%.300s\" exists only inlined, where no probe can see "
				"it; which functions contain it is not known without debug "
				"information",
				pattern->function);
	}
	inlined_only_free(&list);
	return err;
}
