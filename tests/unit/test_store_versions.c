/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the history that take another's place, or are of the first version. */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "history_outbox.h"

static void run_sql(const struct place *p, const char *sql)
{
	sqlite3 *db;
	char *problem = NULL;

	assert_int_equal(sqlite3_open(p->file, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &problem) != SQLITE_OK)
		fail_msg("%s", problem);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A file that takes the place of a damaged one goes on with higher ids. */
static void test_another_file(void **state)
{
	struct truth t = {0};
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct history_batch before, after;
	struct history *h;
	int64_t last = 0;
	int fd;

	(void)state;
	write_batch(s, &t, START_NS);
	store_position(s, "questdb", 5);
	flush(s);
	close_store(s);
	/* Ids begin at the second in which a file is made: as if that had been a minute ago. */
	run_sql(&p, "UPDATE batch SET id = id - 60; UPDATE sqlite_sequence SET seq = seq - 60");
	h = open_history(&p);
	assert_int_equal(history_batch_after(h, 0, &before), 1);
	history_close(h);
	fd = open(p.file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "damaged", 7, 0), 7);
	close(fd);
	s = open_store(&options);
	write_batch(s, &t, START_NS);
	flush(s);
	h = open_history(&p);
	assert_int_equal(history_batch_after(h, before.id, &after), 1);
	assert_true(after.id > before.id);
	assert_int_equal(history_last_batch(h, &last), 0);
	assert_int_equal(last, after.id);
	history_close(h);
	check_position(&p, "questdb", 0);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* tests/unit/history_version_1.sql, which that version's code wrote, and what it was given. */
static struct place make_version_1(struct truth *t)
{
	static const uint64_t starts_ns[] = {START_NS, START_NS + 10 * SECOND_NS,
					     START_NS + 25 * SECOND_NS};
	struct place p = place_make();
	struct window *w = window_new();
	int fd = open("tests/unit/history_version_1.sql", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *sql;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	sql = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(read(fd, sql, (size_t)st.st_size), st.st_size);
	close(fd);
	run_sql(&p, sql);
	free(sql);
	random_state = 88172645463325252ULL;
	for (size_t i = 0; i < 3; i++) {
		for (size_t n = 0; n < SERIES_CNT; n++) {
			random_window(w);
			truth_add(t, starts_ns[i], n, w);
		}
	}
	free(w);
	return p;
}

static int64_t version_of(const struct place *p)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t version;

	assert_int_equal(sqlite3_open(p->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	version = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return version;
}

/* Read as it is; then written on, with all that it had. */
static void test_version_1(void **state)
{
	static const char *const runs[] = {"first", "first", "second", "second", "run"};
	struct truth t = {0};
	struct place p = make_version_1(&t);
	struct store_options options = options_at(&p);
	struct seen seen = {.truth = &t};
	struct history_batch batch = {.id = 0};
	struct history_extent extent;
	struct list list = {0};
	struct history *h = open_history(&p);
	struct store *s;

	(void)state;
	assert_int_equal(history_extent(h, &extent), 0);
	assert_true(extent.newest_wall_ns == START_NS + 35 * SECOND_NS);
	history_close(h);
	assert_int_equal(version_of(&p), 1);
	s = open_store(&options);
	assert_int_equal(version_of(&p), 2);
	write_batch(s, &t, START_NS + 50 * SECOND_NS);
	store_position(s, "questdb", 3);
	flush(s);
	h = open_history(&p);
	for (int64_t i = 0; i < 5; i++) {
		assert_int_equal(history_batch_after(h, batch.id, &batch), 1);
		assert_int_equal(batch.id, i + 1);
		assert_string_equal(batch.run_id, runs[i]);
		assert_false(batch.is_direct);
		check_batch(h, &batch, &seen);
	}
	assert_int_equal(history_batch_after(h, batch.id, &batch), 0);
	check_waiting(h, 0, SERIES_CNT, START_NS);
	history_close(h);
	assert_int_equal(seen.entry, t.cnt);
	assert_int_equal(seen.value_cnt, 1);
	assert_true(seen.value.mean == 50 && seen.value.last == 55);
	check_position(&p, "questdb", 3);
	assert_string_equal(read_more(&p, &list, true, 5), "a1 firing, ");
	list = (struct list){0};
	assert_string_equal(read_more(&p, &list, false, 5), "0 started  run first, ");
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* One that is not what its version says is set aside, unchanged. */
static void test_broken_version_1(void **state)
{
	struct truth t = {0};
	struct place p = make_version_1(&t), aside = p;
	struct store_options options = options_at(&p);
	struct store_state now;
	struct store *s;

	(void)state;
	/* The second step of the change fails: nothing of it stays. */
	run_sql(&p, "ALTER TABLE batch ADD COLUMN row_cnt INTEGER");
	s = open_store(&options);
	store_state(s, &now);
	assert_int_equal(now.set_aside_cnt, 1);
	snprintf(aside.file, sizeof(aside.file), "%.*s", (int)strcspn(now.set_aside, ":"),
		 now.set_aside);
	assert_int_equal(version_of(&aside), 1);
	run_sql(&aside, "SELECT row_cnt FROM batch");
	assert_int_equal(version_of(&p), 2);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_file),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_broken_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
