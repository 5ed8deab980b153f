/* SPDX-License-Identifier: Apache-2.0 */
/* "arg2", "*(u32*)(arg1+24)", "stdstring(arg2)" …: by what stages of a chain are recognised. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/chain_key.h"

#define NEST_MAX     16 /* brackets: TS_KEY_LOAD_MAX loads have two each */
#define ARGUMENT_MAX 9	/* Go passes so many in registers */
#define OFFSET_MAX   INT32_MAX

struct scan {
	const char *text;
	size_t at;
	size_t end;
	size_t *ret_at;
	struct fault *why;
	unsigned int depth;
};

static const struct {
	const char *name;
	uint8_t width_bytes;
} types[] = {
	{"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8},
	{"i8", 1}, {"i16", 2}, {"i32", 4}, {"i64", 8},
};

struct kind_name {
	const char *name;
	enum ts_key_kind kind;
};

static const struct kind_name words[] = {
	{"thread", TS_KEY_THREAD},
	{"goroutine", TS_KEY_GOROUTINE},
	{"clordid", TS_KEY_PROTOCOL},
	{"id", TS_KEY_PROTOCOL},
};

static const struct kind_name texts[] = {
	{"str", TS_KEY_TEXT},
	{"stdstring", TS_KEY_STDSTRING},
	{"gostring", TS_KEY_GOSTRING},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum chain_key_class chain_key_class(const struct chain_key *key)
{
	switch (key->key.kind) {
	case TS_KEY_THREAD:
		return CHAIN_KEY_OF_THREAD;
	case TS_KEY_GOROUTINE:
		return CHAIN_KEY_OF_GOROUTINE;
	case TS_KEY_VALUE:
		return CHAIN_KEY_OF_NUMBER;
	case TS_KEY_PROTOCOL:
		return CHAIN_KEY_OF_PROTOCOL;
	default:
		return CHAIN_KEY_OF_TEXT;
	}
}

static int fail(struct scan *s, size_t at, const char *reason)
{
	*s->ret_at = at;
	return fault_set(s->why, -EINVAL, "%s", reason);
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end && (s->text[s->at] == ' ' || s->text[s->at] == '\t'))
		s->at++;
}

static bool take(struct scan *s, char sign)
{
	skip_blanks(s);
	if (s->at == s->end || s->text[s->at] != sign)
		return false;
	s->at++;
	return true;
}

static int expect(struct scan *s, char sign)
{
	if (take(s, sign))
		return 0;
	*s->ret_at = s->at;
	return fault_set(s->why, -EINVAL, "'%c' is expected here", sign);
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

/* A whole word, if it is the next one. */
static bool take_word(struct scan *s, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(s);
	if (s->end - s->at < length || memcmp(s->text + s->at, word, length) != 0 ||
	    (s->at + length < s->end && is_word_byte(s->text[s->at + length])))
		return false;
	s->at += length;
	return true;
}

/* 0: no type stands here. */
static uint8_t take_type(struct scan *s)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (take_word(s, types[i].name))
			return types[i].width_bytes;
	}
	return 0;
}

/* Decimal or 0x…: an offset. */
static int parse_number(struct scan *s, int64_t *ret_number)
{
	size_t start;
	unsigned int base = 10;
	int64_t number = 0;
	size_t digit_cnt = 0;

	skip_blanks(s);
	start = s->at;
	if (s->end - s->at > 2 && s->text[s->at] == '0' && s->text[s->at + 1] == 'x') {
		base = 16;
		s->at += 2;
	}
	for (; s->at < s->end; s->at++, digit_cnt++) {
		const char *digits = "0123456789abcdef";
		const char *digit = s->text[s->at] ? strchr(digits, s->text[s->at]) : NULL;

		if (!digit || digit >= digits + base)
			break;
		number = number * (int64_t)base + (digit - digits);
		if (number > OFFSET_MAX)
			return fail(s, start, "this offset is too large");
	}
	if (!digit_cnt)
		return fail(s, start, "a number is expected here");
	*ret_number = number;
	return 0;
}

/* { ("+" | "-") NUMBER } behind what is known so far. */
static int parse_offsets(struct scan *s, struct chain_key *key)
{
	for (;;) {
		size_t start;
		int64_t number = 0, sum;
		bool is_minus;
		int err;

		skip_blanks(s);
		start = s->at;
		is_minus = take(s, '-');
		if (!is_minus && !take(s, '+'))
			return 0;
		err = parse_number(s, &number);
		if (err)
			return err;
		sum = key->key.offsets[key->key.load_cnt] + (is_minus ? -number : number);
		if (sum > OFFSET_MAX || sum < -OFFSET_MAX)
			return fail(s, start, "this offset is too large");
		key->key.offsets[key->key.load_cnt] = (__s32)sum;
	}
}

