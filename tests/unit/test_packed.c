/* SPDX-License-Identifier: Apache-2.0 */
/* Packed windows: exact round trips of random windows, merging, damage of every kind, sizes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/packed.h"

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct window *window_new(void)
{
	struct window *w = calloc(1, sizeof(*w));

	window_init(w);
	return w;
}

static void add_value(struct window *w, uint64_t ns, uint64_t times)
{
	uint32_t bucket = ts_bucket_of(ns);

	w->buckets[bucket] += times;
	w->octaves |= 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
	w->count += times;
	w->sum_ns += ns * times;
	w->min_ns = ns < w->min_ns ? ns : w->min_ns;
	w->max_ns = ns > w->max_ns ? ns : w->max_ns;
}

/* A number of any magnitude, 0 and the largest among them. */
static uint64_t random_number(void)
{
	uint64_t value = next_random();

	switch (next_random() % 8) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	default:
		return value >> next_random() % 64;
	}
}

static struct window *random_window(void)
{
	struct window *w = window_new();
	uint64_t *const fields[] = {&w->duration_ns,  &w->entries,	 &w->returns,
				    &w->unwound,      &w->lost,		 &w->unpaired_returns,
				    &w->missed_exits, &w->clock_clamped, &w->dropped,
				    &w->errors,	      &w->nested_hits};
	size_t value_cnt = next_random() % 4 ? next_random() % 300 : 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		*fields[i] = random_number();
	for (size_t i = 0; i < value_cnt; i++)
		add_value(w, next_random() >> (20 + next_random() % 44),
			  next_random() % 3 ? 1 : random_number() >> 10 | 1);
	return w;
}

static int pack(const struct window *w, uint8_t bytes[static PACKED_MAX_BYTES])
{
	int cnt = packed_write(w, bytes, PACKED_MAX_BYTES);

	assert_true(cnt > 0);
	return cnt;
}

static void assert_totals(const uint8_t *bytes, int cnt, const struct window *w)
{
	struct packed_totals t;

	assert_int_equal(packed_totals(bytes, (size_t)cnt, &t), 0);
	assert_true(t.duration_ns == w->duration_ns && t.entries == w->entries &&
		    t.returns == w->returns && t.errors == w->errors && t.sum_ns == w->sum_ns &&
		    t.count == w->count && t.max_ns == w->max_ns && t.min_ns == w->min_ns);
	assert_int_equal(packed_totals(bytes, 6, &t), -EBADMSG);
}

static void test_round_trip(void **state)
{
	uint8_t *bytes = malloc(PACKED_MAX_BYTES);

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct window *w = random_window(), *back = window_new();
		int cnt = pack(w, bytes);

		assert_int_equal(packed_merge(back, bytes, (size_t)cnt), 0);
		assert_memory_equal(back, w, sizeof(*w));
		assert_totals(bytes, cnt, w);
		window_clear(back);
		assert_int_equal(packed_merge_own(back, bytes, (size_t)cnt), 0);
		assert_memory_equal(back, w, sizeof(*w));
		free(back);
		free(w);
	}
	free(bytes);
}

/* Merging bytes is merging windows. */
static void test_merge(void **state)
{
	uint8_t *bytes = malloc(PACKED_MAX_BYTES);

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct window *expected = window_new(), *total = window_new();

		for (int part = 0; part < 10; part++) {
			struct window *w = random_window();
			int cnt = pack(w, bytes);

			window_merge(expected, w);
			assert_int_equal(packed_merge(total, bytes, (size_t)cnt), 0);
			free(w);
		}
		assert_memory_equal(total, expected, sizeof(*total));
		free(total);
		free(expected);
	}
	free(bytes);
}

/* Every window fits the limit, and into exactly the room that it takes. */
static void test_room(void **state)
{
	uint8_t *bytes = malloc(PACKED_MAX_BYTES);
	struct window *w = window_new();
	int cnt;

	(void)state;
	assert_int_equal(pack(w, bytes), 7); /* version, mask, checksum */
	for (uint32_t i = 0; i < TS_BUCKET_CNT; i++)
		w->buckets[i] = UINT64_MAX;
	w->octaves = (1ULL << TS_OCTAVE_CNT) - 1;
	w->duration_ns = w->entries = w->returns = w->unwound = w->unpaired_returns = w->lost =
		w->missed_exits = w->clock_clamped = w->dropped = w->errors = w->nested_hits =
			w->sum_ns = w->count = w->max_ns = UINT64_MAX;
	w->min_ns = UINT64_MAX - 1;
	cnt = pack(w, bytes);
	assert_int_equal(cnt, 3 + 15 * 10 + TS_BUCKET_CNT * 10 + 4);
	for (int room = 0; room < cnt; room += room < 200 || room > cnt - 20 ? 1 : 997)
		assert_int_equal(packed_write(w, bytes, (size_t)room), -ENOSPC);
	assert_int_equal(packed_write(w, bytes, (size_t)cnt), cnt);
	free(w);
	free(bytes);
}

