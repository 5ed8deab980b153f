/* SPDX-License-Identifier: Apache-2.0 */
/* The loop is watched from a thread that does nothing else, and never waits for anybody. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "config/quantity.h"
#include "daemon/agent_watchdog.h"

#define STACK_BYTES (64 << 10) /* a line of the log, and what abort takes */
#define LOOK_NS	    NS_PER_S

struct agent_watchdog {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_stopping;
	struct agent_pulse *pulse;
	const struct agent_log *log;
	uint64_t limit_ns;
};

void agent_watchdog_tell(const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody to tell is none of the agent's troubles. */
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		      (struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

/* 0: none, or one that makes no sense. */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	uint64_t number = 0;
	struct fault ignored;

	if (text)
		quantity_parse_count(text, 1, UINT64_MAX / NS_PER_US, &number, &ignored);
	return number;
}

bool agent_watchdog_is_systemd(uint64_t *ret_period_ns)
{
	uint64_t period_us = number_of("WATCHDOG_USEC"), pid = number_of("WATCHDOG_PID");

	if (!getenv("NOTIFY_SOCKET") || !period_us)
		return false;
	/* A variable that a parent of the agent was given is none of its own. */
	if (getenv("WATCHDOG_PID") && pid != (uint64_t)getpid())
		return false;
	*ret_period_ns = period_us * NS_PER_US;
	return true;
}

/* Who reads stderr may be what the loop hangs in. */
static void say(const struct agent_watchdog *w)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&out, 1, 0) == 1)
		agent_log(w->log, AGENT_LOG_ERROR, "watchdog",
			  "the loop has not turned for %llu s: the agent aborts, and its probes go",
			  (unsigned long long)(w->limit_ns / NS_PER_S));
}

static void *watch(void *context)
{
	struct agent_watchdog *w = context;
	uint64_t seen_ns = 0, hung_ns = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->is_stopping) {
		uint64_t before_ns = clock_mono_ns(), slept_ns, turned_ns;

		thread_wait(&w->wake, &w->lock, before_ns + LOOK_NS);
		slept_ns = clock_mono_ns() - before_ns;
		turned_ns = w->pulse->turned_mono_ns;
		/* Whoever stops the process, or the machine, stops this thread, too. */
		if (slept_ns > 2 * LOOK_NS)
			slept_ns = 2 * LOOK_NS;
		hung_ns = turned_ns != seen_ns || !agent_pulse_age_ns(w->pulse)
				  ? 0
				  : hung_ns + slept_ns;
		seen_ns = turned_ns;
		if (hung_ns < w->limit_ns || w->is_stopping)
			continue;
		say(w);
		abort();
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int agent_watchdog_start(struct agent_pulse *pulse, const struct agent_log *log, uint64_t limit_ns,
			 struct agent_watchdog **ret_watchdog, struct fault *why)
{
	struct agent_watchdog *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return fault_set(why, -ENOMEM, "out of memory");
	w->pulse = pulse;
	w->log = log;
	w->limit_ns = limit_ns;
	pthread_mutex_init(&w->lock, NULL);
	thread_condition_init(&w->wake);
	err = thread_start(&w->thread, STACK_BYTES, watch, w);
	if (err) {
		free(w);
		return fault_set(why, err, "cannot start the watchdog: %s", strerror(-err));
	}
	*ret_watchdog = w;
	return 0;
}

void agent_watchdog_stop(struct agent_watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
