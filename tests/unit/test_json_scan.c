/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON scanner: what it says of each text, in every split; equal ids have equal hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/json_scan.h"

#define TEXT_BYTES 1024

struct events {
	char text[TEXT_BYTES];
	size_t bytes;
	bool is_damaged;
	size_t damaged_at;
	uint64_t hash; /* of the last scalar */
	enum json_type type;
};

/* "{" key:type "=value" "}" "." of the members that count; a cut text ends in "~". */
static void write_event(struct events *e, const struct json_scan *s, enum json_event event)
{
	static const char types[] = "?sntf0{[";
	char *to = e->text + e->bytes;
	size_t room = sizeof(e->text) - e->bytes;

	assert_true(room > 200);
	switch (event) {
	case JSON_OPEN:
		e->bytes += (size_t)snprintf(to, room, s->is_batch ? "[{" : "{");
		break;
	case JSON_KEY:
		e->bytes += (size_t)snprintf(to, room, " %s%s:%c", s->key, s->is_key_cut ? "~" : "",
					     types[s->type]);
		break;
	case JSON_SCALAR:
		e->bytes += (size_t)snprintf(to, room, "=%s%s", s->text, s->is_text_cut ? "~" : "");
		e->hash = s->hash;
		e->type = s->type;
		break;
	case JSON_CLOSE:
		e->bytes += (size_t)snprintf(to, room, " }");
		break;
	case JSON_END:
		e->bytes += (size_t)snprintf(to, room, ".");
		break;
	default:
		e->bytes += (size_t)snprintf(to, room, "!");
		e->is_damaged = true;
	}
}

static void scan_part(struct json_scan *s, struct events *e, const char *text, size_t from,
		      size_t to)
{
	/* Exactly as many bytes as it may read. */
	uint8_t *data = malloc(to > from ? to - from : 1);
	size_t used = 0;

	assert_non_null(data);
	memcpy(data, text + from, to - from);
	while (!e->is_damaged) {
		enum json_event event = json_scan_next(s, data, to - from, &used);

		if (event == JSON_MORE) {
			assert_int_equal(used, to - from);
			break;
		}
		write_event(e, s, event);
		e->damaged_at = from + used;
	}
	free(data);
}

static struct events scan(const char *text, size_t bytes, size_t cut)
{
	struct events e = {0};
	struct json_scan s;

	json_scan_init(&s);
	scan_part(&s, &e, text, 0, cut);
	scan_part(&s, &e, text, cut, bytes);
	return e;
}

static struct events scan_bytes(const char *text, size_t bytes)
{
	struct events e = {0};
	struct json_scan s;

	json_scan_init(&s);
	for (size_t i = 0; i < bytes; i++)
		scan_part(&s, &e, text, i, i + 1);
	return e;
}

