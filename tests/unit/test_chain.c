/* SPDX-License-Identifier: Apache-2.0 */
/* Chains as text: how they are cut, what their keys mean, and what is wrong with them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/chain.h"

/* All of a chain in one line: "text[key>then_key] …". */
static const char *shown(const struct chain *chain)
{
	static char text[4096];
	size_t length = 0;

	for (size_t i = 0; i < chain->stage_cnt; i++) {
		const struct chain_stage *s = &chain->stages[i];

		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s[%s%s%s]",
					   i ? " | " : "", s->text, s->key.text,
					   s->then_key.text ? ">" : "",
					   s->then_key.text ? s->then_key.text : "");
	}
	return text;
}

static const struct right_case {
	const char *stages;
	const char *key;
	const char *shown;
} right_cases[] = {
	{"recv a:1, send b:2", NULL, "recv a:1[thread] | send b:2[thread]"},
	{" recv  a:1 ,\tenter\tf ,return f, send b:2 ", NULL,
	 "recv a:1[thread] | enter f[thread] | return f[thread] | send b:2[thread]"},
	{"enter f(int, long), return std::map<int, char>::at(int const&) const", NULL,
	 "enter f(int, long)[thread] | return std::map<int, char>::at(int const&) const[thread]"},
	{"enter a::operator<, return b::operator()(int, int), enter c::operator->", NULL,
	 "enter a::operator<[thread] | return b::operator()(int, int)[thread] | enter "
	 "c::operator->[thread]"},
	{"enter a::operator<< <char>(x), enter operator, enter operators", NULL,
	 "enter a::operator<< <char>(x)[thread] | enter operator[thread] | enter "
	 "operators[thread]"},
	{"enter f(a->b), enter <T as U>::g", NULL,
	 "enter f(a->b)[thread] | enter <T as U>::g[thread]"},
	{"enter \"a, key b\", enter c", NULL, "enter a, key b[thread] | enter c[thread]"},
	{"enter f(x key y), enter keyed", NULL, "enter f(x key y)[thread] | enter keyed[thread]"},
	{"enter f, enter g", "arg2", "enter f[arg2] | enter g[arg2]"},
	{"enter f, enter f, enter f", NULL,
	 "enter f[thread] | enter f #2[thread] | enter f #3[thread]"},
	{"enter f then_key arg1, enter g key arg2", NULL, "enter f[arg1] | enter g[arg2]"},
	{"enter f key arg1, enter g key *(u32*)(*(u64*)(arg1+8)+0x18) then_key thread, send b",
	 NULL, "enter f[arg1] | enter g[*(u32*)(*(u64*)(arg1+8)+0x18)>thread] | send b[thread]"},
	{"recv md, enter on_tick then_key arg2, enter submit key arg1 then_key stdstring(arg2), "
	 "send x key clordid, reply x",
	 NULL,
	 "recv md[thread] | enter on_tick[thread>arg2] | enter submit[arg1>stdstring(arg2)] | send "
	 "x[clordid] | reply x[clordid]"},
	{"arrive a, recv a, send b, reply b", "goroutine",
	 "arrive a[goroutine] | recv a[goroutine] | send b[goroutine] | reply b[goroutine]"},
	{"enter f key str(arg1), enter g key gostring(arg3), send b key id", NULL,
	 "enter f[str(arg1)] | enter g[gostring(arg3)] | send b[id]"},
	{"enter f+0x1f, return f", NULL, "enter f+0x1f[thread] | return f[thread]"},
};

static void test_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(right_cases) / sizeof(right_cases[0]); i++) {
		const struct right_case *c = &right_cases[i];
		struct fault why = {.text = ""};
		struct chain chain;
		size_t column = 0;

		if (chain_parse(c->stages, c->key, &chain, &column, &why))
			fail_msg("\"%s\": column %zu: %s", c->stages, column, why.text);
		assert_string_equal(shown(&chain), c->shown);
		assert_int_equal(chain.timeout_ns, CHAIN_TIMEOUT_DEFAULT_NS);
		chain_fini(&chain);
	}
}

