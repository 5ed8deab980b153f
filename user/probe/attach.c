/* SPDX-License-Identifier: Apache-2.0 */
/* From plans of functions to sites: which program, which flags, which cookie. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/internal.h"

bool probe_is_session(const struct probe *probe, const struct function_plan *plan)
{
	return probe->level == PROBE_LEVEL_SESSION && plan->exit_mode == EXIT_HIJACK;
}

uint16_t probe_entry_flags(const struct function_plan *plan, const struct probe_request *request,
			   pid_t pid)
{
	uint16_t flags = 0;

	if (plan->exit_mode != EXIT_HIJACK)
		return plan->is_go ? TS_SITE_GO : 0;
	if (plan->is_forced || plan->may_nest)
		flags |= TS_SITE_LIMIT_DEPTH;
	if (plan->is_forced || request->keeps_result || request->shares || pid == 0 ||
	    (plan->may_nest && !request->is_alone))
		flags |= TS_SITE_KEEP_SPAN;
	else if (!request->is_alone)
		flags |= TS_SITE_COUNT_HIT;
	return flags;
}

static size_t site_cnt_of(const struct probe *probe, const struct function_plan *plan)
{
	if (plan->exit_mode == EXIT_SITES)
		return 1 + plan->exit_cnt;
	return probe_is_session(probe, plan) ? 1 : 2;
}

/* Of a stage of chains. */
static size_t mark_cnt_of(const struct function_plan *plan, enum probe_kind kind)
{
	return kind == PROBE_RETURN && plan->exit_mode == EXIT_SITES ? plan->exit_cnt : 1;
}

size_t probe_site_cnt(const struct probe *probe, const struct operation_plan *plan)
{
	size_t cnt = 0;

	for (size_t i = 0; i < plan->copy_cnt; i++)
		cnt += site_cnt_of(probe, &plan->copies[i]);
	return cnt;
}

struct site_list {
	const struct probe *probe;
	struct site_request *items;
	const struct operation_plan **owners; /* of each site, for messages */
	size_t cnt;
	pid_t pid;
};

static void list_add(struct site_list *list, const struct probe_request *request,
		     uint64_t file_offset, enum program program, const struct ts_site *site)
{
	struct site_request *r = &list->items[list->cnt];

	r->path = image_probe_path(request->plan->image);
	r->file_offset = file_offset;
	r->program = program;
	r->is_separate = request->is_separate;
	r->site = *site;
	r->site.tgid = (uint32_t)list->pid;
	r->site.series = request->series;
	r->site.error = (uint16_t)request->error;
	r->site.shares = request->shares;
	r->site.slow_operation = (uint16_t)request->slow_operation;
	list->owners[list->cnt++] = request->plan;
}

static void list_add_exits(struct site_list *list, const struct probe_request *request,
			   const struct function_plan *plan)
{
	enum program program = request->kind == PROBE_RETURN ? PROGRAM_MARK : PROGRAM_EXIT;

	for (size_t i = 0; i < plan->exit_cnt; i++) {
		const struct exit_site *e = &plan->exits[i];
		struct ts_site site = {.condition = e->condition};

		if (plan->is_go)
			site.flags |= TS_SITE_GO;
		if (e->is_conditional)
			site.flags |= TS_SITE_CONDITIONAL;
		if (e->is_tail)
			site.flags |= TS_SITE_NO_VALUE;
		list_add(list, request, e->file_offset, program, &site);
	}
}

static void list_add_mark(struct site_list *list, const struct probe_request *request,
			  const struct function_plan *plan)
{
	struct ts_site site = {0};

	if (request->kind == PROBE_ENTER)
		list_add(list, request, plan->entry_file_offset, PROGRAM_MARK, &site);
	else if (plan->exit_mode == EXIT_SITES)
		list_add_exits(list, request, plan);
	else
		list_add(list, request, plan->entry_file_offset, PROGRAM_MARK_RETURN, &site);
}

static void list_add_function(struct site_list *list, const struct probe_request *request,
			      const struct function_plan *plan)
{
	struct ts_site site = {
		.sp_adjust = plan->sp_adjust,
		.flags = probe_entry_flags(plan, request, list->pid),
	};

	if (probe_is_session(list->probe, plan)) {
		list_add(list, request, plan->entry_file_offset, PROGRAM_SESSION, &site);
		return;
	}
	list_add(list, request, plan->entry_file_offset, PROGRAM_ENTRY, &site);
	if (plan->exit_mode == EXIT_SITES)
		list_add_exits(list, request, plan);
	else
		list_add(list, request, plan->entry_file_offset, PROGRAM_RETURN, &site);
}