/* 20000 calls in 10 s around 30 us with a tail: what the history keeps of a busy operation. */
static void test_size(void **state)
{
	uint8_t *bytes = malloc(PACKED_MAX_BYTES);
	struct window *w = window_new();

	(void)state;
	w->duration_ns = 10000000000ULL;
	for (int i = 0; i < 20000; i++) {
		uint64_t ns = 20000;

		for (int n = 0; n < 8; n++)
			ns += next_random() % 2500;
		add_value(w, next_random() % 200 ? ns : ns * (2 + next_random() % 60), 1);
	}
	w->entries = w->returns = w->count;
	assert_true(pack(w, bytes) < 700);
	free(w);
	free(bytes);
}

static void assert_refused(const uint8_t *bytes, size_t cnt)
{
	struct window *total = random_window(), *before = window_new();

	memcpy(before, total, sizeof(*total));
	assert_int_equal(packed_merge(total, bytes, cnt), -EBADMSG);
	assert_memory_equal(total, before, sizeof(*total));
	free(before);
	free(total);
}

/* Any one byte changed, any end cut off, anything appended. */
static void test_damage(void **state)
{
	uint8_t *bytes = calloc(1, PACKED_MAX_BYTES + 1);

	(void)state;
	for (int round = 0; round < 5; round++) {
		struct window *w = random_window();
		size_t cnt = (size_t)pack(w, bytes);

		for (size_t i = 0; i < cnt; i++) {
			uint8_t flip = (uint8_t)(1 + next_random() % 255);

			bytes[i] ^= flip;
			assert_refused(bytes, cnt);
			bytes[i] ^= flip;
			assert_refused(bytes, i);
		}
		bytes[cnt] = 0;
		assert_refused(bytes, cnt + 1);
		free(w);
	}
	free(bytes);
}

/* As packed.c ends its bytes, so that what is wrong before is reached. */
static size_t seal(uint8_t *bytes, size_t cnt)
{
	uint32_t sum = 2166136261U;

	for (size_t i = 0; i < cnt; i++)
		sum = (sum ^ bytes[i]) * 16777619U;
	for (int i = 0; i < 4; i++)
		bytes[cnt++] = (uint8_t)(sum >> 8 * i);
	return cnt;
}

/* Bytes with a right checksum that are no window. */
static void test_foreign(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[24];
		size_t cnt;
		int err;
	} rows[] = {
		{"empty window", {1, 0, 0}, 3, 0},
		{"version 0", {0, 0, 0}, 3, -EBADMSG},
		{"version 2", {2, 0, 0}, 3, -EBADMSG},
		{"unknown field", {1, 0, 0x80, 1}, 4, -EBADMSG},
		{"field missing", {1, 1, 0}, 3, -EBADMSG},
		{"field cut", {1, 1, 0, 0x80}, 4, -EBADMSG},
		{"field of 64 bits",
		 {1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		 13,
		 0},
		{"field of 65 bits",
		 {1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3},
		 13,
		 -EBADMSG},
		{"field without end",
		 {1, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
		 14,
		 -EBADMSG},
		{"one count", {1, 0, 0, 1 << 1}, 4, 0},
		{"count 0", {1, 0, 0, 0}, 4, -EBADMSG},
		{"run of 0", {1, 0, 0, 1}, 4, -EBADMSG},
		{"count cut", {1, 0, 0, 0x80}, 4, -EBADMSG},
		/* 4608 buckets: 4607 = 71 * 64 + 63 */
		{"last bucket", {1, 0, 0, 0x80 | 63 << 1 | 1, 71, 1 << 1}, 6, 0},
		{"beyond the last", {1, 0, 0, 0x80 | 1, 72, 1 << 1}, 6, -EBADMSG},
		{"run beyond the last", {1, 0, 0, 0x80 | 1 << 1 | 1, 72}, 5, -EBADMSG},
		{"count of 65 bits",
		 {1, 0, 0, 0x80 | 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 4},
		 13,
		 -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[sizeof(rows[i].bytes) + 4];
		struct window *total = window_new();
		size_t cnt;

		memcpy(bytes, rows[i].bytes, rows[i].cnt);
		cnt = seal(bytes, rows[i].cnt);
		if (packed_merge(total, bytes, cnt) != rows[i].err)
			fail_msg("%s", rows[i].what);
		if (rows[i].err)
			assert_refused(bytes, cnt);
		free(total);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_merge),
		cmocka_unit_test(test_room),	   cmocka_unit_test(test_size),
		cmocka_unit_test(test_damage),	   cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
