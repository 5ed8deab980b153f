/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows into the buffer. A field first makes room for the most that it can take, and then writes
 * without looking: a row costs about 200 ns so.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time_units.h"
#include "sink/ilp.h"

#define ROOM_MIN_BYTES 65536
#define ROWS_MIN       256
#define NUMBER_BYTES   32 /* of any number as text, with what stands around it */
#define BYTE_WORST     3  /* bytes that one of a text becomes: U+FFFD for what is not UTF-8 */

/* Version 2: how a binary value begins behind its "=", and the types. */
#define BINARY_MARK	 '='
#define TYPE_ARRAY	 14
#define TYPE_DOUBLE	 16
#define TYPE_OF_ELEMENTS 10
#define ARRAY_HEAD_BYTES 8 /* mark, type, type of elements, dimensions, their one length */

/* How a byte of a text is written; what is not here is as it is. */
enum byte_class { PLAIN, ESCAPE_BARE, ESCAPE_BOTH, ESCAPE_QUOTED, NOT_ASCII };

static const uint8_t byte_class[256] = {
	[' '] = ESCAPE_BARE,   [','] = ESCAPE_BARE,	    ['='] = ESCAPE_BARE,
	['\n'] = ESCAPE_BOTH,  ['\r'] = ESCAPE_BOTH,	    ['\\'] = ESCAPE_BOTH,
	['"'] = ESCAPE_QUOTED, [0x80 ... 0xff] = NOT_ASCII,
};

static const char replacement[] = "\357\277\275"; /* U+FFFD */

void ilp_init(struct ilp *ilp, int version, size_t max_bytes)
{
	*ilp = (struct ilp){.version = version,
			    .max_bytes = max_bytes < UINT32_MAX ? max_bytes : UINT32_MAX};
}

void ilp_fini(struct ilp *ilp)
{
	free(ilp->bytes);
	free(ilp->row_ends);
	ilp_init(ilp, ilp->version, ilp->max_bytes);
}

void ilp_clear(struct ilp *ilp)
{
	ilp->used = 0;
	ilp->row_cnt = 0;
	ilp->row_at = 0;
	ilp->has_column = false;
	ilp->problem = 0;
}

static bool grow(struct ilp *ilp, size_t need)
{
	size_t room = ilp->room ? ilp->room : ROOM_MIN_BYTES;
	char *larger;

	while (room < need)
		room *= 2;
	larger = realloc(ilp->bytes, room);
	if (!larger) {
		ilp->problem = -ENOMEM;
		return false;
	}
	ilp->bytes = larger;
	ilp->room = room;
	return true;
}

/* Room for so many more bytes. False: this row is not written any further. */
static inline bool has_room(struct ilp *ilp, size_t bytes)
{
	if (ilp->problem)
		return false;
	if (bytes > ilp->max_bytes || ilp->used > ilp->max_bytes - bytes) {
		ilp->problem = -ENOSPC;
		return false;
	}
	return ilp->used + bytes <= ilp->room || grow(ilp, ilp->used + bytes);
}

static inline void put(struct ilp *ilp, char byte)
{
	ilp->bytes[ilp->used++] = byte;
}

static inline void put_bytes(struct ilp *ilp, const void *bytes, size_t cnt)
{
	memcpy(ilp->bytes + ilp->used, bytes, cnt);
	ilp->used += cnt;
}

/* From the first byte that is not ASCII on: what is not UTF-8 is replaced byte by byte. */
static void put_foreign(struct ilp *ilp, const char *text, enum byte_class escaped)
{
	const char *invalid = text_find_invalid(text);

	for (; *text; text++) {
		enum byte_class class = byte_class[(uint8_t)*text];

		if (text == invalid) {
			put_bytes(ilp, replacement, sizeof(replacement) - 1);
			invalid = text_find_invalid(text + 1);
			continue;
		}
		if (class == ESCAPE_BOTH || class == escaped)
			put(ilp, '\\');
		put(ilp, *text);
	}
}

