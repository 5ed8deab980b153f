/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are traced, from the first look at them to their end, and the probes in each. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/internal.h"

#define SERIES_SPARE 16 /* a later process of --exe may be another build, with other functions */

static void traced_fini(struct traced *t, size_t function_cnt)
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

/* Looks a process up and resolves every wanted function in it; attaches nothing. */
static int traced_open(struct daemon *d, pid_t pid, struct traced *ret_traced, struct fault *why)
{
	const struct daemon_config *config = d->config;
	struct traced t = {.pid = pid, .pidfd = -1};
	int err;

	t.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t.pidfd < 0) {
		err = -errno;
		return fault_set(why, err, "no process %d: %s", pid, strerror(errno));
	}
	err = process_open(pid, &t.process, why);
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
			.wants_return_type = config->error != NULL,
		};

		err = process_resolve(t.process, &query, &t.plans[i], why);
		if (err)
			goto fini;
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
	size_t cnt;
};

/* Whether a plan is served by the probes of the whole file, or by those of its process. */
static bool wants(const struct daemon *d, const struct operation_plan *plan, bool is_file_wide)
{
	return (d->config->executable && image_is_executable(plan->image)) == is_file_wide;
}

static size_t plan_cnt(const struct daemon *d, const struct traced *t)
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

static bool is_requested(const struct traced *t, const struct operation_plan *const *plans,
			 const struct operation_plan *plan)
{
	for (size_t i = 0; i < t->operation_cnt; i++) {
		if (is_same_code(plans[i], plan))
			return true;
	}
	return false;
}

