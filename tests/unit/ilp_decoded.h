/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the line protocol read back: what ilp_decode.h finds in a row. */
#ifndef TICKSCOPE_TESTS_ILP_DECODED_H
#define TICKSCOPE_TESTS_ILP_DECODED_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DECODED_TEXT_BYTES 32768
#define DECODED_ARRAY_MAX  256

enum decoded_kind {
	DECODED_BAD,
	DECODED_TABLE,
	DECODED_SYMBOL,
	DECODED_LONG,
	DECODED_BOOL,
	DECODED_DOUBLE,
	DECODED_TEXT,
	DECODED_TIME_US,
	DECODED_ARRAY,
	DECODED_ROW_END, /* number: its time in ns */
	DECODED_NOTHING, /* the bytes are at their end */
};

enum decoded_part { DECODED_AT_ROW, DECODED_AT_SYMBOLS, DECODED_AT_COLUMNS, DECODED_AT_TIME };

struct decoder {
	const char *at;
	const char *end;
	int version;
	enum decoded_part part;
};

struct decoded {
	enum decoded_kind kind;
	char name[64];
	char text[DECODED_TEXT_BYTES];
	int64_t number;
	double real;
	double array[DECODED_ARRAY_MAX];
	size_t array_cnt;
};

/* Up to an unescaped byte of `ends`; escapes are taken off. False: there is none before the end. */
static inline bool decoded_until(struct decoder *d, const char *ends, char *text, size_t room)
{
	size_t cnt = 0;

	for (; d->at < d->end; d->at++) {
		if (*d->at && strchr(ends, *d->at)) {
			text[cnt] = 0;
			return true;
		}
		if (*d->at == '\\' && ++d->at == d->end)
			return false;
		if (cnt + 1 == room)
			return false;
		text[cnt++] = *d->at;
	}
	return false;
}

static inline bool decoded_binary(struct decoder *d, struct decoded *ret)
{
	size_t left;
	uint32_t length;

	d->at++; /* the mark */
	left = (size_t)(d->end - d->at);
	if (left >= 9 && *d->at == 16) {
		ret->kind = DECODED_DOUBLE;
		memcpy(&ret->real, d->at + 1, 8);
		d->at += 9;
		return true;
	}
	if (left < 7 || d->at[0] != 14 || d->at[1] != 10 || d->at[2] != 1)
		return false;
	memcpy(&length, d->at + 3, 4);
	if (length > DECODED_ARRAY_MAX || left - 7 < length * 8UL)
		return false;
	ret->kind = DECODED_ARRAY;
	ret->array_cnt = length;
	memcpy(ret->array, d->at + 7, length * 8UL);
	d->at += 7 + length * 8UL;
	return true;
}

/* A number or truth value as text. */
static inline bool decoded_plain(struct decoder *d, struct decoded *ret)
{
	char *end;

	if (!decoded_until(d, ", \n", ret->text, sizeof(ret->text)) || !*ret->text)
		return false;
	if (!strcmp(ret->text, "t") || !strcmp(ret->text, "f")) {
		ret->kind = DECODED_BOOL;
		ret->number = *ret->text == 't';
		return true;
	}
	errno = 0;
	ret->number = strtoll(ret->text, &end, 10);
	if (!errno && end != ret->text && !strcmp(end, "i")) {
		ret->kind = DECODED_LONG;
		return true;
	}
	if (!errno && end != ret->text && !strcmp(end, "t")) {
		ret->kind = DECODED_TIME_US;
		return true;
	}
	ret->real = strtod(ret->text, &end);
	ret->kind = DECODED_DOUBLE;
	return d->version == 1 && end != ret->text && !*end;
}

static inline bool decoded_value(struct decoder *d, struct decoded *ret)
{
	if (d->at == d->end)
		return false;
	if (*d->at == '=')
		return d->version >= 2 && decoded_binary(d, ret);
	if (*d->at != '"')
		return decoded_plain(d, ret);
	d->at++;
	ret->kind = DECODED_TEXT;
	if (!decoded_until(d, "\"", ret->text, sizeof(ret->text)))
		return false;
	d->at++;
	return true;
}

#endif