/* There is room for it. escaped: the class that is escaped beside ESCAPE_BOTH. */
static void put_text(struct ilp *ilp, const char *text, size_t cnt, enum byte_class escaped)
{
	size_t at = 0;

	while (at < cnt) {
		size_t plain = at;
		enum byte_class class = PLAIN;

		while (plain < cnt && !(class = byte_class[(uint8_t)text[plain]]))
			plain++;
		put_bytes(ilp, text + at, plain - at);
		if (plain == cnt)
			return;
		if (class == NOT_ASCII) {
			put_foreign(ilp, text + plain, escaped);
			return;
		}
		if (class == ESCAPE_BOTH || class == escaped)
			put(ilp, '\\');
		put(ilp, text[plain]);
		at = plain + 1;
	}
}

/* Decimal digits of a number, from the end of a buffer: where they begin. */
static char *digits(uint64_t value, char *end)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	while (value >= 100) {
		end -= 2;
		memcpy(end, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, pairs + value * 2, 2);
	} else {
		*--end = (char)('0' + value);
	}
	return end;
}

static void put_number(struct ilp *ilp, int64_t value)
{
	char text[NUMBER_BYTES], *end = text + sizeof(text);
	char *begin = digits(value < 0 ? -(uint64_t)value : (uint64_t)value, end);

	if (value < 0)
		put(ilp, '-');
	put_bytes(ilp, begin, (size_t)(end - begin));
}

/* ",name=" or, of the first column, " name=", with room for the value behind it. */
static bool begin_column(struct ilp *ilp, const char *column, size_t value_bytes)
{
	size_t cnt = strlen(column);

	if (!has_room(ilp, cnt + 2 + value_bytes))
		return false;
	put(ilp, ilp->has_column ? ',' : ' ');
	put_bytes(ilp, column, cnt);
	put(ilp, '=');
	ilp->has_column = true;
	return true;
}

void ilp_begin(struct ilp *ilp, const char *table)
{
	size_t cnt = strlen(table);

	ilp->row_at = ilp->used;
	ilp->has_column = false;
	ilp->problem = 0;
	if (has_room(ilp, cnt))
		put_bytes(ilp, table, cnt);
}

void ilp_symbol(struct ilp *ilp, const char *column, const char *value)
{
	size_t column_cnt = strlen(column), cnt = strlen(value);

	if (!cnt || !has_room(ilp, column_cnt + 2 + cnt * BYTE_WORST))
		return;
	put(ilp, ',');
	put_bytes(ilp, column, column_cnt);
	put(ilp, '=');
	put_text(ilp, value, cnt, ESCAPE_BARE);
}

void ilp_long(struct ilp *ilp, const char *column, int64_t value)
{
	if (value == INT64_MIN || !begin_column(ilp, column, NUMBER_BYTES))
		return;
	put_number(ilp, value);
	put(ilp, 'i');
}

void ilp_bool(struct ilp *ilp, const char *column, bool value)
{
	if (begin_column(ilp, column, 1))
		put(ilp, value ? 't' : 'f');
}

/* As text that reads back the same number; the program's locale has the C locale's numbers. */
static void put_double_text(struct ilp *ilp, double value)
{
	char text[NUMBER_BYTES];
	int cnt = snprintf(text, sizeof(text), "%.17g", value);

	put_bytes(ilp, text, (size_t)cnt);
}

void ilp_double(struct ilp *ilp, const char *column, double value)
{
	if (!isfinite(value) || !begin_column(ilp, column, NUMBER_BYTES))
		return;
	if (ilp->version < 2) {
		put_double_text(ilp, value);
		return;
	}
	put(ilp, BINARY_MARK);
	put(ilp, TYPE_DOUBLE);
	put_bytes(ilp, &value, sizeof(value)); /* little endian, as x86-64 is */
}

