/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads rows of the line protocol back, as its description says and without a look at the encoder:
 * for the encoder's tests. One field at a time; what is not as described is DECODED_BAD.
 */
#ifndef TICKSCOPE_TESTS_ILP_DECODE_H
#define TICKSCOPE_TESTS_ILP_DECODE_H

#include "ilp_decoded.h"

static inline bool decoded_column(struct decoder *d, struct decoded *ret)
{
	bool is_symbol = d->part == DECODED_AT_SYMBOLS;

	d->at++; /* the comma or space before it */
	if (!decoded_until(d, "=", ret->name, sizeof(ret->name)) || !*ret->name)
		return false;
	d->at++;
	if (!is_symbol)
		return decoded_value(d, ret);
	ret->kind = DECODED_SYMBOL;
	return decoded_until(d, ", ", ret->text, sizeof(ret->text)) && *ret->text;
}

static inline bool decoded_end(struct decoder *d, struct decoded *ret)
{
	char *end;

	d->at++;
	if (!decoded_until(d, "\n", ret->text, sizeof(ret->text)))
		return false;
	errno = 0;
	ret->number = strtoll(ret->text, &end, 10);
	if (errno || end == ret->text || strcmp(end, d->version == 1 ? "" : "n") != 0)
		return false;
	d->at++;
	d->part = DECODED_AT_ROW;
	ret->kind = DECODED_ROW_END;
	return true;
}

static inline bool decoded_step(struct decoder *d, struct decoded *ret)
{
	if (d->part == DECODED_AT_ROW) {
		d->part = DECODED_AT_SYMBOLS;
		ret->kind = DECODED_TABLE;
		return decoded_until(d, ", ", ret->name, sizeof(ret->name)) && *ret->name;
	}
	if (d->at == d->end)
		return false;
	if (d->part == DECODED_AT_SYMBOLS && *d->at == ' ')
		d->part = DECODED_AT_COLUMNS;
	else if (*d->at == ' ')
		return decoded_end(d, ret);
	else if (*d->at != ',')
		return false;
	return decoded_column(d, ret);
}

static inline void decoded_next(struct decoder *d, struct decoded *ret)
{
	ret->kind = DECODED_BAD;
	*ret->name = *ret->text = 0;
	if (d->part == DECODED_AT_ROW && d->at == d->end)
		ret->kind = DECODED_NOTHING;
	else if (!decoded_step(d, ret))
		ret->kind = DECODED_BAD;
}

#endif
