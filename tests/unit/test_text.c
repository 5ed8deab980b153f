/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and error expressions in, units and clean text out, patterns: all that is text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/units.h"
#include "config/duration.h"
#include "config/error_expression.h"
#include "target/pattern.h"

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns; /* 0: refused */
	} rows[] = {
		{"10", 10000000000},
		{"10s", 10000000000},
		{"250us", 250000},
		{"1.5ms", 1500000},
		{"2m", 120000000000},
		{"1h", 3600000000000},
		{"1.5h", 5400000000000},
		{"7ns", 7},
		{"0.000000001s", 1},
		{"0.0000000010s", 1},
		{"3\302\265s", 3000},
		{"", 0},
		{"s", 0},
		{"-1", 0},
		{"1.2.3s", 0},
		{"1e3", 0},
		{".5s", 0},
		{"5.", 0},
		{"10 s", 0},
		{"0x10", 0},
		{"1.5ns", 0},
		{"99999999999999999999", 0},
		{"20000d", 0},
		{"0", 0},
		{"1ms2", 0},
		{"nan", 0},
	};
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = 0;
		int err =
			duration_parse(rows[i].text, 1, 1000ULL * 86400 * 1000000000ULL, &ns, &why);

		if (err ? rows[i].ns : !rows[i].ns || ns != rows[i].ns)
			fail_msg("\"%s\": %d, %llu", rows[i].text, err, (unsigned long long)ns);
	}
}

/* What is wrong is said: finer than a nanosecond is another mistake than too long. */
static void test_duration_refusals(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} rows[] = {
		{"0.0000000001s", "too many digits"},
		{"1.0000000001s", "too many digits"},
		{"1.5ns", "too many digits"},
		{"0.0001us", "too many digits"},
		{"0.00000000001m", "too many digits"},
		{"0", "out of range"},
		{"20000d", "out of range"},
		{"99999999999999999999", "out of range"},
		{"10q", "no unit of time"},
		{"5.", "is not a duration"},
		{"1.2.3s", "is not a duration"},
		{"", "is not a duration"},
	};
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = 7;
		int err =
			duration_parse(rows[i].text, 1, 1000ULL * 86400 * 1000000000ULL, &ns, &why);

		assert_int_equal(err, -EINVAL);
		assert_int_equal(ns, 7); /* untouched */
		if (!strstr(why.text, rows[i].said))
			fail_msg("\"%s\": %s", rows[i].text, why.text);
	}
}

static void test_expressions(void **state)
{
	static const struct {
		const char *text;
		const char *refusal; /* part of it; NULL: accepted */
	} rows[] = {
		{"ret < 0", NULL},
		{"ret==0x10", NULL},
		{" ( i32 ) ret != -5 ", NULL},
		{"ret < 0 || ret > 100", NULL},
		{"ret >= 1 && ret <= 2 && ret != 3", NULL},
		{"(u64)ret == 18446744073709551615", NULL},
		{"(bool)ret == 0", NULL},
		{"", "column 1"},
		{"ret", "column 4"},
		{"ret <", "column 6"},
		{"return < 0", "\"ret\""},
		{"ret < x", "column 7"},
		{"ret == x", NULL},
		{"(i32)ret == x", "column 13"},
		{"ret3 == nil && ret9 != false", NULL},
		{"ret1 == 0", "\"ret2\""},
		{"ret10 == 0", "\"ret2\""},
		{"ret < 0 && ret > 1 || ret == 2", "the same"},
		{"(int)ret < 0", "a type"},
		{"ret < 1e5", "whole number"},
		{"ret = 0", "one of =="},
		{"ret < 99999999999999999999", "64 bits"},
		{"ret < 0x", "whole number"},
		{"ret < 0 ret", "&& or ||"},
		{"ret<0||ret<1||ret<2||ret<3||ret<4", "at most 4"},
	};
	struct error_expression e;
	struct fault why;
	char said[FAULT_TEXT_BYTES + 32];
	size_t column = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = error_expression_parse(rows[i].text, &e, &column, &why);

		if (err)
			snprintf(said, sizeof(said), "column %zu: %s", column, why.text);
		if (!err != !rows[i].refusal || (err && !strstr(said, rows[i].refusal)))
			fail_msg("\"%s\": %d %s", rows[i].text, err, err ? said : "");
	}
}

/* For one result in rax: what the kernel gets, and whether it is accepted. */
static struct ts_error compiled;
static struct fault type_why;
static size_t at;

static int compile(const struct error_expression *e, bool is_known, uint8_t width_bytes,
		   bool is_signed)
{
	struct error_value value = {
		.is_known = is_known, .width_bytes = width_bytes, .is_signed = is_signed};

	return error_expression_compile(e, &value, 1, &compiled, &type_why);
}