void ilp_text(struct ilp *ilp, const char *column, const char *value)
{
	size_t cnt = strlen(value);

	if (!cnt || !begin_column(ilp, column, cnt * BYTE_WORST + 2))
		return;
	put(ilp, '"');
	put_text(ilp, value, cnt, ESCAPE_QUOTED);
	put(ilp, '"');
}

void ilp_time(struct ilp *ilp, const char *column, uint64_t wall_ns)
{
	if (!wall_ns || !begin_column(ilp, column, NUMBER_BYTES))
		return;
	put_number(ilp, (int64_t)(wall_ns / NS_PER_US));
	put(ilp, 't');
}

void ilp_array(struct ilp *ilp, const char *column, const double *values, size_t cnt)
{
	uint32_t length = (uint32_t)cnt;

	if (ilp->version < 2 && !ilp->problem)
		ilp->problem = -EPROTO;
	if (cnt > ilp->max_bytes / sizeof(*values) && !ilp->problem)
		ilp->problem = -ENOSPC;
	if (ilp->problem || !begin_column(ilp, column, ARRAY_HEAD_BYTES + cnt * sizeof(*values)))
		return;
	put(ilp, BINARY_MARK);
	put(ilp, TYPE_ARRAY);
	put(ilp, TYPE_OF_ELEMENTS);
	put(ilp, 1);
	put_bytes(ilp, &length, sizeof(length));
	put_bytes(ilp, values, cnt * sizeof(*values));
}

static int add_row_end(struct ilp *ilp)
{
	size_t room = ilp->row_room ? ilp->row_room * 2 : ROWS_MIN;
	uint32_t *larger;

	if (ilp->row_cnt == ilp->row_room) {
		larger = reallocarray(ilp->row_ends, room, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		ilp->row_ends = larger;
		ilp->row_room = room;
	}
	ilp->row_ends[ilp->row_cnt++] = (uint32_t)ilp->used;
	return 0;
}

int ilp_end(struct ilp *ilp, uint64_t wall_ns)
{
	int err;

	if (!ilp->problem && (!ilp->has_column || wall_ns > INT64_MAX))
		ilp->problem = -EINVAL;
	if (has_room(ilp, NUMBER_BYTES)) {
		put(ilp, ' ');
		put_number(ilp, (int64_t)wall_ns);
		if (ilp->version >= 2)
			put(ilp, 'n');
		put(ilp, '\n');
	}
	err = ilp->problem ? ilp->problem : add_row_end(ilp);
	if (err)
		ilp->used = ilp->row_at;
	ilp->row_at = ilp->used;
	ilp->problem = 0;
	return err;
}

const char *ilp_row(const struct ilp *ilp, size_t row_idx, size_t *ret_bytes)
{
	size_t begin = row_idx ? ilp->row_ends[row_idx - 1] : 0;

	*ret_bytes = ilp->row_ends[row_idx] - begin;
	return ilp->bytes + begin;
}

void ilp_cut(struct ilp *ilp, size_t row_cnt)
{
	if (row_cnt >= ilp->row_cnt)
		return;
	ilp->used = row_cnt ? ilp->row_ends[row_cnt - 1] : 0;
	ilp->row_at = ilp->used;
	ilp->row_cnt = row_cnt;
}

void ilp_remove(struct ilp *ilp, size_t row_idx)
{
	size_t bytes, begin;

	if (row_idx >= ilp->row_cnt)
		return;
	begin = (size_t)(ilp_row(ilp, row_idx, &bytes) - ilp->bytes);
	memmove(ilp->bytes + begin, ilp->bytes + begin + bytes, ilp->used - begin - bytes);
	ilp->used -= bytes;
	ilp->row_at = ilp->used;
	ilp->row_cnt--;
	for (size_t i = row_idx; i < ilp->row_cnt; i++)
		ilp->row_ends[i] = ilp->row_ends[i + 1] - (uint32_t)bytes;
}
