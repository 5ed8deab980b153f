/* SPDX-License-Identifier: Apache-2.0 */
/* What others call: none of it waits for the server, but questdb_stop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "sink/questdb_internal.h"

#define STACK_BYTES (512U << 10) /* libcurl and SQLite need far less */

static int start_thread(struct questdb *q, struct fault *why)
{
	int err = thread_start(&q->thread, STACK_BYTES, questdb_worker_run, q);

	return err ? fault_set(why, err, "no thread for questdb: %s", strerror(-err)) : 0;
}

static int copy_options(struct questdb *q, const struct questdb_options *options)
{
	q->has_buckets = options->config->has_buckets;
	q->history_path = options->history_path ? strdup(options->history_path) : NULL;
	q->host = strdup(options->host);
	if (!q->host || (options->history_path && !q->history_path))
		return -ENOMEM;
	q->direct = questdb_direct_new(q->host, QUESTDB_DIRECT_BYTES);
	if (!q->direct)
		return -ENOMEM;
	if (!q->has_buckets)
		questdb_direct_skip_buckets(q->direct);
	return 0;
}

int questdb_start(const struct questdb_options *options, struct questdb **ret_questdb,
		  struct fault *why)
{
	const struct http_options http = {
		.url = options->config->url,
		.user = options->config->user,
		.password_file = options->config->password_file,
		.timeout_ns = options->config->timeout_ns,
	};
	struct questdb *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return fault_set(why, -ENOMEM, "no memory");
	pthread_mutex_init(&q->lock, NULL);
	thread_condition_init(&q->changed);
	q->status.state = SINK_STARTING;
	q->is_ended = true; /* no thread yet */
	questdb_rows_init(&q->rows, 1);
	err = copy_options(q, options);
	if (err)
		fault_set(why, err, "no memory");
	else
		err = http_open(&http, &q->http, why);
	if (!err) {
		q->is_ended = false;
		err = start_thread(q, why);
		q->is_ended = err != 0;
	}
	if (err) {
		questdb_free(q);
		return err;
	}
	*ret_questdb = q;
	return 0;
}

int questdb_stop(struct questdb *q, uint64_t max_ns)
{
	uint64_t at_ns = clock_mono_ns() + max_ns;
	bool is_time = true;

	pthread_mutex_lock(&q->lock);
	q->is_stopping = true;
	q->stop_at_ns = at_ns;
	pthread_cond_broadcast(&q->changed);
	while (!q->is_ended && is_time)
		is_time = thread_wait(&q->changed, &q->lock, at_ns);
	pthread_mutex_unlock(&q->lock);
	http_cancel(q->http);
	pthread_join(q->thread, NULL);
	q->is_ended = true;
	return q->is_all_sent ? 0 : -ETIMEDOUT;
}

void questdb_free(struct questdb *q)
{
	if (!q)
		return;
	questdb_rows_fini(&q->rows);
	questdb_direct_free(q->direct);
	http_close(q->http);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q->history_path);
	free(q->host);
	free(q);
}

void questdb_wake(struct questdb *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_woken = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

void questdb_batch_begin(struct questdb *q, const char *run_id, uint64_t start_wall_ns)
{
	questdb_direct_begin(q->direct, run_id, start_wall_ns);
}

void questdb_batch_window(struct questdb *q, const struct store_window *window)
{
	questdb_direct_window(q->direct, window);
}

void questdb_batch_value(struct questdb *q, const struct value_id *id,
			 const struct store_value *value)
{
	questdb_direct_value(q->direct, id, value);
}

void questdb_batch_end(struct questdb *q)
{
	questdb_direct_end(q->direct);
	questdb_wake(q);
}

void questdb_positions(struct questdb *q, questdb_position_fn fn, void *context)
{
	int64_t positions[QUESTDB_STREAM_CNT];
	bool is_moved[QUESTDB_STREAM_CNT];

	pthread_mutex_lock(&q->lock);
	memcpy(positions, q->positions, sizeof(positions));
	memcpy(is_moved, q->is_moved, sizeof(is_moved));
	memset(q->is_moved, 0, sizeof(q->is_moved));
	pthread_mutex_unlock(&q->lock);
	for (size_t i = 0; i < QUESTDB_STREAM_CNT; i++) {
		if (is_moved[i])
			fn(context, questdb_rows_streams[i].name, positions[i]);
	}
}

void questdb_status(struct questdb *q, struct sink_status *ret_status)
{
	pthread_mutex_lock(&q->lock);
	*ret_status = q->status;
	pthread_mutex_unlock(&q->lock);
	ret_status->dropped_cnt = questdb_direct_dropped_cnt(q->direct);
}
