/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a history, held against the truth. */
#ifndef TICKSCOPE_TESTS_HISTORY_SUMS_H
#define TICKSCOPE_TESTS_HISTORY_SUMS_H

#include "history_truth.h"

/* What of the truth began in the span. */
static inline void expect_span(const struct truth *t, uint64_t since_ns, uint64_t until_ns,
			       struct window *totals[static SERIES_CNT])
{
	for (size_t i = 0; i < t->cnt; i++) {
		const struct entry *e = &t->entries[i];

		if (e->start_ns >= since_ns && e->start_ns < until_ns)
			assert_int_equal(
				packed_merge(totals[e->series], t->packed + e->offset, e->bytes),
				0);
	}
}

struct sums {
	struct window *totals[SERIES_CNT]; /* by the order of series_ids */
	const struct history_list *list;
	uint64_t rows[3]; /* of each resolution */
	uint64_t last_ns;
};

static inline size_t series_idx_of(const struct history_series *s)
{
	for (size_t i = 0; i < SERIES_CNT; i++) {
		if (strcmp(s->id.operation, series_ids[i].operation) == 0)
			return i;
	}
	fail_msg("%s", s->id.operation);
	return 0;
}

static inline int sum_row(void *context, const struct history_window *w)
{
	struct sums *sums = context;
	size_t idx = series_idx_of(&sums->list->items[w->series_idx]);

	assert_true(w->start_wall_ns >= sums->last_ns);
	assert_string_equal(w->probe, "a probe");
	assert_int_equal(w->probe_inner_ns, 120);
	sums->last_ns = w->start_wall_ns;
	sums->rows[w->resolution_ns == HOUR_NS ? 2 : w->resolution_ns == MINUTE_NS ? 1 : 0]++;
	return packed_merge(sums->totals[idx], w->packed, w->packed_bytes);
}

static inline struct sums sums_new(const struct history_list *list)
{
	struct sums s = {.list = list};

	for (size_t i = 0; i < SERIES_CNT; i++)
		s.totals[i] = window_new();
	return s;
}

static inline void sums_free(struct sums *s)
{
	for (size_t i = 0; i < SERIES_CNT; i++)
		free(s->totals[i]);
}

static inline struct history_list list_all(struct history *h)
{
	struct history_list list;
	struct fault why = {""};

	if (history_list(h, &(struct history_filter){0}, &list, &why))
		fail_msg("%s", why.text);
	return list;
}

/* The sum of what is read is the sum of what was written. Returns how many rows of 10 s, 1 min and
 * 1 h it was made of. */
static inline struct sums check_span(struct history *h, const struct truth *t, uint64_t since_ns,
				     uint64_t until_ns)
{
	struct history_list list = list_all(h);
	struct sums got = sums_new(&list), expected = sums_new(&list);
	const struct history_span span = {.since_wall_ns = since_ns, .until_wall_ns = until_ns};

	expect_span(t, since_ns, until_ns, expected.totals);
	assert_int_equal(history_windows(h, &list, &span, sum_row, &got), 0);
	for (size_t i = 0; i < SERIES_CNT; i++)
		assert_memory_equal(got.totals[i], expected.totals[i], sizeof(struct window));
	sums_free(&got);
	sums_free(&expected);
	history_list_fini(&list);
	return got;
}

#endif
