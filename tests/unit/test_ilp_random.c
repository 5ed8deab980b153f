/* SPDX-License-Identifier: Apache-2.0 */
/* Random rows of the line protocol, every awkward byte in them, read back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ilp_decode.h"
#include "sink/ilp.h"

#define MAX_BYTES (1U << 20)

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

#define FIELD_MAX 12
#define TEXT_MAX  60

/* What a row was made of. */
struct field {
	enum decoded_kind kind;
	char name[8];
	char text[TEXT_MAX + 1];
	int64_t number;
	double real;
	double array[DECODED_ARRAY_MAX];
	size_t array_cnt;
};

/* Every byte but 0, those that mean something more often. */
static void random_text(char text[static TEXT_MAX + 1])
{
	static const char awkward[] = " ,=\\\"\n\r\t\x01\x7f\xc3\xa4\xf0\x9f\x98\x80\xff\xed\xa0";
	size_t cnt = next_random() % TEXT_MAX;

	for (size_t i = 0; i < cnt; i++) {
		uint64_t r = next_random();

		text[i] = r % 3 ? awkward[(r >> 8) % (sizeof(awkward) - 1)]
				: (char)(1 + (r >> 8) % 255);
	}
	text[cnt] = 0;
}

/* How a text should come back: written here anew, from the outside. */
static void made_utf8(const char *text, char *valid)
{
	while (*text) {
		const char *invalid = text_find_invalid(text);
		size_t good = invalid ? (size_t)(invalid - text) : strlen(text);

		memcpy(valid, text, good);
		valid += good;
		text += good;
		if (invalid) {
			memcpy(valid, "\xef\xbf\xbd", 3);
			valid += 3;
			text++;
		}
	}
	*valid = 0;
}

static double random_double(void)
{
	static const double special[] = {0.0,	   -0.0,      1.0, 1e308, 5e-324, NAN,
					 INFINITY, -INFINITY, 0.1, 1e16,  -1.0};
	uint64_t bits = next_random();
	double value;

	if (bits % 2)
		return special[(bits >> 8) % (sizeof(special) / sizeof(special[0]))];
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static int64_t random_long(void)
{
	static const int64_t special[] = {0, INT64_MIN, INT64_MAX, -1, 9, 10, 99, 100};
	uint64_t r = next_random();

	return r % 2 ? special[(r >> 8) % 8] : (int64_t)next_random() >> r % 64;
}

static void random_field(struct field *f, int version, bool is_symbol)
{
	f->kind = is_symbol ? DECODED_SYMBOL
			    : DECODED_LONG + next_random() % (DECODED_ARRAY - DECODED_LONG + 1);
	if (f->kind == DECODED_ARRAY && version < 2)
		f->kind = DECODED_LONG;
	random_text(f->text);
	f->number = f->kind == DECODED_BOOL ? (int64_t)(next_random() % 2) : random_long();
	if (f->kind == DECODED_TIME_US)
		f->number &= INT64_MAX;
	f->real = random_double();
	f->array_cnt = next_random() % 130;
	for (size_t i = 0; i < f->array_cnt; i++)
		f->array[i] = random_double();
}

static void write_field(struct ilp *ilp, const struct field *f)
{
	switch (f->kind) {
	case DECODED_SYMBOL:
		ilp_symbol(ilp, f->name, f->text);
		break;
	case DECODED_LONG:
		ilp_long(ilp, f->name, f->number);
		break;
	case DECODED_BOOL:
		ilp_bool(ilp, f->name, f->number);
		break;
	case DECODED_DOUBLE:
		ilp_double(ilp, f->name, f->real);
		break;
	case DECODED_TEXT:
		ilp_text(ilp, f->name, f->text);
		break;
	case DECODED_TIME_US:
		ilp_time(ilp, f->name, (uint64_t)f->number);
		break;
	default:
		ilp_array(ilp, f->name, f->array, f->array_cnt);
	}
}

static bool is_left_out(const struct field *f)
{
	switch (f->kind) {
	case DECODED_SYMBOL:
	case DECODED_TEXT:
		return !*f->text;
	case DECODED_LONG:
		return f->number == INT64_MIN;
	case DECODED_DOUBLE:
		return !isfinite(f->real);
	case DECODED_TIME_US:
		return !f->number;
	default:
		return false;
	}
}

static void assert_field(const struct decoded *d, const struct field *f)
{
	char valid[TEXT_MAX * 3 + 1];

	assert_int_equal(d->kind, f->kind);
	assert_string_equal(d->name, f->name);
	switch (f->kind) {
	case DECODED_SYMBOL:
	case DECODED_TEXT:
		made_utf8(f->text, valid);
		assert_string_equal(d->text, valid);
		break;
	case DECODED_DOUBLE:
		assert_memory_equal(&d->real, &f->real, sizeof(f->real));
		break;
	case DECODED_ARRAY:
		assert_int_equal(d->array_cnt, f->array_cnt);
		assert_memory_equal(d->array, f->array, f->array_cnt * sizeof(*f->array));
		break;
	case DECODED_TIME_US:
		assert_int_equal(d->number, f->number / 1000);
		break;
	default:
		assert_int_equal(d->number, f->number);
	}
}

static void assert_random_row(struct ilp *ilp, struct field *fields, struct decoded *d)
{
	size_t cnt = next_random() % FIELD_MAX, symbol_cnt = cnt ? next_random() % cnt : 0;
	uint64_t time_ns = next_random() >> 1;
	struct decoder decoder;

	ilp_clear(ilp);
	ilp_begin(ilp, "table");
	for (size_t i = 0; i < cnt; i++) {
		random_field(&fields[i], ilp->version, i < symbol_cnt);
		snprintf(fields[i].name, sizeof(fields[i].name), "c%zu", i);
		write_field(ilp, &fields[i]);
	}
	ilp_bool(ilp, "last", true);
	assert_int_equal(ilp_end(ilp, time_ns), 0);
	decoder = (struct decoder){ilp->bytes, ilp->bytes + ilp->used, ilp->version, 0};
	decoded_next(&decoder, d);
	assert_int_equal(d->kind, DECODED_TABLE);
	assert_string_equal(d->name, "table");
	for (size_t i = 0; i < cnt; i++) {
		if (is_left_out(&fields[i]))
			continue;
		decoded_next(&decoder, d);
		assert_field(d, &fields[i]);
	}
	decoded_next(&decoder, d);
	assert_int_equal(d->kind, DECODED_BOOL);
	decoded_next(&decoder, d);
	assert_int_equal(d->kind, DECODED_ROW_END);
	assert_int_equal(d->number, time_ns);
	decoded_next(&decoder, d);
	assert_int_equal(d->kind, DECODED_NOTHING);
}

static void test_random_rows_come_back(void **state)
{
	struct field *fields = calloc(FIELD_MAX, sizeof(*fields));
	struct decoded *d = calloc(1, sizeof(*d));

	(void)state;
	assert_non_null(fields);
	assert_non_null(d);
	for (int version = 1; version <= 2; version++) {
		struct ilp ilp;

		ilp_init(&ilp, version, MAX_BYTES);
		for (int i = 0; i < 20000; i++)
			assert_random_row(&ilp, fields, d);
		ilp_fini(&ilp);
	}
	free(d);
	free(fields);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_rows_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
