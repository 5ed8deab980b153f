/* SPDX-License-Identifier: Apache-2.0 */
/* Ids as chains know them: of texts, and as parsers hand them out with requests and responses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fix_lines.h"
#include "protocol/message_id.h"

/* FNV-1a's own test values (its authors' list, 64 bits). */
static void test_hash(void **state)
{
	char text[80], longer[80];

	(void)state;
	assert_true(message_id_hash("", 0) == 0xcbf29ce484222325ULL);
	assert_true(message_id_hash("a", 1) == 0xaf63dc4c8601ec8cULL);
	assert_true(message_id_hash("foobar", 6) == 0x85944171f73967e8ULL);
	memset(text, 'x', sizeof(text));
	memset(longer, 'x', sizeof(longer));
	longer[64] = 'y';
	assert_true(message_id_hash(text, 80) == message_id_hash(longer, 80));
	longer[63] = 'y';
	assert_true(message_id_hash(text, 80) != message_id_hash(longer, 80));
}

static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
		bool is_one;
	} rows[] = {
		{"0", 0, true},
		{"42", 42, true},
		{"C42", 42, true},
		{"2026-0042", 42, true},
		{"18446744073709551615", UINT64_MAX, true},
		{"18446744073709551616", 0, false},
		{"99999999999999999999", 0, false},
		{"", 0, false},
		{"42C", 0, false},
		{"abc", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t number = 7;

		assert_int_equal(message_id_number(rows[i].text, strlen(rows[i].text), &number),
				 rows[i].is_one);
		assert_true(number == (rows[i].is_one ? rows[i].number : 7));
	}
}

#define NAMED_BYTES 2048

struct named {
	char text[NAMED_BYTES];
	size_t bytes;
	const char *ids[8]; /* that occur, to be named instead of hashes */
};

static const char *id_text(const struct named *n, const struct protocol_id *id)
{
	for (size_t i = 0; i < 8 && n->ids[i]; i++) {
		if (id->is_there && id->hash == message_id_hash(n->ids[i], strlen(n->ids[i])))
			return n->ids[i];
	}
	return id->is_there ? "?" : "-";
}

/* "ask ID NUMBER BEGIN" or "answer ID FIRST BEGIN" of the request each. */
static void name(const struct protocol_exchange *e, void *context)
{
	struct named *n = context;
	char *to = n->text + n->bytes;
	size_t room = sizeof(n->text) - n->bytes;

	if (e->is_push)
		return;
	if (e->is_request)
		n->bytes += (size_t)snprintf(to, room, "ask %s %d @%d; ", id_text(n, &e->id),
					     e->id.has_number ? (int)e->id.number : -1,
					     (int)e->request_begin);
	else
		n->bytes += (size_t)snprintf(to, room, "answer %s%s @%d; ", id_text(n, &e->id),
					     e->is_first ? " first" : "", (int)e->request_begin);
	assert_true(n->bytes < sizeof(n->text));
}

struct lines {
	enum protocol_kind kind;
	const char *lines[8]; /* "C TEXT", "S TEXT"; of FIX bodies */
	const char *ids[8];
	const char *named;
};

static void check_delivery(const void *context, const struct delivery *delivery)
{
	const struct lines *lines = context;
	struct named named = {0};
	struct protocol *p = protocol_new(lines->kind, true, name, &named);

	assert_non_null(p);
	memcpy(named.ids, lines->ids, sizeof(named.ids));
	protocol_tell_requests(p);
	delivery_feed(delivery, p);
	protocol_end(p);
	protocol_free(p);
	if (strcmp(named.text, lines->named) != 0)
		fail_msg("%s, cut at %zu:\n%s\ninstead of\n%s", delivery->how, delivery->cut,
			 named.text, lines->named);
}

static void check_lines(const struct lines *lines)
{
	static char messages[8][LINE_BYTES];
	struct line split[LINE_CNT] = {0};

	for (size_t i = 0; i < 8 && lines->lines[i]; i++) {
		split[i] = line_of(lines->lines[i], "FIX.4.4", messages[i]);
		if (lines->kind == PROTOCOL_FIX)
			continue;
		split[i].text = lines->lines[i] + 2;
		split[i].bytes = strlen(split[i].text);
	}
	delivery_try_all(split, check_delivery, lines);
}

static void test_orders(void **state)
{
	const struct lines rows[] = {
		{PROTOCOL_FIX,
		 {"C 35=D|34=2|11=C7|55=X|54=1|40=1|", "S 35=8|34=2|37=X1|11=C7|150=0|39=0|",
		  "S 35=8|34=3|37=X1|150=F|39=2|"},
		 {"C7"},
		 "ask C7 7 @0; answer C7 first @0; answer - @0; answer - @0; "},
		/* Refused by its number: the report names no order. */
		{PROTOCOL_FIX,
		 {"C 35=D|34=2|11=C7|55=X|54=1|40=1|", "S 35=3|34=2|45=2|58=no|"},
		 {"C7"},
		 "ask C7 7 @0; answer - first @0; "},
		/* The question about an order is not the order. */
		{PROTOCOL_FIX,
		 {"C 35=H|34=2|11=C7|55=X|54=1|", "S 35=8|34=2|37=X1|11=C7|150=I|39=0|"},
		 {"C7"},
		 "answer - first @0; "},
		{PROTOCOL_FIX,
		 {"C 35=F|34=2|11=K8|41=C7|55=X|54=1|", "S 35=8|34=2|11=K8|41=C7|150=4|39=4|"},
		 {"C7", "K8"},
		 "ask K8 8 @0; answer K8 first @0; answer K8 @0; "},
		/* Both sides of a cross, and the orders of a list. */
		{PROTOCOL_FIX,
		 {"C 35=s|34=2|548=X|552=2|54=1|11=A1|54=2|11=B2|55=X|40=2|"},
		 {"A1", "B2"},
		 "ask A1 1 @0; ask B2 2 @0; "},
		{PROTOCOL_FIX,
		 {"C 35=E|34=2|66=L|73=2|11=A1|55=X|54=1|40=1|11=B2|55=Y|54=2|40=1|"},
		 {"A1", "B2"},
		 "ask A1 1 @0; ask B2 2 @0; "},
		/* Sent again. */
		{PROTOCOL_FIX, {"C 35=D|34=2|43=Y|11=C7|55=X|54=1|40=1|"}, {"C7"}, ""},
		/* Longer than what chains know ids by. */
		{PROTOCOL_FIX,
		 {"C "
		  "35=D|34=2|11=0123456789012345678901234567890123456789012345678901234567890123|"
		  "55=X|54=1|40=1|"},
		 {NULL},
		 ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_lines(&rows[i]);
}

static void test_calls(void **state)
{
	const struct lines rows[] = {
		{PROTOCOL_JSONRPC,
		 {"C {\"id\":\"a9\",\"method\":\"x\"}", "C {\"id\":12,\"method\":\"x\"}",
		  "S {\"id\":12,\"result\":1}", "S {\"id\":\"a9\",\"error\":{}}"},
		 {"a9", "12"},
		 "ask a9 9 @0; ask 12 12 @24; answer 12 first @24; answer a9 first @0; "},
		{PROTOCOL_JSONRPC,
		 {"C POST / HTTP/1.1\r\nContent-Length: 23\r\n\r\n{\"id\":5,\"method\":\"x\"}  ",
		  "S HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"id\":5,\"result\":"
		  "1}"},
		 {"5"},
		 "ask 5 5 @0; answer 5 first @0; "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_lines(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
