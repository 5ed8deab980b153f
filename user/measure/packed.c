/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version 1: the version; 16 bits, low byte first, that say which counters are not 0; those
 * counters; the buckets in order, as counts and as runs of zeros, up to the last that counted; a
 * checksum of all before. Numbers are LEB128; the first byte of a bucket's number has as its lowest
 * bit which of the two it is. Sums of latencies and sparse tails are what takes room: dense buckets
 * take a byte each, as in HdrHistogram's V2 encoding.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "measure/packed.h"

#define VERSION	       1
#define HEAD_BYTES     3 /* version and counter mask */
#define CHECKSUM_BYTES 4
#define IS_ZERO_RUN    1U
#define FIRST_BITS     6 /* of a bucket's number in its first byte */

/* The order in the bytes. The minimum is not among the counters: it is there where it is known. */
enum {
	DURATION,
	ENTRIES,
	RETURNS,
	UNWOUND,
	LOST,
	UNPAIRED_RETURNS,
	MISSED_EXITS,
	CLOCK_CLAMPED,
	DROPPED,
	ERRORS,
	NESTED_HITS,
	SUM,
	COUNT,
	COUNTER_CNT,
	MAX_BIT = COUNTER_CNT,
	MIN_BIT,
	FIELD_CNT,
};

static const size_t counters[COUNTER_CNT] = {
	[DURATION] = offsetof(struct window, duration_ns),
	[ENTRIES] = offsetof(struct window, entries),
	[RETURNS] = offsetof(struct window, returns),
	[UNWOUND] = offsetof(struct window, unwound),
	[LOST] = offsetof(struct window, lost),
	[UNPAIRED_RETURNS] = offsetof(struct window, unpaired_returns),
	[MISSED_EXITS] = offsetof(struct window, missed_exits),
	[CLOCK_CLAMPED] = offsetof(struct window, clock_clamped),
	[DROPPED] = offsetof(struct window, dropped),
	[ERRORS] = offsetof(struct window, errors),
	[NESTED_HITS] = offsetof(struct window, nested_hits),
	[SUM] = offsetof(struct window, sum_ns),
	[COUNT] = offsetof(struct window, count),
};
_Static_assert(FIELD_CNT <= 16, "the mask has 16 bits");

static uint64_t counter_of(const struct window *window, int idx)
{
	uint64_t value;

	memcpy(&value, (const char *)window + counters[idx], sizeof(value));
	return value;
}

/*
 * FNV-1a, 32 bits (draft-eastlake-fnv). A change of any one byte changes it, since each step is
 * reversible; files are damaged in larger pieces, of which one in 2^32 is not seen.
 */
static uint32_t checksum(const uint8_t *bytes, size_t cnt)
{
	uint32_t sum = 2166136261U;

	for (size_t i = 0; i < cnt; i++)
		sum = (sum ^ bytes[i]) * 16777619U;
	return sum;
}

struct writer {
	uint8_t *at;
	uint8_t *end;
	bool is_full;
};

static void put_byte(struct writer *w, unsigned int byte)
{
	if (w->at == w->end) {
		w->is_full = true;
		return;
	}
	*w->at++ = (uint8_t)byte;
}

static void put_number(struct writer *w, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(w, (value & 0x7f) | 0x80);
	put_byte(w, (unsigned int)value);
}

static void put_flagged(struct writer *w, unsigned int flag, uint64_t value)
{
	uint64_t rest = value >> FIRST_BITS;

	put_byte(w,
		 (rest ? 0x80U : 0) | (unsigned int)(value & ((1U << FIRST_BITS) - 1)) << 1 | flag);
	if (rest)
		put_number(w, rest);
}

static void put_buckets(struct writer *w, const struct window *window)
{
	uint64_t octaves = window->octaves & ((1ULL << TS_OCTAVE_CNT) - 1);
	size_t next = 0; /* the first bucket that is not written */

	for (; octaves; octaves &= octaves - 1) {
		size_t first = (size_t)__builtin_ctzll(octaves) * TS_BUCKET_SUB_CNT;

		for (size_t i = first; i < first + TS_BUCKET_SUB_CNT; i++) {
			if (!window->buckets[i])
				continue;
			if (i > next)
				put_flagged(w, IS_ZERO_RUN, i - next);
			put_flagged(w, 0, window->buckets[i]);
			next = i + 1;
		}
	}
}

static unsigned int field_mask(const struct window *window)
{
	unsigned int mask = 0;

	for (int i = 0; i < COUNTER_CNT; i++)
		mask |= (unsigned int)(counter_of(window, i) != 0) << i;
	mask |= (unsigned int)(window->max_ns != 0) << MAX_BIT;
	return mask | (unsigned int)(window->min_ns != UINT64_MAX) << MIN_BIT;
}

int packed_write(const struct window *window, uint8_t *bytes, size_t room)
{
	struct writer w = {.at = bytes, .end = bytes + room};
	unsigned int mask = field_mask(window);
	uint32_t sum;

	put_byte(&w, VERSION);
	put_byte(&w, mask & 0xff);
	put_byte(&w, mask >> 8);
	for (int i = 0; i < COUNTER_CNT; i++) {
		if (mask & 1U << i)
			put_number(&w, counter_of(window, i));
	}
	if (mask & 1U << MAX_BIT)
		put_number(&w, window->max_ns);
	if (mask & 1U << MIN_BIT)
		put_number(&w, window->min_ns);
	put_buckets(&w, window);
	sum = checksum(bytes, (size_t)(w.at - bytes));
	for (int i = 0; i < CHECKSUM_BYTES; i++)
		put_byte(&w, sum >> 8 * i & 0xff);
	return w.is_full ? -ENOSPC : (int)(w.at - bytes);
}

struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

/* LEB128, of which `shift` bits were read; false: cut off, or more than 64 bits. */
static bool take_number(struct reader *r, unsigned int shift, uint64_t *value)
{
	for (; r->at < r->end; shift += 7) {
		uint64_t part = *r->at & 0x7f;
		bool is_last = *r->at++ < 0x80;

		if (shift > 63 || part << shift >> shift != part)
			return false;
		*value |= part << shift;
		if (is_last)
			return true;
	}
	return false;
}

static bool take_flagged(struct reader *r, bool *ret_flag, uint64_t *value)
{
	uint8_t byte = *r->at++;

	*ret_flag = byte & 1;
	*value = byte >> 1 & ((1U << FIRST_BITS) - 1);
	return byte < 0x80 || take_number(r, FIRST_BITS, value);
}

static bool take_fields(struct reader *r, unsigned int mask, uint64_t fields[static FIELD_CNT])
{
	if (mask >> FIELD_CNT)
		return false;
	memset(fields, 0, FIELD_CNT * sizeof(fields[0]));
	fields[MIN_BIT] = (mask & (1U << MIN_BIT)) ? 0 : UINT64_MAX;
	for (; mask; mask &= mask - 1) {
		if (!take_number(r, 0, &fields[__builtin_ctz(mask)]))
			return false;
	}
	return true;
}

/* Goes through the buckets, and adds them to `total` where there is one. */
static bool take_buckets(struct reader *r, struct window *total)
{
	uint64_t idx = 0;

	while (r->at < r->end) {
		uint64_t value;
		bool is_run;

		if (!take_flagged(r, &is_run, &value) || !value ||
		    value > (is_run ? TS_BUCKET_CNT - idx : UINT64_MAX) || idx >= TS_BUCKET_CNT)
			return false;
		if (is_run) {
			idx += value;
			continue;
		}
		if (total) {
			total->buckets[idx] += value;
			total->octaves |= 1ULL << idx / TS_BUCKET_SUB_CNT;
		}
		idx++;
	}
	return true;
}

static void add_fields(struct window *total, const uint64_t fields[static FIELD_CNT])
{
	for (int i = 0; i < COUNTER_CNT; i++) {
		uint64_t value = counter_of(total, i) + fields[i];

		memcpy((char *)total + counters[i], &value, sizeof(value));
	}
	if (fields[MAX_BIT] > total->max_ns)
		total->max_ns = fields[MAX_BIT];
	if (fields[MIN_BIT] < total->min_ns)
		total->min_ns = fields[MIN_BIT];
}

static bool has_checksum(const uint8_t *bytes, size_t cnt)
{
	const uint8_t *stored = bytes + cnt - CHECKSUM_BYTES;
	uint32_t sum = checksum(bytes, cnt - CHECKSUM_BYTES);

	for (int i = 0; i < CHECKSUM_BYTES; i++) {
		if (stored[i] != (sum >> 8 * i & 0xff))
			return false;
	}
	return true;
}

/* All before the buckets, where the reader stands then. */
static bool take_head(struct reader *r, const uint8_t *bytes, size_t cnt,
		      uint64_t fields[static FIELD_CNT])
{
	if (cnt < HEAD_BYTES + CHECKSUM_BYTES || bytes[0] != VERSION)
		return false;
	*r = (struct reader){.at = bytes + HEAD_BYTES, .end = bytes + cnt - CHECKSUM_BYTES};
	return take_fields(r, bytes[1] | (unsigned int)bytes[2] << 8, fields);
}

int packed_totals(const uint8_t *bytes, size_t cnt, struct packed_totals *ret_totals)
{
	uint64_t fields[FIELD_CNT], counted = 0;
	struct reader r;

	if (!take_head(&r, bytes, cnt, fields))
		return -EBADMSG;
	for (int i = DURATION + 1; i < COUNTER_CNT; i++)
		counted |= fields[i];
	*ret_totals = (struct packed_totals){
		.duration_ns = fields[DURATION],
		.entries = fields[ENTRIES],
		.returns = fields[RETURNS],
		.errors = fields[ERRORS],
		.sum_ns = fields[SUM],
		.count = fields[COUNT],
		.max_ns = fields[MAX_BIT],
		.min_ns = fields[MIN_BIT],
		.is_empty = !counted,
	};
	return 0;
}

int packed_merge_own(struct window *total, const uint8_t *bytes, size_t cnt)
{
	uint64_t fields[FIELD_CNT];
	struct reader r;

	if (!take_head(&r, bytes, cnt, fields))
		return -EBADMSG;
	add_fields(total, fields);
	return take_buckets(&r, total) ? 0 : -EBADMSG;
}

int packed_merge(struct window *total, const uint8_t *bytes, size_t cnt)
{
	uint64_t fields[FIELD_CNT];
	struct reader r;

	if (!take_head(&r, bytes, cnt, fields) || !has_checksum(bytes, cnt) ||
	    !take_buckets(&r, NULL))
		return -EBADMSG;
	return packed_merge_own(total, bytes, cnt);
}
