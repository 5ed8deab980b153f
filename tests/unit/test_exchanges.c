/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for an answer: bounded, exact, in step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/exchanges.h"

#define LIMIT_BYTES (60U << 10)

struct told {
	struct protocol_exchange last;
	uint64_t cnt;
};

static void keep(const struct protocol_exchange *exchange, void *context)
{
	struct told *told = context;

	told->last = *exchange;
	told->cnt++;
}

struct fixture {
	struct budget budget;
	struct exchanges x;
	struct told told;
};

static void open_fixture(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->budget.limit_bytes = LIMIT_BYTES;
	exchanges_init(&f->x, &f->budget, keep, &f->told);
}

static void close_fixture(struct fixture *f)
{
	exchanges_fini(&f->x);
	assert_int_equal(f->budget.used_bytes, 0);
	assert_int_equal(f->x.counts.requests, f->x.counts.answered + f->x.counts.unanswered);
}

/* A message of ten bytes. */
static struct message message(enum protocol_side side, uint64_t idx, const char *method)
{
	struct message m = {.side = side, .begin = idx * 10, .end = idx * 10 + 10};

	snprintf(m.labels.method, sizeof(m.labels.method), "%s", method);
	return m;
}

static void ask(struct fixture *f, uint64_t idx)
{
	struct message m = message(PROTOCOL_CLIENT, idx, "ASK");

	exchanges_ask(&f->x, &m);
}

static bool answer(struct fixture *f, uint64_t idx)
{
	struct message m = message(PROTOCOL_SERVER, idx, "");

	return exchanges_answer(&f->x, &m);
}

static void ask_id(struct fixture *f, uint64_t id, uint64_t idx)
{
	struct message m = message(PROTOCOL_CLIENT, idx, "ASK");

	exchanges_ask_id(&f->x, id, &m);
}

static bool answer_id(struct fixture *f, uint64_t id, const char *until, bool is_last)
{
	struct message m = message(PROTOCOL_SERVER, f->x.counts.responses + 1, "");

	return exchanges_answer_id(&f->x, id, until, is_last, &m);
}

/* 5000 wait: as many as fit are answered exactly, the answers of the others are nobody's. */
static void test_long_pipeline(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	for (uint64_t round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 5000; i++)
			ask(&f, round * 6000 + i);
		/* The last place is that of the gap. */
		assert_int_equal(f.x.counts.unanswered, (round + 1) * (5000 - QUEUE_CNT_MAX + 1));
		for (uint64_t i = 0; i < 5000; i++) {
			assert_true(answer(&f, round * 6000 + i));
			if (i < QUEUE_CNT_MAX - 1) {
				assert_int_equal(f.told.last.request_begin, round * 60000 + i * 10);
				assert_int_equal(f.told.last.request_end,
						 round * 60000 + i * 10 + 10);
			}
			/* Those after the gap are exact again. */
			if (i >= 4200 && i < 4300)
				ask(&f, round * 6000 + 800 + i);
		}
		for (uint64_t i = 5000; i < 5100; i++) {
			assert_true(answer(&f, round * 6000 + i));
			assert_int_equal(f.told.last.request_begin, round * 60000 + i * 10);
			assert_int_equal(f.told.last.response_begin, round * 60000 + i * 10);
		}
		assert_false(answer(&f, round * 6000 + 5100));
	}
	assert_int_equal(f.x.counts.unmatched_responses, 3);
	assert_int_equal(f.told.cnt, 3 * (QUEUE_CNT_MAX - 1 + 100));
	close_fixture(&f);
}

static void test_distances(void **state)
{
	static const uint64_t begins[] = {0, 1, 1ULL << 32, (1ULL << 32) + 9, 1ULL << 50, 7, 8};
	struct fixture f;
	struct message m;

	(void)state;
	open_fixture(&f);
	for (int i = 0; i < 7; i++) {
		m = (struct message){.begin = begins[i], .end = begins[i] + UINT32_MAX};
		exchanges_ask(&f.x, &m);
	}
	m.end++;
	exchanges_ask(&f.x, &m);
	assert_int_equal(f.x.counts.unanswered, 1);
	for (int i = 0; i < 7; i++) {
		assert_true(exchanges_oldest(&f.x, PROTOCOL_CLIENT, &m));
		assert_int_equal(m.begin, begins[i]);
		assert_true(answer(&f, (uint64_t)i));
		assert_int_equal(f.told.last.request_begin, begins[i]);
		assert_int_equal(f.told.last.request_end, begins[i] + UINT32_MAX);
	}
	/* The one that was too long has its answer. */
	assert_false(exchanges_oldest(&f.x, PROTOCOL_CLIENT, &m));
	assert_true(answer(&f, 8));
	assert_false(answer(&f, 9));
	close_fixture(&f);
}