static const struct {
	const char *text;
	const char *events;
	int damaged_at; /* -1: it is not */
} events[] = {
	{"{}", "{ }.", -1},
	{"{\"id\":1,\"method\":\"m\"}", "{ id:n=1 method:s=m }.", -1},
	{" {\t\"id\" :\r\n\"x\" } \n", "{ id:s=x }.", -1},
	{"{\"a\":true,\"b\":false,\"c\":null,\"d\":-1.5e+3}",
	 "{ a:t=true b:f=false c:0=null d:n=-1.5e+3 }.", -1},
	{"{\"params\":[1,{\"id\":2,\"x\":\"]}\"},[]],\"id\":3}", "{ params:[ id:n=3 }.", -1},
	{"{\"result\":{\"id\":4,\"a\":[{}]},\"id\":5}", "{ result:{ id:n=5 }.", -1},
	{"[{\"id\":1},{\"id\":2}]", "[{ id:n=1 }[{ id:n=2 }.", -1},
	{"[]", ".", -1},
	{"[1,\"x\",[{\"id\":9}],null,{}]", "[{ }.", -1},
	{"{\"id\":1}{\"id\":2}", "{ id:n=1 }.{ id:n=2 }.", -1},
	{"{\"id\":1}\n[{}]\n", "{ id:n=1 }.[{ }.", -1},
	{"[{\"a\":1}]{\"b\":2}", "[{ a:n=1 }.{ b:n=2 }.", -1},
	{"{\"\\u0069\\u0064\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"}", "{ id:s=a\"\\/\b\f\n\r\tz }.",
	 -1},
	{"{\"x\":\"\\u00e9\\u20AC\\ud83d\\ude00\"}",
	 "{ x:s=\303\251\342\202\254\360\237\230\200 }.", -1},
	{"{\"x\":\"\\ud83dA\\ud83d\\u0041\"}", "{ x:s=\355\240\275A\355\240\275A }.", -1},
	{"{\"a_key_that_is_too_long\":1,\"b\":2}", "{ a_key_that_is_t~:n=1 b:n=2 }.", -1},
	{"{\"x\":\"0123456789012345678901234567890123456789012345678901234567890123\","
	 "\"y\":\"z\"}",
	 "{ x:s=012345678901234567890123456789012345678901234567890123456789012~ y:s=z }.", -1},
	/* Cut: what was seen. */
	{"{\"id\":1,\"result\":\"abc", "{ id:n=1 result:s", -1},
	{"[{\"id\":12", "[{ id:n", -1},
	/* Damaged. */
	{"1", "!", 0},
	{"\"x\"", "!", 0},
	{"x", "!", 0},
	{"}", "!", 0},
	{"{]", "{!", 1},
	{"[}", "!", 1},
	{"{\"a\":1]", "{ a:n=1!", 6},
	{"[{\"a\":1]", "[{ a:n=1!", 7},
	{"{\"a\":1,}", "{ a:n=1!", 7},
	{"{,", "{!", 1},
	{"[1,]", "!", 3},
	{"{\"a\"1}", "{!", 4},
	{"{\"a\":}", "{!", 5},
	{"{\"a\":1 2", "{ a:n=1!", 7},
	{"{\"a\":tru}", "{ a:t!", 8},
	{"{\"a\":nul1", "{ a:0!", 8},
	{"{\"a\":\"\n", "{ a:s!", 6},
	{"{\"a\":\"\\x", "{ a:s!", 7},
	{"{\"a\":\"\\u12g", "{ a:s!", 10},
	{"{a:1}", "{!", 1},
	{"{\"a\":'x'}", "{!", 5},
	{"{} x", "{ }.!", 3},
};

static void test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		size_t bytes = strlen(events[i].text);

		for (size_t cut = 0; cut <= bytes + 1; cut++) {
			struct events e = cut > bytes ? scan_bytes(events[i].text, bytes)
						      : scan(events[i].text, bytes, cut);

			if (strcmp(e.text, events[i].events) != 0 ||
			    e.is_damaged != (events[i].damaged_at >= 0) ||
			    (e.is_damaged && e.damaged_at != (size_t)events[i].damaged_at))
				fail_msg("%s cut at %zu: %s, %zu", events[i].text, cut, e.text,
					 e.damaged_at);
		}
	}
}

static void test_depth(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 2] = "";
	struct events e;

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	e = scan(text, strlen(text), 0);
	assert_string_equal(e.text, ".");
	memset(text, '[', JSON_DEPTH_MAX + 1);
	e = scan(text, strlen(text), 0);
	assert_string_equal(e.text, "!");
	assert_int_equal(e.damaged_at, JSON_DEPTH_MAX);
	/* The outermost bit of the word is an object's. */
	memset(text, '[', JSON_DEPTH_MAX - 1);
	text[JSON_DEPTH_MAX - 1] = '{';
	text[JSON_DEPTH_MAX] = '}';
	e = scan(text, 2 * JSON_DEPTH_MAX, 0);
	assert_string_equal(e.text, ".");
}

/* Which values are the same id. */
static void test_hashes(void **state)
{
	static const struct {
		const char *one, *other;
		bool are_equal;
	} rows[] = {
		{"{\"id\":1}", "{ \"id\" : 1 }", true},
		{"{\"id\":1}", "[{\"id\":1}]", true},
		{"{\"id\":\"a/b\"}", "{\"id\":\"a\\/b\"}", true},
		{"{\"id\":\"\303\251\"}", "{\"id\":\"\\u00E9\"}", true},
		{"{\"id\":\"\360\237\230\200\"}", "{\"id\":\"\\ud83d\\uDE00\"}", true},
		{"{\"id\":1}", "{\"id\":\"1\"}", false},
		{"{\"id\":1}", "{\"id\":11}", false},
		{"{\"id\":null}", "{\"id\":\"null\"}", false},
		/* Different behind what is kept of a text. */
		{"{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123a\"}",
		 "{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123b\"}",
		 false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct events one = scan(rows[i].one, strlen(rows[i].one), 0);
		struct events other = scan_bytes(rows[i].other, strlen(rows[i].other));

		if ((one.hash == other.hash && one.type == other.type) != rows[i].are_equal)
			fail_msg("%s and %s", rows[i].one, rows[i].other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
