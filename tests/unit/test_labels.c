/* SPDX-License-Identifier: Apache-2.0 */
/* Label sets: the canonical text, what is refused, reading it back, containment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/labels.h"

#define LONGEST_NAME "abcdefghijklmnopqrstuvwxyz_0123" /* 31 bytes */

static void test_write(void **state)
{
	static const struct {
		struct label labels[4];
		size_t cnt;
		int err;
		const char *text;
	} rows[] = {
		{{{0}}, 0, 0, ""},
		{{{"method", "GET"}}, 1, 0, "method=\"GET\""},
		{{{"status", "200"}, {"method", "GET"}}, 2, 0, "method=\"GET\",status=\"200\""},
		{{{"b", "1"}, {"a", "2"}, {"c", "3"}, {"Z", "0"}},
		 4,
		 0,
		 "Z=\"0\",a=\"2\",b=\"1\",c=\"3\""},
		{{{"a", ""}, {"b", "1"}}, 2, 0, "b=\"1\""},
		{{{"a", "q\"b\\n\n,="}}, 1, 0, "a=\"q\\\"b\\\\n\\n,=\""},
		{{{"_x9", "\316\274s"}}, 1, 0, "_x9=\"\316\274s\""},
		{{{LONGEST_NAME, "1"}}, 1, 0, LONGEST_NAME "=\"1\""},
		{{{LONGEST_NAME "4", "1"}}, 1, -E2BIG, NULL},
		{{{"", "1"}}, 1, -EINVAL, NULL},
		{{{"9a", "1"}}, 1, -EINVAL, NULL},
		{{{"a-b", "1"}}, 1, -EINVAL, NULL},
		{{{"a b", ""}}, 1, -EINVAL, NULL},
		{{{"a", "1"}, {"b", "1"}, {"a", "1"}}, 3, -EINVAL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[LABELS_TEXT_BYTES] = "as before";

		assert_int_equal(labels_write(rows[i].labels, rows[i].cnt, text, sizeof(text)),
				 rows[i].err);
		assert_string_equal(text, rows[i].text ? rows[i].text : "as before");
	}
}

static void test_limits(void **state)
{
	struct label labels[LABELS_MAX + 1];
	char names[LABELS_MAX + 1][4], text[LABELS_TEXT_BYTES];
	char value[LABEL_VALUE_BYTES + 1];

	(void)state;
	for (size_t i = 0; i <= LABELS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "n%zu", i);
		labels[i] = (struct label){names[i], "v"};
	}
	assert_int_equal(labels_write(labels, LABELS_MAX, text, sizeof(text)), 0);
	assert_int_equal(labels_write(labels, LABELS_MAX + 1, text, sizeof(text)), -E2BIG);
	labels[3].value = "";
	assert_int_equal(labels_write(labels, LABELS_MAX + 1, text, sizeof(text)), 0);

	memset(value, 'x', sizeof(value));
	value[LABEL_VALUE_BYTES] = '\0';
	labels[0].value = value;
	assert_int_equal(labels_write(labels, 1, text, sizeof(text)), -E2BIG);
	value[LABEL_VALUE_BYTES - 1] = '\0';
	assert_int_equal(labels_write(labels, 1, text, sizeof(text)), 0);

	/* n0="v" and its end are 7 bytes. */
	labels[0].value = "v";
	assert_int_equal(labels_write(labels, 1, text, 7), 0);
	assert_int_equal(labels_write(labels, 1, text, 6), -E2BIG);
	assert_int_equal(labels_write(labels, 0, text, 0), -E2BIG);
}

/* What labels_next makes of a text: "name=value;" each, and whether it came to the end. */
static void test_next(void **state)
{
	static const struct {
		const char *text;
		const char *seen;
		bool is_canonical;
	} rows[] = {
		{"", "", true},
		{"a=\"1\"", "a=1;", true},
		{"a=\"1\",b=\"x\\\"y\\\\z\\n\"", "a=1;b=x\"y\\z\n;", true},
		{"A=\"1\",a=\"1\"", "A=1;a=1;", true},
		{"a=\"1\",", "", false},
		{"a=\"1\"b=\"2\"", "", false},
		{"a=\"1\",9=\"2\"", "", false},
		{"a=\"1\",b=\"2", "a=1;", false},
		{"a=\"1\",b", "a=1;", false},
		{"b=\"1\",a=\"2\"", "", false},
		{"a=\"1\",a=\"2\"", "", false},
		{"a=\"\"", "", false},
		{"a=\"x\\t\"", "", false},
		{"a=\"x\\", "", false},
		{"a=\"x\n\"", "", false},
		{"a=x", "", false},
		{" a=\"x\"", "", false},
		{",a=\"x\"", "", false},
		{LONGEST_NAME "=\"1\"", LONGEST_NAME "=1;", true},
		{LONGEST_NAME "4=\"1\"", "", false},
		{"a=\"1\"," LONGEST_NAME "4=\"1\"", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *cursor = rows[i].text;
		char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES], seen[256] = "";
		size_t length = 0;

		while (labels_next(&cursor, name, value))
			length += (size_t)snprintf(seen + length, sizeof(seen) - length, "%s=%s;",
						   name, value);
		assert_string_equal(seen, rows[i].seen);
		assert_int_equal(!cursor, rows[i].is_canonical);
		assert_false(labels_next(&cursor, name, value));
	}
}

