/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of the calls in batches that wait, to tell which answer of a response is whose. */
#ifndef TICKSCOPE_PROTOCOL_BATCHES_H
#define TICKSCOPE_PROTOCOL_BATCHES_H

#include "protocol/json_calls.h"

/* Of those that wait longest beyond that, the order of calls pairs: two full batches. */
#define BATCHES_ID_CNT 256

struct batches_id {
	uint64_t begin; /* of the request with the batch */
	uint64_t id;
	uint16_t call_idx;
	bool is_used;
	bool has_id;
};

struct batches {
	uint32_t next_idx;
	struct batches_id ids[BATCHES_ID_CNT];
};

/* Of each call of a batch, which answer is its: an index, or -1. */
struct batches_pairing {
	int16_t answers[JSON_CALLS_MAX];
};

/* A call of the request that begins there; call_idx < JSON_CALLS_MAX: how many were before it. */
void batches_keep(struct batches *batches, uint64_t begin, const struct json_call *call,
		  uint32_t call_idx);

/*
 * By id; then the calls and the answers that are left, each in their order. Returns how many calls
 * the batch has, 0 where that is not known (any more).
 */
uint32_t batches_pair(const struct batches *batches, uint64_t begin,
		      const struct json_calls *answers, struct batches_pairing *ret_pairing);

#endif
