/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for an answer on one connection, and telling what was answered. For parsers, see
 * parser.h; here is what protocol.c needs beside that.
 */
#ifndef TICKSCOPE_PROTOCOL_EXCHANGES_H
#define TICKSCOPE_PROTOCOL_EXCHANGES_H

#include "protocol/id_table.h"
#include "protocol/label_sets.h"
#include "protocol/parser.h"
#include "protocol/queue.h"

/*
 * Answers in order of a connection of which something was not seen: an unknown number of requests
 * waits that nobody knows, or of those known some were answered unseen. So only their balance is
 * kept. When it comes down to the lowest level there was, then as far as can be known nothing
 * waits: clients that send, wait and send again get there with every round. A request that is made
 * then is in step.
 */
struct step {
	bool is_out;
	bool has_low;  /* a response has brought the level down to the lowest */
	int64_t level; /* requests less responses */
	int64_t lowest_level;
};

struct exchanges {
	struct budget *budget;
	struct protocol_counts counts;
	protocol_exchange_fn fn;
	void *context;
	bool tells_requests;
	struct label_sets labels;
	struct queue queues[PROTOCOL_SIDE_CNT]; /* by who asked */
	struct step steps[PROTOCOL_SIDE_CNT];
	struct id_table ids;
	uint8_t loss_idx; /* counts losses, modulo 256 */
	/* The response that was counted last: it may answer several requests. */
	uint64_t counted_end[PROTOCOL_SIDE_CNT];
	uint64_t unmatched_end[PROTOCOL_SIDE_CNT];
};

void exchanges_init(struct exchanges *x, struct budget *budget, protocol_exchange_fn fn,
		    void *context);
/* What waits is unanswered; counts stay. */
void exchanges_fini(struct exchanges *x);
/* Bytes were lost, or are found again: what waits in order cannot be answered any more. */
void exchanges_forget(struct exchanges *x);

#endif
