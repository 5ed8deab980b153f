/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three buffers: the item that is being filled, which only the giver sees; those handed over; those
 * taken, which only the taker sees. The lock is held to append one item, or to swap two buffers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "store/handover.h"

#define BUFFER_MIN_BYTES  65536
#define BUFFER_KEEP_BYTES (1U << 20) /* larger ones are given back when they are empty */

struct buffer {
	uint8_t *bytes;
	size_t used;
	size_t room;
};

struct handover {
	size_t limit_bytes;
	struct buffer filling;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct buffer given;
	struct buffer taken;
	size_t taken_at; /* of the oldest item in it */
	bool is_stopped;
};

struct handover *handover_new(size_t limit_bytes)
{
	struct handover *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->limit_bytes = limit_bytes;
	pthread_mutex_init(&h->lock, NULL);
	thread_condition_init(&h->changed);
	return h;
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	free(h->filling.bytes);
	free(h->given.bytes);
	free(h->taken.bytes);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static bool append(struct buffer *b, const void *bytes, size_t cnt, size_t limit)
{
	if (cnt > limit || b->used > limit - cnt)
		return false;
	if (b->used + cnt > b->room) {
		size_t room = b->room ? b->room : BUFFER_MIN_BYTES;
		uint8_t *larger;

		while (room < b->used + cnt)
			room *= 2;
		larger = realloc(b->bytes, room);
		if (!larger)
			return false;
		b->bytes = larger;
		b->room = room;
	}
	memcpy(b->bytes + b->used, bytes, cnt);
	b->used += cnt;
	return true;
}

static void empty(struct buffer *b)
{
	b->used = 0;
	if (b->room <= BUFFER_KEEP_BYTES)
		return;
	free(b->bytes);
	b->bytes = NULL;
	b->room = 0;
}

void handover_begin(struct handover *h, uint32_t kind, uint64_t wall_ns)
{
	const struct handover_item item = {.kind = kind, .wall_ns = wall_ns};

	empty(&h->filling);
	append(&h->filling, &item, sizeof(item), h->limit_bytes);
}

bool handover_put(struct handover *h, const void *bytes, size_t cnt)
{
	return h->filling.used && append(&h->filling, bytes, cnt, h->limit_bytes);
}

bool handover_put_text(struct handover *h, const char *text)
{
	return handover_put(h, text, strlen(text) + 1);
}

size_t handover_mark(const struct handover *h)
{
	return h->filling.used;
}

void handover_rewind(struct handover *h, size_t mark)
{
	h->filling.used = mark;
}

struct handover_item *handover_filling(struct handover *h)
{
	return h->filling.used ? (struct handover_item *)h->filling.bytes : NULL;
}

bool handover_end(struct handover *h)
{
	static const uint8_t padding[sizeof(uint64_t)];
	struct handover_item *item;
	size_t waiting;
	bool is_taken;

	/* Headers are aligned. */
	if (!handover_put(h, padding, -h->filling.used % sizeof(padding)))
		return false;
	item = handover_filling(h);
	item->bytes = h->filling.used;
	pthread_mutex_lock(&h->lock);
	waiting = h->taken.used - h->taken_at;
	is_taken = waiting <= h->limit_bytes &&
		   append(&h->given, item, item->bytes, h->limit_bytes - waiting);
	if (is_taken)
		pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	return is_taken;
}

const struct handover_item *handover_take(struct handover *h, uint64_t max_ns)
{
	uint64_t until_ns = clock_mono_ns() + max_ns;
	const struct handover_item *item = NULL;
	bool is_time = true;

	pthread_mutex_lock(&h->lock);
	if (h->taken_at == h->taken.used) {
		struct buffer taken;

		while (!h->given.used && !h->is_stopped && is_time)
			is_time = thread_wait(&h->changed, &h->lock, until_ns);
		empty(&h->taken);
		taken = h->taken;
		h->taken = h->given;
		h->given = taken;
		h->taken_at = 0;
	}
	if (h->taken_at < h->taken.used)
		item = (const struct handover_item *)(h->taken.bytes + h->taken_at);
	pthread_mutex_unlock(&h->lock);
	return item;
}

void handover_done(struct handover *h)
{
	const struct handover_item *item =
		(const struct handover_item *)(h->taken.bytes + h->taken_at);

	pthread_mutex_lock(&h->lock);
	h->taken_at += item->bytes;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

void handover_pause(struct handover *h, uint64_t max_ns)
{
	uint64_t until_ns = clock_mono_ns() + max_ns;
	bool is_time = true;

	pthread_mutex_lock(&h->lock);
	while (!h->is_stopped && is_time)
		is_time = thread_wait(&h->changed, &h->lock, until_ns);
	pthread_mutex_unlock(&h->lock);
}

bool handover_is_stopped(struct handover *h)
{
	bool is_stopped;

	pthread_mutex_lock(&h->lock);
	is_stopped = h->is_stopped;
	pthread_mutex_unlock(&h->lock);
	return is_stopped;
}

void handover_stop(struct handover *h)
{
	pthread_mutex_lock(&h->lock);
	h->is_stopped = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

int handover_wait_empty(struct handover *h, uint64_t max_ns)
{
	uint64_t until_ns = clock_mono_ns() + max_ns;
	bool is_empty;
	bool is_time = true;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		is_empty = !h->given.used && h->taken_at == h->taken.used;
		if (is_empty || !is_time)
			break;
		is_time = thread_wait(&h->changed, &h->lock, until_ns);
	}
	pthread_mutex_unlock(&h->lock);
	return is_empty ? 0 : -ETIMEDOUT;
}

size_t handover_waiting_bytes(struct handover *h)
{
	size_t waiting;

	pthread_mutex_lock(&h->lock);
	waiting = h->given.used + h->taken.used - h->taken_at;
	pthread_mutex_unlock(&h->lock);
	return waiting;
}
