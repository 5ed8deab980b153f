/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern and a process -> operations: matching symbols, grouped by name, each copy with its
 * plan. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/debug_info.h"
#include "target/pattern.h"
#include "target/plan.h"
#include "target/suggest.h"

struct match {
	const struct symbol *symbol;
	char *full_name;
};

/* One resolution in progress. */
struct resolution {
	struct process *process;
	struct image *image;
	const struct function_query *query;
	struct pattern pattern;
	struct match *matches; /* sorted by full name, then address */
	size_t match_cnt;
	size_t operation_cnt; /* different full names among them */
};

static bool symbol_matches(const struct pattern *p, const struct symbol *s, const char *full_name)
{
	char *short_name;
	bool matches;
	char raw[SYMBOL_NAME_BYTES];

	if (pattern_matches(p, full_name))
		return true;
	if (s->base_bytes < sizeof(raw)) {
		memcpy(raw, s->raw, s->base_bytes);
		raw[s->base_bytes] = '\0';
		if (pattern_matches(p, raw) || pattern_matches(p, s->raw))
			return true;
	}
	short_name = symbol_demangle(s, false);
	matches = short_name && pattern_matches(p, short_name);
	free(short_name);
	return matches;
}

static int compare_matches(const void *left, const void *right)
{
	const struct match *a = left, *b = right;
	int order = strcmp(a->full_name, b->full_name);

	if (order)
		return order;
	return a->symbol->address < b->symbol->address ? -1
						       : a->symbol->address > b->symbol->address;
}

/* Whether a symbol is one that the pattern can mean at all, before the dear demangling. */
static bool is_candidate(const struct pattern *p, const struct symbol *s)
{
	if (s->kind == SYMBOL_COLD || name_is_thunk(s->raw))
		return false;
	return !p->literal[0] || p->is_glob || strstr(s->raw, p->literal);
}

static int find_matches(struct resolution *r)
{
	const struct image *image = r->image;

	r->matches = calloc(image->symbol_cnt + 1, sizeof(*r->matches));
	if (!r->matches)
		return -ENOMEM;
	for (size_t i = 0; i < image->symbol_cnt; i++) {
		const struct symbol *s = &image->symbols[i];
		char *full_name;

		if (!is_candidate(&r->pattern, s))
			continue;
		full_name = symbol_demangle(s, true);
		if (!full_name)
			return -ENOMEM;
		if (symbol_matches(&r->pattern, s, full_name))
			r->matches[r->match_cnt++] =
				(struct match){.symbol = s, .full_name = full_name};
		else
			free(full_name);
	}
	qsort(r->matches, r->match_cnt, sizeof(*r->matches), compare_matches);
	return 0;
}

/* Another name of the same code, or the same name in both symbol tables: only the first in order
 * stays. */
static void drop_aliases(struct resolution *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->match_cnt; i++) {
		bool is_alias = false;

		for (size_t j = 0; j < kept && !is_alias; j++)
			is_alias = r->matches[j].symbol->address == r->matches[i].symbol->address;
		if (is_alias)
			free(r->matches[i].full_name);
		else
			r->matches[kept++] = r->matches[i];
	}
	r->match_cnt = kept;
}

static void count_operations(struct resolution *r)
{
	r->operation_cnt = 0;
	for (size_t i = 0; i < r->match_cnt; i++)
		r->operation_cnt +=
			!i || strcmp(r->matches[i].full_name, r->matches[i - 1].full_name) != 0;
}

static void operation_fini(struct operation_plan *o)
{
	free(o->name);
	free(o->full_name);
	free(o->file);
	for (size_t i = 0; i < o->copy_cnt; i++)
		plan_fini(&o->copies[i]);
	free(o->copies);
}

void operation_plans_fini(struct operation_plans *plans)
{
	for (size_t i = 0; i < plans->cnt; i++)
		operation_fini(&plans->items[i]);
	free(plans->items);
	*plans = (struct operation_plans){0};
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct debug_info *debug_info_of(struct image *image)
{
	if (!image->debug_info)
		image->debug_info = debug_info_new(image);
	return image->debug_info;
}

/* What debug information adds, for the first copy: all have the same source. */
static void fill_from_debug_info(struct resolution *r, struct operation_plan *o)
{
	struct debug_info *info;

	if (!r->query->wants_return_type && r->operation_cnt > 50)
		return; /* a list of very many functions: the numbers of inlined copies are not
			   worth the wait */
	info = debug_info_of(r->image);
	if (r->query->wants_return_type)
		debug_info_return_type(info, o->copies[0].address, &o->ret);
	o->uncovered_copies += debug_info_inlined_copies(info, o->copies[0].address);
}

/* Without a value at the moment of leaving, an error expression would judge what is not there yet.
 */
static void check_return_value(struct operation_plan *o)
{
	for (size_t c = 0; c < o->copy_cnt; c++) {
		for (size_t i = 0; i < o->copies[c].exit_cnt; i++) {
			if (!o->copies[c].exits[i].is_tail)
				continue;
			o->ret.is_lost = true;
			snprintf(o->ret.reason, sizeof(o->ret.reason),
				 "it can leave by a tail jump, before its value exists");
		}
	}
}

/* Makes the operation of the matches [first, first + cnt), which share a name. */
static int fill_operation(struct resolution *r, const struct match *first, size_t cnt,
			  struct operation_plan *o)
{
	uint64_t offset =
		r->pattern.offset == PATTERN_NO_OFFSET ? PLAN_NO_OFFSET : r->pattern.offset;

	*o = (struct operation_plan){.image = r->image};
	o->full_name = strdup(first->full_name);
	o->name = symbol_demangle(first->symbol, false);
	o->file = strdup(base_name(r->image->path));
	o->copies = calloc(cnt, sizeof(*o->copies));
	if (!o->full_name || !o->name || !o->file || !o->copies)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		int err;

		if (first[i].symbol->kind == SYMBOL_PART) {
			o->uncovered_copies++;
			continue;
		}
		err = plan_fill(r->process, r->image, first[i].symbol, r->query, offset,
				&o->copies[o->copy_cnt]);
		if (err)
			return err;
		o->copy_cnt++;
	}
	return 0;
}

