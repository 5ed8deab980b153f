/* SPDX-License-Identifier: Apache-2.0 */
/* The room's object: who is let in, and who has to go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/client.h"

#define EVENT_MAX      16
#define LISTENER_EVENT UINT64_MAX
#define TIMER_EVENT    (UINT64_MAX - 1)
#define CHECKS	       12	/* for silent clients, in the time that they may be silent */
#define EVICT_AFTER_NS NS_PER_S /* a full table: who was heard of later stays */

/* A place for a new client: a free one, or that of the one that has been silent for longest. */
static struct client *find_place(struct serve *s)
{
	struct client *oldest = &s->clients[0];

	for (size_t i = 0; i < SERVE_CLIENT_MAX; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
		if (s->clients[i].active_ns < oldest->active_ns)
			oldest = &s->clients[i];
	}
	if (clock_mono_ns() - oldest->active_ns < EVICT_AFTER_NS)
		return NULL;
	s->counts.dropped_cnt++;
	client_drop(s, oldest);
	return oldest;
}

static void refuse_connection(struct serve *s, int fd)
{
	static const char text[] = "{\"error\":\"too many clients: try again\"}\n";

	/* It is told as far as it goes without waiting. */
	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		s->counts.refused_cnt++;
	s->counts.dropped_cnt++;
	close(fd);
}

static void add_client(struct serve *s, int fd, const struct serve_peer *peer)
{
	struct client *c = find_place(s);

	if (!c || client_add(s, c, fd, peer))
		refuse_connection(s, fd);
}

static void listen_to_listener(const struct serve *s, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = LISTENER_EVENT};

	epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, s->listener.fd, &event);
}

static void accept_clients(struct serve *s)
{
	for (int i = 0; i < EVENT_MAX; i++) {
		struct serve_peer peer;
		int fd = listener_accept(&s->listener, &peer);

		/* Without descriptors it stays readable: not asked again until the timer ticks. */
		if (fd < 0 && fd != -EAGAIN && fd != -ECONNABORTED)
			listen_to_listener(s, 0);
		if (fd < 0)
			return;
		add_client(s, fd, &peer);
	}
}

static void drop_silent(struct serve *s)
{
	uint64_t now_ns = clock_mono_ns(), expired_cnt;

	if (read(s->timer_fd, &expired_cnt, sizeof(expired_cnt)) < 0)
		return;
	listen_to_listener(s, EPOLLIN);
	for (size_t i = 0; i < SERVE_CLIENT_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->fd < 0 || now_ns - c->active_ns < s->silent_ns)
			continue;
		s->counts.dropped_cnt++;
		client_drop(s, c);
	}
}

static void on_event(struct serve *s, const struct epoll_event *event)
{
	struct client *c;

	if (event->data.u64 == LISTENER_EVENT) {
		accept_clients(s);
	} else if (event->data.u64 == TIMER_EVENT) {
		drop_silent(s);
	} else {
		c = &s->clients[event->data.u64];
		/* It may have gone by an earlier event. */
		if (c->fd >= 0)
			client_run(s, c);
	}
}

void serve_run(struct serve *s)
{
	struct epoll_event events[EVENT_MAX];
	int cnt = epoll_wait(s->epoll_fd, events, EVENT_MAX, 0);

	for (int i = 0; i < cnt; i++)
		on_event(s, &events[i]);
}

int serve_fd(const struct serve *s)
{
	return s->epoll_fd;
}

const struct serve_counts *serve_counts(const struct serve *s)
{
	return &s->counts;
}

static int open_loop(struct serve *s)
{
	struct epoll_event listener = {.events = EPOLLIN, .data.u64 = LISTENER_EVENT};
	struct epoll_event timer = {.events = EPOLLIN, .data.u64 = TIMER_EVENT};
	uint64_t each_ns = s->silent_ns / CHECKS;
	struct timespec each = {(time_t)(each_ns / NS_PER_S), (long)(each_ns % NS_PER_S)};
	struct itimerspec when = {each, each};

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &when, NULL) ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->listener.fd, &listener) ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->timer_fd, &timer))
		return -errno;
	return 0;
}

int serve_open(const struct serve_options *options, struct serve **ret_serve, struct fault *why)
{
	struct serve *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return fault_set(why, -ENOMEM, "no memory");
	s->epoll_fd = -1;
	s->timer_fd = -1;
	s->handlers = options->handlers;
	s->handler_cnt = options->handler_cnt;
	s->context = options->context;
	s->silent_ns = options->silent_ns ? options->silent_ns : SERVE_SILENT_NS;
	for (size_t i = 0; i < SERVE_CLIENT_MAX; i++)
		s->clients[i].fd = -1;
	err = listener_open(options->path, options->gid, &s->listener, why);
	if (err) {
		free(s);
		return err;
	}
	err = open_loop(s);
	if (err) {
		serve_close(s);
		return fault_set(why, err, "socket \"%s\": %s", options->path, strerror(-err));
	}
	*ret_serve = s;
	return 0;
}

void serve_close(struct serve *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SERVE_CLIENT_MAX; i++) {
		if (s->clients[i].fd >= 0)
			client_drop(s, &s->clients[i]);
	}
	listener_close(&s->listener);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s);
}
