/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of /proc, real ones and those that names in them try to forge. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/usage_text.h"

static const struct usage_scale scale = {.tick_ns = 10000000, .page_bytes = 4096};

/* A copy without anything behind it, so that sanitizers see a byte too many being read. */
static struct usage_text text_of(const char *bytes, char **ret_copy)
{
	size_t length = strlen(bytes);

	*ret_copy = malloc(length ? length : 1);
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, bytes, length);
	return (struct usage_text){*ret_copy, length};
}

#define STAT_TAIL \
	" 7 7 0 -1 4194560 98 0 0 0 123 77 0 0 20 0 5 0 2386217 3133440 382 18446744073709551615"

static void test_stat(void **state)
{
	static const char *const names[] = {
		"(engine)", "(a b)", "(a) R 1 (b)", "())", "(()", "(\\n1 2 3)", "(12 (Z) Z )",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct usage_process p = {.pid = 9, .read_bytes = 17};
		bool has_ended = true;
		char line[512], *copy;

		snprintf(line, sizeof(line), "9 %s S 1" STAT_TAIL "\n", names[i]);
		assert_int_equal(usage_text_stat(text_of(line, &copy), &scale, &p, &has_ended), 0);
		free(copy);
		assert_false(has_ended);
		assert_int_equal(p.pid, 9);
		assert_int_equal(p.cpu_ns, 2000000000);
		assert_int_equal(p.thread_cnt, 5);
		assert_int_equal(p.start_ns, 23862170000000);
		assert_int_equal(p.virtual_bytes, 3133440);
		assert_int_equal(p.rss_bytes, 382 * 4096);
		assert_int_equal(p.read_bytes, 17);
	}
}

