/* SPDX-License-Identifier: Apache-2.0 */
/* Stages that are recognised by ids in messages: what is taken out of the kernel, and what becomes
 * of it. The kernel is a list of states here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/chain_joins.h"
#include "protocol/message_id.h"

int __wrap_chain_take(struct chain_probe *probe, const struct ts_chain_key *key,
		      struct ts_chain_state *ret_state);
void __wrap_chain_complete(struct chain_probe *probe, uint32_t chain,
			   const struct ts_chain_state *state);
void __wrap_chain_time_out(struct chain_probe *probe, uint32_t chain,
			   const struct ts_chain_state *state);

#define HELD_MAX 8

/* What the kernel has, and what it was told. */
struct kernel {
	struct ts_chain_key keys[HELD_MAX];
	struct ts_chain_state states[HELD_MAX];
	size_t held_cnt;
	size_t unlimited_cnt; /* any key is there so often */
	size_t completed_cnt;
	size_t timed_out_cnt;
	uint32_t chain; /* of the last told */
	struct ts_chain_state last;
};

static struct kernel *kernel_of(struct chain_probe *probe)
{
	return (struct kernel *)probe;
}

int __wrap_chain_take(struct chain_probe *probe, const struct ts_chain_key *key,
		      struct ts_chain_state *ret_state)
{
	struct kernel *k = kernel_of(probe);

	if (k->unlimited_cnt) {
		k->unlimited_cnt--;
		*ret_state = (struct ts_chain_state){.passed_cnt = 2, .times_ns = {100, 200}};
		return 0;
	}
	for (size_t i = 0; i < k->held_cnt; i++) {
		if (memcmp(&k->keys[i], key, sizeof(*key)) != 0)
			continue;
		*ret_state = k->states[i];
		k->held_cnt--;
		k->keys[i] = k->keys[k->held_cnt];
		k->states[i] = k->states[k->held_cnt];
		return 0;
	}
	return -ENOENT;
}

void __wrap_chain_complete(struct chain_probe *probe, uint32_t chain,
			   const struct ts_chain_state *state)
{
	kernel_of(probe)->completed_cnt++;
	kernel_of(probe)->chain = chain;
	kernel_of(probe)->last = *state;
}

void __wrap_chain_time_out(struct chain_probe *probe, uint32_t chain,
			   const struct ts_chain_state *state)
{
	kernel_of(probe)->timed_out_cnt++;
	kernel_of(probe)->chain = chain;
	kernel_of(probe)->last = *state;
}

static void hold(struct kernel *k, uint64_t value, uint32_t passed_cnt)
{
	assert_in_range(k->held_cnt, 0, HELD_MAX - 1);
	k->keys[k->held_cnt] =
		(struct ts_chain_key){.value = value, .tgid = 7, .chain = 0, .slot = 1};
	k->states[k->held_cnt++] = (struct ts_chain_state){
		.passed_cnt = passed_cnt, .times_ns = {100, 200}, .tids = {11, 12}};
}

/* recv, enter then_key KIND, send, reply; the last two by id. */
static struct chain_joins_chain tick_to_reply(enum ts_key_kind kind)
{
	return (struct chain_joins_chain){
		.chain = {.stage_cnt = 4,
			  .kernel_cnt = 2,
			  .timeout_ns = 1000,
			  .stages = {[1] = {.then_key = {.kind = kind}, .rekeys = 1},
				     [2] = {.key = {.kind = TS_KEY_PROTOCOL}, .slot = 1},
				     [3] = {.key = {.kind = TS_KEY_PROTOCOL}, .slot = 1}}},
		.stages = {[2] = {.filter = 3, .is_sent = true}, [3] = {.filter = 3}},
	};
}

static struct chain_joins *start(struct kernel *k, enum ts_key_kind kind)
{
	struct chain_joins_chain chain = tick_to_reply(kind);
	struct chain_joins *joins;

	assert_int_equal(chain_joins_new((struct chain_probe *)k, &chain, 1, &joins), 0);
	return joins;
}

static struct chain_joins_message sent(const char *id, uint64_t ns)
{
	struct chain_joins_message m = {
		.filter = 3, .is_sent = true, .tgid = 7, .conn = 21, .request_begin = 500};

	message_id_set(&m.id, id, strlen(id));
	m.ns = ns;
	return m;
}

static struct chain_joins_message read_back(const char *id, uint64_t ns)
{
	struct chain_joins_message m = sent(id ? id : "", ns);

	m.is_sent = false;
	m.is_answer = true;
	m.id.is_there = id != NULL;
	return m;
}

static void pass(struct chain_joins *j, struct chain_joins_message m)
{
	chain_joins_pass(j, &m);
}

