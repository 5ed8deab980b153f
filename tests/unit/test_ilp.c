/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the line protocol: their very bytes, limits, rows taken out. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/ilp.h"

#define MAX_BYTES (1U << 20)

static void assert_bytes(const struct ilp *ilp, const void *bytes, size_t cnt)
{
	assert_int_equal(ilp->used, cnt);
	assert_memory_equal(ilp->bytes, bytes, cnt);
}

#define ASSERT_TEXT(ilp, text) assert_bytes(ilp, text, sizeof(text) - 1)

static void test_every_type_in_text(void **state)
{
	struct ilp ilp;

	(void)state;
	ilp_init(&ilp, 1, MAX_BYTES);
	ilp_begin(&ilp, "t");
	ilp_symbol(&ilp, "host", "a b,c=d\\e\"f");
	ilp_symbol(&ilp, "none", "");
	ilp_long(&ilp, "n", -12);
	ilp_long(&ilp, "null", INT64_MIN);
	ilp_long(&ilp, "most", INT64_MAX);
	ilp_long(&ilp, "zero", 0);
	ilp_bool(&ilp, "yes", true);
	ilp_bool(&ilp, "no", false);
	ilp_double(&ilp, "x", 1.5);
	ilp_double(&ilp, "nan", NAN);
	ilp_double(&ilp, "inf", -INFINITY);
	ilp_text(&ilp, "s", "a b,c=d\\e\"f\ng\rh");
	ilp_text(&ilp, "none", "");
	ilp_time(&ilp, "at", 1234567);
	ilp_time(&ilp, "never", 0);
	assert_int_equal(ilp_end(&ilp, 1700000000123456789ULL), 0);
	ASSERT_TEXT(&ilp, "t,host=a\\ b\\,c\\=d\\\\e\"f n=-12i,most=9223372036854775807i,zero=0i,"
			  "yes=t,no=f,x=1.5,s=\"a b,c=d\\\\e\\\"f\\\ng\\\rh\",at=1234t "
			  "1700000000123456789\n");
	ilp_fini(&ilp);
}

static void test_binary_values(void **state)
{
	static const double values[] = {1.0, 0.0, 2.0};
	struct ilp ilp;

	(void)state;
	ilp_init(&ilp, 2, MAX_BYTES);
	ilp_begin(&ilp, "t");
	ilp_double(&ilp, "x", 1.5);
	ilp_array(&ilp, "a", values, 3);
	ilp_array(&ilp, "e", values, 0);
	ilp_double(&ilp, "nan", NAN);
	assert_int_equal(ilp_end(&ilp, 5), 0);
	ASSERT_TEXT(&ilp, "t x==\x10\0\0\0\0\0\0\xf8?"
			  ",a==\x0e\x0a\x01\x03\0\0\0"
			  "\0\0\0\0\0\0\xf0?\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0@"
			  ",e==\x0e\x0a\x01\0\0\0\0"
			  " 5n\n");
	ilp_fini(&ilp);
}

/* No byte of a symbol or text ends it early, or is not UTF-8. */
static void test_bytes_that_are_no_text(void **state)
{
	struct ilp ilp;

	(void)state;
	ilp_init(&ilp, 1, MAX_BYTES);
	ilp_begin(&ilp, "t");
	ilp_symbol(&ilp, "s", "\xc3\xa4 \xff,\xc3");
	ilp_text(&ilp, "v", "\xed\xa0\x80\"\x01");
	assert_int_equal(ilp_end(&ilp, 1), 0);
	ASSERT_TEXT(&ilp, "t,s=\xc3\xa4\\ \xef\xbf\xbd\\,\xef\xbf\xbd "
			  "v=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\x01\" 1\n");
	ilp_fini(&ilp);
}

