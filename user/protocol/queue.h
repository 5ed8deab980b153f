/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for their answers in order, ten bytes each. Those that found no room leave a
 * gap, so that their answers are not taken for those of others.
 */
#ifndef TICKSCOPE_PROTOCOL_QUEUE_H
#define TICKSCOPE_PROTOCOL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/budget.h"

/* Of requests that wait, and gaps: pipelines are bursts of some hundred to a few thousand commands,
 * and more would not fit PROTOCOL_CONNECTION_BYTES. */
#define QUEUE_CNT_MAX 4096

struct queue_item {
	uint64_t begin;
	uint64_t end;
	uint16_t labels;
	bool is_gap; /* the request was given up: nothing else is set */
};

struct queue_block;

struct queue {
	struct budget *budget;
	struct queue_block *oldest;
	struct queue_block *newest;
	uint32_t oldest_idx; /* in the oldest block */
	uint32_t entry_cnt;  /* requests and gaps */
};

void queue_init(struct queue *queue, struct budget *budget);
void queue_fini(struct queue *queue);
/* False: no room, or a request too long for its place (4 GiB). */
bool queue_add(struct queue *queue, const struct queue_item *item);
/*
 * The next `answer_cnt` answers are nobody's. Without room, the newest request gives its place up:
 * it is *ret_lost then (ret_lost->is_gap: none did). False: there is no memory at all.
 */
bool queue_add_gap(struct queue *queue, uint32_t answer_cnt, struct queue_item *ret_lost);
/* False: nothing waits, not even in a gap. */
bool queue_oldest(const struct queue *queue, struct queue_item *ret_item);
/* Takes it out, of a gap one answer; there has to be one. */
void queue_drop_oldest(struct queue *queue);
/* Takes the oldest entry out, a gap with all of its answers; there has to be one. */
void queue_drop_entry(struct queue *queue);

#endif