static void test_completes(void **state)
{
	static const uint64_t times_ns[] = {100, 200, 300, 450};
	struct kernel k = {0};
	struct chain_joins *j = start(&k, TS_KEY_STDSTRING);

	(void)state;
	assert_true(chain_joins_has(j, 3));
	assert_false(chain_joins_has(j, 2));
	assert_false(chain_joins_has(j, 0));
	hold(&k, message_id_hash("C42", 3), 2);
	pass(j, sent("C41", 290));
	assert_int_equal(k.held_cnt, 1);
	pass(j, sent("C42", 300));
	assert_int_equal(k.held_cnt, 0);
	assert_int_equal(chain_joins_waiting_cnt(j), 1);
	assert_int_equal(k.completed_cnt, 0);
	pass(j, read_back("C42", 450));
	assert_int_equal(k.completed_cnt, 1);
	assert_int_equal(k.last.passed_cnt, 4);
	assert_memory_equal(k.last.times_ns, times_ns, sizeof(times_ns));
	assert_int_equal(k.last.tids[1], 12);
	assert_int_equal(k.last.tids[2], 0);
	assert_int_equal(chain_joins_waiting_cnt(j), 0);
	/* The next report is none. */
	pass(j, read_back("C42", 500));
	assert_int_equal(k.completed_cnt, 1);
	assert_int_equal(k.timed_out_cnt, 0);
	chain_joins_free(j);
}

/* By the number that the id ends in; an answer that names no order is the request's. */
static void test_number(void **state)
{
	struct kernel k = {0};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);

	(void)state;
	hold(&k, 42, 2);
	pass(j, sent("order", 290));
	pass(j, sent("C0042", 300));
	assert_int_equal(k.held_cnt, 0);
	pass(j, read_back(NULL, 450));
	assert_int_equal(k.completed_cnt, 1);
	chain_joins_free(j);
}

/* Another process, endpoint, direction, connection, request, or order of the same request. */
static void test_others(void **state)
{
	struct kernel k = {0};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);
	struct chain_joins_message m;

	(void)state;
	hold(&k, 42, 2);
	m = sent("42", 300);
	m.tgid = 8;
	pass(j, m);
	m = sent("42", 300);
	m.filter = 2;
	pass(j, m);
	m = sent("42", 300);
	m.is_sent = false;
	pass(j, m);
	assert_int_equal(k.held_cnt, 1);
	pass(j, sent("42", 300));
	m = read_back("42", 400);
	m.conn = 22;
	pass(j, m);
	m = read_back("42", 400);
	m.request_begin = 501;
	pass(j, m);
	m = read_back("42", 400);
	m.filter = 4;
	pass(j, m);
	pass(j, read_back("43", 400));
	assert_int_equal(k.completed_cnt, 0);
	pass(j, read_back("42", 400));
	assert_int_equal(k.completed_cnt, 1);
	chain_joins_free(j);
}

/* Orders of one message, in whatever order they are answered. */
static void test_batch(void **state)
{
	struct kernel k = {0};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		hold(&k, i, 2);
	pass(j, sent("1", 300));
	pass(j, sent("2", 300));
	pass(j, sent("3", 300));
	pass(j, read_back("2", 400));
	assert_int_equal(k.completed_cnt, 1);
	pass(j, read_back("3", 500));
	assert_int_equal(k.last.times_ns[3], 500);
	pass(j, read_back("1", 600));
	assert_int_equal(k.completed_cnt, 3);
	assert_int_equal(chain_joins_waiting_cnt(j), 0);
	chain_joins_free(j);
}

/* The send is over after the answer has been read. */
static void test_early_answer(void **state)
{
	struct kernel k = {0};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);

	(void)state;
	hold(&k, 42, 2);
	pass(j, sent("42", 320));
	pass(j, read_back("42", 310));
	assert_int_equal(k.completed_cnt, 1);
	assert_int_equal(k.last.times_ns[2], 320);
	assert_int_equal(k.last.times_ns[3], 320);
	chain_joins_free(j);
}

static void test_times_out(void **state)
{
	struct kernel k = {0};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);

	(void)state;
	/* Sent too late: it stopped behind the second stage. */
	hold(&k, 42, 2);
	pass(j, sent("42", 1101));
	assert_int_equal(k.timed_out_cnt, 1);
	assert_int_equal(k.last.passed_cnt, 2);
	/* Never answered. */
	hold(&k, 43, 2);
	pass(j, sent("43", 1100));
	chain_joins_settle(j, 1100);
	assert_int_equal(k.timed_out_cnt, 1);
	chain_joins_settle(j, 1101);
	assert_int_equal(k.timed_out_cnt, 2);
	assert_int_equal(k.last.passed_cnt, 3);
	assert_int_equal(chain_joins_waiting_cnt(j), 0);
	/* Answered too late, and told before time was looked at. */
	hold(&k, 44, 2);
	pass(j, sent("44", 1000));
	pass(j, read_back("44", 1101));
	assert_int_equal(k.timed_out_cnt, 3);
	assert_int_equal(k.last.passed_cnt, 3);
	/* A stage in between was not passed. */
	hold(&k, 45, 1);
	pass(j, sent("45", 300));
	assert_int_equal(k.timed_out_cnt, 4);
	assert_int_equal(k.last.passed_cnt, 1);
	/* Taken at the instant at which a program changed it. */
	hold(&k, 46, TS_CHAIN_BUSY);
	pass(j, sent("46", 300));
	pass(j, read_back("46", 400));
	assert_int_equal(k.completed_cnt, 1);
	chain_joins_free(j);
}

