/* SPDX-License-Identifier: Apache-2.0 */
/* Debug information, Go's table, and the other symbols at an address, for people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "target/debug_info.h"
#include "target/describe.h"
#include "target/go_table.h"

#define ALSO_BYTES 512 /* of other names: more of them are as good as none */

static int fill_source(struct image *image, struct debug_info *info, struct operation_plan *o)
{
	uint64_t address = o->copies[0].address;
	struct go_function go = {.file = ""};
	const char *file = NULL;

	if (!debug_info_source(info, address, &file, &o->source_line) && image->names->go &&
	    go_table_find(image->names->go, address, &go) && go.file[0]) {
		file = go.file;
		o->source_line = go.line;
	}
	if (!file)
		return 0;
	o->source_file = strdup(file);
	if (!o->source_file)
		return -ENOMEM;
	text_clean(o->source_file);
	return 0;
}

/* Other functions at the same address: the linker found their code to be the same and kept one, or
 * someone gave a second name. */
static int fill_aliases(const struct image *image, struct operation_plan *o)
{
	char text[ALSO_BYTES] = "";
	const struct symbol *first;
	size_t cnt = image_symbols_at(image, o->copies[0].address, &first);

	for (size_t i = 0; i < cnt && cnt > 1; i++) {
		char *name = symbol_demangle(&first[i], true);
		size_t length = strlen(text);

		if (!name)
			return -ENOMEM;
		if (strcmp(name, o->full_name) != 0 && !strstr(text, name) &&
		    length + strlen(name) + 3 < sizeof(text))
			snprintf(text + length, sizeof(text) - length, "%s%s", length ? ", " : "",
				 name);
		free(name);
	}
	if (!text[0])
		return 0;
	o->also = strdup(text);
	return o->also ? 0 : -ENOMEM;
}

/* Without debug information a cast says how to read a result; its place is known by convention. */
static void default_returns(const struct operation_plan *o, struct return_types *r)
{
	const char *reason =
		r->cnt ? r->items[0].reason : "its debug information does not say what it returns";

	if (!o->copies[0].is_go || (r->cnt && r->has_debug_info))
		return;
	r->cnt = ERROR_VALUE_MAX;
	for (size_t i = 0; i < r->cnt; i++) {
		r->items[i].value.source = (uint8_t)i;
		if (r->items[i].reason != reason)
			snprintf(r->items[i].reason, sizeof(r->items[i].reason), "%s", reason);
	}
}

static bool is_same_constant(const struct error_constant *a, const struct error_constant *b)
{
	return a->value_cnt == b->value_cnt && a->is_complement == b->is_complement &&
	       memcmp(a->values, b->values, sizeof(a->values)) == 0;
}

static bool is_same_value(const struct error_value *a, const struct error_value *b)
{
	for (size_t i = 0; i < TS_ERROR_TERMS; i++) {
		if (!is_same_constant(&a->constants[i], &b->constants[i]))
			return false;
	}
	return a->is_known == b->is_known && a->width_bytes == b->width_bytes &&
	       a->is_signed == b->is_signed && a->source == b->source &&
	       a->offset_bytes == b->offset_bytes;
}

/* Copies of one function, instances of one generic: results that differ cannot be judged as one. */
static void check_copies(struct debug_info *info, const struct function_query *query,
			 struct operation_plan *o)
{
	struct return_types *r = &o->returns, *other = malloc(sizeof(*other));

	for (size_t c = 1; c < o->copy_cnt && other; c++) {
		bool is_same = true;

		debug_info_return_types(info, o->copies[c].address, query, other);
		for (size_t i = 0; i < r->cnt; i++)
			is_same &= i < other->cnt &&
				   is_same_value(&r->items[i].value, &other->items[i].value);
		if (!is_same)
			snprintf(r->lost_reason, sizeof(r->lost_reason),
				 "its copies return different types: name one instance");
	}
	free(other);
}

/* Without a value at the moment of leaving, an expression would judge what is not there. */
static void check_sites(struct operation_plan *o)
{
	struct return_types *r = &o->returns;

	for (size_t c = 0; c < o->copy_cnt; c++) {
		for (size_t i = 0; i < o->copies[c].exit_cnt; i++) {
			if (o->copies[c].exits[i].is_tail)
				snprintf(r->lost_reason, sizeof(r->lost_reason),
					 "it can leave by a tail jump, before its value exists");
		}
		if (o->copies[c].sp_adjust && r->items[0].value.source == TS_SOURCE_MEMORY)
			snprintf(r->lost_reason, sizeof(r->lost_reason),
				 "where it puts its result is known only at its first instruction");
	}
}

int describe_operation(struct image *image, const struct function_query *query,
		       struct operation_plan *o)
{
	/* Without need a large file's is not held in memory: then only the source is known, and to
	 * who takes the time. */
	struct debug_info *info =
		names_debug_info(image->names, query->error || query->list_refused);
	int err =
		fill_source(image, query->is_thorough ? names_source_info(image->names) : info, o);

	if (!err)
		err = fill_aliases(image, o);
	if (err)
		return err;
	if (info)
		o->uncovered_copies +=
			inlined_copies(names_inlined(image->names, query->is_thorough), info,
				       o->copies[0].address);
	if (!query->error)
		return 0;
	debug_info_return_types(info, o->copies[0].address, query, &o->returns);
	default_returns(o, &o->returns);
	check_copies(info, query, o);
	check_sites(o);
	return 0;
}
