/* SPDX-License-Identifier: Apache-2.0 */
/* A ring: ids are rarely kept for long, and what they are for has the order of calls to fall back
 * on. */
#include "protocol/batches.h"

#include <string.h>

void batches_keep(struct batches *b, uint64_t begin, const struct json_call *call,
		  uint32_t call_idx)
{
	b->ids[b->next_idx++ % BATCHES_ID_CNT] = (struct batches_id){
		.begin = begin,
		.id = json_calls_id(call),
		.call_idx = (uint16_t)call_idx,
		.is_used = true,
		.has_id = call->flags & JSON_CALL_HAS_ID,
	};
}

/* The first answer with this id that is nobody's yet; -1: none. */
static int16_t find_answer(const struct json_calls *answers, uint64_t id, const bool *is_taken)
{
	for (uint32_t i = 0; i < answers->call_cnt; i++) {
		const struct json_call *answer = &answers->calls[i];

		if (!is_taken[i] && (answer->flags & JSON_CALL_HAS_ID) &&
		    json_calls_id(answer) == id)
			return (int16_t)i;
	}
	return -1;
}

uint32_t batches_pair(const struct batches *b, uint64_t begin, const struct json_calls *answers,
		      struct batches_pairing *ret_pairing)
{
	const struct batches_id *ids[JSON_CALLS_MAX] = {NULL};
	bool is_taken[JSON_CALLS_MAX] = {false};
	uint32_t next = 0, call_cnt = 0;

	for (uint32_t i = 0; i < BATCHES_ID_CNT; i++) {
		const struct batches_id *id = &b->ids[i];

		if (!id->is_used || id->begin != begin)
			continue;
		if (id->has_id)
			ids[id->call_idx] = id;
		if (call_cnt <= id->call_idx)
			call_cnt = id->call_idx + 1U;
	}
	for (uint32_t i = 0; i < JSON_CALLS_MAX; i++) {
		int16_t answer = ids[i] ? find_answer(answers, ids[i]->id, is_taken) : -1;

		ret_pairing->answers[i] = answer;
		if (answer >= 0)
			is_taken[answer] = true;
	}
	for (uint32_t i = 0; i < JSON_CALLS_MAX; i++) {
		while (next < answers->call_cnt && is_taken[next])
			next++;
		if (ret_pairing->answers[i] < 0 && next < answers->call_cnt)
			ret_pairing->answers[i] = (int16_t)next++;
	}
	return call_cnt;
}