static void test_expression_types(void **state)
{
	struct error_expression e;

	(void)state;
	assert_int_equal(error_expression_parse("ret < -1", &e, &at, &type_why), 0);
	assert_int_not_equal(compile(&e, false, 0, false), 0);
	assert_non_null(strstr(type_why.text, "(i32)ret"));
	assert_int_equal(compile(&e, true, 4, true), 0);
	assert_int_equal(compiled.terms[0].value, UINT64_MAX);
	assert_int_equal(compiled.terms[0].width_bytes, 4);
	/* An unsigned number is never below zero: a mistake, not a comparison. */
	assert_int_not_equal(compile(&e, true, 4, false), 0);
	assert_int_equal(error_expression_parse("(u8)ret == 256", &e, &at, &type_why), 0);
	assert_int_not_equal(compile(&e, true, 4, false), 0);
	assert_int_equal(
		error_expression_parse("(i8)ret == -128 || (u8)ret == 255", &e, &at, &type_why), 0);
	assert_int_equal(compile(&e, false, 0, false), 0);
	assert_int_equal(compiled.match_any, 1);
	assert_int_equal(compiled.term_cnt, 2);
}

/* Names of variants: one value, all but one, several; further results. */
static void test_expression_names(void **state)
{
	struct error_value values[2] = {
		{.is_known = true,
		 .width_bytes = 8,
		 .source = TS_SOURCE_MEMORY,
		 .offset_bytes = 16},
		{.is_known = true, .width_bytes = 8, .source = TS_SOURCE_BX},
	};
	struct error_expression e;

	(void)state;
	values[0].constants[0] =
		(struct error_constant){.values = {7, 9}, .value_cnt = 1, .is_complement = true};
	assert_int_equal(
		error_expression_parse("ret == Result::Err || ret2 != nil", &e, &at, &type_why), 0);
	assert_string_equal(e.terms[0].name, "Result::Err");
	assert_int_equal(error_expression_compile(&e, values, 2, &compiled, &type_why), 0);
	assert_int_equal(compiled.term_cnt, 2);
	assert_int_equal(compiled.terms[0].compare, TS_COMPARE_NE);
	assert_int_equal(compiled.terms[0].value, 7);
	assert_int_equal(compiled.terms[0].source, TS_SOURCE_MEMORY);
	assert_int_equal(compiled.terms[0].offset_bytes, 16);
	assert_int_equal(compiled.terms[1].source, TS_SOURCE_BX);
	assert_int_equal(compiled.terms[1].compare, TS_COMPARE_NE);
	assert_int_equal(error_expression_compile(&e, values, 1, &compiled, &type_why), -EINVAL);
	assert_non_null(strstr(type_why.text, "no ret2"));
	/* Not one of two values: both comparisons, and no || beside them. */
	values[0].constants[0].value_cnt = 2;
	assert_int_equal(error_expression_compile(&e, values, 2, &compiled, &type_why), -EINVAL);
	assert_non_null(strstr(type_why.text, "alone"));
	assert_int_equal(error_expression_parse("ret == Err", &e, &at, &type_why), 0);
	assert_int_equal(error_expression_compile(&e, values, 2, &compiled, &type_why), 0);
	assert_int_equal(compiled.term_cnt, 2);
	assert_int_equal(compiled.match_any, 0);
	assert_int_equal(error_expression_parse("ret != Err", &e, &at, &type_why), 0);
	assert_int_equal(error_expression_compile(&e, values, 2, &compiled, &type_why), 0);
	assert_int_equal(compiled.match_any, 1);
	values[0].constants[0].value_cnt = 0;
	assert_int_equal(error_expression_compile(&e, values, 2, &compiled, &type_why), -EINVAL);
	assert_non_null(strstr(type_why.text, "no value \"Err\""));
	assert_int_equal(error_expression_parse("ret == true", &e, &at, &type_why), 0);
	assert_int_equal(e.terms[0].magnitude, 1);
}

