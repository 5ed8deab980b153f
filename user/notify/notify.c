/* SPDX-License-Identifier: Apache-2.0 */
/* The room's object: opens channels and ways out, and passes on what comes in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "notify/send.h"

#define EVENT_MAX 16

static void on_event(struct notify *n, const struct epoll_event *event)
{
	uint64_t expired_cnt;

	if (event->data.u64 == (uint64_t)n->timer_fd) {
		if (read(n->timer_fd, &expired_cnt, sizeof(expired_cnt)) > 0)
			n->armed_ns = BOOK_NEVER;
	} else if (n->runner && event->data.u64 == (uint64_t)runner_fd(n->runner)) {
		send_on_runner(n);
	} else {
		post_on_event(n->post, event->data.u64, event->events);
	}
}

void notify_run(struct notify *n)
{
	struct epoll_event events[EVENT_MAX];
	int cnt = epoll_wait(n->epoll_fd, events, EVENT_MAX, 0);

	for (int i = 0; i < cnt; i++)
		on_event(n, &events[i]);
	send_due(n);
}

int notify_fd(const struct notify *n)
{
	return n->epoll_fd;
}

static uint32_t first_channels(const void *context, const struct alert *alert)
{
	const struct notify *n = context;
	const char *wanted = NULL;
	uint32_t mask = 0;

	for (size_t i = 0; i < n->config->rule_cnt && !wanted; i++) {
		if (strcmp(n->config->rules[i].name, alert->rule) == 0)
			wanted = n->config->rules[i].channel;
	}
	for (size_t c = 0; c < n->channel_cnt; c++) {
		if (wanted ? strcmp(n->channels[c].config->name, wanted) == 0
			   : n->channels[c].is_first)
			mask |= 1U << c;
	}
	return mask;
}

int notify_alert(struct notify *n, const struct alert *alert)
{
	int err;

	if (!n->channel_cnt)
		return 0;
	err = book_alert(n->book, alert, first_channels(n, alert), clock_mono_ns());
	send_arm(n, 0);
	return err;
}

int notify_restored(struct notify *n, const struct alert *alert)
{
	uint64_t wall_ns = clock_wall_ns();
	int err;

	if (!n->channel_cnt)
		return 0;
	if (alert->fired_ns <= wall_ns && wall_ns - alert->fired_ns < NOTIFY_RETELL_NS)
		return notify_alert(n, alert);
	err = book_restore(n->book, alert, first_channels(n, alert), clock_mono_ns());
	send_arm(n, 0);
	return err;
}

bool notify_acknowledged(struct notify *n, const char *id, const char *by)
{
	return book_acknowledge(n->book, id, by);
}

void notify_silenced(struct notify *n, const char *id, bool is_silenced)
{
	book_silence(n->book, id, is_silenced, clock_mono_ns());
	send_arm(n, 0);
}

void notify_adopt(struct notify *fresh, const struct notify *old)
{
	book_adopt(fresh->book, old->book, first_channels, fresh, clock_mono_ns());
	send_arm(fresh, 0);
}

void notify_drain(struct notify *n)
{
	uint64_t now_ns = clock_mono_ns();

	if (n->drain_until_ns)
		return;
	n->drain_until_ns = now_ns + NOTIFY_DRAIN_NS;
	book_drain(n->book, now_ns);
	send_arm(n, 0);
}

bool notify_is_drained(const struct notify *n)
{
	uint64_t now_ns = clock_mono_ns();

	return now_ns >= n->drain_until_ns || book_is_idle(n->book, now_ns);
}

size_t notify_channel_cnt(const struct notify *n)
{
	return n->channel_cnt;
}

void notify_channel_status(const struct notify *n, size_t idx, struct notify_status *ret_status)
{
	const struct channel *c = &n->channels[idx];
	const struct book_counts *counts = book_counts(n->book, idx);

	*ret_status = (struct notify_status){
		.name = c->config->name,
		.type = c->type->name,
		.state = book_state(n->book, idx),
		.sent_cnt = counts->sent_cnt,
		.failed_cnt = counts->failed_cnt,
		.retry_cnt = counts->retry_cnt,
		.pending_cnt = book_pending_cnt(n->book, idx),
		.last_success_wall_ns = c->last_success_wall_ns,
	};
	memcpy(ret_status->last_error, c->last_error, sizeof(ret_status->last_error));
}

uint64_t notify_dropped_cnt(const struct notify *n)
{
	return book_dropped_cnt(n->book);
}

static int find_channel(const struct config *config, const char *name)
{
	for (size_t i = 0; name && i < config->channel_cnt; i++) {
		if (strcmp(config->channels[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static bool is_escalated_to(const struct config *config, size_t idx)
{
	for (size_t i = 0; i < config->channel_cnt; i++) {
		if (find_channel(config, config->channels[i].then) == (int)idx)
			return true;
	}
	return false;
}

static int open_channel(struct notify *n, size_t idx, struct fault *why)
{
	const struct config_channel *config = &n->config->channels[idx];
	struct channel *c = &n->channels[idx];
	struct fault inner;
	int err;

	c->config = config;
	c->type = channel_find(config->type);
	c->is_first = !is_escalated_to(n->config, idx);
	if (!c->type)
		return fault_set(why, -EINVAL, "channel \"%s\" is of no known type", config->name);
	err = c->type->open ? c->type->open(config, &c->state, &inner) : 0;
	if (err)
		return fault_set(why, err, "channel \"%s\": %s", config->name, inner.text);
	return 0;
}

static struct book_channel book_channel(const struct notify *n, size_t idx)
{
	const struct config_channel *config = &n->config->channels[idx];
	enum alert_severity min_severity =
		config->min_severity ? alert_severity_parse(config->min_severity) : 0;

	return (struct book_channel){
		.name = config->name,
		.min_severity = min_severity ? min_severity : ALERT_WARNING,
		.retry_max = config->retry_max,
		.escalate_after_ns = config->escalate_after_ns,
		.repeat_ns = config->repeat_ns,
		.batch_max = n->channels[idx].type->batch_max,
		.forgets = n->channels[idx].type->forgets,
		.then_idx = find_channel(n->config, config->then),
	};
}

static int open_channels(struct notify *n, const struct notify_options *options, struct fault *why)
{
	struct book_channel book_channels[NOTIFY_CHANNEL_MAX];
	int err;

	if (n->config->channel_cnt > NOTIFY_CHANNEL_MAX)
		return fault_set(why, -E2BIG, "%zu channels are configured; %d are the most",
				 n->config->channel_cnt, NOTIFY_CHANNEL_MAX);
	for (size_t i = 0; i < n->config->channel_cnt; i++) {
		err = open_channel(n, i, why);
		if (err)
			return err;
		n->channel_cnt++;
		book_channels[i] = book_channel(n, i);
	}
	err = book_new(book_channels, n->channel_cnt, options->seed, options->retry_base_ns,
		       &n->book);
	return err ? fault_set(why, err, "notifications: %s", strerror(-err)) : 0;
}

static int add_fd(const struct notify *n, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)fd};

	return epoll_ctl(n->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_runner(struct notify *n)
{
	bool has_command = false;
	int err;

	for (size_t i = 0; i < n->channel_cnt; i++)
		has_command |= n->channels[i].type->run != NULL;
	if (!has_command)
		return 0;
	err = runner_open(n->config->channels, n->channel_cnt, &n->runner);
	return err ? err : add_fd(n, runner_fd(n->runner));
}

static int open_ways(struct notify *n, struct fault *why)
{
	/* First: what is opened later is not the helper's. */
	int err = open_runner(n);

	if (err)
		return fault_set(why, err, "the helper that runs commands: %s", strerror(-err));
	n->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	err = n->timer_fd < 0 ? -errno : add_fd(n, n->timer_fd);
	if (!err)
		err = post_new(n->epoll_fd, send_on_post_done, n, &n->post);
	return err ? fault_set(why, err, "notifications: %s", strerror(-err)) : 0;
}

int notify_open(const struct notify_options *options, struct notify **ret_notify, struct fault *why)
{
	struct notify *n = calloc(1, sizeof(*n));
	int err;

	if (!n)
		return fault_set(why, -ENOMEM, "no memory");
	n->config = options->config;
	n->host = options->host;
	n->on_change = options->on_change;
	n->context = options->context;
	n->timer_fd = -1;
	n->armed_ns = BOOK_NEVER;
	n->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = n->epoll_fd < 0 ? fault_set(why, -errno, "notifications: %s", strerror(errno)) : 0;
	if (!err)
		err = open_channels(n, options, why);
	if (!err)
		err = open_ways(n, why);
	if (err) {
		notify_close(n);
		return err;
	}
	*ret_notify = n;
	return 0;
}

void notify_close(struct notify *n)
{
	if (!n)
		return;
	post_free(n->post);
	runner_close(n->runner);
	for (size_t i = 0; i < n->channel_cnt; i++) {
		if (n->channels[i].type->close)
			n->channels[i].type->close(n->channels[i].state);
	}
	book_free(n->book);
	if (n->timer_fd >= 0)
		close(n->timer_fd);
	if (n->epoll_fd >= 0)
		close(n->epoll_fd);
	free(n);
}
