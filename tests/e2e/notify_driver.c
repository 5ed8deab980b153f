/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notify room under a loop of its own, for test_notify: configuration and commands come as JSON
 * lines on standard input, what happens goes as JSON lines to standard output. The first line is
 * the configuration. Ends at the end of its input, without waiting for anything.
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

#include "alert_parse.h"
#include "notify/notify.h"

#define LINE_BYTES 65536

struct driver {
	int epoll_fd;
	struct notify *notify;
	uint64_t longest_run_ns; /* how long the loop stood still at most */
	char line[LINE_BYTES];
	size_t line_bytes;
	bool is_draining;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static void print(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

/* A copy of a text member; NULL where it is missing. Lives as long as the program. */
static char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? strdup(text) : NULL;
}

static void read_channel(const json_t *o, struct config_channel *c)
{
	const json_t *command = json_object_get(o, "command");
	const char *type = json_string_value(json_object_get(o, "type"));

	*c = (struct config_channel){
		.name = text_of(o, "name"),
		.type = strcmp(type, "alertmanager") == 0 ? CONFIG_ALERTMANAGER
			: strcmp(type, "webhook") == 0	  ? CONFIG_WEBHOOK
							  : CONFIG_COMMAND,
		.url = text_of(o, "url"),
		.secret_file = text_of(o, "secret_file"),
		.min_severity = text_of(o, "min_severity"),
		.timeout_ns = alert_number(o, "timeout_ns"),
		.retry_max = (uint32_t)alert_number(o, "retry_max"),
		.escalate_after_ns = alert_number(o, "escalate_after_ns"),
		.repeat_ns = alert_number(o, "repeat_ns"),
		.then = text_of(o, "then"),
		.command_cnt = json_array_size(command),
	};
	c->command = calloc(c->command_cnt + 1, sizeof(*c->command));
	for (size_t i = 0; i < c->command_cnt; i++)
		c->command[i] = strdup(json_string_value(json_array_get(command, i)));
}

static void read_config(const json_t *o, struct config *config)
{
	const json_t *channels = json_object_get(o, "channels"),
		     *rules = json_object_get(o, "rules");

	config->channel_cnt = json_array_size(channels);
	config->channels = calloc(config->channel_cnt + 1, sizeof(*config->channels));
	for (size_t i = 0; i < config->channel_cnt; i++)
		read_channel(json_array_get(channels, i), &config->channels[i]);
	config->rule_cnt = json_array_size(rules);
	config->rules = calloc(config->rule_cnt + 1, sizeof(*config->rules));
	for (size_t i = 0; i < config->rule_cnt; i++) {
		config->rules[i].name = text_of(json_array_get(rules, i), "name");
		config->rules[i].channel = text_of(json_array_get(rules, i), "channel");
	}
}

static void on_change(const struct notify_change *change, void *context)
{
	(void)context;
	print(json_pack("{s:s, s:s, s:s, s:s}", "change", change->channel, "from",
			notify_channel_state_name(change->from), "to",
			notify_channel_state_name(change->to), "error", change->error));
}

static void print_status(const struct driver *d)
{
	json_t *channels = json_array();

	for (size_t i = 0; i < notify_channel_cnt(d->notify); i++) {
		struct notify_status s;

		notify_channel_status(d->notify, i, &s);
		json_array_append_new(
			channels,
			json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "name", s.name,
				  "type", s.type, "state", notify_channel_state_name(s.state),
				  "sent", (json_int_t)s.sent_cnt, "failed",
				  (json_int_t)s.failed_cnt, "retries", (json_int_t)s.retry_cnt,
				  "pending", (json_int_t)s.pending_cnt, "last_success",
				  (json_int_t)s.last_success_wall_ns, "last_error", s.last_error));
	}
	print(json_pack("{s:o, s:I, s:I}", "status", channels, "longest_run_ns",
			(json_int_t)d->longest_run_ns, "dropped",
			(json_int_t)notify_dropped_cnt(d->notify)));
}

