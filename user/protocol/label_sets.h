/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The labels of requests that wait, each different set kept once and packed: a request names its
 * set by two bytes. Most requests of a connection have the same few sets.
 */
#ifndef TICKSCOPE_PROTOCOL_LABEL_SETS_H
#define TICKSCOPE_PROTOCOL_LABEL_SETS_H

#include "protocol/budget.h"
#include "protocol/protocol.h"

/* Sets are found by their hash through this many hints, then by looking at all. */
#define LABEL_SETS_HINT_CNT 32

struct label_set {
	uint32_t hash;
	uint16_t offset;     /* of its texts */
	uint16_t text_bytes; /* 0: free */
	uint16_t user_cnt;   /* 0: kept in case that it comes again */
};

struct label_sets {
	struct budget *budget;
	struct label_set *sets;
	char *texts; /* of all sets one after another, each text with its NUL */
	uint16_t set_cnt;
	uint16_t set_room_cnt;
	uint16_t text_bytes;
	uint16_t text_room_bytes;
	uint16_t hints[LABEL_SETS_HINT_CNT]; /* index + 1 */
};

void label_sets_init(struct label_sets *sets, struct budget *budget);
void label_sets_fini(struct label_sets *sets);
/* Another user of these labels. -ENOMEM: no room, even without the sets that nobody uses. */
int label_sets_take(struct label_sets *sets, const struct protocol_labels *labels,
		    uint16_t *ret_idx);
void label_sets_read(const struct label_sets *sets, uint16_t idx,
		     struct protocol_labels *ret_labels);
/* One user less. */
void label_sets_release(struct label_sets *sets, uint16_t idx);

#endif
