/* SPDX-License-Identifier: Apache-2.0 */
/* Signals and clocks of the loop. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/time_units.h"
#include "daemon/sources.h"

#define STREAM_READ_NS 20000000ULL /* of the ring; it holds more than a tenth of a second */
#define READ_MAX_NS \
	NS_PER_S /* counters are 32 bits wide: a bucket must not wrap twice between readings */

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

int sources_init(struct sources *s, bool has_switch)
{
	sigset_t mask;

	*s = (struct sources){.signal_fd = -1, .tick_fd = -1, .end_fd = -1, .stream_fd = -1};
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	if (has_switch)
		sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

/* By the clock, and when much waits: no record wakes anyone by itself. */
static int stream_start(const struct daemon *d, struct sources *s)
{
	int err;

	if (s->stream_fd >= 0) /* the clock of a configuration before this one */
		return watch(d, sock_stream_fd(d->sock), DAEMON_SOURCE_STREAM);
	s->stream_fd = timer_start(STREAM_READ_NS, true);
	if (s->stream_fd < 0)
		return s->stream_fd;
	err = watch(d, s->stream_fd, DAEMON_SOURCE_STREAM);
	return err ? err : watch(d, sock_stream_fd(d->sock), DAEMON_SOURCE_STREAM);
}

int sources_watch_kernel(struct daemon *d, struct sources *s)
{
	int err = 0;

	if (d->probe)
		err = watch(d, probe_event_fd(d->probe), DAEMON_SOURCE_EVENTS);
	if (!err && d->slowest)
		err = watch(d, slowest_fd(d->slowest), DAEMON_SOURCE_SLOWEST);
	if (!err && d->streams)
		err = stream_start(d, s);
	return err;
}

int sources_start(struct daemon *d, struct sources *s)
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
	if (!err)
		err = sources_watch_kernel(d, s);
	for (size_t i = 0; i < d->output->extra_cnt && !err; i++)
		err = watch(d, d->output->extras[i].fd, DAEMON_SOURCE_EXTRA | i);
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

void sources_stop(struct sources *s)
{
	int fds[] = {s->signal_fd, s->tick_fd, s->end_fd, s->stream_fd};

	drop_signals(s);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}