static size_t request_site_cnt(const struct probe *probe, const struct probe_request *request)
{
	size_t cnt = 0;

	if (request->kind == PROBE_CALL)
		return probe_site_cnt(probe, request->plan);
	for (size_t i = 0; i < request->plan->copy_cnt; i++)
		cnt += mark_cnt_of(&request->plan->copies[i], request->kind);
	return cnt;
}

static int list_init(struct site_list *list, const struct probe_request *requests,
		     size_t request_cnt)
{
	size_t cnt = 0;

	for (size_t i = 0; i < request_cnt; i++)
		cnt += request_site_cnt(list->probe, &requests[i]);
	list->items = calloc(cnt + 1, sizeof(*list->items));
	list->owners = calloc(cnt + 1, sizeof(struct operation_plan *));
	return list->items && list->owners ? 0 : -ENOMEM;
}

static int explain_refusal(const struct site_list *list, size_t failed, int err, struct fault *why)
{
	if (failed < list->cnt)
		return fault_set(
			why, err,
			"the kernel refuses a probe in function \"%s\" of \"%s\" at file offset "
			"0x%llx: %s",
			list->owners[failed]->name, image_path(list->owners[failed]->image),
			(unsigned long long)list->items[failed].file_offset, strerror(-err));
	if (err == -ENOSPC)
		return fault_set(why, err,
				 "%zu probe sites are more than fit (%d): trace fewer functions",
				 list->cnt, TS_SITE_MAX);
	return fault_set(why, err, "cannot attach: %s",
			 err == -ESRCH ? "the process has ended" : strerror(-err));
}

/* Goroutines share threads. */
int probe_check_breakdown(const struct operation_plan *plan, struct fault *why)
{
	for (size_t i = 0; i < plan->copy_cnt; i++) {
		if (plan->copies[i].is_go)
			return fault_set(why, -ENOTSUP,
					 "the time of \"%s\" cannot be broken down: goroutines "
					 "share threads, and what a thread spent is not what one "
					 "of them did",
					 plan->name);
	}
	return 0;
}

int probe_attach(struct probe *probe, pid_t pid, const struct probe_request *requests,
		 size_t request_cnt, struct probe_group **ret_group, struct fault *why)
{
	struct site_list list = {.probe = probe, .pid = pid};
	size_t failed = SIZE_MAX;
	int err;

	err = list_init(&list, requests, request_cnt);
	if (err) {
		fault_set(why, err, "out of memory");
		goto free_list;
	}
	for (size_t i = 0; i < request_cnt; i++) {
		for (size_t c = 0; c < requests[i].plan->copy_cnt; c++) {
			const struct function_plan *copy = &requests[i].plan->copies[c];

			if (requests[i].kind == PROBE_CALL)
				list_add_function(&list, &requests[i], copy);
			else
				list_add_mark(&list, &requests[i], copy);
		}
	}
	err = group_attach(probe, pid, list.items, list.cnt, ret_group, &failed);
	if (err)
		explain_refusal(&list, failed, err, why);
free_list:
	free(list.items);
	free(list.owners);
	return err;
}

int probe_describe(const struct probe *probe, const struct function_plan *plan, char *text,
		   size_t text_bytes)
{
	const char *mechanism = probe->level == PROBE_LEVEL_PERF ? "uprobe perf" : "uprobe multi";

	if (probe_is_session(probe, plan))
		mechanism = "uprobe session";
	if (plan->exit_mode == EXIT_SITES)
		return snprintf(text, text_bytes, "%s at %s+%u (%s), %zu exit%s", mechanism,
				plan->raw_name, plan->entry_delta, plan->entry_insn, plan->exit_cnt,
				plan->exit_cnt == 1 ? "" : "s");
	return snprintf(text, text_bytes, "%s%s at %s+%u (%s)", mechanism,
			probe_is_session(probe, plan) ? "" : " and return", plan->raw_name,
			plan->entry_delta, plan->entry_insn);
}
