/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what is due from the book, has it worded and sent, and enters what came of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/clock.h"
#include "notify/send.h"

#define DEFAULT_TIMEOUT_NS 30000000000ULL

void send_arm(struct notify *n, uint64_t at_ns)
{
	struct itimerspec when = {0};

	if (n->drain_until_ns && at_ns > n->drain_until_ns)
		at_ns = n->drain_until_ns;
	if (at_ns == n->armed_ns)
		return;
	n->armed_ns = at_ns;
	if (at_ns != BOOK_NEVER)
		when.it_value = (struct timespec){(time_t)(at_ns / NS_PER_S),
						  (long)(at_ns % NS_PER_S) + (at_ns == 0)};
	timerfd_settime(n->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void finish(struct notify *n, size_t attempt_idx, const struct channel_result *result)
{
	struct attempt *a = &n->attempts[attempt_idx];
	size_t idx = a->batch.channel_idx;
	struct channel *c = &n->channels[idx];
	enum notify_channel_state before = book_state(n->book, idx);
	struct notify_change change = {
		.channel = c->config->name, .from = before, .error = result->error};

	if (result->book.outcome == BOOK_SENT)
		c->last_success_wall_ns = clock_wall_ns();
	else
		memcpy(c->last_error, result->error, sizeof(c->last_error));
	book_done(n->book, &a->batch, &result->book, clock_mono_ns());
	a->is_used = false;
	change.to = book_state(n->book, idx);
	if (change.to != before && n->on_change)
		n->on_change(&change, n->context);
}

void send_on_post_done(void *context, size_t attempt_idx, const struct channel_result *result)
{
	finish(context, attempt_idx, result);
}

static void finish_failed(struct notify *n, size_t attempt_idx, const char *error)
{
	struct channel_result result = {.book = {.outcome = BOOK_RETRY}};

	snprintf(result.error, sizeof(result.error), "%s", error);
	finish(n, attempt_idx, &result);
}

static int start_post(struct notify *n, size_t attempt_idx, const struct channel_message *message)
{
	const struct channel *c = &n->channels[message->batch->channel_idx];
	struct channel_post request = {0};
	uint64_t timeout_ns = c->config->timeout_ns ? c->config->timeout_ns : DEFAULT_TIMEOUT_NS;
	int err = c->type->post(c->state, message, &request);

	if (!err)
		err = post_start_take(n->post, &request, timeout_ns, attempt_idx);
	free(request.url);
	free(request.body);
	return err;
}

static int start_run(struct notify *n, size_t attempt_idx, const struct channel_message *message)
{
	const struct channel *c = &n->channels[message->batch->channel_idx];
	struct channel_run run = {0};
	int err = n->runner ? c->type->run(message, &run) : -EPIPE;

	if (!err)
		err = runner_start(n->runner, message->batch->channel_idx, &run, attempt_idx);
	free(run.environment);
	free(run.input);
	return err;
}

static void start(struct notify *n, size_t attempt_idx)
{
	struct attempt *a = &n->attempts[attempt_idx];
	const struct channel *c = &n->channels[a->batch.channel_idx];
	struct channel_message message = {.config = c->config,
					  .batch = &a->batch,
					  .host = n->host,
					  .wall_ns = clock_wall_ns()};
	int err;

	a->is_used = true;
	a->is_command = c->type->run != NULL;
	err = a->is_command ? start_run(n, attempt_idx, &message)
			    : start_post(n, attempt_idx, &message);
	if (err == -EPIPE || err == -ECONNRESET)
		finish_failed(n, attempt_idx,
			      "the helper that runs commands has ended: restart the agent");
	else if (err)
		finish_failed(n, attempt_idx, strerror(-err));
}

/* There are as many as the book lets be under way. */
static size_t free_attempt(const struct notify *n)
{
	size_t i = 0;

	while (n->attempts[i].is_used)
		i++;
	return i;
}

void send_due(struct notify *n)
{
	uint64_t now_ns = clock_mono_ns();
	size_t i = free_attempt(n);

	while (book_take(n->book, now_ns, &n->attempts[i].batch)) {
		start(n, i);
		i = free_attempt(n);
	}
	send_arm(n, book_next_ns(n->book, now_ns));
}

static void finish_command(struct notify *n, const struct runner_answer *a)
{
	struct channel_result r = {.book = {.outcome = BOOK_RETRY, .may_have_arrived = true}};

	if (a->attempt_idx >= SEND_ATTEMPT_MAX || !n->attempts[a->attempt_idx].is_used ||
	    !n->attempts[a->attempt_idx].is_command)
		return;
	if (a->end == RUNNER_EXITED && a->code == 0) {
		r.book.outcome = BOOK_SENT;
	} else if (a->end == RUNNER_EXITED) {
		snprintf(r.error, sizeof(r.error), "exit status %d", a->code);
	} else if (a->end == RUNNER_KILLED) {
		snprintf(r.error, sizeof(r.error), "killed by signal %d", a->code);
	} else if (a->end == RUNNER_TIMED_OUT) {
		snprintf(r.error, sizeof(r.error), "not done in time: killed");
	} else {
		snprintf(r.error, sizeof(r.error), "cannot be started: %s", strerror(a->code));
		r.book.may_have_arrived = false;
	}
	finish(n, (size_t)a->attempt_idx, &r);
}

void send_on_runner(struct notify *n)
{
	struct runner_answer answer;
	bool is_gone;

	while (runner_read(n->runner, &answer, &is_gone))
		finish_command(n, &answer);
	if (!is_gone)
		return;
	epoll_ctl(n->epoll_fd, EPOLL_CTL_DEL, runner_fd(n->runner), NULL);
	runner_close(n->runner);
	n->runner = NULL;
	for (size_t i = 0; i < SEND_ATTEMPT_MAX; i++) {
		if (n->attempts[i].is_used && n->attempts[i].is_command)
			finish_failed(n, i, "the helper that runs commands has ended");
	}
}
