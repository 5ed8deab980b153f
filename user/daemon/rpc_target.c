/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the connections are: an operation of theirs can be found after the process is gone. */
#include <errno.h>
#include <string.h>

#include "daemon/chains.h"
#include "daemon/operations.h"
#include "daemon/rpc.h"

/* Another operation of the same target, which knew its processes; NULL: there is none. */
static const struct operation *find_sibling(const struct daemon *d, const struct operation *o)
{
	for (size_t i = 0; i < d->operation_cnt; i++) {
		const struct operation *other = &d->operations[i];

		if (other != o && other->place_idx == o->place_idx && other->target &&
		    other->target[0])
			return other;
	}
	return NULL;
}

static const struct traced *find_process(const struct daemon *d, size_t place_idx)
{
	for (size_t i = 0; i < d->traced_cnt; i++) {
		if (d->traced[i].place_idx == place_idx)
			return &d->traced[i];
	}
	return NULL;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int rpc_set_target(const struct daemon *d, struct operation *o)
{
	const struct daemon_target *target = d->targets[o->target_idx].config;
	const struct traced *process = find_process(d, o->place_idx);
	const struct operation *sibling = process ? NULL : find_sibling(d, o);
	const char *name = "";
	int err = 0;

	if (target->name)
		name = target->name;
	else if (process)
		name = process_name(process->process);
	else if (sibling)
		name = sibling->target;
	else if (target->match->exe) /* its processes end before they can be looked at */
		name = file_name(target->match->exe);
	o->target = strdup(name);
	for (size_t i = 0; !err && i < d->traced_cnt; i++) {
		if (d->traced[i].place_idx == o->place_idx)
			err = operations_add_pid(o, d->traced[i].pid);
	}
	for (size_t i = 0; !err && sibling && i < sibling->pid_cnt; i++)
		err = operations_add_pid(o, sibling->pids[i]);
	return o->target ? err : -ENOMEM;
}

int rpc_watch_process(struct daemon *d, struct traced *t, struct fault *why)
{
	bool wants_rpc = d->targets[t->target_idx].config->wants_rpc;

	if (!d->sock || (!wants_rpc && !chains_want_sockets(d, t->target_idx)))
		return 0;
	openssl_add_process(d, t);
	return rpc_add_process(d, t, why);
}
