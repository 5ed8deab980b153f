/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of random windows, and what was written kept as the truth. */
#ifndef TICKSCOPE_TESTS_HISTORY_TRUTH_H
#define TICKSCOPE_TESTS_HISTORY_TRUTH_H

#include "history_parts.h"

#define SERIES_CNT 3

static const struct series_id series_ids[SERIES_CNT] = {
	{"engine", "desk::Executor::execute_trade", "function", ""},
	{"engine", "node", "rpc_client", "method=\"GET\",status=\"200\""},
	{"feeder", "main.(*Book).Match", "function", ""},
};

/* Each window that was handed over. */
struct truth {
	struct entry {
		uint64_t start_ns;
		size_t series;
		size_t offset;
		size_t bytes;
	} * entries;
	size_t cnt;
	uint8_t *packed;
	size_t used;
};

static inline void truth_add(struct truth *t, uint64_t start_ns, size_t series,
			     const struct window *w)
{
	static uint8_t bytes[PACKED_MAX_BYTES];
	int cnt = packed_write(w, bytes, sizeof(bytes));

	assert_true(cnt > 0);
	t->entries = reallocarray(t->entries, t->cnt + 1, sizeof(*t->entries));
	t->packed = realloc(t->packed, t->used + (size_t)cnt);
	memcpy(t->packed + t->used, bytes, (size_t)cnt);
	t->entries[t->cnt++] = (struct entry){start_ns, series, t->used, (size_t)cnt};
	t->used += (size_t)cnt;
}

static inline void truth_free(struct truth *t)
{
	free(t->entries);
	free(t->packed);
	*t = (struct truth){0};
}

/* A batch of a random window of each series. */
static inline void write_batch(struct store *s, struct truth *t, uint64_t start_ns)
{
	struct window *w = window_new();

	store_batch_begin(s, start_ns, false);
	for (size_t i = 0; i < SERIES_CNT; i++) {
		random_window(w);
		store_batch_window(s, &(struct store_window){.id = series_ids[i],
							     .window = w,
							     .probe = "a probe",
							     .probe_cost_ns = 930,
							     .probe_inner_ns = 120});
		truth_add(t, start_ns, i, w);
	}
	store_batch_end(s);
	free(w);
}

static inline void close_store(struct store *s)
{
	assert_int_equal(store_close(s), 0);
}

#endif
