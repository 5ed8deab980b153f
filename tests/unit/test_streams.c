/* SPDX-License-Identifier: Apache-2.0 */
/* Positions -> times, values counted by user space as the kernel counts them, endpoints on a
 * command line. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/endpoint_argument.h"
#include "measure/recorder.h"
#include "measure/stats.h"
#include "measure/stream_times.h"

static void test_times(void **state)
{
	struct stream_times t = {0};
	uint64_t ns = 0;

	(void)state;
	assert_false(stream_times_find(&t, 0, &ns));
	stream_times_add(&t, 10, 100);
	stream_times_add(&t, 25, 200);
	stream_times_add(&t, 25, 300); /* again */
	stream_times_add(&t, 20, 300); /* late */
	assert_int_equal(t.cnt, 2);
	for (uint64_t position = 0; position < 30; position++) {
		bool is_known = stream_times_find(&t, position, &ns);

		assert_int_equal(is_known, position < 25);
		if (is_known)
			assert_int_equal(ns, position < 10 ? 100 : 200);
	}
	stream_times_clear(&t);
	assert_false(stream_times_find(&t, 0, &ns));
	stream_times_fini(&t);
}

/* Any number of calls; the latest STREAM_TIMES_MAX are remembered, and nothing wrong is said of the
 * others. */
static void test_times_forgotten(void **state)
{
	const uint64_t cnt = 5 * STREAM_TIMES_MAX + 7;
	struct stream_times t = {0};
	uint64_t ns = 0, known = 0;

	(void)state;
	for (uint64_t i = 1; i <= cnt; i++)
		stream_times_add(&t, 3 * i, i);
	assert_int_equal(t.room, STREAM_TIMES_MAX);
	for (uint64_t position = 0; position < 3 * cnt; position++) {
		if (!stream_times_find(&t, position, &ns))
			continue;
		assert_int_equal(ns, position / 3 + 1);
		known++;
	}
	/* All but the oldest, which may stand for calls before it. */
	assert_int_equal(known, 3 * (STREAM_TIMES_MAX - 1));
	stream_times_fini(&t);
}

static void test_recorder(void **state)
{
	struct ts_series *series = calloc(1, sizeof(*series));
	struct snapshot *before = calloc(1, sizeof(*before)), *after = calloc(1, sizeof(*after));
	struct window *window = calloc(1, sizeof(*window));
	struct stats stats;

	(void)state;
	snapshot_init(before);
	snapshot_init(after);
	window_init(window);
	recorder_add(series, 1000);
	recorder_add(series, 3000);
	recorder_add(series, -5);
	snapshot_read(after, series, 1);
	window_between(window, before, after, 1000000000);
	stats_of(&stats, window, 0);
	assert_int_equal(stats.count, 3);
	assert_int_equal(stats.sum_ns, 4000);
	assert_int_equal(stats.min_ns, 0);
	assert_int_equal(stats.max_ns, 3000);
	assert_int_equal(stats.quality.clock_clamped, 1);
	assert_int_equal(stats.quality.in_flight, 0);
	free(series);
	free(before);
	free(after);
	free(window);
}

static void test_endpoints(void **state)
{
	static const struct {
		const char *text;
		const char *address; /* NULL: any */
		uint16_t port;
		uint8_t family; /* 0 and no port: refused */
		uint8_t prefix_bits;
	} rows[] = {
		{"10.1.2.3:9878", "10.1.2.3", 9878, AF_INET, 32},
		{"10.1.2.3", "10.1.2.3", 0, AF_INET, 32},
		{":6379", NULL, 6379, 0, 0},
		{"[::1]:80", "::1", 80, AF_INET6, 128},
		{"[fe80::1]", "fe80::1", 0, AF_INET6, 128},
		{"fe80::1", "fe80::1", 0, AF_INET6, 128},
		{"10.1.0.0/16:9878", "10.1.0.0", 9878, AF_INET, 16},
		{"0.0.0.0/0", "0.0.0.0", 0, AF_INET, 0},
		{"[2001:db8::]/32:443", "2001:db8::", 443, AF_INET6, 32},
		{"[2001:db8::]/32", "2001:db8::", 0, AF_INET6, 32},
		{"2001:db8::/128", "2001:db8::", 0, AF_INET6, 128},
		{"10.1.0.0/33", NULL, 0, 0, 0},
		{"10.1.0.0/", NULL, 0, 0, 0},
		{"10.1.0.0/1x:80", NULL, 0, 0, 0},
		{"10.1.0.0/4294967312", NULL, 0, 0, 0},
		{"[2001:db8::]/129", NULL, 0, 0, 0},
		{"/16:80", NULL, 0, 0, 0},
		{"", NULL, 0, 0, 0},
		{":", NULL, 0, 0, 0},
		{":0", NULL, 0, 0, 0},
		{":65536", NULL, 0, 0, 0},
		{":-1", NULL, 0, 0, 0},
		{":80x", NULL, 0, 0, 0},
		{"10.1.2.300:80", NULL, 0, 0, 0},
		{"no.such.host.in.the.file:80", NULL, 0, 0, 0},
		{":99999999999999999999", NULL, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ts_endpoint_filter filter;
		unsigned char address[16] = {0};
		struct fault why;
		int err = endpoint_argument_parse(rows[i].text, &filter, &why);

		if (!err != (rows[i].port || rows[i].family))
			fail_msg("\"%s\": %d", rows[i].text, err);
		if (err)
			continue;
		if (rows[i].address)
			inet_pton(rows[i].family, rows[i].address, address);
		assert_int_equal(filter.port, rows[i].port);
		assert_int_equal(filter.family, rows[i].family);
		assert_int_equal(filter.prefix_bits, rows[i].prefix_bits);
		assert_memory_equal(filter.address, address, sizeof(address));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_times_forgotten),
		cmocka_unit_test(test_recorder),
		cmocka_unit_test(test_endpoints),
	};

	return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
