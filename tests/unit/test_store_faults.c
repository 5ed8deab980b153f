/* SPDX-License-Identifier: Apache-2.0 */
/* The history when things go wrong: damage of every kind, kill -9, a file that is removed, another
 * agent. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "history_sums.h"
#include "store/history_batch.h"

static uint64_t file_bytes(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

/* A history of so many batches in a closed file. */
static void make_file(const struct place *p, struct truth *t, uint64_t batches)
{
	struct store_options options = options_at(p);
	struct store *s = open_store(&options);

	for (uint64_t i = 0; i < batches; i++) {
		write_batch(s, t, START_NS + i * 10 * SECOND_NS);
		if (i % 1000 == 0)
			flush(s);
	}
	close_store(s);
}

static void change_bytes(const char *path, off_t offset, const char *bytes, size_t cnt)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, cnt, offset), cnt);
	close(fd);
}

static void flip_pages(const char *path)
{
	char noise[64];

	memset(noise, 0xa5, sizeof(noise));
	for (off_t page = 1; (uint64_t)page < file_bytes(path) / 4096; page++)
		change_bytes(path, page * 4096, noise, sizeof(noise));
}

static void make_foreign(const char *path)
{
	change_bytes(path, 68, "zzzz", 4); /* application_id */
}

static void make_noise(const char *path)
{
	unlink(path);
	change_bytes(path, 0, "this is no database, whatever its name says", 43);
}

static void cut_half(const char *path)
{
	assert_int_equal(truncate(path, (off_t)(file_bytes(path) / 2 / 4096 * 4096)), 0);
}

static void cut_within_page(const char *path)
{
	assert_int_equal(truncate(path, 1000), 0);
}

/* It can be opened, but what is read of it fails, with words. */
static void check_reader_fails(const struct place *p)
{
	const struct history_span always = {0, UINT64_MAX, MINUTE_NS};
	struct history_list list = {.cnt = SERIES_CNT};
	struct history *h = open_history(p);
	struct history_series items[SERIES_CNT] = {{.row = 1}, {.row = 2}, {.row = 3}};
	struct sums got = sums_new(&list);

	list.items = items;
	for (size_t i = 0; i < SERIES_CNT; i++)
		items[i].id = series_ids[i];
	assert_int_equal(history_windows(h, &list, &always, sum_row, &got), -EBADMSG);
	assert_string_equal(history_problem(h), "database disk image is malformed");
	sums_free(&got);
	history_close(h);
}

