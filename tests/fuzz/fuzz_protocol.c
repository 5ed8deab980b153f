/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides of a connection, in any protocol. However the bytes are split, the same is told and
 * counted, nothing is told twice or forgotten, and memory stays bounded.
 *
 * The first byte says what is spoken and whether the connection was joined midway, the second
 * chooses the splits. Records follow: a byte for side and event, one for a length, and bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

/* Of a record's first byte. */
#define SIDE_BIT   1
#define EVENT_CUT  2 /* as many unknown bytes follow as the next byte says, times 16 */
#define EVENT_LOSE 6 /* a cut of unknown length */

#define JOINED_BIT 0x80

enum split { SPLIT_NONE, SPLIT_BYTES, SPLIT_RANDOM, SPLIT_CNT };

/* What one way to split it came to. */
struct outcome {
	uint64_t hash; /* of all that was told */
	enum protocol_kind kind;
	struct protocol_counts counts;
};

static void add(struct outcome *outcome, uint64_t number)
{
	outcome->hash = (outcome->hash ^ number) * 0x100000001b3ULL;
	outcome->hash ^= outcome->hash >> 29;
}

static void add_text(struct outcome *outcome, const char *text)
{
	for (; *text; text++)
		add(outcome, (uint8_t)*text);
	add(outcome, 0);
}

/* Ends in itself, and has zeros behind that. */
static void add_label(struct outcome *outcome, const char label[static PROTOCOL_LABEL_BYTES])
{
	for (size_t i = strnlen(label, PROTOCOL_LABEL_BYTES - 1); i < PROTOCOL_LABEL_BYTES; i++) {
		if (label[i])
			abort();
	}
	add_text(outcome, label);
}

static void tell(const struct protocol_exchange *e, void *context)
{
	struct outcome *outcome = context;

	if (e->request_begin > e->request_end ||
	    (!e->is_request && e->response_begin >= e->response_end) ||
	    (e->is_request && !e->id.is_there))
		abort();
	add(outcome, e->asker);
	add(outcome, e->is_request);
	add(outcome, e->is_first);
	add(outcome, e->id.hash);
	add(outcome, e->id.has_number ? e->id.number : 0);
	add(outcome, e->is_push);
	add(outcome, e->is_error);
	add(outcome, e->request_begin);
	add(outcome, e->request_end);
	add(outcome, e->response_begin);
	add(outcome, e->response_end);
	add_text(outcome, e->until ? e->until : "");
	add_label(outcome, e->labels.method);
	add_label(outcome, e->labels.route);
	add_label(outcome, e->labels.status);
	add_label(outcome, e->labels.trading_pair);
	add_label(outcome, e->labels.order_type);
	add_label(outcome, e->labels.side);
}

struct feeder {
	struct protocol *protocol;
	enum split split;
	uint64_t random;
	uint64_t positions[PROTOCOL_SIDE_CNT];
	/* What is joined: consecutive bytes of a side. */
	enum protocol_side side;
	uint8_t *bytes;
	size_t captured;
	size_t unknown;
};

static void feed(struct feeder *f, const uint8_t *data, size_t captured, size_t total)
{
	/* Exactly what was captured, so that a read beyond is seen. */
	uint8_t *copy = malloc(captured ? captured : 1);

	if (captured)
		memcpy(copy, data, captured);
	protocol_feed(f->protocol, f->side, copy, captured, total);
	free(copy);
	f->positions[f->side] += total;
	if (protocol_memory_bytes(f->protocol) > PROTOCOL_CONNECTION_BYTES)
		abort();
}

static size_t next_bytes(struct feeder *f, size_t left)
{
	size_t bytes;

	if (f->split == SPLIT_NONE)
		return left;
	if (f->split == SPLIT_BYTES)
		return 1;
	f->random = f->random * 6364136223846793005ULL + 1442695040888963407ULL;
	bytes = 1 + (f->random >> 33) % 40;
	return bytes < left ? bytes : left;
}

/* Feeds what was joined so far. */
static void flush(struct feeder *f)
{
	size_t total = f->captured + f->unknown;

	for (size_t at = 0, bytes; at < total; at += bytes) {
		size_t captured = at < f->captured ? f->captured - at : 0;

		bytes = next_bytes(f, total - at);
		feed(f, f->bytes + (captured ? at : 0), captured < bytes ? captured : bytes, bytes);
	}
	f->captured = f->unknown = 0;
}

/* Returns how many bytes the record has. */
static size_t take_record(struct feeder *f, const uint8_t *data, size_t bytes)
{
	enum protocol_side side = data[0] & SIDE_BIT ? PROTOCOL_SERVER : PROTOCOL_CLIENT;
	size_t length = bytes < 2 ? 0 : data[1], used = bytes < 2 ? bytes : 2;

	if (length > bytes - used)
		length = bytes - used;
	if (side != f->side || f->unknown)
		flush(f);
	f->side = side;
	memcpy(f->bytes + f->captured, data + used, length);
	f->captured += length;
	used += length;
	if ((data[0] & EVENT_CUT) && used < bytes)
		f->unknown = data[used++] * 16U;
	if ((data[0] & EVENT_LOSE) == EVENT_LOSE) {
		uint64_t unknown = f->unknown;

		f->unknown = 0;
		flush(f);
		f->positions[side] += unknown;
		protocol_lose(f->protocol, side, f->positions[side]);
	}
	return used;
}

static void run(const uint8_t *data, size_t size_bytes, enum split split, struct outcome *outcome)
{
	struct feeder f = {.split = split, .random = data[1], .bytes = malloc(size_bytes)};
	enum protocol_kind kind = PROTOCOL_FIX + (data[0] & ~JOINED_BIT) % (PROTOCOL_END - 1);
	const struct protocol_counts *counts;

	memset(outcome, 0, sizeof(*outcome));
	f.protocol = protocol_new(kind, !(data[0] & JOINED_BIT), tell, outcome);
	protocol_tell_requests(f.protocol);
	counts = protocol_counts(f.protocol);
	for (size_t at = 2; at < size_bytes;)
		at += take_record(&f, data + at, size_bytes - at);
	flush(&f);
	outcome->kind = protocol_kind(f.protocol);
	protocol_end(f.protocol);
	outcome->counts = *counts;
	if (counts->requests != counts->answered + counts->unanswered ||
	    counts->unmatched_responses > counts->responses ||
	    counts->resynchronised > counts->desynchronised)
		abort();
	protocol_free(f.protocol);
	free(f.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct outcome outcomes[SPLIT_CNT];

	if (size_bytes < 3)
		return 0;
	for (int split = 0; split < SPLIT_CNT; split++) {
		run(data, size_bytes, (enum split)split, &outcomes[split]);
		if (outcomes[split].hash != outcomes[0].hash ||
		    outcomes[split].kind != outcomes[0].kind ||
		    memcmp(&outcomes[split].counts, &outcomes[0].counts,
			   sizeof(outcomes[0].counts)) != 0)
			abort();
	}
	return 0;
}
