/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on the agent's socket: what is taken, and what is said to the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serve/request.h"
#include "wire/wire.h"

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		const char *name; /* NULL: refused with `said` */
		const char *said;
	} rows[] = {
		{"{\"do\":\"status\"}", "status", NULL},
		{" {\"do\":\"status\"}\r", "status", NULL},
		{"{\"id\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[\",\"do\":\"ack\"}", "ack", NULL},
		{"{\"id\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[\\\\\",\"do\":\"ack\"}", "ack", NULL},
		{"{\"do\":\"a\",\"x\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", "a", NULL},
		{"{\"do\":\"a\",\"x\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", NULL,
		 "a request is nested at most 16 deep"},
		{"", NULL, "not JSON: '[' or '{' expected near end of file, at byte 0"},
		{"status", NULL, "not JSON: '[' or '{' expected near 'status', at byte 6"},
		{"{\"do\":\"a\"", NULL, "not JSON: '}' expected near end of file, at byte 9"},
		{"{\"do\":\"a\"}x", NULL, "not JSON: end of file expected near 'x', at byte 11"},
		{"{\"do\":\"a\",\"do\":\"b\"}", NULL,
		 "not JSON: duplicate object key near '\"do\"', at byte 14"},
		{"[]", NULL,
		 "a request is an object with a text \"do\", such as {\"do\":\"status\"}"},
		{"{}", NULL,
		 "a request is an object with a text \"do\", such as {\"do\":\"status\"}"},
		{"{\"do\":1}", NULL,
		 "a request is an object with a text \"do\", such as {\"do\":\"status\"}"},
		{"{\"do\":\"\xff\"}", NULL,
		 "not JSON: unable to decode byte 0xff near '\"', at byte 7"},
		{"\x1b[2J", NULL, "not JSON: '[' or '{' expected near '?', at byte 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = NULL;
		json_t *o = NULL;
		struct fault why = {""};
		int err = request_parse(rows[i].line, strlen(rows[i].line), &o, &name, &why);

		if (rows[i].name ? err || strcmp(name, rows[i].name) != 0
				 : err != -EINVAL || o || strcmp(why.text, rows[i].said) != 0)
			fail_msg("%s: %d \"%s\"", rows[i].line, err, why.text);
		json_decref(o);
	}
}

static void test_bytes_that_are_no_text(void **state)
{
	static const char request[] = "{\"do\":\"a\"}";
	static char line[WIRE_REQUEST_BYTES + 1];
	const char *name;
	struct fault why;
	json_t *o;

	(void)state;
	memset(line, ' ', sizeof(line));
	for (size_t i = 0; request[i]; i++)
		line[i] = request[i];
	assert_int_equal(request_parse(line, WIRE_REQUEST_BYTES, &o, &name, &why), 0);
	json_decref(o);
	assert_int_equal(request_parse(line, WIRE_REQUEST_BYTES + 1, &o, &name, &why), -EINVAL);
	assert_string_equal(why.text, "a request has at most 65536 bytes");
	assert_int_equal(request_parse("{\"do\":\"a\0b\"}", 12, &o, &name, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bytes_that_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