static void test_step(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	exchanges_forget(&f.x);
	/* Three were asked before, two of a pipeline are seen: nothing is told until all came. */
	ask(&f, 0);
	ask(&f, 1);
	for (uint64_t i = 0; i < 5; i++)
		assert_false(answer(&f, i));
	assert_int_equal(f.x.counts.unmatched_responses, 5);
	assert_int_equal(f.x.counts.unanswered, 2);
	ask(&f, 2);
	assert_true(answer(&f, 5));
	assert_int_equal(f.told.last.request_begin, 20);
	/* Two answers were lost; the level comes down again with the next round. */
	ask(&f, 3);
	ask(&f, 4);
	exchanges_forget(&f.x);
	ask(&f, 5);
	assert_false(answer(&f, 8));
	exchanges_expect(&f.x, PROTOCOL_CLIENT, 0);
	ask(&f, 6);
	assert_true(answer(&f, 9));
	assert_int_equal(f.told.last.request_begin, 60);
	assert_int_equal(f.told.cnt, 2);
	close_fixture(&f);
}

static void test_expected(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	ask(&f, 0);
	exchanges_expect(&f.x, PROTOCOL_CLIENT, 2);
	ask(&f, 1);
	for (uint64_t i = 0; i < 4; i++)
		assert_true(answer(&f, i));
	assert_int_equal(f.told.cnt, 2);
	assert_int_equal(f.told.last.response_begin, 30);
	/* Without a place for the gap, the request that it follows is given up. */
	for (uint64_t i = 0; i < QUEUE_CNT_MAX; i++)
		ask(&f, i);
	assert_int_equal(f.x.counts.unanswered, 0);
	exchanges_expect(&f.x, PROTOCOL_CLIENT, 2);
	assert_int_equal(f.x.counts.unanswered, 1);
	for (uint64_t i = 0; i < QUEUE_CNT_MAX + 2; i++)
		assert_true(answer(&f, i));
	assert_false(answer(&f, 0));
	assert_int_equal(f.told.cnt, 2 + QUEUE_CNT_MAX - 1);
	close_fixture(&f);
}

/* The oldest gives way; one that had an answer is not unanswered. */
static void test_many_ids(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	for (uint64_t id = 0; id < 5000; id++) {
		ask_id(&f, id, id);
		if (id < 100)
			assert_true(answer_id(&f, id, "ack", false));
	}
	assert_int_equal(f.x.counts.unanswered, 5000 - 100 - ID_TABLE_CNT_MAX);
	for (uint64_t id = 0; id < 5000; id++) {
		bool is_there = id >= 5000 - ID_TABLE_CNT_MAX;

		assert_int_equal(exchanges_has_id(&f.x, PROTOCOL_CLIENT, id), is_there);
		assert_false(exchanges_has_id(&f.x, PROTOCOL_SERVER, id));
		assert_int_equal(answer_id(&f, id, NULL, true), is_there);
		if (is_there)
			assert_int_equal(f.told.last.request_begin, id * 10);
	}
	close_fixture(&f);
}