static void test_rows_that_are_taken_back(void **state)
{
	struct ilp ilp;
	double values[64] = {0};

	(void)state;
	ilp_init(&ilp, 1, 100);
	ilp_begin(&ilp, "t");
	assert_int_equal(ilp_end(&ilp, 1), -EINVAL);
	ilp_begin(&ilp, "t");
	ilp_symbol(&ilp, "only", "symbols");
	assert_int_equal(ilp_end(&ilp, 1), -EINVAL);
	ilp_begin(&ilp, "t");
	ilp_array(&ilp, "a", values, 1);
	assert_int_equal(ilp_end(&ilp, 1), -EPROTO);
	ilp_begin(&ilp, "t");
	ilp_long(&ilp, "n", 1);
	assert_int_equal(ilp_end(&ilp, UINT64_MAX), -EINVAL);
	assert_int_equal(ilp.used, 0);
	ilp_begin(&ilp, "t");
	ilp_long(&ilp, "n", 1);
	assert_int_equal(ilp_end(&ilp, 1), 0);
	ilp_begin(&ilp, "t");
	ilp_text(&ilp, "v", "a text that does not fit into a buffer of one hundred bytes");
	ilp_long(&ilp, "n", 2);
	assert_int_equal(ilp_end(&ilp, 2), -ENOSPC);
	ilp_begin(&ilp, "t");
	ilp_long(&ilp, "n", 3);
	assert_int_equal(ilp_end(&ilp, 3), 0);
	ASSERT_TEXT(&ilp, "t n=1i 1\nt n=3i 3\n");
	ilp_fini(&ilp);
	ilp_init(&ilp, 2, 300);
	ilp_begin(&ilp, "t");
	ilp_array(&ilp, "a", values, 64);
	assert_int_equal(ilp_end(&ilp, 1), -ENOSPC);
	assert_int_equal(ilp.used, 0);
	ilp_fini(&ilp);
}

static void add_numbered(struct ilp *ilp, int64_t n)
{
	double value = (double)('\n' * 256 + '\n') * (double)n;

	ilp_begin(ilp, "t");
	ilp_long(ilp, "n", n);
	ilp_double(ilp, "x", value);
	assert_int_equal(ilp_end(ilp, (uint64_t)n), 0);
}

/* Bytes of binary rows may be line ends: rows are known by where they end. */
static void test_taking_rows_out(void **state)
{
	struct ilp ilp, expected;
	size_t bytes;

	(void)state;
	ilp_init(&ilp, 2, MAX_BYTES);
	ilp_init(&expected, 2, MAX_BYTES);
	for (int64_t n = 0; n < 1000; n++) {
		add_numbered(&ilp, n);
		if (n % 3)
			add_numbered(&expected, n);
	}
	for (size_t i = 0; i < ilp.row_cnt; i += 2)
		ilp_remove(&ilp, i);
	ilp_remove(&ilp, ilp.row_cnt); /* none */
	assert_int_equal(ilp.row_cnt, expected.row_cnt);
	assert_bytes(&ilp, expected.bytes, expected.used);
	for (size_t i = 0; i < ilp.row_cnt; i++) {
		const char *row = ilp_row(&ilp, i, &bytes);

		assert_int_equal(row - ilp.bytes + (ptrdiff_t)bytes, ilp.row_ends[i]);
		assert_memory_equal(row, "t n=", 4);
	}
	add_numbered(&ilp, 1000);
	add_numbered(&expected, 1000);
	assert_bytes(&ilp, expected.bytes, expected.used);
	ilp_clear(&ilp);
	add_numbered(&ilp, 7);
	assert_int_equal(ilp.row_cnt, 1);
	assert_int_equal(ilp.row_ends[0], ilp.used);
	ilp_fini(&ilp);
	ilp_fini(&expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type_in_text),
		cmocka_unit_test(test_binary_values),
		cmocka_unit_test(test_bytes_that_are_no_text),
		cmocka_unit_test(test_rows_that_are_taken_back),
		cmocka_unit_test(test_taking_rows_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
