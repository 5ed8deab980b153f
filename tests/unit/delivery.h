/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of both sides of a connection, given to a protocol in every way that they can be split. */
#ifndef TICKSCOPE_TESTS_DELIVERY_H
#define TICKSCOPE_TESTS_DELIVERY_H

#include "protocol/protocol.h"

#define LINE_CNT 16

/* Consecutive bytes of one side; unknown_bytes follow that were not captured. */
struct line {
	enum protocol_side side;
	const char *text; /* NULL: no more lines */
	size_t bytes;
	size_t unknown_bytes;
};

#define LINE(side, text, unknown)                                \
	{                                                        \
		PROTOCOL_##side, text, sizeof(text) - 1, unknown \
	}
#define C(text)		     LINE(CLIENT, text, 0)
#define S(text)		     LINE(SERVER, text, 0)
#define C_CUT(text, unknown) LINE(CLIENT, text, unknown)
#define S_CUT(text, unknown) LINE(SERVER, text, unknown)

enum delivery_split { SPLIT_LINES, SPLIT_CUT, SPLIT_BYTES };

struct delivery {
	const char *how;
	const struct line *lines;
	enum delivery_split split;
	size_t cut; /* SPLIT_CUT: in the bytes of all lines; else lines of a side are joined */
};

/* Bytes from..to of a line. */
static void feed_part(struct protocol *p, const struct line *line, size_t from, size_t to)
{
	size_t captured = from >= line->bytes ? 0 : (to < line->bytes ? to : line->bytes) - from;
	/* Exactly what was captured, so that a sanitizer sees any byte read beyond. */
	uint8_t *data = malloc(captured ? captured : 1);

	assert_non_null(data);
	memcpy(data, line->text + (captured ? from : 0), captured);
	protocol_feed(p, line->side, data, captured, to - from);
	free(data);
}

/* As much of the lines from `i` on as one piece can hold; returns how many lines that are. */
static int join(const struct line *lines, int i, struct line *joined, char *text)
{
	int first = i;

	*joined = (struct line){.side = lines[i].side, .text = text};
	do {
		memcpy(text + joined->bytes, lines[i].text, lines[i].bytes);
		joined->bytes += lines[i].bytes;
		joined->unknown_bytes = lines[i].unknown_bytes;
		i++;
	} while (!joined->unknown_bytes && i < LINE_CNT && lines[i].text &&
		 lines[i].side == joined->side);
	return i - first;
}

static size_t delivery_bytes(const struct line *lines)
{
	size_t bytes = 0;

	for (int i = 0; i < LINE_CNT && lines[i].text; i++)
		bytes += lines[i].bytes + lines[i].unknown_bytes;
	return bytes;
}

static void delivery_feed(const struct delivery *d, struct protocol *p)
{
	char *text = malloc(delivery_bytes(d->lines) + 1);
	size_t at = 0;
	int i = 0;

	assert_non_null(text);
	while (i < LINE_CNT && d->lines[i].text) {
		struct line line = d->lines[i];
		size_t bytes;

		i += d->split == SPLIT_CUT ? join(d->lines, i, &line, text) : 1;
		bytes = line.bytes + line.unknown_bytes;
		if (d->split == SPLIT_BYTES) {
			for (size_t k = 0; k < bytes; k++)
				feed_part(p, &line, k, k + 1);
		} else if (d->split == SPLIT_CUT && d->cut > at && d->cut < at + bytes) {
			feed_part(p, &line, 0, d->cut - at);
			feed_part(p, &line, d->cut - at, bytes);
		} else {
			feed_part(p, &line, 0, bytes);
		}
		at += bytes;
	}
	free(text);
}

/* Calls fn with each way to split them. */
static void delivery_try_all(const struct line *lines,
			     void (*fn)(const void *context, const struct delivery *delivery),
			     const void *context)
{
	size_t bytes = delivery_bytes(lines);
	struct delivery d = {.how = "line by line", .lines = lines};

	fn(context, &d);
	d.how = "byte by byte";
	d.split = SPLIT_BYTES;
	fn(context, &d);
	d.how = "joined";
	d.split = SPLIT_CUT;
	for (d.cut = 0; d.cut < bytes; d.cut++)
		fn(context, &d);
}

#endif
