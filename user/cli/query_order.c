/* SPDX-License-Identifier: Apache-2.0 */
/* Databases sort segments by their labels; people read them from the first stage to the last. */
#include <string.h>

#include "cli/query_order.h"

#define RUN_MAX 64 /* the stages of a chain in several versions; more came from somebody else */

/* The labels of a segment, in the order of their names. */
static const char *from_of(const struct report_operation *segment)
{
	return segment->labels[0].value;
}

static const char *to_of(const struct report_operation *segment)
{
	return segment->labels[1].value;
}

static bool is_of_same(const struct report_operation *a, const struct report_operation *b)
{
	return b->is_segment && strcmp(a->name, b->name) == 0 && strcmp(a->target, b->target) == 0;
}

/* Whether a segment of these ends where this one begins. */
static bool is_led_to(const struct report_operation *segment, const struct report_operation *all,
		      size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (&all[i] != segment && strcmp(to_of(&all[i]), from_of(segment)) == 0)
			return true;
	}
	return false;
}

/* Of `cnt` that have no place yet, the one that follows `before`, or else begins something. */
static size_t find_next(const struct report_operation *before, const struct report_operation *rest,
			size_t cnt)
{
	for (size_t i = 0; before && i < cnt; i++) {
		if (strcmp(to_of(before), from_of(&rest[i])) == 0)
			return i;
	}
	for (size_t i = 0; i < cnt; i++) {
		if (!is_led_to(&rest[i], rest, cnt))
			return i;
	}
	return 0;
}

static void order_run(struct report_operation *run, size_t cnt)
{
	for (size_t at = 0; at + 1 < cnt; at++) {
		size_t next = at + find_next(at ? &run[at - 1] : NULL, &run[at], cnt - at);
		struct report_operation moved = run[next];

		memmove(&run[at + 1], &run[at], (next - at) * sizeof(*run));
		run[at] = moved;
	}
}

void query_order_segments(struct report_operation *operations, size_t cnt)
{
	size_t start = 0;

	while (start < cnt) {
		size_t end = start + 1;

		while (operations[start].is_segment && end < cnt &&
		       is_of_same(&operations[start], &operations[end]))
			end++;
		if (operations[start].is_segment && end - start <= RUN_MAX)
			order_run(&operations[start], end - start);
		start = end;
	}
}
