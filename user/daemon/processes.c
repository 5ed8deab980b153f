/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are traced, from the first look at them to their end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/chains.h"
#include "daemon/late.h"
#include "daemon/operations.h"
#include "daemon/places.h"
#include "daemon/processes.h"
#include "daemon/rpc.h"
#include "daemon/shares.h"
#include "daemon/slow_calls.h"
#include "daemon/traced.h"
#include "target/discover.h"

bool processes_may_come(const struct daemon *d)
{
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		if (!d->config->targets[i].match->pid_cnt)
			return true;
	}
	return false;
}

bool processes_are_by_file(const struct daemon *d, size_t target_idx)
{
	const struct config_match *match = d->config->targets[target_idx].match;

	if (!match->exe || match->pid_cnt || match->cmdline || match->unit || match->cgroup ||
	    pods_are_wanted(match))
		return false;
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		const char *other = d->config->targets[i].match->exe;

		/* Its processes must not count in both, and what else it asks for is not known. */
		if (i != target_idx && (!other || strcmp(other, match->exe) == 0))
			return false;
	}
	return true;
}

struct opened_list {
	struct traced *items;
	size_t cnt;
	size_t plan_cnt;
};

static bool has_nop5_site(const struct daemon *d, const struct traced *t)
{
	for (size_t i = 0; i < d->config->targets[t->target_idx].function_cnt; i++) {
		for (size_t j = 0; j < t->plans[i].cnt; j++) {
			if (t->plans[i].items[j].copies[0].entry_cost == SITE_COST_NOP5)
				return true;
		}
	}
	return stages_have_nop5_site(d, t);
}

/* What a probe at an entry of this class costs here; UINT64_MAX where it could not be measured. */
static uint64_t entry_cost_ns(struct daemon *d, enum site_cost cost)
{
	struct function_plan copy = {.entry_cost = cost, .exit_mode = EXIT_HIJACK};
	struct operation_plan plan = {.copies = &copy, .copy_cnt = 1};
	struct probe_request request = {.plan = &plan, .is_alone = true};
	struct probe_cost measured;
	struct fault ignored;

	return probe_calibrate(d->probe, &request, 1, &measured, &ignored) ? UINT64_MAX
									   : measured.call_ns;
}

/* Kernels before 6.18 single-step a 5-byte nop: where that shows, all processes are looked at once
 * more without it. */
static int avoid_dear_nop5(struct daemon *d, struct traced *opened, size_t cnt, struct fault *why)
{
	bool has_nop5 = false;

	for (size_t i = 0; i < cnt; i++)
		has_nop5 |= has_nop5_site(d, &opened[i]);
	if (!has_nop5 || entry_cost_ns(d, SITE_COST_NOP5) <= entry_cost_ns(d, SITE_COST_EMULATED))
		return 0;
	d->avoids_nop5 = true;
	for (size_t i = 0; i < cnt; i++) {
		struct traced again;
		int err = traced_open(d, opened[i].target_idx, opened[i].pid, &again, why);

		if (err)
			return err;
		traced_fini(d, &opened[i]);
		opened[i] = again;
	}
	return 0;
}

/* A process that is to be traced and cannot be. 0: the others go on. */
static int refuse(struct daemon *d, size_t target_idx, pid_t pid, int err, const struct fault *why)
{
	struct target *target = &d->targets[target_idx];

	/* It ended between two looks: whoever is there is taken. */
	if (err == -ESRCH && !target->config->match->pid_cnt)
		return 0;
	if (!d->config->is_tolerant)
		return err;
	if (pid && strcmp(target->fault.text, why->text) != 0)
		daemon_message(d, "process %d is not traced: %s", pid, why->text);
	target->fault = *why;
	target->refused_cnt += err != -ESRCH;
	return 0;
}

static bool has_opened(const struct opened_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->cnt; i++) {
		if (list->items[i].pid == pid)
			return true;
	}
	return false;
}

_Static_assert(DAEMON_TARGET_MAX <= DISCOVER_MATCH_MAX, "a bit for each target");

