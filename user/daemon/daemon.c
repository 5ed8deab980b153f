/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: signals, the clock, ends of processes and kernel events, from start to the last
 * reading. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/chains.h"
#include "daemon/confine.h"
#include "daemon/heap.h"
#include "daemon/operations.h"
#include "daemon/overhead.h"
#include "daemon/places.h"
#include "daemon/rpc.h"
#include "daemon/slow_calls.h"
#include "daemon/sources.h"
#include "daemon/late.h"
#include "daemon/processes.h"
#include "probe/sched.h"

#define LOOK_INTERVALS 5 /* between two looks for processes whose start was not told */

void daemon_message(struct daemon *d, const char *format, ...)
{
	char text[FAULT_TEXT_BYTES + 256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->output->on_message(text, d->output->context);
}

struct loop {
	struct daemon *d;
	struct sources sources;
	bool has_switch_failed; /* which was said */
	struct heap heap;
};

/* All times count from here. */
static void begin(struct daemon *d)
{
	d->start_mono_ns = clock_mono_ns();
	d->start_wall_ns = clock_wall_ns();
	d->read_mono_ns = d->start_mono_ns;
	d->interval_mono_ns = d->start_mono_ns;
}

static void on_stream(struct daemon *d, struct sources *s)
{
	uint64_t expirations;
	ssize_t ignored = read(s->stream_fd, &expirations, sizeof(expirations));

	(void)ignored; /* woken by the ring, not by the clock */
	rpc_read_stream(d);
}

static void on_kernel_event(const struct ts_event *event, void *context)
{
	if (event->kind == TS_EVENT_EXEC)
		processes_exec(context, (pid_t)event->tgid);
}

/* A process that started unseen is traced by the probes of its file, but not known by its pid. */
static void say_dropped_events(struct daemon *d)
{
	uint64_t dropped = probe_dropped_events(d->probe);

	if (dropped != d->dropped_events)
		daemon_message(d, "%llu processes started faster than they could be looked at",
			       (unsigned long long)(dropped - d->dropped_events));
	d->dropped_events = dropped;
}

static void daemon_free(struct daemon *d);
static int daemon_new(const struct daemon_config *config, const struct daemon_output *output,
		      int epoll_fd, struct daemon **ret_daemon, struct fault *why);

/* `fresh` measures from now on; whoever shows the numbers has the last of the one before. */
static void replace(struct loop *l, struct daemon *fresh)
{
	const struct daemon_output *output = l->d->output;
	struct daemon_view view;
	int err;

	processes_stop(l->d);
	operations_read(l->d, clock_mono_ns(), true);
	view_fill(l->d, &view);
	view.is_last = true;
	output->on_interval(&view, output->context);
	daemon_free(l->d);
	l->d = fresh;
	begin(fresh);
	err = sources_watch_kernel(fresh, &l->sources);
	if (err)
		daemon_message(fresh, "kernel events are not watched: %s", strerror(-err));
}

/* Attached beside the one that runs, and confined like it. */
static int attach_another(struct loop *l, const struct daemon_config *config,
			  struct daemon **ret_fresh, struct fault *why)
{
	struct fault unconfined;
	int err = confine_lift(l->d, why);

	*ret_fresh = NULL;
	if (!err)
		err = daemon_new(config, l->d->output, l->d->epoll_fd, ret_fresh, why);
	if (confine(*ret_fresh ? *ret_fresh : l->d, &unconfined))
		daemon_message(l->d, "%s", unconfined.text);
	return err;
}

/*
 * Measures by another configuration from now on. The new probes are there before the old ones go,
 * so that no call is missed; calls that are under way then end unpaired.
 */
static void reload(struct loop *l)
{
	const struct daemon_output *output = l->d->output;
	const struct daemon_config *config = output->on_reload(output->context);
	struct daemon *fresh = NULL;
	struct daemon_view view;
	struct fault why;
	int err;

	if (!config)
		return;
	err = attach_another(l, config, &fresh, &why);
	if (err || !fresh) {
		daemon_message(l->d,
			       "the new configuration cannot be traced, the old one stays: %s",
			       why.text);
		output->on_reloaded(NULL, output->context);
		return;
	}
	replace(l, fresh);
	view_fill(fresh, &view);
	output->on_reloaded(&view, output->context);
}

/*
 * Takes off all that is attached, the programs and their memory, too, or attaches it anew. What
 * cannot be attached is tried again the next second, and said once.
 */
static void look_at_switch(struct loop *l)
{
	const struct daemon_output *output = l->d->output;
	struct daemon *fresh = NULL;
	struct daemon_view view;
	struct fault why;
	int err;

	if (!output->is_disabled || output->is_disabled(output->context) == l->d->is_disabled)
		return;
	/* To attach nothing takes no privileges, and must not fail for want of them. */
	err = l->d->is_disabled ? attach_another(l, l->d->config, &fresh, &why)
				: daemon_new(l->d->config, output, l->d->epoll_fd, &fresh, &why);
	if (err || !fresh) {
		if (!l->has_switch_failed)
			daemon_message(l->d, "probes cannot be attached again: %s", why.text);
		l->has_switch_failed = true;
		return;
	}
	l->has_switch_failed = false;
	replace(l, fresh);
	view_fill(fresh, &view);
	output->on_switched(&view, output->context);
}

/* One tick of the clock. Negative: whoever shows the numbers wants no more. */
static int on_tick(struct loop *l)
{
	struct daemon *d = l->d;
	struct sources *s = &l->sources;
	struct daemon_view view;
	uint64_t expirations, now = clock_mono_ns();
	bool is_due;
	int err = 0;

	if (read(s->tick_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0;
	operations_read(d, now, false);
	overhead_look(d, now);
	heap_give_back(&l->heap, now);
	s->tick += expirations;
	if (!d->config->interval_ns || s->tick < s->interval_tick_cnt)
		return 0;
	s->tick = 0;
	is_due = ++d->look_cnt % LOOK_INTERVALS == 0;
	if (d->config->is_tolerant && (places_look(d) || is_due))
		processes_look(d);
	view_fill(d, &view);
	if (d->output->on_interval)
		err = d->output->on_interval(&view, d->output->context);
	operations_begin_interval(d, now);
	look_at_switch(l);
	return err;
}

/* Takes the signal, which would else be delivered once it is no longer blocked. False: it ends the
 * trace. */
static bool on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (read(l->sources.signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGHUP && l->d->output->on_reload) {
		reload(l);
		return true;
	}
	if (info.ssi_signo == SIGUSR2) {
		l->d->output->on_disable(l->d->output->context);
		look_at_switch(l);
		return true;
	}
	l->d->is_interrupted = true;
	return false;
}

/* Handles one ready source. False: the trace ends. */
static bool dispatch(struct loop *l, uint64_t source)
{
	struct daemon *d = l->d;
	struct sources *s = &l->sources;
	const struct daemon_output *output = d->output;

	switch (source & DAEMON_SOURCE_MASK) {
	case DAEMON_SOURCE_SIGNAL:
		return on_signal(l);
	case DAEMON_SOURCE_EXTRA:
		output->extras[source & ~DAEMON_SOURCE_MASK].on_ready(output->context);
		return true;
	case DAEMON_SOURCE_END:
		return false;
	case DAEMON_SOURCE_STREAM:
		on_stream(d, s);
		return true;
	case DAEMON_SOURCE_TICK:
		return on_tick(l) >= 0;
	case DAEMON_SOURCE_EVENTS:
		probe_read_events(d->probe, on_kernel_event, d);
		say_dropped_events(d);
		return d->traced_cnt || processes_may_come(d);
	case DAEMON_SOURCE_SLOWEST:
		slow_calls_read(d);
		return true;
	case DAEMON_SOURCE_PROCESS:
		processes_ended(d, (pid_t)(source & ~DAEMON_SOURCE_MASK));
		return d->traced_cnt || processes_may_come(d);
	}
	return true;
}

static int run_loop(struct loop *l)
{
	struct epoll_event ready[16];

	for (;;) {
		int cnt = epoll_wait(l->d->epoll_fd, ready, 16, late_wait_ms(l->d));

		if (cnt < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < cnt; i++) {
			struct daemon *before = l->d;

			if (!dispatch(l, ready[i].data.u64))
				return 0;
			/* What was ready is of descriptors that are closed by now. */
			if (l->d != before)
				break;
		}
		late_look(l->d, false);
	}
}

static int run_attached(struct loop *l, struct fault *why)
{
	const struct daemon_output *output;
	struct daemon_view view;
	int err;

	assert(l->d); /* since daemon_new */
	output = l->d->output;
	begin(l->d);
	view_fill(l->d, &view);
	output->on_attached(&view, output->context);
	err = sources_start(l->d, &l->sources);
	if (err)
		return fault_set(why, err, "cannot start the loop: %s", strerror(-err));
	err = run_loop(l);
	if (err)
		return fault_set(why, err, "the loop failed: %s", strerror(-err));
	processes_stop(l->d);
	slow_calls_read(l->d);
	operations_read(l->d, clock_mono_ns(), true);
	view_fill(l->d, &view);
	err = output->on_end(&view, output->context);
	return err < 0 ? fault_set(why, err, "cannot write the result: %s", strerror(-err)) : 0;
}

static void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	processes_stop(d);
	for (size_t i = 0; i < d->config->target_cnt; i++)
		free(d->targets[i].faults);
	free(d->processes);
	operations_fini(d);
	probe_free(d->probe);
	sched_free(d->sched);
	streams_stop(d);
	tls_free(d->tls);
	sock_free(d->sock);
	chains_free(d);
	slow_calls_stop(d);
	names_cache_free(d->names);
	places_stop(d);
	free(d);
}

/* Everything that exists is attached. */
static int daemon_new(const struct daemon_config *config, const struct daemon_output *output,
		      int epoll_fd, struct daemon **ret_daemon, struct fault *why)
{
	uint64_t began_ns = clock_mono_ns();
	struct daemon *d = calloc(1, sizeof(*d));
	int err;

	*ret_daemon = NULL;
	if (!d)
		return fault_set(why, -ENOMEM, "out of memory");
	d->config = config;
	d->output = output;
	d->epoll_fd = epoll_fd;
	d->is_disabled = output->is_disabled && output->is_disabled(output->context);
	d->names = names_cache_new();
	err = places_start(d, why);
	if (!err)
		err = chains_plan(d, why);
	if (!err)
		err = processes_start(d, why);
	if (err) {
		daemon_free(d);
		return err;
	}
	d->attach_ns = clock_mono_ns() - began_ns;
	*ret_daemon = d;
	return 0;
}

int daemon_run(const struct daemon_config *config, const struct daemon_output *output,
	       struct fault *why)
{
	struct loop l = {0};
	int err = sources_init(&l.sources, output->is_disabled);
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	heap_prepare();
	if (err || epoll_fd < 0) {
		err = err ? err : -errno;
		err = fault_set(why, err, "cannot start the loop: %s", strerror(-err));
		goto stop;
	}
	err = daemon_new(config, output, epoll_fd, &l.d, why);
	if (!err)
		err = confine(l.d, why);
	if (!err)
		err = run_attached(&l, why);
stop:
	daemon_free(l.d);
	sources_stop(&l.sources);
	if (epoll_fd >= 0)
		close(epoll_fd);
	return err;
}