/* Finds or makes the operations that a process feeds. */
static int traced_find_operations(struct daemon *d, struct traced *t,
				  const struct operation_plan **ret_plans, struct fault *why)
{
	for (size_t i = 0; i < d->config->function_cnt; i++) {
		for (size_t j = 0; j < t->plans[i].cnt; j++) {
			const struct operation_plan *plan = &t->plans[i].items[j];
			uint32_t idx;
			int err;

			if (is_requested(t, ret_plans, plan))
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
		struct operation *o = &d->operations[list->items[i].series];

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
	size_t cnt = plan_cnt(d, t);
	const struct operation_plan **plans = calloc(cnt + 1, sizeof(struct operation_plan *));
	struct request_list own = {.items = calloc(cnt + 1, sizeof(*own.items))};
	struct request_list file = {.items = calloc(cnt + 1, sizeof(*file.items))};
	int err = -ENOMEM;

	t->operations = calloc(cnt + 1, sizeof(*t->operations));
	if (!plans || !own.items || !file.items || !t->operations) {
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
		list = wants(d, plans[i], true) ? &file : &own;

		list->items[list->cnt++] = (struct probe_request){
			.plan = plans[i],
			.series = o->series,
			.error = o->error,
			.is_alone = t->operation_cnt == 1,
		};
	}
	err = attach_requests(d, t->pid, &own, &t->group, why);
	if (!err && !d->file_group)
		err = attach_requests(d, 0, &file, &d->file_group, why);
free_lists:
	free(plans);
	free(own.items);
	free(file.items);
	return err;
}

/* Takes over an opened process: attaches, and watches for its end. */
static int traced_take(struct daemon *d, struct traced *t, struct fault *why)
{
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u64 = DAEMON_SOURCE_PROCESS | (uint32_t)t->pid};
	int err = traced_attach(d, t, why);

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

static int open_probe(struct daemon *d, size_t series_cnt, struct fault *why)
{
	struct probe_options options = {.level = d->config->level};
	int err;

	d->operation_max = d->config->executable ? series_cnt + SERIES_SPARE : series_cnt;
	options.series_cnt = d->operation_max;
	err = probe_open(&options, &d->probe, why);
	return err ? err : operations_start(d, why);
}

/* The pids to begin with, in memory of its own. */
static int first_pids(const struct daemon *d, pid_t **ret_pids, size_t *ret_cnt, struct fault *why)
{
	const struct daemon_config *config = d->config;
	pid_t *pids;

	if (config->executable)
		return process_find_by_executable(config->executable, DAEMON_PROCESS_MAX, ret_pids,
						  ret_cnt, why);
	pids = calloc(config->pid_cnt, sizeof(*pids));
	if (!pids)
		return fault_set(why, -ENOMEM, "out of memory");
	memcpy(pids, config->pids, config->pid_cnt * sizeof(*pids));
	*ret_pids = pids;
	*ret_cnt = config->pid_cnt;
	return 0;
}

/* Opens all, then loads the programs sized for what was found, then attaches. */
static int start_all(struct daemon *d, const pid_t *pids, size_t cnt, struct fault *why)
{
	struct traced *opened = calloc(cnt + 1, sizeof(*opened));
	size_t opened_cnt = 0, taken_cnt = 0, series_cnt = 0;
	int err = 0;

	if (!opened)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < cnt && !err; i++) {
		err = traced_open(d, pids[i], &opened[opened_cnt], why);
		if (!err)
			series_cnt += plan_cnt(d, &opened[opened_cnt++]);
		else if (d->config->executable && err == -ESRCH)
			err = 0; /* it ended between two looks: --exe takes who is there */
	}
	if (!err)
		err = open_probe(d, series_cnt, why);
	while (!err && taken_cnt < opened_cnt)
		err = traced_take(d, &opened[taken_cnt++], why);
	for (size_t i = taken_cnt; i < opened_cnt; i++)
		traced_fini(&opened[i], d->config->function_cnt);
	free(opened);
	return err;
}

int processes_start(struct daemon *d, struct fault *why)
{
	pid_t *pids = NULL;
	size_t cnt = 0;
	int err;

	d->traced = calloc(DAEMON_PROCESS_MAX, sizeof(*d->traced));
	if (!d->traced)
		return fault_set(why, -ENOMEM, "out of memory");
	err = first_pids(d, &pids, &cnt, why);
	if (!err)
		err = start_all(d, pids, cnt, why);
	free(pids);
	return err;
}

static struct traced *traced_find(struct daemon *d, pid_t pid)
{
	for (size_t i = 0; i < d->traced_cnt; i++) {
		if (d->traced[i].pid == pid)
			return &d->traced[i];
	}
	return NULL;
}

static void traced_remove(struct daemon *d, struct traced *t)
{
	for (size_t i = 0; i < t->operation_cnt; i++) {
		struct operation *o = &d->operations[t->operations[i]];

		if (--o->live_cnt == 0)
			probe_settle_series(d->probe, o->series);
	}
	probe_settle_process(d->probe, t->pid);
	traced_fini(t, d->config->function_cnt);
	*t = d->traced[--d->traced_cnt];
}

void processes_ended(struct daemon *d, pid_t pid)
{
	struct traced *t = traced_find(d, pid);

	if (!t)
		return;
	daemon_message(d, "process %d (%s) has ended", pid, process_name(t->process));
	traced_remove(d, t);
}

/* True where a process that just started runs the executable that --exe names. */
static bool is_wanted(const struct daemon *d, pid_t pid)
{
	pid_t *pids = NULL;
	size_t cnt = 0;
	struct fault ignored;
	bool found = false;

	if (!d->config->executable || d->traced_cnt == DAEMON_PROCESS_MAX)
		return false;
	if (process_find_by_executable(d->config->executable, DAEMON_PROCESS_MAX, &pids, &cnt,
				       &ignored))
		return false;
	for (size_t i = 0; i < cnt; i++)
		found |= pids[i] == pid;
	free(pids);
	return found;
}

void processes_exec(struct daemon *d, pid_t pid)
{
	struct traced *old = traced_find(d, pid);
	struct traced fresh = {.pidfd = -1};
	struct fault why;
	int err;

	if (!old && !is_wanted(d, pid))
		return;
	if (old) {
		daemon_message(d, "process %d (%s) has executed another program", pid,
			       process_name(old->process));
		traced_remove(d, old);
	}
	err = traced_open(d, pid, &fresh, &why);
	if (!err)
		err = traced_take(d, &fresh, &why);
	if (err)
		daemon_message(d, "process %d is not traced: %s", pid, why.text);
	else
		daemon_message(d, "process %d (%s) is traced", pid, process_name(fresh.process));
}

void processes_stop(struct daemon *d)
{
	for (size_t i = 0; i < d->traced_cnt; i++)
		traced_fini(&d->traced[i], d->config->function_cnt);
	d->traced_cnt = 0;
	free(d->traced);
	d->traced = NULL;
	probe_detach(d->file_group);
	d->file_group = NULL;
}
