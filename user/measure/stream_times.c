/* SPDX-License-Identifier: Apache-2.0 */
/* Ends only grow, so that a position is found by bisection. */
#include <stdlib.h>
#include <string.h>

#include "measure/stream_times.h"

#define FIRST_ROOM 8

void stream_times_fini(struct stream_times *times)
{
	free(times->items);
	*times = (struct stream_times){0};
}

void stream_times_clear(struct stream_times *times)
{
	times->first = 0;
	times->cnt = 0;
}

static struct stream_time *item_at(const struct stream_times *t, size_t idx)
{
	return &t->items[(t->first + idx) & (t->room - 1)];
}

static bool grow(struct stream_times *t)
{
	size_t room = t->room ? 2 * t->room : FIRST_ROOM;
	struct stream_time *items;

	if (room > STREAM_TIMES_MAX)
		return false;
	items = calloc(room, sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < t->cnt; i++)
		items[i] = *item_at(t, i);
	free(t->items);
	t->items = items;
	t->room = room;
	t->first = 0;
	return true;
}

void stream_times_add(struct stream_times *times, uint64_t end, uint64_t ns)
{
	struct stream_time *last = times->cnt ? item_at(times, times->cnt - 1) : NULL;

	if (last && last->end >= end)
		return;
	if (last && last->ns == ns) { /* the next piece of what passed at once */
		last->end = end;
		return;
	}
	if (times->cnt == times->room && !grow(times)) {
		if (!times->room)
			return;
		times->first++;
		times->cnt--;
	}
	*item_at(times, times->cnt) = (struct stream_time){end, ns};
	times->cnt++;
}

bool stream_times_find(const struct stream_times *times, uint64_t position, uint64_t *ret_ns)
{
	size_t low = 0, high = times->cnt;

	/* The first whose end lies beyond the position. The oldest may stand for bytes of calls
	 * that are forgotten: it answers for itself only where nothing was. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (item_at(times, middle)->end > position)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == times->cnt || (low == 0 && times->room == STREAM_TIMES_MAX))
		return false;
	*ret_ns = item_at(times, low)->ns;
	return true;
}
