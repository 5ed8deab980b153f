/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's handle of the history, and where each stream is in it. */
#include <errno.h>

#include "sink/questdb_internal.h"

void questdb_history_close(struct questdb *q)
{
	history_close(q->history);
	q->history = NULL;
}

int64_t questdb_history_position(struct questdb *q, size_t stream_idx)
{
	int64_t position;

	pthread_mutex_lock(&q->lock);
	position = q->positions[stream_idx];
	pthread_mutex_unlock(&q->lock);
	return position;
}

void questdb_history_move(struct questdb *q, size_t stream_idx, int64_t position)
{
	pthread_mutex_lock(&q->lock);
	q->is_moved[stream_idx] |= q->positions[stream_idx] != position;
	q->positions[stream_idx] = position;
	pthread_mutex_unlock(&q->lock);
}

static int load_positions(struct questdb *q)
{
	for (size_t i = 0; i < QUESTDB_STREAM_CNT; i++) {
		int64_t position;
		int err = history_position(q->history, questdb_rows_streams[i].name, &position);

		if (err)
			return err;
		pthread_mutex_lock(&q->lock);
		q->positions[i] = position;
		pthread_mutex_unlock(&q->lock);
	}
	q->has_positions = true;
	return 0;
}

/* Where the file is another one than the positions are of, all of it is new. */
static int check_positions(struct questdb *q)
{
	int64_t last = 0;
	bool is_other = false;
	int err = history_last_batch(q->history, &last);

	for (size_t i = 0; !err && i < QUESTDB_STREAM_CNT; i++)
		is_other |= questdb_rows_streams[i].is_of_batches &&
			    questdb_history_position(q, i) > last;
	for (size_t i = 0; !err && is_other && i < QUESTDB_STREAM_CNT; i++)
		questdb_history_move(q, i, 0);
	return err;
}

/* 0 with q->history NULL: there is no history yet. */
int questdb_history_open(struct questdb *q, struct fault *why)
{
	int err;

	if (q->history || !q->history_path)
		return 0;
	err = history_open(q->history_path, &q->history, why);
	if (err)
		return err == -ENOENT ? 0 : err;
	err = q->has_positions ? 0 : load_positions(q);
	if (!err)
		err = check_positions(q);
	if (!err)
		return 0;
	fault_set(why, err, "%s", history_problem(q->history));
	questdb_history_close(q);
	return err;
}

/* What waits, for the status. */
int questdb_history_count(struct questdb *q, struct fault *why)
{
	uint64_t cnt = 0, oldest_ns = 0, direct_cnt = questdb_direct_waiting_cnt(q->direct);
	uint64_t direct_ns = questdb_direct_oldest_ns(q->direct);
	int64_t first = INT64_MAX;
	int err = 0;

	for (size_t i = 0; i < QUESTDB_STREAM_CNT; i++) {
		enum questdb_table_idx table = questdb_rows_streams[i].table;
		int64_t position = questdb_history_position(q, i);

		if ((table == QUESTDB_LATENCY || table == QUESTDB_VALUE) && position < first)
			first = position;
	}
	if (q->history)
		err = history_batch_waiting(q->history, first, &cnt, &oldest_ns);
	if (err)
		return fault_set(why, err, "%s", history_problem(q->history));
	if (!oldest_ns || (direct_ns && direct_ns < oldest_ns))
		oldest_ns = direct_ns;
	pthread_mutex_lock(&q->lock);
	q->status.behind_cnt = cnt + direct_cnt;
	q->status.oldest_wall_ns = oldest_ns;
	pthread_mutex_unlock(&q->lock);
	return 0;
}