static void test_zombies(void **state)
{
	static const struct {
		const char *line;
		bool has_ended;
	} rows[] = {
		{"9 (e) Z 1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 100 0 0 0", true},
		{"9 (e) X 1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 100 0 0 0", true},
		/* its first thread has ended, two others have not */
		{"9 (e) Z 1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 3 0 100 0 0 0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usage_process p = {0};
		bool has_ended = !rows[i].has_ended;
		char *copy;

		assert_int_equal(
			usage_text_stat(text_of(rows[i].line, &copy), &scale, &p, &has_ended), 0);
		free(copy);
		assert_int_equal(has_ended, rows[i].has_ended);
		assert_int_equal(p.cpu_ns, 70000000);
		assert_true(p.rss_bytes == USAGE_UNKNOWN && p.virtual_bytes == USAGE_UNKNOWN);
	}
}

static void test_damaged_stat(void **state)
{
	static const char no_brackets[] = "9 engine S 1" STAT_TAIL;
	const char *const rows[] = {
		"",
		")",
		no_brackets,
		"9 (engine) S 1 7 7 0 -1 4194560 98 0 0 0 123 77 0 0 20 0 5 0 2386217 3133440",
		"9 (engine) S 1 7 7 0 -1 4194560 98 0 0 0 -3 77 0 0 20 0 5 0 2386217 3133440 382",
		"9 (engine) S 1 7 7 0 -1 4194560 98 0 0 0 12x 77 0 0 20 0 5 0 2386217 3133440 382",
		"9 (engine) S 1 7 7 0 -1 0 0 0 0 0 18446744073709551615 1 0 0 20 0 5 0 1 1 1",
		"9 (engine) S 1 7 7 0 -1 0 0 0 0 0 18446744073709551616 1 0 0 20 0 5 0 1 1 1",
		"9 (engine) S 1 7 7 0 -1 0 0 0 0 0 1 1 0 0 20 0 5 0 18446744073709551615 1 1",
		"9 (engine) S 1 7 7 0 -1 0 0 0 0 0 1 1 0 0 20 0 5 0 1 1 18446744073709551615",
		"9 (engine) S 1\n 7 7 0 -1 4194560 98 0 0 0 123 77 0 0 20 0 5 0 1 1 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usage_process p = {.cpu_ns = 5};
		bool has_ended = true;
		char *copy;
		int err = usage_text_stat(text_of(rows[i], &copy), &scale, &p, &has_ended);

		free(copy);
		if (err != -EBADMSG || p.cpu_ns != 5 || !has_ended)
			fail_msg("\"%s\": %d", rows[i], err);
	}
}

static void test_io(void **state)
{
	struct usage_process p = {0};
	char *copy;

	(void)state;
	assert_int_equal(usage_text_io(text_of("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\n"
					       "read_bytes: 5\nwrite_bytes: 6\n"
					       "cancelled_write_bytes: 7\n",
					       &copy),
				       &p),
			 0);
	free(copy);
	assert_int_equal(p.read_bytes, 5);
	assert_int_equal(p.written_bytes, 6);
	/* Each of them is needed, and at the start of its line. */
	assert_int_equal(usage_text_io(text_of("read_bytes: 8\n", &copy), &p), -EBADMSG);
	free(copy);
	assert_int_equal(usage_text_io(text_of("write_bytes: 8\nx read_bytes: 9", &copy), &p),
			 -EBADMSG);
	free(copy);
	assert_int_equal(p.read_bytes, 5);
}

static void test_limits(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t max;
	} rows[] = {
		{"Limit  Soft Limit  Hard Limit  Units\nMax open files            1024       "
		 "  1048576  files \nMax locked memory  5 5 bytes\n",
		 0, 1024},
		{"Max open files            unlimited            unlimited  files", 0,
		 USAGE_UNKNOWN},
		{"Max open files            unlimitedx", -EBADMSG, 1},
		{"Max open files ", -EBADMSG, 1},
		{"Max open filesystems 5 5", -EBADMSG, 1},
		{"Max file size 5 5", -EBADMSG, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t max = 1;
		char *copy;

		assert_int_equal(usage_text_limits(text_of(rows[i].text, &copy), &max),
				 rows[i].err);
		free(copy);
		assert_true(max == rows[i].max);
	}
}

static void test_schedstat(void **state)
{
	uint64_t switches = 1;
	char *copy;

	(void)state;
	assert_int_equal(usage_text_schedstat(text_of("1182152 5132661 3\n", &copy), &switches), 0);
	free(copy);
	assert_int_equal(switches, 3);
	assert_int_equal(usage_text_schedstat(text_of("1182152 5132661\n3", &copy), &switches),
			 -EBADMSG);
	free(copy);
	assert_int_equal(switches, 3);
}

static void test_cpus(void **state)
{
	static const char good[] = "cpu  100 10 20 700 50 6 4 10 90 9\ncpu0 1 2\ncpu1 1 2\n"
				   "intr 5 5 5\ncpux\n";
	static const char *const bad[] = {
		"",
		"cpu  100 10 20 700 50 6 4\ncpu0 1\n",
		"cpu  100 10 20 700 50 6 4 10\n",
		"cpus 100 10 20 700 50 6 4 10\ncpu0 1\n",
		"cpu  18446744073709551615 10 20 700 50 6 4 10\ncpu0 1\n",
		"cpu  18446744073709551 10 20 700 50 6 4 10\ncpu0 1\n",
	};
	struct usage_host *h = calloc(1, sizeof(*h));
	char *copy;

	(void)state;
	assert_non_null(h);
	assert_int_equal(usage_text_cpus(text_of(good, &copy), &scale, h), 0);
	free(copy);
	assert_int_equal(h->cpu_total_ns, 9000000000);
	assert_int_equal(h->cpu_busy_ns, 1500000000);
	assert_int_equal(h->cpu_cnt, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(usage_text_cpus(text_of(bad[i], &copy), &scale, h), -EBADMSG);
		free(copy);
		assert_int_equal(h->cpu_cnt, 2);
	}
	free(h);
}

static void test_meminfo(void **state)
{
	struct usage_host *h = calloc(1, sizeof(*h));
	char *copy;

	(void)state;
	assert_non_null(h);
	assert_int_equal(usage_text_meminfo(text_of("MemTotal:  8000 kB\nMemFree: 1 kB\n"
						    "MemAvailable:    2000 kB\n",
						    &copy),
					    h),
			 0);
	free(copy);
	assert_int_equal(h->memory_total_bytes, 8192000);
	assert_int_equal(h->memory_available_bytes, 2048000);
	assert_int_equal(usage_text_meminfo(text_of("MemTotal:  8000 kB\n", &copy), h), -EBADMSG);
	free(copy);
	assert_int_equal(
		usage_text_meminfo(text_of("MemTotal: 1 kB\nMemAvailable: 2 kB\n", &copy), h),
		-EBADMSG);
	free(copy);
	free(h);
}

#define LINK_TITLES "Inter-| Receive |  Transmit\n face |bytes packets\n"

static void test_links(void **state)
{
	static const char good[] = LINK_TITLES "    lo: 3567896136 15336326    0    0    0     0   "
					       "       0         0 3567896136 1 0 0\n"
					       "eth0:5523751408  281879    0    0    0     0       "
					       "   0         0 19536342  202027 0\n"
					       " we(ird:    7       0    0    0    0     0         "
					       " 0         0        8       0 0\n";
	static const char *const bad[] = {
		"",
		"one line\n",
		LINK_TITLES " eth0 1 2 3 4 5 6 7 8 9\n",
		LINK_TITLES " : 1 2 3 4 5 6 7 8 9\n",
		LINK_TITLES ":\n",
		LINK_TITLES " name-of-16-bytes: 1 2 3 4 5 6 7 8 9\n",
		LINK_TITLES " eth0: 1 2 3 4 5 6 7 8\n",
	};
	struct usage_host *h = calloc(1, sizeof(*h));
	char *copy;

	(void)state;
	assert_non_null(h);
	assert_int_equal(usage_text_links(text_of(good, &copy), h), 0);
	free(copy);
	assert_int_equal(h->link_cnt, 2);
	assert_string_equal(h->links[0].name, "eth0");
	assert_int_equal(h->links[0].received_bytes, 5523751408);
	assert_int_equal(h->links[0].sent_bytes, 19536342);
	assert_string_equal(h->links[1].name, "we(ird");
	assert_int_equal(h->links[1].received_bytes, 7);
	assert_int_equal(h->links[1].sent_bytes, 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (usage_text_links(text_of(bad[i], &copy), h) != -EBADMSG || h->link_cnt != 2)
			fail_msg("\"%s\"", bad[i]);
		free(copy);
	}
	free(h);
}

static bool is_known_disk(void *context, const char *name, uint64_t device)
{
	(*(int *)context)++;
	return strcmp(name, "vda") == 0 && device == (254ULL << 32);
}

static void test_disks(void **state)
{
	static const char good[] =
		"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		" 254       0 vda 1671080 110113 80435450 2505196 252310 721523 62491056 231149 0 "
		"193340 2793519 575649 66 55057616 50860 37705 6313\n"
		" 254       1 vda1 1 2 3 4 5 6 7 8 9 10 11\n";
	static const char *const bad[] = {
		"254 0 vda 1 2 3 4 5 6 7 8 9\n",
		"254 vda 1 2 3 4 5 6 7 8 9 10\n",
		"4294967296 0 vda 1 2 3 4 5 6 7 8 9 10\n",
		"254 0 vda 1 2 18446744073709551615 4 5 6 7 8 9 10\n",
		"254 0 a-name-that-is-longer-than-a-disk-may-have 1 2 3 4 5 6 7 8 9 10\n",
		"\n",
	};
	struct usage_host *h = calloc(1, sizeof(*h));
	int asked = 0;
	char *copy;

	(void)state;
	assert_non_null(h);
	assert_int_equal(usage_text_disks(text_of(good, &copy), is_known_disk, &asked, h), 0);
	free(copy);
	assert_int_equal(asked, 3);
	assert_int_equal(h->disk_cnt, 1);
	assert_int_equal(h->disks[0].read_bytes, 80435450ULL * 512);
	assert_int_equal(h->disks[0].written_bytes, 62491056ULL * 512);
	assert_int_equal(h->disks[0].busy_ns, 193340000000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (usage_text_disks(text_of(bad[i], &copy), is_known_disk, &asked, h) !=
			    -EBADMSG ||
		    h->disk_cnt != 1)
			fail_msg("\"%s\"", bad[i]);
		free(copy);
	}
	/* A kernel without block devices. */
	assert_int_equal(usage_text_disks(text_of("", &copy), is_known_disk, &asked, h), 0);
	free(copy);
	assert_int_equal(h->disk_cnt, 0);
	free(h);
}

static bool is_any_disk(void *context, const char *name, uint64_t device)
{
	(void)context;
	return *name && device;
}

/* More than there is room for is said, not cut. */
static void test_too_many(void **state)
{
	struct usage_host *h = calloc(1, sizeof(*h));
	size_t room = 256 * 1024, bytes;
	char *text = malloc(room), *copy;

	(void)state;
	assert_non_null(h);
	assert_non_null(text);
	for (int extra = 0; extra < 2; extra++) {
		bytes = (size_t)snprintf(text, room, LINK_TITLES);
		for (int i = 0; i < USAGE_LINK_MAX + extra; i++)
			bytes += (size_t)snprintf(text + bytes, room - bytes,
						  "veth%d: 1 2 3 4 5 6 7 8 9\n", i);
		h->link_cnt = SIZE_MAX;
		assert_int_equal(usage_text_links(text_of(text, &copy), h), extra ? -ENOSPC : 0);
		free(copy);
		assert_true(h->link_cnt == (extra ? SIZE_MAX : USAGE_LINK_MAX));
		bytes = 0;
		for (int i = 0; i < USAGE_DISK_MAX + extra; i++)
			bytes += (size_t)snprintf(text + bytes, room - bytes,
						  "8 %d sd%d 1 2 3 4 5 6 7 8 9 10\n", i, i);
		h->disk_cnt = SIZE_MAX;
		assert_int_equal(usage_text_disks(text_of(text, &copy), is_any_disk, NULL, h),
				 extra ? -ENOSPC : 0);
		free(copy);
		assert_true(h->disk_cnt == (extra ? SIZE_MAX : USAGE_DISK_MAX));
	}
	free(text);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),	     cmocka_unit_test(test_zombies),
		cmocka_unit_test(test_damaged_stat), cmocka_unit_test(test_io),
		cmocka_unit_test(test_limits),	     cmocka_unit_test(test_schedstat),
		cmocka_unit_test(test_cpus),	     cmocka_unit_test(test_meminfo),
		cmocka_unit_test(test_links),	     cmocka_unit_test(test_disks),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
