/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one thread hands over to another that may be slow: items in order, of bounded size together.
 * The giver never waits for more than the copying of one item.
 */
#ifndef TICKSCOPE_STORE_HANDOVER_H
#define TICKSCOPE_STORE_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handover;

struct handover_item {
	uint64_t bytes; /* with this header */
	uint64_t wall_ns;
	uint32_t kind;
	uint32_t window_cnt;
	uint32_t value_cnt;
	uint32_t flags; /* what giver and taker agree upon */
};

struct handover *handover_new(size_t limit_bytes);
void handover_free(struct handover *h);

/* The giver: begins an item, puts bytes into it, and hands it over. Puts that do not fit, and items
 * that do not, are refused (false). */
void handover_begin(struct handover *h, uint32_t kind, uint64_t wall_ns);
bool handover_put(struct handover *h, const void *bytes, size_t cnt);
bool handover_put_text(struct handover *h, const char *text);
/* What was put since is taken back. */
size_t handover_mark(const struct handover *h);
void handover_rewind(struct handover *h, size_t mark);
/* The item that is being filled. */
struct handover_item *handover_filling(struct handover *h);
bool handover_end(struct handover *h);

/*
 * The taker: waits for an item up to max_ns, and gets the oldest, which stays so until
 * handover_done. NULL: none came, or it was told to stop and there are no more.
 */
const struct handover_item *handover_take(struct handover *h, uint64_t max_ns);
void handover_done(struct handover *h);
/* The taker waits, up to max_ns, for nothing but being told to stop. */
void handover_pause(struct handover *h, uint64_t max_ns);
bool handover_is_stopped(struct handover *h);

/* Both: tells the taker to stop when all is taken; waits until it is. -ETIMEDOUT. */
void handover_stop(struct handover *h);
int handover_wait_empty(struct handover *h, uint64_t max_ns);
size_t handover_waiting_bytes(struct handover *h);

#endif
