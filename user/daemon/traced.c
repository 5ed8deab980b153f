/* SPDX-License-Identifier: Apache-2.0 */
/* One traced process: looked up, its functions resolved, its probes attached. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/places.h"
#include "daemon/rpc.h"
#include "daemon/slow_calls.h"
#include "daemon/traced.h"

static const struct daemon_target *target_of(const struct daemon *d, const struct traced *t)
{
	return d->targets[t->target_idx].config;
}

void traced_fini(struct daemon *d, struct traced *t)
{
	probe_detach(t->group);
	tls_detach(t->tls);
	for (size_t i = 0; t->plans && i < target_of(d, t)->function_cnt; i++)
		operation_plans_fini(&t->plans[i]);
	stages_fini(d, t);
	free(t->plans);
	free(t->operations);
	free(t->lacks_library);
	if (t->late)
		traced_fini(d, t->late);
	free(t->late);
	process_free(t->process);
	if (t->pidfd >= 0)
		close(t->pidfd);
}

static bool list_init(struct request_list *list, size_t cnt)
{
	list->items = calloc(cnt + 1, sizeof(*list->items));
	list->owners = calloc(cnt + 1, sizeof(struct operation *));
	return list->items && list->owners;
}

static void list_fini(struct request_list *list)
{
	free(list->items);
	free(list->owners);
}

bool traced_wants_file(const struct traced *t, const struct operation_plan *plan)
{
	return image_is_executable(plan->image) && t->is_by_file;
}

size_t traced_plan_cnt(const struct daemon *d, const struct traced *t)
{
	size_t cnt = 0;

	assert(t->plans); /* since traced_open */
	for (size_t i = 0; i < target_of(d, t)->function_cnt; i++)
		cnt += t->plans[i].cnt;
	return cnt;
}

bool traced_is_same_code(const struct operation_plan *a, const struct operation_plan *b)
{
	return a->image == b->image &&
	       a->copies[0].entry_file_offset == b->copies[0].entry_file_offset;
}

/* A call must not be counted twice. */
static const struct operation_plan *find_same_code(const struct traced *t,
						   const struct operation_plan *const *plans,
						   const struct operation_plan *plan)
{
	for (size_t i = 0; i < t->operation_cnt; i++) {
		assert(plans[i]);
		if (traced_is_same_code(plans[i], plan))
			return plans[i];
	}
	return NULL;
}

struct finding {
	struct traced *traced;
	size_t function; /* of the target */
	const struct operation_plan **ret_plans;
};

static int find_operation(struct daemon *d, const struct finding *f, size_t item, struct fault *why)
{
	struct traced *t = f->traced;
	const struct daemon_target *target = target_of(d, t);
	const struct operation_plans *plans = &t->plans[f->function];
	const struct operation_plan *plan = &plans->items[item];
	const struct operation_plan *same = find_same_code(t, f->ret_plans, plan);
	const struct operation_wish wish = {
		.place_idx = t->place_idx,
		.target = target->name ? target->name : process_name(t->process),
		.function = &target->functions[f->function],
		.plan = plan,
		.is_one_of_many = plans->cnt > 1,
	};
	uint32_t idx;
	int err;

	if (same && strcmp(same->full_name, plan->full_name) != 0)
		daemon_message(d, "\"%s\" is the same code as \"%s\": both are counted there",
			       plan->name, same->name);
	if (same)
		return 0;
	err = operations_find(d, &wish, &idx, why);
	if (err)
		return traced_open_tolerate(d, t, f->function, err, why);
	f->ret_plans[t->operation_cnt] = plan;
	t->operations[t->operation_cnt++] = idx;
	return operations_add_pid(&d->operations[idx], t->pid)
		       ? fault_set(why, -ENOMEM, "out of memory")
		       : 0;
}

/* Finds or makes the operations that a process feeds. */
static int traced_find_operations(struct daemon *d, struct traced *t,
				  const struct operation_plan **ret_plans, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; i < target_of(d, t)->function_cnt; i++) {
		const struct finding f = {.traced = t, .function = i, .ret_plans = ret_plans};

		for (size_t j = 0; j < t->plans[i].cnt && !err; j++)
			err = find_operation(d, &f, j, why);
	}
	return err;
}

static int attach_requests(struct daemon *d, pid_t pid, const struct request_list *list,
			   struct probe_group **group, struct fault *why)
{
	int err;

	if (!list->cnt)
		return 0;
	err = probe_attach(d->probe, pid, list->items, list->cnt, group, why);
	if (err)
		return err;
	for (size_t i = 0; i < list->cnt; i++) {
		const struct operation_plan *plan = list->items[i].plan;
		struct operation *o = list->owners[i];

		d->site_cnt += probe_site_cnt(d->probe, plan);
		if (!o || o->cost.call_ns)
			continue;
		err = probe_calibrate(d->probe, &list->items[i], pid, &o->cost, why);
		if (err)
			return err;
	}
	return 0;
}

static bool is_same_file(struct file_id a, struct file_id b)
{
	return a.device == b.device && a.inode == b.inode;
}