/* Drops copies that cannot be probed, unless none can; then one stays to tell why. */
static void keep_traceable(struct operation_plan *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->copy_cnt; i++) {
		if (o->copies[i].exit_mode == EXIT_REFUSED && (kept || i + 1 < o->copy_cnt)) {
			plan_fini(&o->copies[i]);
			o->uncovered_copies++;
		} else {
			o->copies[kept++] = o->copies[i];
		}
	}
	if (kept > 1 && o->copies[kept - 1].exit_mode == EXIT_REFUSED) {
		plan_fini(&o->copies[--kept]);
		o->uncovered_copies++;
	}
	o->copy_cnt = kept;
}

static bool is_refused(const struct operation_plan *o)
{
	return !o->copy_cnt || o->copies[0].exit_mode == EXIT_REFUSED;
}

static int add_operation(struct resolution *r, const struct match *first, size_t cnt,
			 struct operation_plans *plans, struct fault *why)
{
	struct operation_plan *o = &plans->items[plans->cnt];
	int err = fill_operation(r, first, cnt, o);

	plans->cnt++;
	if (err)
		return fault_set(why, err, "out of memory");
	keep_traceable(o);
	if (is_refused(o) && !(r->query->list_refused && o->copy_cnt)) {
		fault_set(why, -ENOTSUP, "function \"%s\" of \"%s\" cannot be traced: %s", o->name,
			  o->file,
			  o->copy_cnt ? o->copies[0].reason : "only outlined parts of it exist");
		operation_fini(o);
		plans->cnt--;
		plans->refused_cnt++;
		return 0;
	}
	if (!is_refused(o)) {
		fill_from_debug_info(r, o);
		check_return_value(o);
	}
	return 0;
}

/* Operations of one query that differ only in their parameters show them. */
static int separate_overloads(struct operation_plans *plans)
{
	for (size_t i = 0; i < plans->cnt; i++) {
		struct operation_plan *o = &plans->items[i];
		bool is_shared = false;

		for (size_t j = 0; j < plans->cnt && !is_shared; j++) {
			const char *other = plans->items[j].full_name;
			size_t length = strlen(o->name);

			is_shared = j != i && strncmp(other, o->name, length) == 0 &&
				    other[length] == '(';
		}
		if (!is_shared)
			continue;
		free(o->name);
		o->name = strdup(o->full_name);
		if (!o->name)
			return -ENOMEM;
	}
	return 0;
}

static int add_all(struct resolution *r, struct operation_plans *plans, struct fault *why)
{
	plans->items = calloc(r->operation_cnt, sizeof(*plans->items));
	if (!plans->items)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0, cnt; i < r->match_cnt; i += cnt) {
		int err;

		cnt = 1;
		while (i + cnt < r->match_cnt &&
		       strcmp(r->matches[i].full_name, r->matches[i + cnt].full_name) == 0)
			cnt++;
		err = add_operation(r, &r->matches[i], cnt, plans, why);
		if (err)
			return err;
	}
	if (!plans->cnt)
		return -ENOTSUP; /* with the reason of the last one refused */
	return separate_overloads(plans) ? fault_set(why, -ENOMEM, "out of memory") : 0;
}

/* The file that the pattern searches. */
static int find_image(struct resolution *r, struct fault *why)
{
	r->image = &r->process->images[0];
	if (!r->pattern.library[0])
		return 0;
	for (size_t i = 0; i < r->process->image_cnt; i++) {
		r->image = &r->process->images[i];
		if (pattern_is_library(&r->pattern, r->image->path))
			return 0;
	}
	return suggest_libraries(r->process, r->pattern.library, why);
}

static int resolve(struct resolution *r, struct operation_plans *plans, struct fault *why)
{
	int err = find_image(r, why);

	if (!err)
		err = image_load_symbols(r->image, why);
	if (err)
		return err;
	if (find_matches(r))
		return fault_set(why, -ENOMEM, "out of memory");
	drop_aliases(r);
	count_operations(r);
	if (!r->match_cnt)
		return suggest_functions(r->process, r->image, &r->pattern, why);
	if (r->operation_cnt > r->query->max_operations)
		return fault_set(why, -E2BIG,
				 "\"%s\" matches %zu functions of \"%s\", at most %zu are allowed: "
				 "narrow it",
				 r->query->pattern, r->operation_cnt, base_name(r->image->path),
				 r->query->max_operations);
	return add_all(r, plans, why);
}

int process_resolve(struct process *process, const struct function_query *query,
		    struct operation_plans *ret_plans, struct fault *why)
{
	struct resolution *r = calloc(1, sizeof(*r));
	struct operation_plans plans = {0};
	int err;

	if (!r)
		return fault_set(why, -ENOMEM, "out of memory");
	r->process = process;
	r->query = query;
	err = pattern_parse(query->pattern, &r->pattern, why);
	if (!err)
		err = resolve(r, &plans, why);
	for (size_t i = 0; i < r->match_cnt; i++)
		free(r->matches[i].full_name);
	free(r->matches);
	free(r);
	if (err)
		operation_plans_fini(&plans);
	else
		*ret_plans = plans;
	return err;
}
