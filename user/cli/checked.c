/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for processes and functions as a trace would, attaches nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/checked.h"
#include "target/discover.h"

static enum exit_policy policy_of(const struct config_target *t)
{
	return strcmp(t->exit_policy, "safe") == 0   ? EXIT_POLICY_SAFE
	       : strcmp(t->exit_policy, "fast") == 0 ? EXIT_POLICY_FAST
						     : EXIT_POLICY_AUTO;
}

/* Whether the operation's errors can be told in these functions; the first reason why not. */
static void check_errors(struct checked_operation *o)
{
	for (size_t i = 0; o->operation && o->operation->error_text && i < o->plans.cnt; i++) {
		const struct operation_plan *plan = &o->plans.items[i];
		struct error_value values[ERROR_VALUE_MAX];
		struct ts_error compiled;
		struct fault reason;

		if (plan->returns.lost_reason[0]) {
			fault_set(&o->why, 0, "its errors cannot be told: %s",
				  plan->returns.lost_reason);
			return;
		}
		for (size_t v = 0; v < plan->returns.cnt; v++)
			values[v] = plan->returns.items[v].value;
		if (error_expression_compile(&o->operation->error, values, plan->returns.cnt,
					     &compiled, &reason)) {
			fault_set(&o->why, 0, "its errors cannot be told by \"%s\": %.900s",
				  o->operation->error_text, reason.text);
			return;
		}
	}
}

static int check_operation(struct checked_process *p, const struct config_target *t,
			   struct checked_operation *o, size_t max_operations)
{
	struct function_query query = {.pattern = o->pattern,
				       .policy = policy_of(t),
				       .max_operations = max_operations,
				       .list_refused = true};
	int err;

	if (o->operation && o->operation->error_text)
		query.error = &o->operation->error;
	err = process_resolve(p->process, &query, &o->plans, &o->why);
	if (!err)
		check_errors(o);
	return err == -ENOMEM ? err : 0;
}

static bool is_of_target(const struct config_operation *o, const struct config_target *t)
{
	return o->kind == CONFIG_FUNCTION && (!o->target || strcmp(o->target, t->name) == 0);
}

/* The functions among the stages of a chain. */
static int check_stages(const struct config_chain *c, const struct config_target *t,
			struct checked_process *p, size_t max_operations)
{
	int err = 0;

	if (c->target && strcmp(c->target, t->name) != 0)
		return 0;
	for (size_t i = 0; !err && i < c->chain.stage_cnt; i++) {
		const struct chain_stage *stage = &c->chain.stages[i];

		if (!chain_is_function(stage))
			continue;
		p->operations[p->operation_cnt] = (struct checked_operation){
			.name = c->name, .pattern = stage->object, .stage = stage};
		err = check_operation(p, t, &p->operations[p->operation_cnt++], max_operations);
	}
	return err;
}

static int check_operations(struct checked *c, const struct config_target *t,
			    struct checked_process *p)
{
	size_t max = c->config->operation_cnt + c->config->chain_cnt * TS_CHAIN_STAGE_MAX;
	int err = 0;

	p->operations = calloc(max + 1, sizeof(*p->operations));
	if (!p->operations)
		return -ENOMEM;
	for (size_t i = 0; !err && i < c->config->operation_cnt; i++) {
		const struct config_operation *o = &c->config->operations[i];

		if (!is_of_target(o, t))
			continue;
		p->operations[p->operation_cnt] = (struct checked_operation){
			.operation = o, .name = o->name, .pattern = o->function};
		err = check_operation(p, t, &p->operations[p->operation_cnt++],
				      c->config->operation_max);
	}
	for (size_t i = 0; !err && i < c->config->chain_cnt; i++)
		err = check_stages(&c->config->chains[i], t, p, c->config->operation_max);
	return err;
}

static bool runs_same(pid_t one, pid_t other)
{
	char path[64];
	struct stat a, b;

	snprintf(path, sizeof(path), "/proc/%d/exe", one);
	if (stat(path, &a))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", other);
	return !stat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Functions are the same in all processes of one executable. */
static bool is_first(const struct checked_target *t, size_t idx)
{
	for (size_t i = 0; i < idx; i++) {
		if (t->processes[i].process &&
		    runs_same(t->processes[i].pid, t->processes[idx].pid))
			return false;
	}
	return true;
}

static int check_target(struct checked *c, struct checked_target *t)
{
	struct process_options options = {.names = c->names, .debug_dir = t->target->debug_dir};
	const struct config_match *match = &t->target->match;
	struct discovered_pids pids = {.cnt = 0};
	struct discovery found;
	int err = discover_all(c->pods, &match, 1, &found, &t->why);

	if (!err) {
		err = discover_pids(&found, 0, match, &pids, &t->why);
		free(found.items);
	}
	if (err)
		return err == -ENOMEM ? err : 0;
	if (pids.cnt > CHECKED_PROCESS_MAX)
		pids.cnt = CHECKED_PROCESS_MAX;
	t->processes = calloc(pids.cnt + 1, sizeof(*t->processes));
	if (!t->processes)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < pids.cnt; i++) {
		struct checked_process *p = &t->processes[t->process_cnt++];

		p->pid = pids.items[i];
		err = process_open(p->pid, &options, &p->process, &p->why);
		if (!err && is_first(t, i))
			err = check_operations(c, t->target, p);
		err = err == -ENOMEM ? err : 0;
	}
	free(pids.items);
	return err;
}

int checked_init(struct checked *checked, const struct config *config)
{
	int err = 0;

	*checked = (struct checked){
		.config = config,
		.targets = calloc(config->target_cnt + 1, sizeof(*checked->targets)),
		.names = names_cache_new(),
		.pods = pods_new(config->kubernetes.log_dir)};
	if (!checked->targets || !checked->names || !checked->pods)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < config->target_cnt; i++) {
		checked->targets[i].target = &config->targets[i];
		err = check_target(checked, &checked->targets[i]);
	}
	if (err)
		checked_fini(checked);
	return err;
}

void checked_fini(struct checked *checked)
{
	for (size_t i = 0; checked->targets && i < checked->config->target_cnt; i++) {
		struct checked_target *t = &checked->targets[i];

		for (size_t p = 0; p < t->process_cnt; p++) {
			for (size_t o = 0; o < t->processes[p].operation_cnt; o++)
				operation_plans_fini(&t->processes[p].operations[o].plans);
			free(t->processes[p].operations);
			process_free(t->processes[p].process);
		}
		free(t->processes);
	}
	free(checked->targets);
	names_cache_free(checked->names);
	pods_free(checked->pods);
	*checked = (struct checked){.targets = NULL};
}