/* The probes of a file that was replaced serve nobody any more once its last process has ended. */
static void drop_idle_files(struct daemon *d, size_t target_idx)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->file_cnt; i++) {
		struct file_probes *f = &d->files[i];

		if (f->target_idx == target_idx && !f->live_cnt)
			probe_detach(f->group);
		else
			d->files[kept++] = *f;
	}
	d->file_cnt = kept;
}

/* Attaches a file's own probes, where no earlier process brought them. */
static int attach_file(struct daemon *d, const struct traced *t, const struct request_list *list,
		       struct fault *why)
{
	struct file_probes fresh = {.target_idx = t->target_idx, .live_cnt = 1};
	int err;

	if (!list->cnt)
		return 0;
	fresh.file = image_file(list->items[0].plan->image);
	for (size_t i = 0; i < d->file_cnt; i++) {
		if (is_same_file(d->files[i].file, fresh.file) &&
		    d->files[i].target_idx == t->target_idx) {
			d->files[i].live_cnt++;
			return 0;
		}
	}
	drop_idle_files(d, t->target_idx);
	if (d->file_cnt == FILE_PROBES_MAX)
		return fault_set(why, -ENOSPC, "more than %d builds of executables at once",
				 FILE_PROBES_MAX);
	err = attach_requests(d, 0, list, &fresh.group, why);
	if (!err)
		d->files[d->file_cnt++] = fresh;
	return err;
}

void traced_leave_file(struct daemon *d, const struct traced *t)
{
	struct file_id file = process_executable_file(t->process);

	for (size_t i = 0; i < d->file_cnt; i++) {
		if (d->files[i].target_idx == t->target_idx && d->files[i].live_cnt &&
		    is_same_file(d->files[i].file, file))
			d->files[i].live_cnt--;
	}
}

/* Of each operation that this process feeds. */
static void add_requests(struct daemon *d, const struct traced *t,
			 const struct operation_plan *const *plans, struct request_lists *lists)
{
	bool is_alone = t->operation_cnt == 1 && !stages_request_cnt(d, t);

	for (size_t i = 0; i < t->operation_cnt; i++) {
		struct operation *o = &d->operations[t->operations[i]];
		struct request_list *list;

		assert(plans[i]);
		if (o->is_detached)
			continue;
		o->is_file_wide = traced_wants_file(t, plans[i]);
		list = o->is_file_wide ? &lists->file : &lists->own;
		list->owners[list->cnt] = o;
		list->items[list->cnt++] = (struct probe_request){
			.plan = plans[i],
			.series = o->series,
			.slow_operation = o->slow_operation,
			.shares = o->shares,
			.error = o->error,
			.keeps_result = o->needs_result,
			.is_alone = is_alone,
			.is_separate = target_of(d, t)->max_overhead_ratio > 0,
		};
	}
}

/* Its own probes, and the file-wide ones where they are not there yet. */
int traced_attach(struct daemon *d, struct traced *t, struct fault *why)
{
	size_t plan_cnt = traced_plan_cnt(d, t), cnt = plan_cnt + stages_request_cnt(d, t);
	const struct operation_plan **plans = calloc(plan_cnt + 1, sizeof(struct operation_plan *));
	struct request_lists lists = {0};
	int err = -ENOMEM;

	t->operations = calloc(plan_cnt + 1, sizeof(*t->operations));
	if (!plans || !list_init(&lists.own, cnt) || !list_init(&lists.file, cnt) ||
	    !t->operations) {
		fault_set(why, err, "out of memory");
		goto free_lists;
	}
	err = traced_find_operations(d, t, plans, why);
	if (err)
		goto free_lists;
	add_requests(d, t, plans, &lists);
	err = stages_add_requests(d, t, &lists, why);
	if (!err)
		err = attach_requests(d, t->pid, &lists.own, &t->group, why);
	if (!err)
		err = attach_file(d, t, &lists.file, why);
free_lists:
	free(plans);
	list_fini(&lists.own);
	list_fini(&lists.file);
	return err;
}

int traced_take(struct daemon *d, struct traced *t, struct fault *why)
{
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u64 = DAEMON_SOURCE_PROCESS | (uint32_t)t->pid};
	int err;

	t->taken_mono_ns = clock_mono_ns();
	err = traced_attach(d, t, why);
	if (!err)
		err = rpc_watch_process(d, t, why);
	if (!err && chain_operations_add_process(d, t))
		err = fault_set(why, -ENOMEM, "out of memory");
	if (!err && epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, t->pidfd, &event))
		err = fault_set(why, -errno, "cannot watch process %d: %s", t->pid,
				strerror(errno));
	for (size_t i = 0; err && i < t->operation_cnt; i++)
		d->operations[t->operations[i]].live_cnt--;
	if (err) {
		traced_fini(d, t);
		return err;
	}
	slow_calls_add_process(d, t->pid);
	t->since_wall_ns = clock_wall_ns();
	d->targets[t->target_idx].live_cnt++;
	d->targets[t->target_idx].fault.text[0] = '\0';
	d->traced[d->traced_cnt++] = *t;
	return 0;
}
