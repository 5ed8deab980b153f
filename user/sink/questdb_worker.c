/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that sends. The history is closed before the server is asked for anything, so that a
 * slow one holds no reading of the file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "sink/questdb_internal.h"
#include "sink/questdb_sql.h"

/* A wake may come before its batch is written, alerts and events come without. */
#define LOOK_NS		 (2 * NS_PER_S)
#define PREPARE_NS	 (60 * NS_PER_S)   /* tables may be dropped meanwhile */
#define SUSPENDED_NS	 (10 * NS_PER_S)   /* or not show what they take: the disk was full */
#define BACKOFF_MIN_NS	 (10 * NS_PER_MS)  /* as QuestDB's clients: most failures are hiccups */
#define STOPPING_WAIT_NS (200 * NS_PER_MS) /* between the last attempts */
#define BACKOFF_MAX_NS	 (10 * NS_PER_S)

static void count_sent(struct questdb *q, const struct questdb_sent *sent)
{
	pthread_mutex_lock(&q->lock);
	q->status.sent_cnt += sent->taken_cnt;
	q->status.refused_cnt += sent->refused_cnt;
	if (sent->refused_cnt)
		snprintf(q->status.last_error, sizeof(q->status.last_error), "%.*s",
			 SINK_ERROR_BYTES - 1, sent->refusal.text);
	if (sent->taken_cnt)
		q->status.last_success_wall_ns = clock_wall_ns();
	pthread_mutex_unlock(&q->lock);
}

/* The tables are there and right, and the version is known: at the start, after each failure, and
 * from time to time. */
static int connect_server(struct questdb *q, struct fault *why)
{
	uint64_t now_ns = clock_mono_ns();
	bool is_due = !q->is_connected || now_ns - q->prepared_ns >= PREPARE_NS;
	int version, err = 0;

	if (!is_due && now_ns - q->checked_ns < SUSPENDED_NS)
		return 0;
	q->is_connected = false;
	if (is_due) {
		err = questdb_sql_ilp_version(q->http, &version, why);
		if (!err)
			err = questdb_sql_prepare(q->http, why);
		if (err)
			return err;
		q->rows.ilp.version = version;
		q->prepared_ns = now_ns;
	}
	err = questdb_sql_suspended(q->http, why);
	if (err)
		return err > 0 ? -EBUSY : err;
	q->is_connected = true;
	q->checked_ns = now_ns;
	return 0;
}

static int send_rows(struct questdb *q, struct fault *why)
{
	struct questdb_sent sent = {.refused_cnt = q->rows.refused_cnt};
	int err = 0;

	if (sent.refused_cnt)
		fault_set(&sent.refusal, -E2BIG, "a row is none, or too large, and left out");
	if (q->rows.ilp.row_cnt) {
		questdb_history_close(q);
		err = questdb_send(q->http, &q->rows.ilp, &sent, why);
	}
	if (!err)
		count_sent(q, &sent);
	return err;
}

/* One request of a stream, or all parts of a batch that is larger. 1: its position moved; 0: there
 * is nothing. */
static int send_stream(struct questdb *q, size_t idx, struct fault *why)
{
	const struct questdb_stream *stream = &questdb_rows_streams[idx];
	int64_t position = questdb_history_position(q, idx);
	int err;

	questdb_rows_restart(&q->rows);
	do {
		err = questdb_history_open(q, why);
		if (err || !q->history)
			return err;
		err = questdb_rows_read(&q->rows, stream, q->history, q->host, position);
		if (err)
			return fault_set(why, err, "%s",
					 err == -ENOMEM ? "out of memory"
							: history_problem(q->history));
		err = send_rows(q, why);
		if (err)
			return err;
	} while (!questdb_rows_sent(&q->rows));
	if (q->rows.position == position)
		return 0;
	questdb_history_move(q, idx, q->rows.position);
	return 1;
}

static bool is_wanted(const struct questdb *q, size_t idx)
{
	if (questdb_rows_streams[idx].table != QUESTDB_BUCKET)
		return true;
	/* Version 1 has no arrays. */
	return q->has_buckets && q->rows.ilp.version >= 2;
}

/* Something of each stream. A table that refuses everything does not hold up the others. 1:
 * something was sent. */
static int send_streams(struct questdb *q, struct fault *why)
{
	bool has_moved = false;
	int refusal = 0;

	for (size_t i = 0; i < QUESTDB_STREAM_CNT; i++) {
		struct fault inner;
		int moved = is_wanted(q, i) ? send_stream(q, i, &inner) : 0;

		has_moved |= moved == 1;
		if (moved < 0)
			*why = inner;
		if (moved == -EPROTO)
			refusal = moved;
		else if (moved < 0)
			return moved;
	}
	return refusal ? refusal : has_moved;
}

