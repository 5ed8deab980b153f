/* SPDX-License-Identifier: Apache-2.0 */
/* A process is looked up and its functions are resolved; nothing is attached here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/chains.h"
#include "daemon/places.h"
#include "daemon/processes.h"
#include "daemon/traced.h"

static const struct daemon_target *target_of(const struct daemon *d, const struct traced *t)
{
	return d->targets[t->target_idx].config;
}

/* Names still come from elsewhere, but not all that someone prepared. */
static void say_debug_file(struct daemon *d, const struct operation_plans *plans)
{
	const char *refusal = plans->cnt ? image_debug_file_refusal(plans->items[0].image) : NULL;

	if (refusal)
		daemon_message(d, "\"%s\": %s", image_path(plans->items[0].image), refusal);
}

int traced_open_tolerate(struct daemon *d, const struct traced *t, size_t function, int err,
			 const struct fault *why)
{
	struct fault *last = &d->targets[t->target_idx].faults[function];

	if (!d->config->is_tolerant)
		return err;
	if (target_of(d, t)->functions[function].is_optional && (err == -ENOENT || err == -ENXIO))
		return 0;
	if (strcmp(last->text, why->text) != 0)
		daemon_message(d, "in process %d (%s): %s", t->pid, process_name(t->process),
			       why->text);
	*last = *why;
	return 0;
}

static int resolve(struct daemon *d, struct traced *t, size_t function, struct fault *why)
{
	const struct daemon_target *target = target_of(d, t);
	const struct daemon_function *f = &target->functions[function];
	struct operation_plans *plans = &t->plans[function];
	const struct function_query query = {
		.pattern = f->pattern,
		.policy = target->exit_policy,
		.max_operations = d->config->function_max,
		.error = f->error,
		.avoids_nop5 = d->avoids_nop5,
	};
	int err = process_resolve(t->process, &query, plans, why);

	t->lacks_library[function] = err == -ENXIO;
	if (err == -ENXIO && d->has_started)
		return 0; /* it has only begun: see late.c */
	if (err)
		return traced_open_tolerate(d, t, function, err, why);
	d->targets[t->target_idx].faults[function].text[0] = '\0';
	say_debug_file(d, plans);
	if (plans->refused_cnt)
		daemon_message(d,
			       "%zu functions that match \"%s\" cannot be traced; `tickscope "
			       "functions --refused -p %d` says why",
			       plans->refused_cnt, f->pattern, t->pid);
	return 0;
}

/* Opens a process that somebody else watches, without its functions. */
static int open_process(struct daemon *d, struct traced *t, struct fault *why)
{
	const struct daemon_target *target = target_of(d, t);
	const struct process_options options = {.names = d->names, .debug_dir = target->debug_dir};
	int err = process_open(t->pid, &options, &t->process, why);

	if (err)
		return err;
	t->plans = calloc(target->function_cnt + 1, sizeof(*t->plans));
	t->lacks_library = calloc(target->function_cnt + 1, sizeof(*t->lacks_library));
	return t->plans && t->lacks_library ? 0 : fault_set(why, -ENOMEM, "out of memory");
}

int traced_open(struct daemon *d, size_t target_idx, pid_t pid, struct traced *ret_traced,
		struct fault *why)
{
	struct traced t = {.pid = pid, .pidfd = -1, .target_idx = target_idx};
	int err;

	t.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t.pidfd < 0) {
		err = -errno;
		return fault_set(why, err, "no process %d: %s", pid, strerror(errno));
	}
	err = open_process(d, &t, why);
	for (size_t i = 0; !err && i < target_of(d, &t)->function_cnt; i++)
		err = resolve(d, &t, i, why);
	if (!err)
		err = stages_resolve(d, &t, why);
	if (err) {
		traced_fini(d, &t);
		return err;
	}
	t.place_idx = places_find(d, target_idx, pid);
	/* Containers of one image run the same code in the kernel's eyes, each from a file of its
	 * own in ours: probes on both files would count every call twice. */
	t.is_by_file =
		processes_are_by_file(d, target_idx) && !process_is_in_other_mounts(t.process);
	*ret_traced = t;
	return 0;
}

int traced_open_late(struct daemon *d, const struct traced *t, struct traced *ret_again,
		     struct fault *why)
{
	struct traced again = {
		.pid = t->pid, .pidfd = -1, .target_idx = t->target_idx, .place_idx = t->place_idx};
	int err = open_process(d, &again, why);

	for (size_t i = 0; !err && i < target_of(d, t)->function_cnt; i++) {
		if (t->lacks_library[i])
			err = resolve(d, &again, i, why);
	}
	if (err)
		traced_fini(d, &again);
	else
		*ret_again = again;
	return err;
}