static int find_processes(const struct daemon *d, struct discovery *ret_found, struct fault *why)
{
	const struct config_match *matches[DAEMON_TARGET_MAX];

	for (size_t i = 0; i < d->config->target_cnt; i++)
		matches[i] = d->config->targets[i].match;
	return discover_all(places_pods(d), matches, d->config->target_cnt, ret_found, why);
}

/* Opens the processes of a target that are there; one of several targets belongs to the first. */
static int open_target(struct daemon *d, size_t target_idx, const struct discovery *found,
		       struct opened_list *list, struct fault *why)
{
	struct discovered_pids pids;
	int err =
		discover_pids(found, target_idx, d->config->targets[target_idx].match, &pids, why);

	if (err)
		return refuse(d, target_idx, 0, err, why);
	for (size_t i = 0; i < pids.cnt && !err && list->cnt < DAEMON_PROCESS_MAX; i++) {
		pid_t pid = pids.items[i];

		if (has_opened(list, pid))
			continue;
		err = traced_open(d, target_idx, pid, &list->items[list->cnt], why);
		if (!err)
			list->plan_cnt += traced_plan_cnt(d, &list->items[list->cnt++]);
		else
			err = refuse(d, target_idx, pid, err, why);
	}
	free(pids.items);
	return err;
}

static int open_targets(struct daemon *d, struct opened_list *list, struct fault *why)
{
	struct discovery found;
	int err = find_processes(d, &found, why);

	if (err)
		return err;
	for (size_t i = 0; i < d->config->target_cnt && !err; i++)
		err = open_target(d, i, &found, list, why);
	free(found.items);
	return err;
}

/* Opens all, then loads the programs sized for what was found, then attaches. */
static int start_all(struct daemon *d, struct opened_list *list, struct fault *why)
{
	size_t taken_cnt = 0;
	int err = open_targets(d, list, why);

	if (!err)
		err = opening_load(d, list->items, list->cnt, why);
	if (!err)
		err = avoid_dear_nop5(d, list->items, list->cnt, why);
	while (!err && taken_cnt < list->cnt) {
		struct traced *t = &list->items[taken_cnt++];
		size_t target_idx = t->target_idx;
		pid_t pid = t->pid;

		err = traced_take(d, t, why);
		if (err)
			err = refuse(d, target_idx, pid, err, why);
	}
	for (size_t i = taken_cnt; i < list->cnt; i++)
		traced_fini(d, &list->items[i]);
	return err;
}