/* A send that is the last stage, and an answer that is the first one here. */
/* Another program, in the same process, sends or reads what this one did not. */
static void test_other_image(void **state)
{
	struct kernel k = {.held_cnt = 0};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);
	struct chain_joins_message other = read_back("9", 450);

	(void)state;
	hold(&k, 8, 2);
	k.states[0].image = 1;
	pass(j, sent("8", 300));
	hold(&k, 9, 2);
	pass(j, sent("9", 300));
	other.image = 1;
	pass(j, other);
	assert_int_equal(k.timed_out_cnt, 2);
	assert_int_equal(k.completed_cnt + chain_joins_waiting_cnt(j), 0);
	chain_joins_free(j);
}

static void test_one_stage(void **state)
{
	struct chain_joins_chain chains[2] = {tick_to_reply(TS_KEY_VALUE),
					      tick_to_reply(TS_KEY_VALUE)};
	struct kernel k = {0};
	struct chain_joins *j;

	(void)state;
	chains[0].chain.stage_cnt = 3;
	chains[1].chain.stage_cnt = 3;
	chains[1].stages[2].is_sent = false;
	assert_int_equal(chain_joins_new((struct chain_probe *)&k, chains, 2, &j), 0);
	hold(&k, 42, 2);
	hold(&k, 42, 2);
	k.keys[1].chain = 1;
	pass(j, sent("42", 300));
	assert_int_equal(k.completed_cnt, 1);
	assert_int_equal(k.chain, 0);
	pass(j, read_back("42", 400));
	assert_int_equal(k.completed_cnt, 2);
	assert_int_equal(k.chain, 1);
	assert_int_equal(k.last.times_ns[2], 400);
	chain_joins_free(j);
}

/* One more than there is room for, twice over: the oldest goes, and is counted. */
static void test_full(void **state)
{
	struct kernel k = {.unlimited_cnt = 2 * CHAIN_JOINS_MAX};
	struct chain_joins *j = start(&k, TS_KEY_VALUE);
	struct chain_joins_message m = sent("1", 300);

	(void)state;
	for (uint64_t i = 0; i < 2 * CHAIN_JOINS_MAX; i++) {
		m.request_begin = i;
		chain_joins_pass(j, &m);
	}
	assert_int_equal(chain_joins_waiting_cnt(j), CHAIN_JOINS_MAX);
	assert_int_equal(chain_joins_displaced(j), CHAIN_JOINS_MAX);
	assert_int_equal(k.timed_out_cnt, CHAIN_JOINS_MAX);
	for (uint64_t i = 0; i < 2 * CHAIN_JOINS_MAX; i++) {
		m = read_back("1", 400);
		m.request_begin = i;
		chain_joins_pass(j, &m);
		assert_int_equal(k.completed_cnt,
				 i < CHAIN_JOINS_MAX ? 0 : i + 1 - CHAIN_JOINS_MAX);
	}
	assert_int_equal(chain_joins_waiting_cnt(j), 0);
	chain_joins_free(j);
}

static void test_impossible(void **state)
{
	struct chain_joins_chain chain = tick_to_reply(TS_KEY_THREAD);
	struct kernel k = {0};
	struct chain_joins *j;

	(void)state;
	assert_int_equal(chain_joins_new((struct chain_probe *)&k, &chain, 1, &j), -EINVAL);
	chain = tick_to_reply(TS_KEY_VALUE);
	chain.chain.kernel_cnt = 0;
	assert_int_equal(chain_joins_new((struct chain_probe *)&k, &chain, 1, &j), -EINVAL);
	/* Nothing of a chain that the kernel follows to its end happens here. */
	chain.chain.kernel_cnt = chain.chain.stage_cnt;
	assert_int_equal(chain_joins_new((struct chain_probe *)&k, &chain, 1, &j), 0);
	assert_false(chain_joins_has(j, 3));
	chain_joins_free(j);
	chain_joins_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_completes),    cmocka_unit_test(test_number),
		cmocka_unit_test(test_others),	     cmocka_unit_test(test_batch),
		cmocka_unit_test(test_early_answer), cmocka_unit_test(test_times_out),
		cmocka_unit_test(test_one_stage),    cmocka_unit_test(test_full),
		cmocka_unit_test(test_impossible),   cmocka_unit_test(test_other_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
