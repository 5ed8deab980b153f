/* SPDX-License-Identifier: Apache-2.0 */
/* One traced process: looked up, its functions resolved, its probes attached. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/internal.h"

void traced_fini(struct traced *t, size_t function_cnt)
{
	probe_detach(t->group);
	for (size_t i = 0; t->plans && i < function_cnt; i++)
		operation_plans_fini(&t->plans[i]);
	free(t->plans);
	free(t->operations);
	process_free(t->process);
	if (t->pidfd >= 0)
		close(t->pidfd);
}

/* Names still come from elsewhere, but not all that someone prepared. */
static void say_debug_file(struct daemon *d, const struct operation_plans *plans)
{
	const char *refusal = plans->cnt ? image_debug_file_refusal(plans->items[0].image) : NULL;

	if (refusal)
		daemon_message(d, "\"%s\": %s", image_path(plans->items[0].image), refusal);
}

int traced_open(struct daemon *d, pid_t pid, struct traced *ret_traced, struct fault *why)
{
	const struct daemon_config *config = d->config;
	const struct process_options options = {.names = d->names, .debug_dir = config->debug_dir};
	struct traced t = {.pid = pid, .pidfd = -1};
	int err;

	t.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t.pidfd < 0) {
		err = -errno;
		return fault_set(why, err, "no process %d: %s", pid, strerror(errno));
	}
	err = process_open(pid, &options, &t.process, why);
	if (err)
		goto fini;
	t.plans = calloc(config->function_cnt, sizeof(*t.plans));
	if (!t.plans) {
		err = fault_set(why, -ENOMEM, "out of memory");
		goto fini;
	}
	for (size_t i = 0; i < config->function_cnt; i++) {
		struct function_query query = {
			.pattern = config->functions[i],
			.policy = config->exit_policy,
			.max_operations = config->function_max,
			.error = config->error,
			.avoids_nop5 = d->avoids_nop5,
		};

		err = process_resolve(t.process, &query, &t.plans[i], why);
		if (err)
			goto fini;
		say_debug_file(d, &t.plans[i]);
		if (t.plans[i].refused_cnt)
			daemon_message(d,
				       "%zu functions that match \"%s\" cannot be traced; "
				       "`tickscope functions "
				       "--refused -p %d` says why",
				       t.plans[i].refused_cnt, config->functions[i], pid);
	}
	*ret_traced = t;
	return 0;
fini:
	traced_fini(&t, config->function_cnt);
	return err;
}

struct request_list {
	struct probe_request *items;
	struct operation **owners; /* of each */
	size_t cnt;
};

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

/* Whether a plan is served by the probes of the whole file, or by those of its process. */
static bool wants(const struct daemon *d, const struct operation_plan *plan, bool is_file_wide)
{
	return (d->config->executable && image_is_executable(plan->image)) == is_file_wide;
}

size_t traced_plan_cnt(const struct daemon *d, const struct traced *t)
{
	size_t cnt = 0;

	assert(t->plans); /* since traced_open */
	for (size_t i = 0; i < d->config->function_cnt; i++)
		cnt += t->plans[i].cnt;
	return cnt;
}

/* Two names of one function, given by two patterns: a call must not be counted twice. */
static bool is_same_code(const struct operation_plan *a, const struct operation_plan *b)
{
	return a->image == b->image &&
	       a->copies[0].entry_file_offset == b->copies[0].entry_file_offset;
}

static const struct operation_plan *find_same_code(const struct traced *t,
						   const struct operation_plan *const *plans,
						   const struct operation_plan *plan)
{
	for (size_t i = 0; i < t->operation_cnt; i++) {
		assert(plans[i]);
		if (is_same_code(plans[i], plan))
			return plans[i];
	}
	return NULL;
}

/* Finds or makes the operations that a process feeds. */
static int traced_find_operations(struct daemon *d, struct traced *t,
				  const struct operation_plan **ret_plans, struct fault *why)
{
	for (size_t i = 0; i < d->config->function_cnt; i++) {
		for (size_t j = 0; j < t->plans[i].cnt; j++) {
			const struct operation_plan *plan = &t->plans[i].items[j];
			const struct operation_plan *same = find_same_code(t, ret_plans, plan);
			uint32_t idx;
			int err;

			if (same && strcmp(same->full_name, plan->full_name) != 0)
				daemon_message(d,
					       "\"%s\" is the same code as \"%s\": both are "
					       "counted there",
					       plan->name, same->name);
			if (same)
				continue;
			err = operations_find(d, process_name(t->process), plan, &idx, why);
			if (err)
				return err;
			ret_plans[t->operation_cnt] = plan;
			t->operations[t->operation_cnt++] = idx;
			if (operations_add_pid(&d->operations[idx], t->pid))
				return fault_set(why, -ENOMEM, "out of memory");
		}
	}
	return 0;
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
		if (o->cost.call_ns)
			continue;
		err = probe_calibrate(d->probe, &list->items[i], pid, &o->cost, why);
		if (err)
			return err;
	}
	return 0;
}

/* Attaches what this process needs: its own probes, and the file-wide ones where they are not there
 * yet. */
static int traced_attach(struct daemon *d, struct traced *t, struct fault *why)
{
	size_t cnt = traced_plan_cnt(d, t);
	const struct operation_plan **plans = calloc(cnt + 1, sizeof(struct operation_plan *));
	struct request_list own = {0}, file = {0};
	int err = -ENOMEM;

	t->operations = calloc(cnt + 1, sizeof(*t->operations));
	if (!plans || !list_init(&own, cnt) || !list_init(&file, cnt) || !t->operations) {
		fault_set(why, err, "out of memory");
		goto free_lists;
	}
	err = traced_find_operations(d, t, plans, why);
	if (err)
		goto free_lists;
	for (size_t i = 0; i < t->operation_cnt; i++) {
		struct operation *o = &d->operations[t->operations[i]];
		struct request_list *list;

		assert(plans[i]);
		o->is_file_wide = wants(d, plans[i], true);
		list = o->is_file_wide ? &file : &own;
		list->owners[list->cnt] = o;
		list->items[list->cnt++] = (struct probe_request){
			.plan = plans[i],
			.series = o->series,
			.error = o->error,
			.keeps_result = o->needs_result,
			.is_alone = t->operation_cnt == 1,
		};
	}
	err = attach_requests(d, t->pid, &own, &t->group, why);
	if (!err && !d->file_group)
		err = attach_requests(d, 0, &file, &d->file_group, why);
free_lists:
	free(plans);
	list_fini(&own);
	list_fini(&file);
	return err;
}

int traced_take(struct daemon *d, struct traced *t, struct fault *why)
{
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u64 = DAEMON_SOURCE_PROCESS | (uint32_t)t->pid};
	int err = traced_attach(d, t, why);

	if (!err && d->sock)
		err = rpc_add_process(d, t->pid, why);
	if (!err && epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, t->pidfd, &event))
		err = fault_set(why, -errno, "cannot watch process %d: %s", t->pid,
				strerror(errno));
	for (size_t i = 0; err && i < t->operation_cnt; i++)
		d->operations[t->operations[i]].live_cnt--;
	if (err)
		traced_fini(t, d->config->function_cnt);
	else
		d->traced[d->traced_cnt++] = *t;
	return err;
}
