/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a function's return address may be replaced. The kernel's trampoline has no unwind
 * information and keeps one stack of returns for a thread: an exception, a cancellation or a
 * coroutine switch that crosses a hijacked frame kills the program (targets.md §0). So a function
 * gets one only where its code, or the whole program, is proven unable to do so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/plan.h"

#define TREE_FUNCTION_MAX 256
#define TREE_BYTES_MAX	  (256U << 10)
#define TREE_DEPTH_MAX	  32

/* The functions that a function calls directly, and those they call. */
struct tree {
	struct image *image;
	uint64_t seen[TREE_FUNCTION_MAX];
	size_t seen_cnt;
	uint64_t path[TREE_DEPTH_MAX]; /* being visited: one that comes again is recursion */
	size_t depth;
	size_t bytes;
};

static bool tree_is_on_path(const struct tree *t, uint64_t address)
{
	for (size_t i = 0; i < t->depth; i++) {
		if (t->path[i] == address)
			return true;
	}
	return false;
}

static bool tree_has_seen(const struct tree *t, uint64_t address)
{
	for (size_t i = 0; i < t->seen_cnt; i++) {
		if (t->seen[i] == address)
			return true;
	}
	return false;
}

/* Statically linked programs have these in the same file, where a call to them looks like any
 * other. */
static bool is_unwinder_name(const char *raw)
{
	static const char *const prefixes[] = {
		"_Unwind_",	     "__cxa_throw",    "__cxa_rethrow",	   "longjmp",
		"siglongjmp",	     "_longjmp",       "__longjmp",	   "____longjmp",
		"swapcontext",	     "setcontext",     "__setcontext",	   "__swapcontext",
		"pthread_exit",	     "__pthread_exit", "__pthread_unwind", "rust_panic",
		"__rust_start_panic"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(raw, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static bool tree_is_contained(struct tree *t, struct flow *flow);

/* A direct call or tail jump to this address stays inside what is decoded. */
static bool tree_visit(struct tree *t, uint64_t address)
{
	const struct symbol *symbol = image_function_at(t->image, address);
	struct fault ignored;
	struct flow flow;
	bool is_contained;

	if (tree_is_on_path(t, address))
		return false;
	if (tree_has_seen(t, address))
		return true;
	if (!symbol || symbol->kind == SYMBOL_IFUNC || is_unwinder_name(symbol->raw))
		return false;
	if (t->seen_cnt == TREE_FUNCTION_MAX || t->depth == TREE_DEPTH_MAX ||
	    t->bytes + symbol->size_bytes > TREE_BYTES_MAX)
		return false;
	t->bytes += symbol->size_bytes;
	t->seen[t->seen_cnt++] = address;
	if (flow_open(&flow, t->image, symbol, &ignored))
		return false;
	is_contained = tree_is_contained(t, &flow);
	flow_close(&flow);
	return is_contained;
}

static bool tree_is_contained(struct tree *t, struct flow *flow)
{
	bool is_contained = !flow->has_indirect_call;

	t->path[t->depth++] = flow->pieces[0].start;
	for (size_t i = 0; i < flow->call_cnt && is_contained; i++)
		is_contained = tree_visit(t, flow->calls[i]);
	for (size_t i = 0; i < flow->exit_cnt && is_contained; i++) {
		if (flow->exits[i].kind != FLOW_RETURN)
			is_contained =
				flow->exits[i].target && tree_visit(t, flow->exits[i].target);
	}
	t->depth--;
	return is_contained;
}

static bool has_tail_jump(const struct flow *flow)
{
	for (size_t i = 0; i < flow->exit_cnt; i++) {
		if (flow->exits[i].kind != FLOW_RETURN)
			return true;
	}
	return false;
}

static enum hijack_verdict verdict(struct function_plan *plan, enum hijack_verdict v,
				   const char *reason)
{
	snprintf(plan->reason, sizeof(plan->reason), "%s", reason);
	return v;
}

enum hijack_verdict hijack_judge(struct process *process, struct image *image, struct flow *flow,
				 const struct function_query *query, struct function_plan *plan)
{
	bool is_leaf = !flow->call_cnt && !flow->has_indirect_call && !has_tail_jump(flow);
	struct tree *tree;
	struct fault ignored;
	bool is_contained;

	plan->may_nest = !is_leaf;
	if (process->has_shadow_stack)
		return verdict(plan, HIJACK_FORBIDDEN, "the process has a shadow stack");
	/* Kernels 6.11 to 6.13 return by a system call that filters do not know: they would kill
	 * the process. */
	if (process->has_seccomp)
		return verdict(plan, HIJACK_FORBIDDEN, "the process has a seccomp filter");
	if (query->policy == EXIT_POLICY_SAFE)
		return verdict(plan, HIJACK_UNPROVEN, "--exit=safe");
	if (process_load_runtime_facts(process, &ignored))
		return verdict(plan, HIJACK_UNPROVEN,
			       "what the process can do to its stack is not known");
	if (process->has_stack_switching)
		return verdict(plan, HIJACK_UNPROVEN,
			       "the process can switch stacks or cancel threads");
	if (is_leaf)
		return verdict(plan, HIJACK_PROVEN, "it calls nothing");
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return verdict(plan, HIJACK_UNPROVEN, "out of memory");
	tree->image = image;
	is_contained = tree_is_contained(tree, flow);
	free(tree);
	if (is_contained)
		return verdict(plan, HIJACK_PROVEN, "all that it calls is known and cannot unwind");
	if (!process->has_unwinder)
		return verdict(plan, HIJACK_PROVEN, "nothing in the process can unwind");
	return verdict(plan, HIJACK_UNPROVEN, "an exception could pass through it");
}