static const struct key_case {
	const char *text;
	enum ts_key_kind kind;
	uint8_t argument, width_bytes, load_cnt;
	int32_t offsets[TS_KEY_LOAD_MAX + 1];
} key_cases[] = {
	{"thread", TS_KEY_THREAD, 0, 0, 0, {0}},
	{"goroutine", TS_KEY_GOROUTINE, 0, 0, 0, {0}},
	{"arg1", TS_KEY_VALUE, 1, 8, 0, {0}},
	{"(arg9)", TS_KEY_VALUE, 9, 8, 0, {0}},
	{"(u32)arg2", TS_KEY_VALUE, 2, 4, 0, {0}},
	{"(i8)arg2", TS_KEY_VALUE, 2, 1, 0, {0}},
	{"arg1+8-0x10", TS_KEY_VALUE, 1, 8, 0, {-8}},
	{"*(u64*)(arg1+24)", TS_KEY_VALUE, 1, 8, 1, {24, 0}},
	{"*(i16*)arg1", TS_KEY_VALUE, 1, 2, 1, {0, 0}},
	{"*(u32*)(*(u64*)(arg1+8)+24)", TS_KEY_VALUE, 1, 4, 2, {8, 24, 0}},
	{"*(u8*)*(u64*)*(u64*)( arg3 - 1 ) + 2", TS_KEY_VALUE, 3, 1, 3, {-1, 0, 0, 2}},
	{"str(arg2)", TS_KEY_TEXT, 2, 8, 0, {0}},
	{"str(*(u64*)(arg2+16)+1)", TS_KEY_TEXT, 2, 8, 1, {16, 1}},
	{"stdstring(arg1+32)", TS_KEY_STDSTRING, 1, 8, 0, {32}},
	{"gostring(arg8)", TS_KEY_GOSTRING, 8, 8, 0, {0}},
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key_cases) / sizeof(key_cases[0]); i++) {
		const struct key_case *c = &key_cases[i];
		struct fault why = {.text = ""};
		struct chain chain = {.name = NULL};
		struct chain_key *key = &chain.stages[0].key;
		char stages[256];
		size_t column;

		snprintf(stages, sizeof(stages), "enter f key %s, enter g", c->text);
		if (chain_parse(stages, NULL, &chain, &column, &why))
			fail_msg("\"%s\": column %zu: %s", stages, column, why.text);
		assert_string_equal(key->text, c->text);
		assert_int_equal(key->key.kind, c->kind);
		assert_int_equal(key->argument, c->argument);
		assert_int_equal(key->key.width_bytes, c->width_bytes);
		assert_int_equal(key->key.load_cnt, c->load_cnt);
		assert_memory_equal(key->key.offsets, c->offsets, sizeof(c->offsets));
		chain_fini(&chain);
	}
}

