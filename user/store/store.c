/* SPDX-License-Identifier: Apache-2.0 */
/* The giver's side: what is handed over, and the life of the thread that writes it (worker.c). */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"
#include "base/time_units.h"
#include "measure/packed.h"
#include "store/worker.h"

/* Two writers would set each other's files aside. */
static int take_lock(struct store *s, struct fault *why)
{
	char path[4096];
	int err, length = snprintf(path, sizeof(path), "%s.lock", s->options.path);

	if (length < 0 || (size_t)length >= sizeof(path))
		return fault_set(why, -ENAMETOOLONG, "the path \"%.64s…\" is too long",
				 s->options.path);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (s->lock_fd < 0) {
		err = -errno;
		return fault_set(why, err, "\"%s\" cannot be made: %s", path, strerror(-err));
	}
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB))
		return fault_set(why, -EBUSY, "\"%s\": another agent writes this history",
				 s->options.path);
	return 0;
}

static void free_store(struct store *s)
{
	writer_close(s->writer);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	handover_free(s->handover);
	pthread_mutex_destroy(&s->lock);
	free((char *)s->options.path);
	free((char *)s->options.run_id);
	free(s);
}

static int start_thread(struct store *s, struct fault *why)
{
	int err = thread_start(&s->thread, 0, worker_run, s);

	return err ? fault_set(why, err, "no thread for the history: %s", strerror(-err)) : 0;
}

int store_open(const struct store_options *options, struct store **ret_store, struct fault *why)
{
	struct store *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return fault_set(why, -ENOMEM, "out of memory");
	s->lock_fd = -1;
	s->options = *options;
	s->options.path = strdup(options->path);
	s->options.run_id = strdup(options->run_id);
	if (!s->options.retry_ns)
		s->options.retry_ns = STORE_RETRY_NS;
	s->state.health = STORE_GOOD;
	pthread_mutex_init(&s->lock, NULL);
	s->handover = handover_new(options->queue_bytes ? options->queue_bytes : STORE_QUEUE_BYTES);
	err = s->handover && s->options.path && s->options.run_id
		      ? take_lock(s, why)
		      : fault_set(why, -ENOMEM, "out of memory");
	if (!err)
		err = worker_open(s, why);
	if (!err)
		err = start_thread(s, why);
	if (err) {
		free_store(s);
		return err;
	}
	*ret_store = s;
	return 0;
}

int store_close(struct store *store)
{
	struct timespec deadline;
	int err;

	if (!store)
		return 0;
	handover_stop(store->handover);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += (time_t)(STORE_CLOSE_NS / NS_PER_S);
	if (pthread_timedjoin_np(store->thread, NULL, &deadline))
		return -ETIMEDOUT;
	err = handover_waiting_bytes(store->handover) ? -ETIMEDOUT : 0;
	free_store(store);
	return err;
}

int store_flush(struct store *store, uint64_t max_ns)
{
	return handover_wait_empty(store->handover, max_ns);
}

void store_batch_begin(struct store *store, uint64_t start_wall_ns, bool is_direct)
{
	handover_begin(store->handover, WRITER_BATCH, start_wall_ns);
	if (is_direct && handover_filling(store->handover))
		handover_filling(store->handover)->flags = WRITER_IS_DIRECT;
}

/* The record, its texts and what is packed; or nothing of it. */
static bool put_record(struct store *s, const struct writer_record *r, const char *const *strings)
{
	size_t mark = handover_mark(s->handover);
	bool fits = handover_put(s->handover, r, sizeof(*r));

	for (int i = 0; i < WRITER_WINDOW_TEXTS; i++)
		fits = fits && strlen(strings[i]) < STORE_TEXT_BYTES &&
		       handover_put_text(s->handover, strings[i]);
	fits = fits && handover_put(s->handover, s->packed, r->packed_bytes);
	if (!fits)
		handover_rewind(s->handover, mark);
	return fits;
}

void store_batch_window(struct store *store, const struct store_window *window)
{
	const char *const strings[WRITER_WINDOW_TEXTS] = {window->id.target, window->id.operation,
							  window->id.kind, window->id.labels,
							  window->probe};
	struct writer_record r = {
		.kind = WRITER_WINDOW,
		.probe_cost_ns = window->probe_cost_ns,
		.probe_inner_ns = window->probe_inner_ns,
	};
	int bytes = packed_write(window->window, store->packed, sizeof(store->packed));

	if (bytes > 0) {
		r.packed_bytes = (uint32_t)bytes;
		if (put_record(store, &r, strings)) {
			handover_filling(store->handover)->window_cnt++;
			return;
		}
	}
	worker_count_dropped(store, &(struct handover_item){.kind = WRITER_BATCH, .window_cnt = 1});
}

void store_batch_value(struct store *store, const struct value_id *id,
		       const struct store_value *value)
{
	const char *const strings[WRITER_VALUE_TEXTS] = {id->of.target, id->of.operation,
							 id->of.kind, id->of.labels, id->name};
	const struct writer_record r = {.kind = WRITER_VALUE, .value = *value};

	if (!isfinite(value->mean) || !isfinite(value->min) || !isfinite(value->max) ||
	    !isfinite(value->last))
		return;
	if (put_record(store, &r, strings))
		handover_filling(store->handover)->value_cnt++;
	else
		worker_count_dropped(store,
				     &(struct handover_item){.kind = WRITER_BATCH, .value_cnt = 1});
}

/* Hands the item over, or counts what is in it. */
static void end_item(struct store *s)
{
	const struct handover_item *item;

	if (handover_end(s->handover))
		return;
	item = handover_filling(s->handover);
	if (item)
		worker_count_dropped(s, item);
}

void store_batch_end(struct store *store)
{
	end_item(store);
}

void store_alert(struct store *store, const struct alert *alert)
{
	handover_begin(store->handover, WRITER_ALERT, alert->started_ns);
	if (handover_put(store->handover, alert, sizeof(*alert)))
		end_item(store);
	else
		worker_count_dropped(store, &(struct handover_item){.kind = WRITER_ALERT});
}

void store_event(struct store *store, const struct store_event *event)
{
	const char *const strings[WRITER_EVENT_TEXTS] = {event->kind, event->target, event->text};
	bool fits = true;

	handover_begin(store->handover, WRITER_EVENT, event->wall_ns);
	for (int i = 0; i < WRITER_EVENT_TEXTS; i++)
		fits = fits && strlen(strings[i]) < STORE_TEXT_BYTES &&
		       handover_put_text(store->handover, strings[i]);
	if (fits)
		end_item(store);
	else
		worker_count_dropped(store, &(struct handover_item){.kind = WRITER_EVENT});
}

void store_position(struct store *store, const char *sink, int64_t position)
{
	handover_begin(store->handover, WRITER_POSITION, 0);
	/* One that has no room costs that the sink reads something once more. */
	if (strlen(sink) < STORE_TEXT_BYTES &&
	    handover_put(store->handover, &position, sizeof(position)) &&
	    handover_put_text(store->handover, sink))
		handover_end(store->handover);
}

void store_state(struct store *store, struct store_state *ret_state)
{
	pthread_mutex_lock(&store->lock);
	*ret_state = store->state;
	pthread_mutex_unlock(&store->lock);
	ret_state->waiting_bytes = handover_waiting_bytes(store->handover);
}