int processes_start(struct daemon *d, struct fault *why)
{
	struct opened_list list = {.items = NULL};
	int err = process_check_numbers(why);

	if (err)
		return err;
	list.items = calloc(DAEMON_PROCESS_MAX, sizeof(*list.items));
	d->traced = calloc(DAEMON_PROCESS_MAX, sizeof(*d->traced));
	d->processes = calloc(DAEMON_PROCESS_MAX, sizeof(*d->processes));
	if (!d->traced || !d->processes || !list.items) {
		free(list.items);
		return fault_set(why, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		struct target *target = &d->targets[i];

		target->config = &d->config->targets[i];
		target->faults = calloc(target->config->function_cnt + 1, sizeof(*target->faults));
		if (!target->faults) {
			free(list.items);
			return fault_set(why, -ENOMEM, "out of memory");
		}
	}
	err = d->is_disabled ? 0 : start_all(d, &list, why);
	d->has_started = true;
	free(list.items);
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

static void leave_operations(struct daemon *d, const struct traced *t)
{
	for (size_t i = 0; i < t->operation_cnt; i++) {
		struct operation *o = &d->operations[t->operations[i]];

		/* Probes of a whole file keep a span for each call, which ends with its thread; and
		 * they see processes that are not known here yet. */
		if (--o->live_cnt == 0 && !o->is_file_wide)
			probe_settle_series(d->probe, o->series);
	}
	if (t->late)
		leave_operations(d, t->late);
}

static void traced_remove(struct daemon *d, struct traced *t)
{
	slow_calls_leave(d, t->pid);
	/* First the spans that are known one by one: what then is open in a series is the rest. */
	if (d->probe)
		probe_settle_process(d->probe, t->pid);
	leave_operations(d, t);
	traced_leave_file(d, t);
	d->targets[t->target_idx].live_cnt--;
	traced_fini(d, t);
	*t = d->traced[--d->traced_cnt];
}

void processes_ended(struct daemon *d, pid_t pid)
{
	struct traced *t = traced_find(d, pid);

	if (!t)
		return;
	daemon_message(d, "process %d (%s) has ended", pid, process_name(t->process));
	if (d->sock) {
		rpc_find_endpoints(d);
		sock_remove_target(d->sock, pid);
	}
	traced_remove(d, t);
}

/* The first target that a process belongs to; target_cnt: none. */
static size_t find_target(const struct daemon *d, pid_t pid)
{
	size_t idx = 0;

	if (d->traced_cnt == DAEMON_PROCESS_MAX)
		return d->config->target_cnt;
	while (idx < d->config->target_cnt &&
	       (d->config->targets[idx].match->pid_cnt ||
		!discover_matches(places_pods(d), d->config->targets[idx].match, pid)))
		idx++;
	return idx;
}

/* A process that may belong to a target and is not traced. */
static void take_new(struct daemon *d, size_t target_idx, pid_t pid)
{
	struct traced fresh = {.pidfd = -1};
	struct fault why;
	int err;

	if (d->output->on_busy)
		d->output->on_busy(d->output->context);
	err = traced_open(d, target_idx, pid, &fresh, &why);
	if (!err)
		err = traced_take(d, &fresh, &why);
	if (!err)
		daemon_message(d, "process %d (%s) is traced", pid, process_name(fresh.process));
	else if (d->config->is_tolerant)
		refuse(d, target_idx, pid, err, &why);
	else if (err != -ESRCH || !processes_are_by_file(d, target_idx)) /* it was measured */
		daemon_message(d, "process %d is not traced: %s", pid, why.text);
}

void processes_exec(struct daemon *d, pid_t pid)
{
	struct traced *old = traced_find(d, pid);
	size_t target_idx = find_target(d, pid);

	/* A process that was given by its number stays the same one. */
	if (old && d->config->targets[old->target_idx].match->pid_cnt)
		target_idx = old->target_idx;
	if (!old && target_idx == d->config->target_cnt)
		return;
	if (old) {
		daemon_message(d, "process %d (%s) has executed another program", pid,
			       process_name(old->process));
		/* By file, the kernel knows already what it runs now. */
		if (d->sock && !old->is_by_file)
			sock_remove_target(d->sock, pid);
		traced_remove(d, old);
	}
	if (target_idx < d->config->target_cnt)
		take_new(d, target_idx, pid);
}

void processes_look(struct daemon *d)
{
	struct discovery found;
	struct fault ignored;
	uint64_t open_mask = 0; /* targets that processes may come to */

	if (d->is_disabled)
		return;
	for (size_t i = 0; i < d->config->target_cnt; i++)
		open_mask |= (uint64_t)!d->config->targets[i].match->pid_cnt << i;
	late_look(d, true);
	if (!open_mask || find_processes(d, &found, &ignored))
		return;
	for (size_t i = 0; i < d->config->target_cnt; i++) {
		if (open_mask >> i & 1)
			d->targets[i].refused_cnt = 0; /* counted anew */
	}
	for (size_t i = 0; i < found.cnt && d->traced_cnt < DAEMON_PROCESS_MAX; i++) {
		uint64_t mask = found.items[i].match_mask & open_mask;

		if (mask && !traced_find(d, found.items[i].pid))
			take_new(d, (size_t)__builtin_ctzll(mask), found.items[i].pid);
	}
	free(found.items);
}

void processes_stop(struct daemon *d)
{
	for (size_t i = 0; i < d->traced_cnt; i++)
		traced_fini(d, &d->traced[i]);
	d->traced_cnt = 0;
	free(d->traced);
	d->traced = NULL;
	for (size_t i = 0; i < d->file_cnt; i++)
		probe_detach(d->files[i].group);
	d->file_cnt = 0;
	sock_detach(d->sock);
}
