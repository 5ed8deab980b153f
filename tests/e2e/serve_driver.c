/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's socket under a loop of its own, for test_serve and test_alerts. Arguments: the path,
 * a file with what "alerts" is answered, ms of silence that end a connection. Ends with its
 * standard input. Each tick of 10 ms that came late is a loop that stood still; "latest" tells the
 * worst.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "serve/serve.h"

#define TICK_MS 10

struct driver {
	struct serve *serve;
	const char *alerts_path;
	json_t *last_change; /* the last request that was to change something */
	uint64_t latest_ns;
};

static uint64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static json_t *answer_echo(const json_t *request, const struct serve_peer *peer, void *context,
			   struct fault *why)
{
	(void)context;
	(void)why;
	return json_pack("{s:O, s:i, s:i}", "request", request, "uid", (int)peer->uid, "pid",
			 (int)peer->pid);
}

static json_t *answer_large(const json_t *request, const struct serve_peer *peer, void *context,
			    struct fault *why)
{
	size_t bytes = (size_t)json_integer_value(json_object_get(request, "bytes"));
	char *text = malloc(bytes + 1);
	json_t *o;

	(void)peer;
	(void)context;
	(void)why;
	memset(text, 'x', bytes);
	o = json_pack("{s:s#}", "text", text, (int)bytes);
	free(text);
	return o;
}

static json_t *answer_change(const json_t *request, const struct serve_peer *peer, void *context,
			     struct fault *why)
{
	struct driver *d = context;
	const char *id = json_string_value(json_object_get(request, "id"));

	(void)peer;
	if (id && strcmp(id, "unknown") == 0) {
		fault_set(why, -ENOENT, "no alert \"%s\" fires", id);
		return NULL;
	}
	json_decref(d->last_change);
	d->last_change = json_deep_copy(request);
	return json_pack("{s:b}", "ok", 1);
}

static json_t *answer_fail(const json_t *request, const struct serve_peer *peer, void *context,
			   struct fault *why)
{
	(void)request;
	(void)peer;
	(void)context;
	(void)why;
	return NULL;
}

static json_t *answer_state(const json_t *request, const struct serve_peer *peer, void *context,
			    struct fault *why)
{
	struct driver *d = context;
	const struct serve_counts *c = serve_counts(d->serve);

	(void)request;
	(void)peer;
	(void)why;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:O?}", "latest_ns", (json_int_t)d->latest_ns,
			 "requests", (json_int_t)c->request_cnt, "refused",
			 (json_int_t)c->refused_cnt, "dropped", (json_int_t)c->dropped_cnt,
			 "clients", (json_int_t)c->client_cnt, "last_change", d->last_change);
}

static json_t *answer_alerts(const json_t *request, const struct serve_peer *peer, void *context,
			     struct fault *why)
{
	const struct driver *d = context;
	json_error_t error;

	(void)request;
	(void)peer;
	(void)why;
	return json_load_file(d->alerts_path, 0, &error);
}

static const struct serve_handler handlers[] = {
	{"echo", false, answer_echo},	    {"large", false, answer_large},
	{"ack", true, answer_change},	    {"silence", true, answer_change},
	{"unsilence", true, answer_change}, {"fail", false, answer_fail},
	{"state", false, answer_state},	    {"alerts", false, answer_alerts},
};

static void loop(struct driver *d, int epoll_fd)
{
	uint64_t next_ns = mono_ns() + TICK_MS * 1000000ULL;

	for (;;) {
		uint64_t now_ns = mono_ns();
		struct epoll_event event;
		int cnt;

		if (now_ns >= next_ns) {
			if (now_ns - next_ns > d->latest_ns)
				d->latest_ns = now_ns - next_ns;
			next_ns = now_ns + TICK_MS * 1000000ULL;
		}
		cnt = epoll_wait(epoll_fd, &event, 1, TICK_MS);
		if (cnt == 1 && event.data.fd == STDIN_FILENO)
			return;
		if (cnt == 1)
			serve_run(d->serve);
	}
}

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
	struct driver d = {.alerts_path = argc > 2 ? argv[2] : "/dev/null"};
	struct serve_options options = {.path = argc > 1 ? argv[1] : "",
					.gid = (gid_t)-1,
					.handlers = handlers,
					.handler_cnt = sizeof(handlers) / sizeof(handlers[0]),
					.context = &d};
	uint64_t silent_ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct fault why;

	signal(SIGPIPE, SIG_IGN);
	options.silent_ns = silent_ms * 1000000;
	if (serve_open(&options, &d.serve, &why)) {
		printf("refused: %s\n", why.text);
		return 1;
	}
	if (watch(epoll_fd, STDIN_FILENO) || watch(epoll_fd, serve_fd(d.serve)))
		return 1;
	puts("ready");
	fflush(stdout);
	loop(&d, epoll_fd);
	serve_close(d.serve);
	json_decref(d.last_change);
	return 0;
}