static const struct wrong_case {
	const char *stages;
	const char *key;
	size_t column;
	const char *said; /* its beginning */
} wrong_cases[] = {
	{"", NULL, 1, "a stage is missing here"},
	{"recv a", NULL, 1, "a chain has at least two stages"},
	{"recv a,", NULL, 8, "a stage is missing here"},
	{"recv a,, send b", NULL, 8, "a stage is missing here"},
	{"recv a, jump b", NULL, 9, "a stage is arrive, recv, send or reply ENDPOINT"},
	{"recv a, send", NULL, 9, "\"send\" needs an endpoint"},
	{"recv a, enter  ", NULL, 9, "\"enter\" needs a function"},
	{"recv a, enter \"\"", NULL, 15, "\"enter\" needs a function"},
	{"enter f<int, enter g", NULL, 8, "this bracket does not end"},
	{"enter f, enter \"g", NULL, 16, "this quote does not end"},
	{"enter f, enter g key", NULL, 18, "\"key\" needs a key behind it"},
	{"enter f key arg1 key arg2, enter g", NULL, 18, "\"key\" is given twice"},
	{"enter f key arg0, enter g", NULL, 13, "arguments are arg1"},
	{"enter f key arg10, enter g", NULL, 13, "arguments are arg1"},
	{"enter f key order, enter g", NULL, 13, "a key is thread, goroutine, arg1"},
	{"enter f key *(u7*)arg1, enter g", NULL, 15, "a type is expected here"},
	{"enter f key *(u8)arg1, enter g", NULL, 17, "'*' is expected here"},
	{"enter f key *(u8*)*(u32*)arg1, enter g", NULL, 13, "what is followed is a pointer"},
	{"enter f key *(u8*)*(u64*)*(u64*)*(u64*)arg1, enter g", NULL, 13, "more than 3 pointers"},
	{"enter f key arg1+99999999999, enter g", NULL, 18, "this offset is too large"},
	{"enter f key arg1+2147483647+1, enter g", NULL, 28, "this offset is too large"},
	{"enter f key arg1+, enter g", NULL, 18, "a number is expected here"},
	{"enter f key arg1 arg2, enter g", NULL, 18, "nothing more is expected here"},
	{"enter f key str(arg1, enter g", NULL, 16, "this bracket does not end"},
	{"enter f key str((u8)arg1), enter g", NULL, 16, "a text is where a pointer leads"},
	{"enter f key gostring(arg1+8), enter g", NULL, 21, "gostring takes an argument"},
	{"recv a, enter f", "arg", 1, "the key \"arg\": at its character 1: a key is thread"},
	{"recv a, enter f", "arg1", 1, "\"arg1\" is of functions: the key at \"recv a\" is thread"},
	{"enter f, send a key str(arg1)", NULL, 21, "\"str(arg1)\" is of functions"},
	{"enter f, enter g key arg1", NULL, 22,
	 "the stage before is known by \"thread\", not by \"arg1\": say \"then_key arg1\" there"},
	{"enter f key arg1, enter g key str(arg1)", NULL, 31, "the stage before is known by"},
	{"enter f key arg1, enter g key thread", NULL, 31, "the stage before is known by \"arg1\""},
	{"enter f key arg1, send b", NULL, 19, "\"arg1\" is of functions: the key at \"send b\""},
	{"enter f key arg1, return f", NULL, 19, "\"arg1\" is gone when a function returns"},
	{"enter f, enter g+0x4 then_key arg1, enter h", NULL, 31, "\"arg1\" is known where"},
	{"enter f, return f+0x4", NULL, 10, "an instruction does not return"},
	{"recv a, arrive b", NULL, 9, "\"arrive\" can only be first"},
	{"recv a, reply b", NULL, 9, "\"reply b\" answers nothing: there is no \"send b\" before"},
	{"send a, reply b", NULL, 9, "\"reply b\" answers nothing"},
	{"send a key clordid, reply a", NULL, 12, "no chain begins by \"clordid\""},
	{"enter f, send a key clordid", NULL, 21,
	 "\"clordid\" is compared with the order's own id"},
	{"enter f key str(arg1), send a key clordid, reply a key id", NULL, 56,
	 "behind a stage by \"clordid\" all are by it"},
	{"enter f key str(arg1), send a key clordid, enter g", NULL, 44,
	 "\"clordid\" is in what is sent and received"},
	{"enter f key arg1, send a key id then_key thread, enter g", NULL, 42,
	 "what is known by \"id\" gets no other key"},
	{"enter f, enter g then_key id, send a", NULL, 27, "\"id\" is the key of a stage"},
	{"enter f key arg1 then_key arg2, enter g", NULL, 27, "the first stage has one key"},
	{"enter f, enter g then_key arg1", NULL, 10, "\"then_key\" at the last stage"},
	{"enter a, enter b, enter c, enter d, enter e, enter f, enter g, enter h, enter i", NULL,
	 72, "more than 8 stages"},
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong_cases) / sizeof(wrong_cases[0]); i++) {
		const struct wrong_case *c = &wrong_cases[i];
		struct fault why = {.text = ""};
		struct chain chain = {.stage_cnt = 7};
		size_t column = 0;
		int err = chain_parse(c->stages, c->key, &chain, &column, &why);

		if (err != -EINVAL || column != c->column ||
		    strncmp(why.text, c->said, strlen(c->said)) != 0)
			fail_msg("\"%s\": %d, column %zu: %s", c->stages, err, column, why.text);
		assert_int_equal(chain.stage_cnt, 7);
	}
}

/* Brackets, names and keys of any size are refused, not followed. */
static void test_large(void **state)
{
	static const char *const patterns[] = {"(",  "<",	  "enter f<",  "*(u64*)",
					       "\"", "operator(", "enter f, ", "key "};
	static char text[70000];
	struct fault why;
	struct chain chain;
	size_t column;

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t bytes = strlen(patterns[i]), prefix = 12;

		memcpy(text, "enter f key ", prefix);
		for (size_t at = prefix; at + bytes < sizeof(text); at += bytes)
			memcpy(text + at, patterns[i], bytes + 1);
		assert_int_equal(chain_parse(text, NULL, &chain, &column, &why), -EINVAL);
		assert_int_equal(chain_parse(text + prefix, NULL, &chain, &column, &why), -EINVAL);
	}
	memset(text, 'f', sizeof(text) - 1);
	memcpy(text, "enter ", sizeof("enter "));
	text[strlen("enter ")] = 'f';
	memcpy(text + 60000, ", enter g", sizeof(", enter g"));
	assert_int_equal(chain_parse(text, NULL, &chain, &column, &why), -EINVAL);
	assert_int_equal(column, 7);
	assert_non_null(strstr(why.text, "a stage of more than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
