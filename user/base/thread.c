/* SPDX-License-Identifier: Apache-2.0 */
/* One way to start a thread and to wait in it, for all rooms that have one. */
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/sandbox.h"
#include "base/time_units.h"

struct first_step {
	thread_fn fn;
	void *context;
};

/* No thread but the loop's looks into processes or loads anything. */
static void *step_in(void *context)
{
	struct first_step step = *(struct first_step *)context;

	free(context);
	sandbox_drop_capabilities();
	return step.fn(step.context);
}

int thread_start(pthread_t *ret_thread, size_t stack_bytes, thread_fn fn, void *context)
{
	pthread_attr_t attributes;
	struct first_step *step = malloc(sizeof(*step));
	sigset_t all, before;
	int err;

	if (!step)
		return -ENOMEM;
	*step = (struct first_step){fn, context};
	sigfillset(&all);
	pthread_attr_init(&attributes);
	if (stack_bytes)
		pthread_attr_setstacksize(&attributes, stack_bytes);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(ret_thread, &attributes, step_in, step);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (err)
		free(step);
	return err;
}

void thread_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until_mono_ns)
{
	const struct timespec until = {(time_t)(until_mono_ns / NS_PER_S),
				       (long)(until_mono_ns % NS_PER_S)};

	return pthread_cond_timedwait(condition, lock, &until) != ETIMEDOUT;
}
