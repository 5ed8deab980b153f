/* SPDX-License-Identifier: Apache-2.0 */
/* Problems: collected, bounded, each with its place; names that are remembered for later. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "config/load.h"

static struct load_place place_of(const struct loader *l, const struct yaml_node *at)
{
	struct load_place place = {.line = at->line, .column = at->column};

	/* Values from the environment come last. */
	while (place.file_idx < l->file_cnt && l->files[place.file_idx] != at->file)
		place.file_idx++;
	return place;
}

void load_report(struct loader *l, const struct yaml_node *at, const char *format, ...)
{
	struct config_problems *p = l->problems;
	char text[FAULT_TEXT_BYTES], where[FAULT_TEXT_BYTES / 2];
	va_list args;

	if (p->cnt == CONFIG_PROBLEM_MAX) {
		p->more_cnt++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (at->line)
		snprintf(where, sizeof(where), "%s:%u:%u", at->file->name, at->line, at->column);
	else
		snprintf(where, sizeof(where), "%s", at->file->name);
	fault_set(&p->items[p->cnt], -EINVAL, "%s: %s", where, text);
	text_clean(p->items[p->cnt].text);
	l->places[p->cnt++] = place_of(l, at);
}

void load_refuse(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		 const char *reason)
{
	if (value->line)
		load_report(l, value, "\"%s\": %s", key->name, reason);
	else
		load_report(l, value, "%s", reason);
}

void load_refuse_at(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		    size_t column, const struct fault *why)
{
	struct yaml_node at = *value;
	uint32_t in_file = column ? yaml_column(value, column - 1) : 0;

	if (in_file) {
		at.column = in_file;
		load_refuse(l, key, &at, why->text);
	} else {
		load_report(l, value, "\"%s\": at its character %zu: %s", key->name, column,
			    why->text);
	}
}

static bool is_before(const struct load_place *a, const struct load_place *b)
{
	if (a->file_idx != b->file_idx)
		return a->file_idx < b->file_idx;
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void load_sort_problems(struct loader *l)
{
	struct fault *items = l->problems->items;

	for (size_t i = 1; i < l->problems->cnt; i++) {
		struct load_place place = l->places[i];
		struct fault item = items[i];
		size_t at = i;

		for (; at > 0 && is_before(&place, &l->places[at - 1]); at--) {
			l->places[at] = l->places[at - 1];
			items[at] = items[at - 1];
		}
		l->places[at] = place;
		items[at] = item;
	}
}

int load_remember(struct load_names *names, const struct schema_object *kind,
		  const struct yaml_node *node)
{
	if (names->cnt == names->room_cnt) {
		size_t room = 2 * names->room_cnt + 16;
		struct load_name *items = reallocarray(names->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		names->items = items;
		names->room_cnt = room;
	}
	names->items[names->cnt++] = (struct load_name){kind, node};
	return 0;
}