/* 1: something was sent; 0: all is. */
static int send_direct(struct questdb *q, struct fault *why)
{
	struct questdb_sent sent = {0};
	int err = questdb_direct_send(q->direct, q->http, &q->rows.ilp, &sent, why);

	if (err == 1)
		count_sent(q, &sent);
	return err;
}

static int cycle(struct questdb *q, struct fault *why)
{
	struct fault history_why;
	int history_err, err, direct;

	history_err = questdb_history_open(q, &history_why);
	if (!history_err)
		history_err = questdb_history_count(q, &history_why);
	questdb_history_close(q);
	err = connect_server(q, why);
	if (err)
		return err;
	direct = send_direct(q, why);
	if (direct < 0 && direct != -EPROTO)
		return direct;
	if (history_err)
		return fault_set(why, -EUCLEAN, "the history cannot be read: %s", history_why.text);
	err = send_streams(q, why);
	questdb_history_close(q);
	if (err < 0)
		return err;
	return direct < 0 ? direct : (err || direct);
}

static void note(struct questdb *q, int err, const struct fault *why)
{
	pthread_mutex_lock(&q->lock);
	if (err < 0) {
		q->status.state = SINK_FAILING;
		q->status.retry_cnt++;
		snprintf(q->status.last_error, sizeof(q->status.last_error), "%.*s",
			 SINK_ERROR_BYTES - 1, why->text);
	} else {
		q->status.state = SINK_OK;
	}
	pthread_mutex_unlock(&q->lock);
	/* A server that comes back may be another one. */
	if (err < 0 && err != -EPROTO && err != -EUCLEAN)
		q->is_connected = false;
}

/* What is the same however soon it is tried again. */
static bool is_lasting(int err)
{
	switch (err) {
	case -EACCES:
	case -EBADMSG:
	case -EBUSY:
	case -EEXIST:
	case -EINVAL:
	case -ENOENT:
	case -EPROTO:
		return true;
	default:
		return false;
	}
}

/* How long until the next attempt: half of it up to all of it, so that many agents do not come
 * together. */
static uint64_t backoff(struct questdb *q, int err)
{
	q->backoff_ns = q->backoff_ns ? q->backoff_ns * 2 : BACKOFF_MIN_NS;
	if (is_lasting(err) || q->backoff_ns > BACKOFF_MAX_NS)
		q->backoff_ns = BACKOFF_MAX_NS;
	return q->backoff_ns / 2 + random_next(&q->random) % (q->backoff_ns / 2);
}

/* For so long, until it is woken (where that counts), or told to stop. */
static void wait_for(struct questdb *q, uint64_t max_ns, bool is_wakeable)
{
	uint64_t until_ns = clock_mono_ns() + max_ns;
	bool is_time = true;

	pthread_mutex_lock(&q->lock);
	while (!q->is_stopping && !(is_wakeable && q->is_woken) && is_time)
		is_time = thread_wait(&q->changed, &q->lock, until_ns);
	if (is_wakeable)
		q->is_woken = false;
	pthread_mutex_unlock(&q->lock);
}

/* Whether there was a call to stop before this cycle, and it is to be the last. A dead server is
 * not waited for where the history keeps the rest. */
static bool is_over(struct questdb *q, bool was_stopping, int err)
{
	bool is_late;

	if (!was_stopping)
		return false;
	pthread_mutex_lock(&q->lock);
	is_late = clock_mono_ns() >= q->stop_at_ns;
	q->is_all_sent = err == 0;
	pthread_mutex_unlock(&q->lock);
	return is_late || err == 0 || err == -ECANCELED ||
	       (err < 0 && !questdb_direct_waiting_cnt(q->direct));
}

static bool is_stopping(struct questdb *q)
{
	bool is_it;

	pthread_mutex_lock(&q->lock);
	is_it = q->is_stopping;
	pthread_mutex_unlock(&q->lock);
	return is_it;
}

void *questdb_worker_run(void *questdb)
{
	struct questdb *q = questdb;

	q->random = clock_mono_ns();
	for (;;) {
		bool was_stopping = is_stopping(q);
		struct fault why = {""};
		int err = cycle(q, &why);

		questdb_history_close(q);
		note(q, err, &why);
		if (is_over(q, was_stopping, err))
			break;
		if (err < 0) {
			uint64_t ns = backoff(q, err);

			if (was_stopping)
				nanosleep(&(struct timespec){.tv_nsec = STOPPING_WAIT_NS}, NULL);
			else
				wait_for(q, ns, false);
			continue;
		}
		q->backoff_ns = 0;
		if (!err)
			wait_for(q, LOOK_NS, true);
	}
	pthread_mutex_lock(&q->lock);
	q->is_ended = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}
