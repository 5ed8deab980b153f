/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as the loop knows them -> readings -> rates. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/agent_usage.h"
#include "daemon/internal.h"
#include "measure/usage_rates.h"
#include "target/usage.h"
#include "target/usage_host.h"

struct watched {
	pid_t pid;
	uint64_t since_wall_ns; /* with the pid: tells a process from a later one */
	bool is_there;
	struct usage *usage; /* NULL: it cannot be read */
};

/* The processes of a target at two instants. */
struct target_usage {
	struct usage_process *before;
	struct usage_process *after;
	struct usage_target last;
};

struct agent_usage {
	struct usage_host_reader *host_reader;
	struct usage_host host[2];
	size_t host_idx; /* of the newest */
	struct watched *watched;
	size_t watched_cnt;
	struct target_usage targets[DAEMON_TARGET_MAX];
	struct usage *own; /* the agent's */
	struct usage_process own_processes[2];
	struct usage_target own_last;
};

int agent_usage_new(const char *state_dir, struct agent_usage **ret_usage, struct fault *why)
{
	struct agent_usage *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		return fault_set(why, -ENOMEM, "out of memory");
	u->watched = calloc(DAEMON_PROCESS_MAX, sizeof(*u->watched));
	err = u->watched ? usage_host_open(state_dir, &u->host_reader, why)
			 : fault_set(why, -ENOMEM, "out of memory");
	if (!err)
		err = usage_open(getpid(), &u->own, why);
	if (err) {
		agent_usage_free(u);
		return err;
	}
	*ret_usage = u;
	return 0;
}

void agent_usage_reset(struct agent_usage *u)
{
	for (size_t i = 0; i < u->watched_cnt; i++)
		usage_free(u->watched[i].usage);
	u->watched_cnt = 0;
	for (size_t i = 0; i < DAEMON_TARGET_MAX; i++) {
		free(u->targets[i].before);
		free(u->targets[i].after);
	}
	memset(u->targets, 0, sizeof(u->targets));
}

void agent_usage_free(struct agent_usage *u)
{
	if (!u)
		return;
	agent_usage_reset(u);
	usage_free(u->own);
	usage_host_free(u->host_reader);
	free(u->watched);
	free(u);
}

static struct watched *watch(struct agent_usage *u, const struct daemon_process *p)
{
	struct fault ignored;
	struct watched *w;

	for (size_t i = 0; i < u->watched_cnt; i++) {
		w = &u->watched[i];
		if (w->pid == p->pid && w->since_wall_ns == p->since_wall_ns)
			return w;
	}
	if (u->watched_cnt == DAEMON_PROCESS_MAX)
		return NULL;
	w = &u->watched[u->watched_cnt++];
	*w = (struct watched){.pid = p->pid, .since_wall_ns = p->since_wall_ns};
	/* It ended, or may not be read: the target's values are those of its other processes. */
	if (usage_open(p->pid, &w->usage, &ignored))
		w->usage = NULL;
	return w;
}

static void forget_ended(struct agent_usage *u)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->watched_cnt; i++) {
		if (u->watched[i].is_there)
			u->watched[kept++] = u->watched[i];
		else
			usage_free(u->watched[i].usage);
	}
	u->watched_cnt = kept;
}

static int put(struct agent_values *values, const char *target, const struct usage_rates *rates)
{
	int err = 0;

	for (size_t i = 0; i < rates->cnt; i++) {
		const struct value_id id = {
			.of = {.target = target, .operation = "", .kind = "value", .labels = ""},
			.name = rates->items[i].name};
		int failed = agent_values_set(values, &id, rates->items[i].value);

		err = err ? err : failed;
	}
	return err;
}

/* One more reading of a target's processes, in place of the one before the last. */
static int read_target(struct agent_usage *u, size_t target_idx, const struct daemon_view *view,
		       struct usage_target *ret_after)
{
	struct target_usage *t = &u->targets[target_idx];
	size_t cnt = 0;

	free(t->after);
	t->after = calloc(view->targets[target_idx].live_cnt + 1, sizeof(*t->after));
	if (!t->after)
		return -ENOMEM;
	*ret_after = (struct usage_target){.at_ns = usage_now_ns()};
	for (size_t i = 0; i < view->process_cnt; i++) {
		struct watched *w;

		if (view->processes[i].target_idx != target_idx ||
		    cnt == view->targets[target_idx].live_cnt)
			continue;
		w = watch(u, &view->processes[i]);
		if (!w)
			continue;
		w->is_there = true;
		if (w->usage && !usage_read(w->usage, &t->after[cnt]))
			cnt++;
	}
	ret_after->processes = t->after;
	ret_after->cnt = cnt;
	return 0;
}

/* What the agent itself costs. */
static int read_own(struct agent_usage *u, const struct usage_host *host,
		    struct agent_values *values)
{
	struct usage_process *p = &u->own_processes[u->host_idx];
	struct usage_target after = {.at_ns = usage_now_ns(), .processes = p, .cnt = 1};
	struct usage_rates rates;

	if (usage_read(u->own, p))
		return 0;
	usage_rates_of_target(&u->own_last, &after, host, &rates);
	u->own_last = after;
	return put(values, AGENT_SELF, &rates);
}

int agent_usage_read(struct agent_usage *u, const struct daemon_config *config,
		     const struct daemon_view *view, struct agent_values *values)
{
	struct usage_host *host = &u->host[u->host_idx ^= 1];
	struct usage_rates rates;
	int err, failed;

	usage_host_read(u->host_reader, host);
	usage_rates_of_host(&u->host[u->host_idx ^ 1], host, &rates);
	err = put(values, SERIES_HOST, &rates);
	failed = read_own(u, host, values);
	err = err ? err : failed;
	for (size_t i = 0; i < u->watched_cnt; i++)
		u->watched[i].is_there = false;
	/* Nobody looks for processes then: there may be some. */
	for (size_t i = 0; !view->is_disabled && i < config->target_cnt; i++) {
		struct target_usage *t = &u->targets[i];
		struct usage_process *older = t->before;
		struct usage_target after;

		failed = read_target(u, i, view, &after);
		if (failed)
			return failed;
		usage_rates_of_target(&t->last, &after, host, &rates);
		failed = put(values, config->targets[i].name, &rates);
		err = err ? err : failed;
		t->last = after;
		t->before = t->after;
		t->after = older;
	}
	forget_ended(u);
	return err;
}
