/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: signals, the clock, ends of processes and kernel events, from start to the last
 * reading. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/internal.h"

#define NS_PER_S       1000000000ULL
#define STREAM_READ_NS 20000000ULL /* of the ring; it holds more than a tenth of a second */
#define READ_MAX_NS \
	NS_PER_S /* counters are 32 bits wide: a bucket must not wrap twice between readings */

static uint64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t daemon_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void daemon_message(struct daemon *d, const char *format, ...)
{
	char text[FAULT_TEXT_BYTES + 256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	d->output->on_message(text, d->output->context);
}

static void view_fill(const struct daemon *d, struct daemon_view *view)
{
	*view = (struct daemon_view){
		.operations = d->operations,
		.operation_cnt = d->operation_cnt,
		.start_wall_ns = d->start_wall_ns,
		.interval_start_wall_ns =
			d->start_wall_ns + (d->interval_mono_ns - d->start_mono_ns),
		.now_wall_ns = d->start_wall_ns + (d->read_mono_ns - d->start_mono_ns),
		.level = d->probe ? probe_level(d->probe) : PROBE_LEVEL_AUTO,
		.hooks = d->sock ? sock_hooks(d->sock) : SOCK_HOOKS_AUTO,
		.site_cnt = d->site_cnt,
		.process_cnt = d->traced_cnt,
		.attach_ns = d->attach_ns,
		.is_interrupted = d->is_interrupted,
	};
}

/* Everything the loop waits for, closed together. */
struct sources {
	int signal_fd;
	int tick_fd;
	int end_fd;
	int stream_fd; /* a clock: when to look for records */
	uint64_t interval_tick_cnt;
	uint64_t tick;
	sigset_t old_mask;
};

static int watch(const struct daemon *d, int fd, uint64_t source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = source};

	return epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int timer_start(uint64_t after_ns, bool repeats)
{
	struct timespec when = {.tv_sec = (time_t)(after_ns / NS_PER_S),
				.tv_nsec = (long)(after_ns % NS_PER_S)};
	struct itimerspec spec = {.it_value = when};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (repeats)
		spec.it_interval = when;
	if (timerfd_settime(fd, 0, &spec, NULL)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* Signals are taken from here on: one that comes while probes are being attached ends the trace in
 * the loop. */
static int sources_block_signals(struct sources *s)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

/* By the clock, and when much waits: no record wakes anyone by itself. */
static int stream_start(const struct daemon *d, struct sources *s)
{
	int err;

	s->stream_fd = timer_start(STREAM_READ_NS, true);
	if (s->stream_fd < 0)
		return s->stream_fd;
	err = watch(d, s->stream_fd, DAEMON_SOURCE_STREAM);
	return err ? err : watch(d, sock_stream_fd(d->sock), DAEMON_SOURCE_STREAM);
}

static int sources_start(const struct daemon *d, struct sources *s)
{
	uint64_t interval_ns = d->config->interval_ns ? d->config->interval_ns : READ_MAX_NS;
	int err;

	s->interval_tick_cnt = (interval_ns + READ_MAX_NS - 1) / READ_MAX_NS;
	s->tick_fd = timer_start(interval_ns / s->interval_tick_cnt, true);
	if (s->tick_fd < 0)
		return s->tick_fd;
	err = watch(d, s->tick_fd, DAEMON_SOURCE_TICK);
	if (!err)
		err = watch(d, s->signal_fd, DAEMON_SOURCE_SIGNAL);
	if (!err && d->probe)
		err = watch(d, probe_event_fd(d->probe), DAEMON_SOURCE_EVENTS);
	if (!err && d->streams)
		err = stream_start(d, s);
	if (err || !d->config->duration_ns)
		return err;
	s->end_fd = timer_start(d->config->duration_ns, false);
	return s->end_fd < 0 ? s->end_fd : watch(d, s->end_fd, DAEMON_SOURCE_END);
}

/* A signal that came while the trace was ending anyway has nothing to end any more. */
static void drop_signals(const struct sources *s)
{
	struct signalfd_siginfo info;
	bool had_one = s->signal_fd >= 0;

	while (had_one)
		had_one = read(s->signal_fd, &info, sizeof(info)) == sizeof(info);
}

static void sources_stop(struct sources *s)
{
	int fds[] = {s->signal_fd, s->tick_fd, s->end_fd, s->stream_fd};

	drop_signals(s);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

static void on_stream(struct daemon *d, struct sources *s)
{
	uint64_t expirations;
	ssize_t ignored = read(s->stream_fd, &expirations, sizeof(expirations));

	(void)ignored; /* woken by the ring, not by the clock */
	rpc_read_stream(d);
}

/* One tick of the clock. Negative: whoever shows the numbers wants no more. */
static int on_tick(struct daemon *d, struct sources *s)
{
	struct daemon_view view;
	uint64_t expirations, now = clock_ns(CLOCK_MONOTONIC);
	int err = 0;

	if (read(s->tick_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0;
	operations_read(d, now, false);
	s->tick += expirations;
	if (!d->config->interval_ns || s->tick < s->interval_tick_cnt)
		return 0;
	s->tick = 0;
	view_fill(d, &view);
	if (d->output->on_interval)
		err = d->output->on_interval(&view, d->output->context);
	operations_begin_interval(d, now);
	return err;
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

/* Takes the signal, which would else be delivered once it is no longer blocked. */
static bool on_signal(struct daemon *d, struct sources *s)
{
	struct signalfd_siginfo info;

	d->is_interrupted = read(s->signal_fd, &info, sizeof(info)) == sizeof(info);
	return d->is_interrupted;
}

/* Handles one ready source. False: the trace ends. */
static bool dispatch(struct daemon *d, struct sources *s, uint64_t source)
{
	switch (source & DAEMON_SOURCE_MASK) {
	case DAEMON_SOURCE_SIGNAL:
		return !on_signal(d, s);
	case DAEMON_SOURCE_END:
		return false;
	case DAEMON_SOURCE_STREAM:
		on_stream(d, s);
		return true;
	case DAEMON_SOURCE_TICK:
		return on_tick(d, s) >= 0;
	case DAEMON_SOURCE_EVENTS:
		probe_read_events(d->probe, on_kernel_event, d);
		say_dropped_events(d);
		return d->traced_cnt || processes_may_come(d);
	case DAEMON_SOURCE_PROCESS:
		processes_ended(d, (pid_t)(source & ~DAEMON_SOURCE_MASK));
		return d->traced_cnt || processes_may_come(d);
	}
	return true;
}

static int loop(struct daemon *d, struct sources *s)
{
	struct epoll_event ready[16];

	for (;;) {
		int cnt = epoll_wait(d->epoll_fd, ready, 16, -1);

		if (cnt < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < cnt; i++) {
			if (!dispatch(d, s, ready[i].data.u64))
				return 0;
		}
	}
}

static int run_attached(struct daemon *d, struct sources *s, struct fault *why)
{
	struct daemon_view view;
	int err;

	d->start_mono_ns = clock_ns(CLOCK_MONOTONIC);
	d->start_wall_ns = clock_ns(CLOCK_REALTIME);
	d->read_mono_ns = d->start_mono_ns;
	d->interval_mono_ns = d->start_mono_ns;
	view_fill(d, &view);
	d->output->on_attached(&view, d->output->context);
	err = sources_start(d, s);
	if (err)
		return fault_set(why, err, "cannot start the loop: %s", strerror(-err));
	err = loop(d, s);
	if (err)
		return fault_set(why, err, "the loop failed: %s", strerror(-err));
	processes_stop(d);
	operations_read(d, clock_ns(CLOCK_MONOTONIC), true);
	view_fill(d, &view);
	err = d->output->on_end(&view, d->output->context);
	return err < 0 ? fault_set(why, err, "cannot write the result: %s", strerror(-err)) : 0;
}

int daemon_run(const struct daemon_config *config, const struct daemon_output *output,
	       struct fault *why)
{
	struct daemon d = {.config = config, .output = output, .epoll_fd = -1};
	struct sources s = {.signal_fd = -1, .tick_fd = -1, .end_fd = -1, .stream_fd = -1};
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int err = sources_block_signals(&s);

	d.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	d.names = names_cache_new();
	if (err || d.epoll_fd < 0) {
		err = fault_set(why, err ? err : -errno, "cannot start the loop: %s",
				strerror(errno));
		goto stop;
	}
	err = processes_start(&d, why);
	if (err)
		goto stop;
	d.attach_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	err = run_attached(&d, &s, why);
stop:
	processes_stop(&d);
	operations_fini(&d);
	probe_free(d.probe);
	streams_stop(&d);
	sock_free(d.sock);
	names_cache_free(d.names);
	sources_stop(&s);
	if (d.epoll_fd >= 0)
		close(d.epoll_fd);
	return err;
}
