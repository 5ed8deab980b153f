/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that writes: failures are waited out, damaged files set aside. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "store/aside.h"
#include "store/worker.h"

#define IDLE_NS	      (3600 * NS_PER_S) /* nothing to do: until something comes */
#define CHECK_BYTES   (256ULL << 20)	/* larger files are not read whole at the start */
#define SET_ASIDE_MAX 8 /* in one life: then it is the disk, and the files would fill it */

static void set_health(struct store *s, enum store_health health, const char *problem)
{
	pthread_mutex_lock(&s->lock);
	s->state.health = health;
	snprintf(s->state.problem, sizeof(s->state.problem), "%s", problem);
	pthread_mutex_unlock(&s->lock);
}

/* The file goes aside, for this reason, and a new one is begun. */
static int begin_anew(struct store *s, const struct fault *reason, struct fault *why)
{
	char where[FAULT_TEXT_BYTES];
	int err;

	if (s->state.set_aside_cnt >= SET_ASIDE_MAX)
		return fault_set(why, -EIO, "damaged %d times: is the disk sound? (%s)",
				 SET_ASIDE_MAX, reason->text);
	err = aside_move(s->options.path, where, sizeof(where), why);
	if (err)
		return err;
	pthread_mutex_lock(&s->lock);
	snprintf(s->state.set_aside, sizeof(s->state.set_aside), "%.480s: %.480s", where,
		 reason->text);
	s->state.set_aside_cnt++;
	pthread_mutex_unlock(&s->lock);
	return writer_open(&s->options, &s->writer, why);
}

int worker_open(struct store *s, struct fault *why)
{
	struct fault reason = {""};
	int err = writer_open(&s->options, &s->writer, &reason);

	if (err == -EBADMSG)
		return begin_anew(s, &reason, why);
	if (err)
		*why = reason;
	return err;
}

/* After damage was found in the open file. */
static int replace_writer(struct store *s, const struct fault *reason, struct fault *why)
{
	writer_close(s->writer);
	s->writer = NULL;
	return begin_anew(s, reason, why);
}

/* Somebody removed or replaced the file: what is written to it would be lost. */
static int follow_file(struct store *s, struct fault *why)
{
	if (s->writer && writer_is_moved(s->writer)) {
		writer_close(s->writer);
		s->writer = NULL;
	}
	return s->writer ? 0 : worker_open(s, why);
}

static void count_written(struct store *s, uint64_t took_ns)
{
	pthread_mutex_lock(&s->lock);
	s->state.batch_cnt++;
	s->state.last_batch_ns = took_ns;
	s->state.file_bytes = writer_file_bytes(s->writer);
	s->state.damaged_window_cnt = writer_damaged_cnt(s->writer);
	pthread_mutex_unlock(&s->lock);
}

void worker_count_dropped(struct store *s, const struct handover_item *item)
{
	pthread_mutex_lock(&s->lock);
	s->state.dropped_window_cnt += item->window_cnt;
	s->state.dropped_value_cnt += item->value_cnt;
	s->state.dropped_other_cnt += item->kind == WRITER_ALERT || item->kind == WRITER_EVENT;
	pthread_mutex_unlock(&s->lock);
}

/* 0: written. -EINVAL: never will be. Else to be tried again. */
static int write_item(struct store *s, const struct handover_item *item, struct fault *why)
{
	uint64_t began_ns = clock_mono_ns();
	int err = follow_file(s, why);

	if (!err)
		err = writer_apply(s->writer, item, why);
	if (!err && item->kind == WRITER_BATCH) {
		/* What fails here fails again with the next item: this one is written. */
		struct fault reason = {""};

		if (writer_trim(s->writer, item->wall_ns, &reason) == -EBADMSG)
			return replace_writer(s, &reason, why);
		count_written(s, clock_mono_ns() - began_ns);
	}
	return err;
}

/* False: it was told to stop meanwhile. */
static bool write_or_wait(struct store *s, const struct handover_item *item)
{
	for (;;) {
		struct fault why = {""}, reason;
		int err = write_item(s, item, &why);

		if (err == -EBADMSG && s->writer) {
			reason = why;
			err = replace_writer(s, &reason, &why);
			if (!err)
				continue;
		}
		if (!err || err == -EINVAL) {
			set_health(s, STORE_GOOD, "");
			if (err)
				worker_count_dropped(s, item);
			return true;
		}
		set_health(s, err == -ENOSPC ? STORE_FULL : STORE_FAILING, why.text);
		if (handover_is_stopped(s->handover))
			return false;
		handover_pause(s->handover, s->options.retry_ns);
	}
}

static void check_file(struct store *s)
{
	struct fault reason = {""}, why = {""};

	if (writer_file_bytes(s->writer) > CHECK_BYTES ||
	    writer_check(s->writer, &reason) != -EBADMSG)
		return;
	if (replace_writer(s, &reason, &why))
		set_health(s, STORE_FAILING, why.text);
}

void *worker_run(void *context)
{
	struct store *s = context;
	const struct handover_item *item;

	check_file(s);
	for (;;) {
		item = handover_take(s->handover, IDLE_NS);
		if (!item && handover_is_stopped(s->handover))
			break;
		if (!item)
			continue;
		if (!write_or_wait(s, item))
			break;
		handover_done(s->handover);
	}
	writer_close(s->writer);
	s->writer = NULL;
	return NULL;
}
