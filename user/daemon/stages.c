/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of chains that are functions: found in each process, with the registers of their keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chains.h"
#include "daemon/traced.h"

/* Where arguments are: the System V ABI for x86-64 §3.2.3, and Go's internal ABI, where the
 * receiver is the first. */
static const uint8_t c_registers[] = {TS_SOURCE_DI, TS_SOURCE_SI, TS_SOURCE_DX,
				      TS_SOURCE_CX, TS_SOURCE_R8, TS_SOURCE_R9};
static const uint8_t go_registers[] = {TS_SOURCE_AX, TS_SOURCE_BX,  TS_SOURCE_CX,
				       TS_SOURCE_DI, TS_SOURCE_SI,  TS_SOURCE_R8,
				       TS_SOURCE_R9, TS_SOURCE_R10, TS_SOURCE_R11};

static bool is_of(const struct chain_function *f, const struct traced *t)
{
	return f->target_idx == t->target_idx;
}

/* What a process lacks: news only where it is not what was said before. */
static int tolerate(struct daemon *d, const struct traced *t, struct chain_function *f, int err,
		    const struct fault *why)
{
	if (!d->config->is_tolerant)
		return err;
	if (f->is_optional && (err == -ENOENT || err == -ENXIO))
		return 0;
	if (strcmp(f->fault.text, why->text) != 0)
		daemon_message(d, "in process %d (%s): %s", t->pid, process_name(t->process),
			       why->text);
	f->fault = *why;
	return 0;
}

static int resolve(struct daemon *d, struct traced *t, size_t idx, struct fault *why)
{
	const struct daemon_target *target = d->targets[t->target_idx].config;
	struct chain_function *f = &d->chains->functions[idx];
	const struct function_query query = {
		.pattern = f->pattern,
		.policy = target->exit_policy,
		.max_operations = d->config->function_max,
		.avoids_nop5 = d->avoids_nop5,
	};
	int err = process_resolve(t->process, &query, &t->stage_plans[idx], why);

	if (!err)
		f->fault.text[0] = '\0';
	return err ? tolerate(d, t, f, err, why) : 0;
}

int stages_resolve(struct daemon *d, struct traced *t, struct fault *why)
{
	int err = 0;

	if (!d->chains || !d->chains->function_cnt)
		return 0;
	t->stage_plans = calloc(d->chains->function_cnt, sizeof(*t->stage_plans));
	if (!t->stage_plans)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < d->chains->function_cnt && !err; i++) {
		if (is_of(&d->chains->functions[i], t))
			err = resolve(d, t, i, why);
	}
	return err;
}

void stages_fini(const struct daemon *d, struct traced *t)
{
	for (size_t i = 0; t->stage_plans && i < d->chains->function_cnt; i++)
		operation_plans_fini(&t->stage_plans[i]);
	free(t->stage_plans);
	t->stage_plans = NULL;
}

size_t stages_request_cnt(const struct daemon *d, const struct traced *t)
{
	size_t cnt = 0;

	for (size_t i = 0; t->stage_plans && i < d->chains->function_cnt; i++)
		cnt += t->stage_plans[i].cnt;
	return cnt;
}

bool stages_have_nop5_site(const struct daemon *d, const struct traced *t)
{
	for (size_t i = 0; t->stage_plans && i < d->chains->function_cnt; i++) {
		for (size_t p = 0; p < t->stage_plans[i].cnt; p++) {
			if (t->stage_plans[i].items[p].copies[0].entry_cost == SITE_COST_NOP5)
				return true;
		}
	}
	return false;
}

static bool is_go(const struct operation_plan *plan)
{
	return plan->copies[0].is_go;
}

/* Finds the register of a key in the function that was found. */
static int settle_key(const struct chain_key *key, const struct operation_plan *plan,
		      struct ts_key *ret_key, struct fault *why)
{
	const uint8_t *registers = is_go(plan) ? go_registers : c_registers;
	size_t cnt = is_go(plan) ? sizeof(go_registers) : sizeof(c_registers);

	if ((key->key.kind == TS_KEY_GOROUTINE || key->key.kind == TS_KEY_GOSTRING) && !is_go(plan))
		return fault_set(why, -ENOTSUP, "the key \"%s\" of \"%s\": that is no Go code",
				 key->text, plan->name);
	if (key->argument > cnt)
		return fault_set(why, -ENOTSUP,
				 "the key \"%s\" of \"%s\": only its first %zu arguments are in "
				 "registers",
				 key->text, plan->name, cnt);
	if (key->argument)
		ret_key->source = registers[key->argument - 1];
	return 0;
}

static int settle_stage(struct daemon *d, struct chain_item *item, size_t idx,
			const struct operation_plan *plan, struct fault *why)
{
	const struct chain_stage *stage = &item->config->stages[idx];
	struct ts_chain_stage *kernel = &item->kernel.stages[idx];
	int err;

	if (item->is_found[idx] && item->is_go[idx] != is_go(plan) &&
	    (stage->key.argument || stage->then_key.argument))
		return fault_set(why, -ENOTSUP,
				 "\"%s\" is Go code here and none elsewhere: its arguments have "
				 "no common place",
				 stage->text);
	err = settle_key(&stage->key, plan, &kernel->key, why);
	if (!err && stage->then_key.text)
		err = settle_key(&stage->then_key, plan, &kernel->then_key, why);
	if (err || item->is_found[idx])
		return err;
	item->is_found[idx] = true;
	item->is_go[idx] = is_go(plan);
	err = chain_set_stage(d->chains->probe, (uint32_t)(item - d->chains->items), (uint32_t)idx,
			      kernel);
	return err ? fault_set(why, err, "stage \"%s\": %s", stage->text, strerror(-err)) : 0;
}