/* The damaged file is kept beside a new one, which works; readers say what is wrong. */
static void test_damaged(void **state)
{
	static const struct {
		void (*damage)(const char *path);
		bool reader_sees_it;
	} rows[] = {{flip_pages, false},
		    {make_foreign, true},
		    {make_noise, true},
		    {cut_half, true},
		    {cut_within_page, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct truth t = {0}, after = {0};
		struct place p;
		struct store_options options;
		struct store_state is;
		struct store *s;
		struct history *h;
		struct fault why = {""};
		char pattern[128];
		glob_t found;

		p = place_make();
		options = options_at(&p);
		make_file(&p, &t, 360);
		rows[i].damage(p.file);
		if (rows[i].damage == flip_pages)
			check_reader_fails(&p);
		if (rows[i].reader_sees_it) {
			assert_int_equal(history_open(p.file, &h, &why), -EBADMSG);
			assert_non_null(strstr(why.text, p.file));
		}
		s = open_store(&options);
		write_batch(s, &after, START_NS + DAY_NS);
		flush(s);
		store_state(s, &is);
		if (is.set_aside_cnt != 1)
			fail_msg("row %zu: set aside %u times", i, is.set_aside_cnt);
		snprintf(pattern, sizeof(pattern), "%s.damaged-*Z", p.file);
		assert_int_equal(glob(pattern, 0, NULL, &found), 0);
		assert_int_equal(found.gl_pathc, 1);
		assert_non_null(strstr(is.set_aside, found.gl_pathv[0]));
		assert_int_equal(is.health, STORE_GOOD);
		h = open_history(&p);
		check_span(h, &after, 0, UINT64_MAX);
		history_close(h);
		close_store(s);
		globfree(&found);
		place_remove(&p);
		truth_free(&t);
		truth_free(&after);
	}
}

/* Damage that comes while it is open: what was waiting goes into the new file. */
static void test_damaged_later(void **state)
{
	struct truth t = {0}, after = {0};
	struct place p;
	struct store_options options;
	struct store_state is;
	struct store *s;
	struct history *h;

	(void)state;
	p = place_make();
	options = options_at(&p);
	make_file(&p, &t, 8000); /* more than SQLite keeps in memory */
	s = open_store(&options);
	store_event(s,
		    &(struct store_event){"kind", "target", "it is open, and checked", START_NS});
	flush(s);
	flip_pages(p.file);
	for (uint64_t i = 0; i < 3; i++)
		write_batch(s, &after, START_NS + 2 * DAY_NS + i * 10 * SECOND_NS);
	flush(s);
	store_state(s, &is);
	assert_int_equal(is.set_aside_cnt, 1);
	assert_int_equal(is.batch_cnt, 3);
	h = open_history(&p);
	check_span(h, &after, 0, UINT64_MAX);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
	truth_free(&after);
}

static void test_refused(void **state)
{
	struct truth t = {0};
	struct place p;
	struct store_options options;
	struct store *s, *second;
	struct history *h;
	struct fault why = {""};

	(void)state;
	p = place_make();
	options = options_at(&p);
	assert_int_equal(history_open(p.file, &h, &why), -ENOENT);
	assert_non_null(strstr(why.text, p.file));
	s = open_store(&options);
	assert_int_equal(store_open(&options, &second, &why), -EBUSY);
	assert_non_null(strstr(why.text, "another agent"));
	close_store(s);
	make_file(&p, &t, 360);
	change_bytes(p.file, 60, "\0\0\0\3", 4); /* user_version */
	assert_int_equal(store_open(&options, &second, &why), -EPROTO);
	assert_non_null(strstr(why.text, "later version"));
	assert_int_equal(history_open(p.file, &h, &why), -EPROTO);
	assert_non_null(strstr(why.text, "later version"));
	options.path = "/nowhere/at/all/history.db";
	assert_int_equal(store_open(&options, &second, &why), -ENOENT);
	place_remove(&p);
	truth_free(&t);
}

/* Removed while it is written: a new one is begun, nothing goes into the void. */
static void test_removed(void **state)
{
	struct truth t = {0}, after = {0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	write_batch(s, &t, START_NS);
	flush(s);
	unlink(p.file);
	write_batch(s, &after, START_NS + 10 * SECOND_NS);
	flush(s);
	h = open_history(&p);
	check_span(h, &after, 0, UINT64_MAX);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
	truth_free(&after);
}

/* Writes batches, the same in every life, and tells of each that it is written. */
static void write_and_tell(const struct place *p, uint64_t first, int fd)
{
	struct store_options options = options_at(p);
	struct store *s = open_store(&options);
	struct truth t = {0};

	random_state = 12345 + first;
	for (uint64_t i = first;; i++) {
		write_batch(s, &t, START_NS + i * 10 * SECOND_NS);
		flush(s);
		if (write(fd, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

/* Killed at any moment: all that was told to be written is there, whole, and at most one more. */
static void test_kill(void **state)
{
	struct truth t = {0};
	struct place p;
	uint64_t next = 0, choice = 777;

	(void)state;
	p = place_make();
	for (int life = 0; life < 25; life++) {
		uint64_t told = next, seed = next, lives;
		struct history_batch batch = {.id = 0};
		struct history *h;
		int ends[2], status;
		pid_t pid;

		choice = choice * 6364136223846793005ULL + 1442695040888963407ULL;
		lives = 1 + (choice >> 33) % 40;
		assert_int_equal(pipe(ends), 0);
		pid = fork();
		if (pid == 0) {
			close(ends[0]);
			write_and_tell(&p, next, ends[1]);
		}
		close(ends[1]);
		/* It goes on while it is told of: the kill comes anywhere. */
		for (uint64_t i = 0; i < lives; i++)
			assert_int_equal(read(ends[0], &told, sizeof(told)), sizeof(told));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		while (read(ends[0], &next, sizeof(next)) == sizeof(next))
			told = next;
		close(ends[0]);
		h = open_history(&p);
		for (next = 0; history_batch_after(h, batch.id, &batch) == 1;)
			next++;
		assert_true(next == told + 1 || next == told + 2);
		random_state = 12345 + seed;
		for (uint64_t i = seed; i < next; i++) {
			struct window *w = window_new();

			for (size_t n = 0; n < SERIES_CNT; n++) {
				random_window(w);
				truth_add(&t, START_NS + i * 10 * SECOND_NS, n, w);
			}
			free(w);
		}
		check_span(h, &t, 0, UINT64_MAX);
		check_span(h, &t, START_NS + 70 * SECOND_NS, START_NS + next * 10 * SECOND_NS);
		check_span(h, &t, START_NS + 80 * SECOND_NS, START_NS + next * 5 * SECOND_NS);
		history_close(h);
	}
	place_remove(&p);
	truth_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_damaged_later),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_removed),
		cmocka_unit_test(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
