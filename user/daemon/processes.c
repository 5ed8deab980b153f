/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are traced, from the first look at them to their end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/internal.h"

#define SERIES_SPARE 16 /* a later process of --exe may be another build, with other functions */

static int open_probe(struct daemon *d, size_t series_cnt, struct fault *why)
{
	struct probe_options options = {.level = d->config->level};
	int err;

	if (d->config->executable && d->config->function_cnt)
		series_cnt += SERIES_SPARE;
	d->function_operation_max = (uint32_t)series_cnt;
	d->operation_max = series_cnt + rpc_operation_max(d);
	options.series_cnt = series_cnt;
	/* It also tells of processes that start: --exe needs it without functions, too. */
	err = d->config->function_cnt || d->config->executable
		      ? probe_open(&options, &d->probe, why)
		      : 0;
	if (!err && d->config->wants_rpc)
		err = rpc_start(d, why);
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

static bool has_nop5_site(const struct daemon *d, const struct traced *t)
{
	for (size_t i = 0; i < d->config->function_cnt; i++) {
		for (size_t j = 0; j < t->plans[i].cnt; j++) {
			if (t->plans[i].items[j].copies[0].entry_cost == SITE_COST_NOP5)
				return true;
		}
	}
	return false;
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
		int err = traced_open(d, opened[i].pid, &again, why);

		if (err)
			return err;
		traced_fini(&opened[i], d->config->function_cnt);
		opened[i] = again;
	}
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
			series_cnt += traced_plan_cnt(d, &opened[opened_cnt++]);
		else if (d->config->executable && err == -ESRCH)
			err = 0; /* it ended between two looks: --exe takes who is there */
	}
	if (!err)
		err = open_probe(d, series_cnt, why);
	if (!err)
		err = avoid_dear_nop5(d, opened, opened_cnt, why);
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
	/* First the spans that are known one by one: what then is open in a series is the rest. */
	if (d->probe)
		probe_settle_process(d->probe, t->pid);
	if (d->sock)
		sock_remove_target(d->sock, t->pid);
	for (size_t i = 0; i < t->operation_cnt; i++) {
		struct operation *o = &d->operations[t->operations[i]];

		/* Probes of a whole file keep a span for each call, which ends with its thread; and
		 * they see processes that are not known here yet. */
		if (--o->live_cnt == 0 && !o->is_file_wide)
			probe_settle_series(d->probe, o->series);
	}
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
	return d->config->executable && d->traced_cnt < DAEMON_PROCESS_MAX &&
	       process_runs_executable(pid, d->config->executable);
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
	sock_detach(d->sock);
}