/* All stages of chains that happen there. */
static int settle_point(struct daemon *d, const struct chain_function *f,
			const struct operation_plan *plan, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; i < d->chains->cnt; i++) {
		struct chain_item *item = &d->chains->items[i];

		for (size_t s = 0; s < item->config->stage_cnt && !err; s++) {
			if (!item->filters[s] && item->points[s] == f->point)
				err = settle_stage(d, item, s, plan, why);
		}
	}
	return err;
}

static enum probe_kind kind_of(const struct chain_function *f)
{
	return f->verb == CHAIN_ENTER ? PROBE_ENTER : PROBE_RETURN;
}

bool stages_has_chain(const struct chain_item *item, const struct chain_function *f)
{
	for (size_t s = 0; s < item->config->stage_cnt; s++) {
		if (!item->filters[s] && item->points[s] == f->point)
			return !item->is_withdrawn;
	}
	return false;
}

size_t stages_chain_cnt(const struct daemon *d, const struct chain_function *f)
{
	size_t cnt = 0;

	for (size_t i = 0; i < d->chains->cnt; i++)
		cnt += stages_has_chain(&d->chains->items[i], f);
	return cnt;
}

/* One of the functions that a stage's name matches. */
struct match {
	const struct traced *traced;
	struct chain_function *function;
	const struct operation_plan *plan;
};

/* A call that is left by instructions of its own has nothing there that sees it entered. */
static bool is_beside(const struct probe_request *a, const struct probe_request *b)
{
	return traced_is_same_code(a->plan, b->plan) &&
	       (a->kind == b->kind || b->kind == PROBE_CALL ||
		a->plan->copies[0].exit_mode != EXIT_SITES);
}

static const struct chain_function *function_at(const struct daemon *d, uint32_t point)
{
	const struct chain_function *f = d->chains->functions;

	while (f->point != point)
		f++;
	return f;
}

/* Who pays for the trap, as long as it is there. */
static void find_beside(const struct daemon *d, struct chain_function *f,
			const struct probe_request *request, const struct request_list *list)
{
	f->twin = NULL;
	f->operation = 0;
	for (size_t i = 0; i < list->cnt; i++) {
		const struct probe_request *other = &list->items[i];

		if (!is_beside(request, other))
			continue;
		if (other->kind == PROBE_CALL)
			f->operation = (size_t)(list->owners[i] - d->operations) + 1;
		else if (other->series != f->point)
			f->twin = function_at(d, other->series);
	}
}

uint64_t stages_hit_ns(const struct daemon *d, const struct chain_function *f)
{
	enum probe_kind beside = PROBE_CALL;

	if (f->operation && !d->operations[f->operation - 1].is_detached)
		beside = PROBE_RETURN;
	else if (f->twin && stages_chain_cnt(d, f->twin))
		beside = kind_of(f->twin);
	return f->hit_ns[beside];
}

static int measure_hit(struct daemon *d, const struct match *m, struct probe_request request,
		       struct fault *why)
{
	struct chain_function *f = m->function;
	int err = 0;

	for (int i = 0; i < PROBE_KIND_CNT && !err; i++) {
		struct probe_cost cost;

		request.beside = (enum probe_kind)i;
		err = probe_calibrate(d->probe, &request, m->traced->pid, &cost, why);
		if (!err && cost.call_ns > f->hit_ns[i])
			f->hit_ns[i] = cost.call_ns;
	}
	return err;
}

static int add_request(struct daemon *d, const struct match *m, struct request_lists *lists,
		       struct fault *why)
{
	const struct traced *t = m->traced;
	struct request_list *list = traced_wants_file(t, m->plan) ? &lists->file : &lists->own;
	const struct probe_request request = {
		.plan = m->plan,
		.kind = kind_of(m->function),
		.series = m->function->point,
		.is_separate = d->targets[t->target_idx].config->max_overhead_ratio > 0,
	};

	if (t->stage_plans[m->function - d->chains->functions].cnt == 1)
		find_beside(d, m->function, &request, list);
	list->items[list->cnt++] = request;
	return measure_hit(d, m, request, why);
}

static int add_match(struct daemon *d, const struct match *m, struct request_lists *lists,
		     struct fault *why)
{
	int err = settle_point(d, m->function, m->plan, why);

	return err ? tolerate(d, m->traced, m->function, err, why) : add_request(d, m, lists, why);
}

int stages_add_requests(struct daemon *d, const struct traced *t, struct request_lists *lists,
			struct fault *why)
{
	int err = 0;

	for (size_t i = 0; t->stage_plans && i < d->chains->function_cnt; i++) {
		struct match m = {.traced = t, .function = &d->chains->functions[i]};

		for (size_t p = 0; p < t->stage_plans[i].cnt && !err; p++) {
			m.plan = &t->stage_plans[i].items[p];
			if (stages_chain_cnt(d, m.function))
				err = add_match(d, &m, lists, why);
		}
	}
	return err;
}