static void test_longest_value(void **state)
{
	char text[LABELS_TEXT_BYTES], name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	const char *cursor = text;
	size_t value_bytes = LABEL_VALUE_BYTES - 1;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = 'a';
	text[1] = '=';
	text[2] = text[3 + value_bytes] = '"';
	text[4 + value_bytes] = '\0';
	assert_true(labels_next(&cursor, name, value));
	assert_int_equal(strlen(value), value_bytes);
	text[3 + value_bytes] = 'x';
	text[4 + value_bytes] = '"';
	text[5 + value_bytes] = '\0';
	cursor = text;
	assert_false(labels_next(&cursor, name, value));
	assert_non_null(cursor);
}

static void test_find(void **state)
{
	const char *text = "method=\"GET\",route=\"/a\\\"b\",status=\"200\"";
	char value[LABEL_VALUE_BYTES] = "as before";

	(void)state;
	assert_false(labels_find(text, "stat", value));
	assert_false(labels_find("", "method", value));
	assert_string_equal(value, "as before");
	assert_true(labels_find(text, "route", value));
	assert_string_equal(value, "/a\"b");
	assert_true(labels_find(text, "status", value));
	assert_string_equal(value, "200");
}

static void test_contain(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
		bool contains;
	} rows[] = {
		{"", "", true},
		{"a=\"1\"", "", true},
		{"", "a=\"1\"", false},
		{"a=\"1\",b=\"2\",c=\"3\"", "a=\"1\",c=\"3\"", true},
		{"a=\"1\",b=\"2\",c=\"3\"", "b=\"2\"", true},
		{"a=\"1\",b=\"2\"", "a=\"2\"", false},
		{"a=\"1\",b=\"2\"", "a=\"1\",b=\"2\",c=\"3\"", false},
		{"a=\"1\"", "a=\"1\",", false},
		{"a=\"1\"", "nonsense", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(labels_contain(rows[i].text, rows[i].wanted), rows[i].contains);
}

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void random_value(char value[static LABEL_VALUE_BYTES])
{
	static const char letters[] = "\"\\\n,={} azAZ09\t\x7f\xff";
	size_t length = next_random() % 40;

	for (size_t i = 0; i < length; i++)
		value[i] = letters[next_random() % (sizeof(letters) - 1)];
	value[length] = '\0';
}

/* What was written is read back, in order, whatever the order it came in; and written again gives
 * the same text. */
static void test_round_trip(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct label labels[LABELS_MAX];
		static char names[LABELS_MAX][LABEL_NAME_BYTES];
		static char values[LABELS_MAX][LABEL_VALUE_BYTES];
		char text[LABELS_TEXT_BYTES], again[LABELS_TEXT_BYTES];
		const char *cursor = text;
		size_t cnt = next_random() % (LABELS_MAX + 1), seen = 0, rotation, filled = 0;

		for (size_t i = 0; i < cnt; i++) {
			snprintf(names[i], sizeof(names[i]), "n%c%u", (char)('a' + i),
				 (unsigned int)(next_random() % 100));
			random_value(values[i]);
			filled += values[i][0] != '\0';
		}
		rotation = next_random() % (cnt + 1);
		for (size_t i = 0; i < cnt; i++)
			labels[i] = (struct label){names[(i + rotation) % cnt],
						   values[(i + rotation) % cnt]};
		if (labels_write(labels, cnt, text, sizeof(text)))
			continue; /* it did not fit */
		for (seen = 0; seen < cnt; seen++) {
			if (labels_next(&cursor, names[seen], values[seen]))
				labels[seen] = (struct label){names[seen], values[seen]};
			else
				break;
		}
		assert_int_equal(seen, filled);
		assert_int_equal(labels_write(labels, seen, again, sizeof(again)), 0);
		assert_string_equal(again, text);
		assert_true(labels_contain(text, again));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),	   cmocka_unit_test(test_limits),
		cmocka_unit_test(test_next),	   cmocka_unit_test(test_longest_value),
		cmocka_unit_test(test_find),	   cmocka_unit_test(test_contain),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