static int parse_argument(struct scan *s, struct chain_key *key)
{
	size_t start;

	skip_blanks(s);
	start = s->at;
	if (s->end - s->at < 4 || memcmp(s->text + s->at, "arg", 3) != 0)
		return fail(s, start,
			    "a key is thread, goroutine, arg1 … arg9, *(u64*)(arg1+24), str(…), "
			    "stdstring(…), gostring(…), clordid or id");
	s->at += 3;
	if (s->text[s->at] < '1' || s->text[s->at] > '0' + ARGUMENT_MAX ||
	    (s->at + 1 < s->end && is_word_byte(s->text[s->at + 1])))
		return fail(s, start, "arguments are arg1 … arg9");
	key->argument = (uint8_t)(s->text[s->at++] - '0');
	key->key.width_bytes = 8;
	return 0;
}

static int parse_pointer(struct scan *s, struct chain_key *key);

/* "*(u32*)(…)", from behind the first sign. */
static int parse_load(struct scan *s, struct chain_key *key)
{
	size_t start = s->at - 1;
	uint8_t width_bytes;
	int err = expect(s, '(');

	if (err)
		return err;
	width_bytes = take_type(s);
	if (!width_bytes)
		return fail(s, s->at, "a type is expected here: u8 u16 u32 u64 i8 i16 i32 i64");
	err = expect(s, '*');
	if (!err)
		err = expect(s, ')');
	if (!err)
		err = parse_pointer(s, key);
	if (err)
		return err;
	if (key->key.width_bytes != 8)
		return fail(s, start, "what is followed is a pointer: *(u64*), or all of argN");
	if (key->key.load_cnt == TS_KEY_LOAD_MAX)
		return fail(s, start, "more than 3 pointers in a row");
	key->key.load_cnt++;
	key->key.width_bytes = width_bytes;
	return 0;
}

static int parse_sum(struct scan *s, struct chain_key *key)
{
	int err = parse_pointer(s, key);

	return err ? err : parse_offsets(s, key);
}

/* "(u32)arg2": the rest of the register is not the argument's. */
static int parse_cast(struct scan *s, struct chain_key *key, uint8_t width_bytes)
{
	int err = expect(s, ')');

	if (!err)
		err = parse_argument(s, key);
	key->key.width_bytes = width_bytes;
	return err;
}

static int parse_in_brackets(struct scan *s, struct chain_key *key)
{
	uint8_t width_bytes = take_type(s);
	int err;

	if (width_bytes)
		return parse_cast(s, key, width_bytes);
	if (++s->depth > NEST_MAX)
		return fail(s, s->at - 1, "too many brackets");
	err = parse_sum(s, key);
	return err ? err : expect(s, ')');
}

/* A load, something in brackets, or an argument. */
static int parse_pointer(struct scan *s, struct chain_key *key)
{
	if (take(s, '*'))
		return ++s->depth > NEST_MAX ? fail(s, s->at - 1, "more than 3 pointers in a row")
					     : parse_load(s, key);
	return take(s, '(') ? parse_in_brackets(s, key) : parse_argument(s, key);
}

static int parse_text(struct scan *s, struct chain_key *key, enum ts_key_kind kind)
{
	size_t start = s->at;
	int err = expect(s, '(');

	key->key.kind = kind;
	if (!err)
		err = parse_sum(s, key);
	if (!err && key->key.width_bytes != 8)
		return fail(s, start, "a text is where a pointer leads: *(u64*), or all of argN");
	if (!err && kind == TS_KEY_GOSTRING &&
	    (key->key.load_cnt || key->key.offsets[0] || key->argument == ARGUMENT_MAX))
		return fail(s, start,
			    "gostring takes an argument, arg1 … arg8: its length is the next one");
	return err ? err : expect(s, ')');
}

static int parse_any(struct scan *s, struct chain_key *key)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (take_word(s, words[i].name)) {
			key->key.kind = words[i].kind;
			return 0;
		}
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (take_word(s, texts[i].name))
			return parse_text(s, key, texts[i].kind);
	}
	key->key.kind = TS_KEY_VALUE;
	return parse_sum(s, key);
}

int chain_key_parse(const char *text, size_t bytes, struct chain_key *ret_key, size_t *ret_at,
		    struct fault *why)
{
	struct scan s = {.text = text, .end = bytes, .ret_at = ret_at, .why = why};
	struct chain_key key = {.argument = 0};
	size_t start;
	int err;

	skip_blanks(&s);
	start = s.at;
	err = parse_any(&s, &key);
	if (err)
		return err;
	bytes = s.at;
	skip_blanks(&s);
	if (s.at < s.end)
		return fail(&s, s.at, "nothing more is expected here");
	key.text = strndup(text + start, bytes - start);
	if (!key.text)
		return -ENOMEM;
	*ret_key = key;
	return 0;
}
