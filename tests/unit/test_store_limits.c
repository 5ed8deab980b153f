/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of the history: no room on the disk, a queue that is full, what is too old, too much
 * or too large. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "history_sums.h"

static uint64_t file_bytes(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

/* Waits until the state is this one: the writer tries again every 10 ms. */
static struct store_state wait_for(struct store *s, enum store_health health)
{
	struct store_state state;

	for (int i = 0; i < 6000; i++) {
		store_state(s, &state);
		if (state.health == health)
			return state;
		store_flush(s, SECOND_NS / 100);
	}
	fail_msg("health %d, not %d: %s", state.health, health, state.problem);
	return state;
}

/* No room: nothing is written and nothing lost, until there is room again. */
static void test_no_room(void **state)
{
	struct rlimit limit, before;
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store_state full;
	struct store *s;
	struct history *h;
	uint64_t i = 0;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	write_batch(s, &t, START_NS);
	flush(s);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 512 << 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	do {
		write_batch(s, &t, START_NS + ++i * 10 * SECOND_NS);
		store_flush(s, SECOND_NS / 20);
		store_state(s, &full);
	} while (full.health == STORE_GOOD && i < 5000);
	assert_int_equal(full.health, STORE_FULL);
	assert_string_equal(full.problem, "there is no room for the file");
	for (int more = 0; more < 20; more++)
		write_batch(s, &t, START_NS + ++i * 10 * SECOND_NS);
	store_state(s, &full);
	assert_true(full.waiting_bytes > 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	flush(s);
	wait_for(s, STORE_GOOD);
	store_state(s, &full);
	assert_int_equal(full.dropped_window_cnt, 0);
	assert_int_equal(full.batch_cnt, i + 1);
	assert_int_equal(full.waiting_bytes, 0);
	h = open_history(&p);
	check_span(h, &t, 0, UINT64_MAX);
	check_span(h, &t, START_NS, START_NS + 50 * SECOND_NS);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* While nothing can be written the queue fills; then whole batches are dropped, and counted. */
static void test_queue_full(void **state)
{
	struct rlimit limit, before;
	struct truth t = {0}, dropped = {0};
	struct place p;
	struct store_options options;
	struct store_state full;
	struct store *s;
	struct history *h;

	(void)state;
	p = place_make();
	options = options_at(&p);
	options.queue_bytes = 16384;
	s = open_store(&options);
	write_batch(s, &t, START_NS);
	flush(s);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (uint64_t i = 1; i < 200; i++) {
		struct store_state was, is;

		store_state(s, &was);
		write_batch(s, &t, START_NS + i * 10 * SECOND_NS);
		store_state(s, &is);
		if (is.dropped_window_cnt == was.dropped_window_cnt)
			continue;
		assert_int_equal(is.dropped_window_cnt, was.dropped_window_cnt + SERIES_CNT);
		assert_true(is.waiting_bytes <= options.queue_bytes);
		t.cnt -= SERIES_CNT;
	}
	full = wait_for(s, STORE_FULL);
	assert_true(full.dropped_window_cnt > 0 && full.dropped_window_cnt < 199 * SERIES_CNT);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	flush(s);
	h = open_history(&p);
	check_span(h, &t, 0, UINT64_MAX);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
	truth_free(&dropped);
}

/* One that can never fit: dropped and counted, the next is written. */
static void test_too_large(void **state)
{
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store_state is;
	struct store *s;
	struct window *w = window_new();
	static char name[STORE_TEXT_BYTES + 1];

	(void)state;
	memset(name, 'x', STORE_TEXT_BYTES);
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	store_batch_begin(s, START_NS, false);
	store_batch_window(s, &(struct store_window){
				      .id = {"t", name, "function", ""}, .window = w, .probe = ""});
	store_batch_end(s);
	store_event(s, &(struct store_event){"kind", "target", name, START_NS});
	write_batch(s, &t, START_NS + 10 * SECOND_NS);
	flush(s);
	store_state(s, &is);
	assert_int_equal(is.dropped_window_cnt, 1);
	assert_int_equal(is.dropped_other_cnt, 1);
	assert_int_equal(is.batch_cnt, 2);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
	free(w);
}

/* 10 s for an hour, 1 min for six, 1 h for twelve: what is gone is gone as whole windows of the
 * next coarser, and sums over what is left are exact. */
static void test_retention(void **state)
{
	enum { BATCHES = 3000, STEP_S = 30 }; /* 25 hours */
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;
	struct history_extent extent;
	struct sums rows;
	uint64_t now_ns = START_NS + (uint64_t)(BATCHES - 1) * STEP_S * SECOND_NS;

	(void)state;
	p = place_make();
	options = options_at(&p);
	options.keep.keep_10s_ns = HOUR_NS;
	options.keep.keep_1m_ns = 6 * HOUR_NS;
	options.keep.keep_1h_ns = 12 * HOUR_NS;
	s = open_store(&options);
	for (uint64_t i = 0; i < BATCHES; i++) {
		write_batch(s, &t, START_NS + i * STEP_S * SECOND_NS);
		if (i % 1000 == 0)
			flush(s);
	}
	flush(s);
	h = open_history(&p);
	assert_int_equal(history_extent(h, &extent), 0);
	assert_true(extent.newest_wall_ns == now_ns);
	assert_true(extent.finest_from_wall_ns == (now_ns - HOUR_NS) / MINUTE_NS * MINUTE_NS);
	assert_true(extent.minutes_from_wall_ns == (now_ns - 6 * HOUR_NS) / HOUR_NS * HOUR_NS);
	assert_true(extent.oldest_wall_ns == (now_ns - 12 * HOUR_NS) / HOUR_NS * HOUR_NS + HOUR_NS);
	rows = check_span(h, &t, extent.oldest_wall_ns, UINT64_MAX);
	assert_int_equal(rows.rows[0] + rows.rows[1], 0);
	for (uint64_t since_ns = extent.oldest_wall_ns; since_ns < now_ns; since_ns += HOUR_NS) {
		check_span(h, &t, since_ns, now_ns - 1700 * SECOND_NS);
		check_span(h, &t, since_ns, since_ns + 2 * HOUR_NS);
	}
	for (uint64_t since_ns = extent.minutes_from_wall_ns; since_ns < now_ns;
	     since_ns += 21 * MINUTE_NS)
		check_span(h, &t, since_ns, since_ns + 200 * MINUTE_NS);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* A file that may have 256 KiB stays about there, what remains of it is exact, and its finest
 * windows went first. */
static void test_cap(void **state)
{
	enum { CAP_BYTES = 256 << 10, BATCHES = 2500 };
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store_state is;
	struct store *s;
	struct history *h;
	struct history_extent extent;

	(void)state;
	p = place_make();
	options = options_at(&p);
	options.keep.max_bytes = CAP_BYTES;
	s = open_store(&options);
	for (uint64_t i = 0; i < BATCHES; i++) {
		write_batch(s, &t, START_NS + i * 10 * SECOND_NS);
		if (i % 100)
			continue;
		flush(s);
		store_state(s, &is);
		assert_true(is.file_bytes <= CAP_BYTES + (64 << 10));
	}
	close_store(s);
	assert_true(file_bytes(p.file) <= CAP_BYTES + (64 << 10));
	h = open_history(&p);
	assert_int_equal(history_extent(h, &extent), 0);
	assert_true(extent.oldest_wall_ns == START_NS);
	assert_true(extent.finest_from_wall_ns > START_NS + HOUR_NS);
	assert_true(extent.minutes_from_wall_ns < extent.finest_from_wall_ns);
	check_span(h, &t, 0, UINT64_MAX);
	check_span(h, &t, extent.finest_from_wall_ns, UINT64_MAX);
	history_close(h);
	place_remove(&p);
	truth_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_room),	  cmocka_unit_test(test_queue_full),
		cmocka_unit_test(test_too_large), cmocka_unit_test(test_retention),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
