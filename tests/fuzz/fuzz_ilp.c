/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the line protocol out of any values: whatever a text holds, the row has the fields that
 * were put into it and no others, and ends where it should.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/ilp_decode.h"
#include "base/text.h"
#include "sink/ilp.h"

#define FIELD_MAX 16
#define TEXT_MAX  256

/* One byte says what the field is, one how long it is. */
struct field {
	uint8_t kind;
	size_t cnt;
	char text[TEXT_MAX];
	int64_t number;
	double real;
};

static size_t take_field(struct field *f, const uint8_t *data, size_t left)
{
	memset(f, 0, sizeof(*f));
	if (left < 2)
		return left;
	f->kind = data[0] % 5;
	f->cnt = data[1] < left - 2 ? data[1] : left - 2;
	memcpy(f->text, data + 2, f->cnt);
	memcpy(&f->number, f->text, sizeof(f->number));
	memcpy(&f->real, f->text, sizeof(f->real));
	return f->cnt + 2;
}

/* Whether it is in the row. */
static bool write_field(struct ilp *ilp, const struct field *f)
{
	double values[TEXT_MAX / sizeof(double)];

	switch (f->kind) {
	case 0:
		ilp_text(ilp, "c", f->text);
		return *f->text;
	case 1:
		ilp_long(ilp, "c", f->number);
		return f->number != INT64_MIN;
	case 2:
		ilp_double(ilp, "c", f->real);
		return isfinite(f->real);
	case 3:
		ilp_time(ilp, "c", (uint64_t)f->number & INT64_MAX);
		return f->number & INT64_MAX;
	default:
		memcpy(values, f->text, sizeof(values));
		ilp_array(ilp, "c", values, ilp->version < 2 ? 0 : f->cnt / sizeof(double));
		return true;
	}
}

/* As it should come back: what is not UTF-8 is replaced byte by byte. */
static bool is_text(const struct field *f, const char *got)
{
	const char *text = f->text;

	while (*text) {
		const char *invalid = text_find_invalid(text);
		size_t good = invalid ? (size_t)(invalid - text) : strlen(text);

		if (strncmp(got, text, good) != 0)
			return false;
		got += good;
		text += good;
		if (invalid) {
			if (strncmp(got, "\xef\xbf\xbd", 3) != 0)
				return false;
			got += 3;
			text++;
		}
	}
	return !*got;
}

static bool is_field(const struct field *f, const struct decoded *d)
{
	int64_t bits;

	switch (f->kind) {
	case 0:
		return d->kind == DECODED_TEXT && is_text(f, d->text);
	case 1:
		return d->kind == DECODED_LONG && d->number == f->number;
	case 2:
		/* Bit by bit; the number is of the same bytes. */
		memcpy(&bits, &d->real, sizeof(bits));
		return d->kind == DECODED_DOUBLE && bits == f->number;
	case 3:
		return d->kind == DECODED_TIME_US && d->number == (f->number & INT64_MAX) / 1000;
	default:
		return d->kind == DECODED_ARRAY && d->array_cnt == f->cnt / sizeof(double) &&
		       !memcmp(d->array, f->text, d->array_cnt * sizeof(double));
	}
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_row(const struct ilp *ilp, const struct field *fields, const bool *is_there,
		      struct decoded *d)
{
	struct decoder decoder = {ilp->bytes, ilp->bytes + ilp->used, ilp->version, 0};
	bool has_symbol = *fields[0].text;

	decoded_next(&decoder, d);
	check(d->kind == DECODED_TABLE && !strcmp(d->name, "t"));
	if (has_symbol) {
		decoded_next(&decoder, d);
		check(d->kind == DECODED_SYMBOL && is_text(&fields[0], d->text));
	}
	for (size_t i = 1; i < FIELD_MAX; i++) {
		if (!is_there[i])
			continue;
		decoded_next(&decoder, d);
		check(is_field(&fields[i], d));
	}
	decoded_next(&decoder, d);
	check(d->kind == DECODED_ROW_END && d->number == 7);
	decoded_next(&decoder, d);
	check(d->kind == DECODED_NOTHING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static struct field fields[FIELD_MAX];
	static struct decoded d;
	bool is_there[FIELD_MAX], has_column = false, has_array = false;
	struct ilp ilp;
	int err;

	if (!size_bytes)
		return 0;
	ilp_init(&ilp, data[0] % 2 + 1, 1U << 16);
	data++;
	size_bytes--;
	ilp_begin(&ilp, "t");
	for (size_t i = 0; i < FIELD_MAX; i++) {
		size_t taken = take_field(&fields[i], data, size_bytes);

		data += taken;
		size_bytes -= taken;
		if (!i) {
			ilp_symbol(&ilp, "s", fields[i].text);
			continue;
		}
		is_there[i] = write_field(&ilp, &fields[i]);
		has_column |= is_there[i];
		has_array |= fields[i].kind == 4;
	}
	err = ilp_end(&ilp, 7);
	if (ilp.version < 2 && has_array)
		check(err == -EPROTO && !ilp.used);
	else if (!has_column)
		check(err == -EINVAL && !ilp.used);
	else
		check(!err);
	if (!err)
		check_row(&ilp, fields, is_there, &d);
	ilp_fini(&ilp);
	return 0;
}