/* With a room already, as at a reload: the new one goes on where the old one was. */
static int open_room(struct driver *d, const json_t *o)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct config *config = calloc(1, sizeof(*config));
	struct notify *old = d->notify;
	struct notify_options options = {.config = config,
					 .host = "testhost",
					 .seed = 1,
					 .retry_base_ns = alert_number(o, "retry_base_ns"),
					 .on_change = on_change};
	struct fault why;

	read_config(o, config);
	if (notify_open(&options, &d->notify, &why)) {
		print(json_pack("{s:s}", "refused", why.text));
		return -EINVAL;
	}
	if (old)
		notify_adopt(d->notify, old);
	notify_close(old);
	event.data.fd = notify_fd(d->notify);
	if (epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event))
		return -errno;
	print(json_pack("{s:b}", "ready", 1));
	return 0;
}

static void obey(struct driver *d, const json_t *o)
{
	struct alert *a = calloc(1, sizeof(*a));
	const json_t *alert = json_object_get(o, "alert"),
		     *restored = json_object_get(o, "restored");
	const char *ack = json_string_value(json_object_get(o, "ack"));
	const char *silenced = json_string_value(json_object_get(o, "silenced"));

	if (alert) {
		alert_parse(alert, a);
		print(json_pack("{s:i, s:I}", "told", notify_alert(d->notify, a), "mono_ns",
				(json_int_t)clock_ns(CLOCK_MONOTONIC)));
	} else if (restored) {
		alert_parse(restored, a);
		notify_restored(d->notify, a);
	} else if (ack) {
		print(json_pack("{s:b}", "acknowledged",
				notify_acknowledged(d->notify, ack, "ann")));
	} else if (silenced) {
		notify_silenced(d->notify, silenced, true);
	} else if (json_object_get(o, "status")) {
		print_status(d);
	} else if (json_object_get(o, "drain")) {
		notify_drain(d->notify);
		d->is_draining = true;
	}
	free(a);
}

static int on_line(struct driver *d, const char *line)
{
	json_error_t error;
	json_t *o = json_loads(line, 0, &error);
	int err = 0;

	if (!o) {
		fprintf(stderr, "%s: %s\n", line, error.text);
		return -EINVAL;
	}
	if (!json_object_get(o, "channels"))
		obey(d, o);
	else
		err = open_room(d, o);
	json_decref(o);
	return err;
}

/* 1: go on; 0: the end of the input; -errno. */
static int on_input(struct driver *d)
{
	ssize_t got = read(STDIN_FILENO, d->line + d->line_bytes, LINE_BYTES - 1 - d->line_bytes);
	char *end;

	if (got <= 0)
		return 0;
	d->line_bytes += (size_t)got;
	d->line[d->line_bytes] = '\0';
	while ((end = strchr(d->line, '\n'))) {
		int err;

		*end = '\0';
		err = on_line(d, d->line);
		if (err)
			return err;
		d->line_bytes -= (size_t)(end + 1 - d->line);
		memmove(d->line, end + 1, d->line_bytes + 1);
	}
	return 1;
}

static void run_room(struct driver *d)
{
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC), took_ns;

	notify_run(d->notify);
	took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
	if (took_ns > d->longest_run_ns)
		d->longest_run_ns = took_ns;
	if (d->is_draining && notify_is_drained(d->notify)) {
		print_status(d);
		print(json_pack("{s:b}", "drained", 1));
		d->is_draining = false;
	}
}

static int loop(struct driver *d)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
	int err = epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) ? -errno : 1;

	while (err > 0) {
		if (epoll_wait(d->epoll_fd, &event, 1, -1) < 1)
			continue;
		if (event.data.fd == STDIN_FILENO)
			err = on_input(d);
		else
			run_room(d);
	}
	return err;
}

int main(void)
{
	struct driver *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = loop(d);
	notify_close(d->notify);
	free(d);
	return err ? 1 : 0;
}