static void test_units(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {{0, "0ns"},
		    {999, "999ns"},
		    {1000, "1.00us"},
		    {12345, "12.3us"},
		    {999499, "999us"},
		    {999500, "1.00ms"},
		    {1500000, "1.50ms"},
		    {2100000000, "2.10s"},
		    {59949999999, "59.9s"},
		    {60000000000, "1m00s"},
		    {200000000000, "3m20s"},
		    {7500000000000, "2h05m"},
		    {172799999999999, "47h59m"},
		    {176400000000000, "2d01h"}};
	char text[UNITS_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(units_duration(rows[i].ns, text), rows[i].text);
	assert_string_equal(units_count(0, text), "0");
	assert_string_equal(units_count(999, text), "999");
	assert_string_equal(units_count(1234567, text), "1,234,567");
	assert_string_equal(units_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
	assert_string_equal(units_rate(0, text), "0");
	assert_string_equal(units_rate(0.001, text), "<0.01");
	assert_string_equal(units_rate(0.00499, text), "<0.01");
	assert_string_equal(units_rate(0.005, text), "0.01");
	assert_string_equal(units_rate(1999.8, text), "2000");
	assert_string_equal(units_rate(12345, text), "12.3k");
	assert_string_equal(units_rate(4560000, text), "4.56M");
}

static void test_clean(void **state)
{
	static const char *const rows[][2] = {
		{"desk::Executor", "desk::Executor"},
		{"a\033[31mb", "a?[31mb"},
		{"tab\there\n", "tab?here?"},
		{"caf\303\251 \342\202\254", "caf\303\251 \342\202\254"},
		{"\303(", "?("},
		{"\300\200", "??"},			    /* not the shortest form */
		{"\355\240\200", "???"},		    /* a surrogate */
		{"x\342\200\256y", "x???y"},		    /* right-to-left override */
		{"x\342\200\213y\357\273\277", "x???y???"}, /* zero width, byte order mark */
		{"\177\302\233", "???"},
		{"\360\237\230\200\377", "\360\237\230\200?"},
		{"cut\342\202", "cut??"},
		{"a\357\270\217b\343\205\244c", "a???b???c"}, /* variation selector, filler */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", rows[i][0]);
		text_clean(text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void test_cut(void **state)
{
	char cut[64];

	(void)state;
	text_cut("short", 10, cut, sizeof(cut));
	assert_string_equal(cut, "short");
	text_cut("a_rather_long_name", 9, cut, sizeof(cut));
	assert_string_equal(cut, "a_ra\342\200\246name");
	assert_int_equal(text_columns(cut), 9);
	text_cut("a_rather_long_name", 9, cut, 6);
	assert_string_equal(cut, "a\342\200\246e"); /* what fits into the buffer */
	text_cut("a_rather_long_name", 9, cut, 3);
	assert_string_equal(cut, "");
	assert_int_equal(text_columns("\346\227\245x"), 3); /* an ideograph is two columns wide */
	text_cut("\346\227\245\346\227\245\346\227\245", 4, cut, sizeof(cut));
	assert_string_equal(cut, "\346\227\245\342\200\246");
	text_cut("\303\251\303\251\303\251\303\251", 3, cut, sizeof(cut));
	assert_int_equal(text_columns(cut), 3);
	text_cut("abc", 0, cut, sizeof(cut));
	assert_string_equal(cut, "");
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool matches;
	} rows[] = {
		{"desk::f", "desk::f", true},
		{"desk::f", "desk::ff", false},
		{"desk::*", "desk::A::b(int)", true},
		{"*::b", "desk::A::b", true},
		{"*::b", "desk::A::bb", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*", "", true},
		{"**x**", "axb", true},
		{"a*b*c", "a__b__bc", true},
		{"a*b*c", "a__b__bd", false},
		{"operator[]*", "operator[](int)", true},
		{"f(int)", "f(int)", true},
		{"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	};
	struct pattern p;
	struct fault why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(pattern_parse(rows[i].pattern, &p, &why), 0);
		if (pattern_matches(&p, rows[i].name) != rows[i].matches)
			fail_msg("%s and %s", rows[i].pattern, rows[i].name);
	}
}

static void test_pattern_parts(void **state)
{
	struct pattern p;
	struct fault why;

	(void)state;
	assert_int_equal(pattern_parse("libssl.so.3:SSL_read", &p, &why), 0);
	assert_string_equal(p.library, "libssl.so.3");
	assert_string_equal(p.function, "SSL_read");
	assert_true(pattern_is_library(&p, "/usr/lib/libssl.so.3"));
	assert_false(pattern_is_library(&p, "/usr/lib/libssl.so.31"));
	assert_int_equal(pattern_parse("libssl:desk::f+0x1c", &p, &why), 0);
	assert_true(pattern_is_library(&p, "/x/libssl.so.3"));
	assert_false(pattern_is_library(&p, "/x/libssl3.so"));
	assert_string_equal(p.function, "desk::f");
	assert_int_equal(p.offset, 0x1c);
	assert_int_equal(pattern_parse("a::b::c", &p, &why), 0);
	assert_string_equal(p.library, "");
	assert_string_equal(p.literal, "c");
	assert_int_equal(pattern_parse("/opt/a/libx.so:f", &p, &why), 0);
	assert_true(pattern_is_library(&p, "/opt/a/libx.so"));
	assert_false(pattern_is_library(&p, "/opt/b/libx.so"));
	assert_int_not_equal(pattern_parse("f+0xzz", &p, &why), 0);
	assert_int_not_equal(pattern_parse(":f", &p, &why), 0);
	assert_int_not_equal(pattern_parse("lib:", &p, &why), 0);
	assert_int_not_equal(pattern_parse("", &p, &why), 0);
	assert_int_equal(pattern_distance("desk::excute", "desk::execute", 6), 1);
	assert_int_equal(pattern_distance("EXECUTE", "a::b::execute", 6), 0);
	assert_int_equal(pattern_distance("abc", "xyzuvw", 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_duration_refusals),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_expression_types),
		cmocka_unit_test(test_expression_names),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_pattern_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