static void test_answers_by_id(void **state)
{
	static const char ack[] = "ack", fill[] = "fill";
	struct fixture f;

	(void)state;
	open_fixture(&f);
	ask_id(&f, 1, 1);
	ask_id(&f, 1, 2);
	assert_int_equal(f.x.counts.unanswered, 1);
	assert_true(answer_id(&f, 1, fill, false));
	assert_ptr_equal(f.told.last.until, fill);
	assert_true(answer_id(&f, 1, fill, false));
	assert_int_equal(f.told.cnt, 1);
	assert_true(answer_id(&f, 1, ack, false));
	assert_int_equal(f.told.cnt, 2);
	assert_int_equal(f.told.last.request_begin, 10);
	exchanges_alias_id(&f.x, PROTOCOL_CLIENT, 1, 77);
	exchanges_rename_id(&f.x, PROTOCOL_CLIENT, 1, 5);
	assert_false(exchanges_has_id(&f.x, PROTOCOL_CLIENT, 1));
	assert_true(exchanges_has_id(&f.x, PROTOCOL_CLIENT, 5));
	/* A newer one takes the alias, but nobody an id. */
	ask_id(&f, 6, 3);
	exchanges_alias_id(&f.x, PROTOCOL_CLIENT, 6, 77);
	exchanges_alias_id(&f.x, PROTOCOL_CLIENT, 6, 5);
	assert_true(answer_id(&f, 77, NULL, true));
	assert_int_equal(f.told.last.request_begin, 30);
	assert_false(exchanges_has_id(&f.x, PROTOCOL_CLIENT, 6));
	exchanges_close_id(&f.x, PROTOCOL_CLIENT, 5);
	exchanges_close_id(&f.x, PROTOCOL_CLIENT, 5);
	/* What was asked before a loss may have been answered in it. */
	ask_id(&f, 9, 4);
	exchanges_forget(&f.x);
	ask_id(&f, 9, 5);
	assert_true(answer_id(&f, 9, NULL, true));
	assert_int_equal(f.told.last.request_begin, 50);
	assert_int_equal(f.x.counts.unanswered, 2);
	close_fixture(&f);
}

/* Labels that differ: the text is bounded like all else, and each request has its own. */
static void test_labels(void **state)
{
	struct fixture f;
	char text[64];
	struct message m;

	(void)state;
	open_fixture(&f);
	for (uint64_t id = 0; id < 3000; id++) {
		snprintf(text, sizeof(text), "%040d", (int)id);
		m = message(PROTOCOL_CLIENT, id, text);
		snprintf(m.labels.status, sizeof(m.labels.status), "of the request");
		exchanges_ask_id(&f.x, id, &m);
		assert_true(f.budget.used_bytes <= LIMIT_BYTES);
	}
	assert_true(exchanges_has_id(&f.x, PROTOCOL_CLIENT, 3000 - 350));
	for (uint64_t id = 3000 - 350; id < 3000; id++) {
		m = message(PROTOCOL_SERVER, id, "not this");
		snprintf(m.labels.status, sizeof(m.labels.status), "ok");
		snprintf(m.labels.side, sizeof(m.labels.side), "buy");
		assert_true(exchanges_answer_id(&f.x, id, NULL, true, &m));
		snprintf(text, sizeof(text), "%040d", (int)id);
		assert_string_equal(f.told.last.labels.method, text);
		assert_string_equal(f.told.last.labels.status, "ok");
		assert_string_equal(f.told.last.labels.side, "buy");
	}
	/* In order nothing can give way: what has no place for its labels is given up itself. */
	for (uint64_t i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "%040d", (int)i);
		m = message(PROTOCOL_CLIENT, i, text);
		exchanges_ask(&f.x, &m);
	}
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t before = f.told.cnt;

		assert_true(answer(&f, i));
		snprintf(text, sizeof(text), "%040d", (int)i);
		if (f.told.cnt > before)
			assert_string_equal(f.told.last.labels.method, text);
	}
	close_fixture(&f);
}

/* Sets that nobody uses any more make room before anything grows. */
static void test_changing_labels(void **state)
{
	struct fixture f;
	char text[64];

	(void)state;
	open_fixture(&f);
	for (uint64_t i = 0; i < 10000; i++) {
		struct message m;

		snprintf(text, sizeof(text), "%d", (int)i);
		m = message(PROTOCOL_CLIENT, i, text);
		exchanges_ask(&f.x, &m);
		assert_true(answer(&f, i));
		assert_string_equal(f.told.last.labels.method, text);
	}
	assert_true(f.budget.used_bytes < 1100);
	close_fixture(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_pipeline), cmocka_unit_test(test_distances),
		cmocka_unit_test(test_step),	      cmocka_unit_test(test_expected),
		cmocka_unit_test(test_many_ids),      cmocka_unit_test(test_answers_by_id),
		cmocka_unit_test(test_labels),	      cmocka_unit_test(test_changing_labels),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
