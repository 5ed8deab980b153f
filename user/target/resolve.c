/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern and a process -> operations: matching symbols, grouped by name, each copy with its
 * plan. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/describe.h"
#include "target/inlined_only.h"
#include "target/match.h"
#include "target/pattern.h"
#include "target/plan.h"
#include "target/suggest.h"

#define DESCRIBE_MAX 50

/* One resolution in progress. */
struct resolution {
	struct process *process;
	struct image *image;
	const struct function_query *query;
	struct pattern pattern;
	struct matches matches;
};

static void operation_fini(struct operation_plan *o)
{
	free(o->name);
	free(o->full_name);
	free(o->file);
	free(o->also);
	free(o->source_file);
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

/* Instances that are named together, or by their hash, are not told apart by parameters. */
static char *short_name(const struct match *m)
{
	char *full, *name;

	if (m->is_generic)
		return strdup(m->name);
	full = symbol_demangle(m->symbol, true);
	name = full && strcmp(full, m->name) == 0 ? symbol_demangle(m->symbol, false)
						  : strdup(m->name);
	free(full);
	return name;
}

/*
 * The Go linker puts wrappers beside functions that assembler calls, and in front of those written
 * in it, under the same name: one of the two is the call, the other would count it again.
 */
static int go_rank(const struct symbol *s)
{
	if (s->flags & SYMBOL_IS_ASSEMBLER)
		return 2;
	return s->flags & SYMBOL_IS_WRAPPER ? 1 : 0;
}

static bool is_doubled(const struct match *first, size_t cnt, size_t idx)
{
	for (size_t i = 0; i < cnt; i++) {
		if (go_rank(first[i].symbol) < go_rank(first[idx].symbol))
			return true;
	}
	return false;
}

/* Makes the operation of the matches [first, first + cnt), which share a name. */
static int fill_operation(struct resolution *r, const struct match *first, size_t cnt,
			  struct operation_plan *o)
{
	uint64_t offset =
		r->pattern.offset == PATTERN_NO_OFFSET ? PLAN_NO_OFFSET : r->pattern.offset;

	*o = (struct operation_plan){.image = r->image};
	o->full_name = strdup(first->name);
	o->name = short_name(first);
	o->file = strdup(base_name(r->image->path));
	o->copies = calloc(cnt, sizeof(*o->copies));
	if (!o->full_name || !o->name || !o->file || !o->copies)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		int err;

		if (is_doubled(first, cnt, i))
			continue;
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
	/* A list of very many functions: what debug information adds is not worth the wait. */
	if (r->query->error || r->query->is_thorough || r->matches.operation_cnt <= DESCRIBE_MAX)
		err = describe_operation(r->image, r->query, o);
	return err ? fault_set(why, err, "out of memory") : 0;
}

/* Whether `other` is `name` with parameters. */
static bool is_overload(const struct operation_plan *other, const char *name)
{
	size_t length = strlen(name);

	return strncmp(other->full_name, name, length) == 0 && other->full_name[length] == '(';
}

/* Operations of one query that differ only in their parameters show them. They are sorted by their
 * full names, so that overloads are neighbours. */
static int separate_overloads(struct operation_plans *plans)
{
	for (size_t i = 0; i < plans->cnt; i++) {
		struct operation_plan *o = &plans->items[i];

		if (!(i && is_overload(o - 1, o->name)) &&
		    !(i + 1 < plans->cnt && is_overload(o + 1, o->name)))
			continue;
		free(o->name);
		o->name = strdup(o->full_name);
		if (!o->name)
			return -ENOMEM;
	}
	return 0;
}

static int refuse_inlined_only(struct resolution *r, struct inlined_only *f,
			       struct operation_plan *o)
{
	*o = (struct operation_plan){.name = strdup(f->name),
				     .full_name = strdup(f->name),
				     .file = strdup(base_name(r->image->path)),
				     .image = r->image,
				     .copies = calloc(1, sizeof(*o->copies)),
				     .copy_cnt = 1,
				     .uncovered_copies = f->copy_cnt,
				     .source_line = f->line};
	if (!o->name || !o->full_name || !o->file || !o->copies)
		return -ENOMEM;
	o->copies[0].raw_name = strdup(f->name);
	if (!o->copies[0].raw_name)
		return -ENOMEM;
	o->source_file = f->file;
	f->file = NULL;
	plan_refuse(&o->copies[0], "it exists only inlined%s%.150s", f->callers[0] ? " in " : "",
		    f->callers);
	return 0;
}

/* Functions without code of their own, behind all others. */
static int list_inlined_only(struct resolution *r, struct operation_plans *plans)
{
	struct inlined_only_list list;
	struct operation_plan *grown;
	int err = inlined_only_find(r->image, &r->pattern, true, &list);

	if (err)
		return err;
	grown = reallocarray(plans->items, plans->cnt + list.cnt + 1, sizeof(*grown));
	err = grown ? 0 : -ENOMEM;
	if (grown)
		plans->items = grown;
	for (size_t i = 0; i < list.cnt && !err; i++)
		err = refuse_inlined_only(r, &list.items[i], &plans->items[plans->cnt++]);
	inlined_only_free(&list);
	return err;
}

static int add_all(struct resolution *r, struct operation_plans *plans, struct fault *why)
{
	plans->items = calloc(r->matches.operation_cnt, sizeof(*plans->items));
	if (!plans->items)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0, cnt; i < r->matches.cnt; i += cnt) {
		int err;

		cnt = 1;
		while (i + cnt < r->matches.cnt &&
		       strcmp(r->matches.items[i].name, r->matches.items[i + cnt].name) == 0)
			cnt++;
		err = add_operation(r, &r->matches.items[i], cnt, plans, why);
		if (err)
			return err;
	}
	if (r->query->list_refused && list_inlined_only(r, plans))
		return fault_set(why, -ENOMEM, "out of memory");
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
	if (match_find_all(r->image, &r->pattern, &r->matches))
		return fault_set(why, -ENOMEM, "out of memory");
	if (!r->matches.cnt) {
		err = inlined_only_explain(r->image, &r->pattern, r->query->is_thorough, why);
		if (err)
			return err;
	}
	if (!r->matches.cnt)
		return suggest_functions(r->process, r->image, &r->pattern, why);
	if (r->matches.operation_cnt > r->query->max_operations)
		return fault_set(why, -E2BIG,
				 "\"%s\" matches %zu functions of \"%s\", at most %zu are allowed: "
				 "narrow it",
				 r->query->pattern, r->matches.operation_cnt,
				 base_name(r->image->path), r->query->max_operations);
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
	match_free_all(&r->matches);
	free(r);
	if (err)
		operation_plans_fini(&plans);
	else
		*ret_plans = plans;
	return err;
}
