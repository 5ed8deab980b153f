/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the tests of the history: a directory of its own, and random windows. */
#ifndef TICKSCOPE_TESTS_HISTORY_PARTS_H
#define TICKSCOPE_TESTS_HISTORY_PARTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/packed.h"
#include "store/history.h"
#include "store/store.h"

#define SECOND_NS 1000000000ULL
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS	  (60 * MINUTE_NS)
#define DAY_NS	  (24 * HOUR_NS)
#define START_NS  (1800000000ULL * SECOND_NS) /* a full hour of 2027 */
#define WAIT_NS	  (60 * SECOND_NS)

static uint64_t random_state = 88172645463325252ULL;

static inline uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

struct place {
	char directory[64];
	char file[96];
};

static inline struct place place_make(void)
{
	struct place p = {.directory = "/tmp/test_store.XXXXXX"};

	assert_non_null(mkdtemp(p.directory));
	snprintf(p.file, sizeof(p.file), "%s/" STORE_FILE, p.directory);
	return p;
}

static inline void place_remove(const struct place *p)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", p->directory);
	assert_int_equal(system(command), 0);
}

static inline struct store_options options_at(const struct place *p)
{
	return (struct store_options){
		.path = p->file,
		.run_id = "run",
		.keep = {.is_enabled = true,
			 .keep_10s_ns = 2 * DAY_NS,
			 .keep_1m_ns = 365 * DAY_NS,
			 .keep_1h_ns = 3 * 365 * DAY_NS,
			 .max_bytes = 2ULL << 30},
		.retry_ns = SECOND_NS / 100,
	};
}

static inline struct store *open_store(const struct store_options *options)
{
	struct fault why = {""};
	struct store *s = NULL;

	if (store_open(options, &s, &why))
		fail_msg("%s", why.text);
	return s;
}

static inline void flush(struct store *s)
{
	assert_int_equal(store_flush(s, WAIT_NS), 0);
}

static inline struct history *open_history(const struct place *p)
{
	struct fault why = {""};
	struct history *h = NULL;

	if (history_open(p->file, &h, &why))
		fail_msg("%s", why.text);
	return h;
}

static inline struct window *window_new(void)
{
	struct window *w = calloc(1, sizeof(*w));

	window_init(w);
	return w;
}

/* What a series counted in 10 s: few calls, so that many batches are cheap. */
static inline void random_window(struct window *w)
{
	size_t cnt = next_random() % 12;

	window_clear(w);
	w->duration_ns = 10 * SECOND_NS;
	w->entries = w->returns = w->count = cnt;
	w->errors = cnt ? next_random() % cnt : 0;
	w->lost = next_random() % 50 == 0;
	for (size_t i = 0; i < cnt; i++) {
		/* One after the other: a stored file has what this order made. */
		uint64_t digits = next_random();
		uint64_t ns = 1 + (digits >> (30 + next_random() % 30));
		uint32_t bucket = ts_bucket_of(ns);

		w->buckets[bucket]++;
		w->octaves |= 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
		w->sum_ns += ns;
		w->min_ns = ns < w->min_ns ? ns : w->min_ns;
		w->max_ns = ns > w->max_ns ? ns : w->max_ns;
	}
}

#endif
