/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for answers by their id: found by it, or by an alias, in the order of their
 * age, bounded.
 */
#ifndef TICKSCOPE_PROTOCOL_ID_TABLE_H
#define TICKSCOPE_PROTOCOL_ID_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/budget.h"
#include "protocol/protocol.h"

/* Of requests that wait: orders that rest in a book. With their labels about as many as fit
 * PROTOCOL_CONNECTION_BYTES. */
#define ID_TABLE_CNT_MAX   1024
#define ID_TABLE_CHUNK_CNT 32
/* Kinds of answers to one request; FIX has seven. */
#define ID_TABLE_UNTIL_CNT 16

enum id_table_key { ID_TABLE_ID = 0, ID_TABLE_ALIAS, ID_TABLE_KEY_CNT };

struct waiting {
	uint64_t keys[ID_TABLE_KEY_CNT];
	uint64_t begin;
	uint32_t length_bytes;
	uint16_t labels;
	uint16_t told;	/* kinds of answers that came: bits by id_table_until */
	uint16_t older; /* neighbours in age: index + 1, 0: none */
	uint16_t newer;
	uint8_t has_key[ID_TABLE_KEY_CNT];
	uint8_t side;	  /* who asked */
	uint8_t loss_idx; /* of the time when it was asked */
};

struct id_table {
	struct budget *budget;
	struct waiting *chunks[ID_TABLE_CNT_MAX / ID_TABLE_CHUNK_CNT];
	uint16_t *slots; /* open addressing; entry index * 2 + key + 1, 0: free */
	uint32_t slot_cnt;
	uint32_t key_cnt;
	uint16_t chunk_cnt;
	uint16_t free;	 /* list through `newer`; index + 1 */
	uint16_t oldest; /* index + 1 */
	uint16_t newest;
	const char *untils[ID_TABLE_UNTIL_CNT];
};

void id_table_init(struct id_table *table, struct budget *budget);
void id_table_fini(struct id_table *table);
/* NULL: nothing waits under this key. Valid until something is added or removed. */
struct waiting *id_table_find(const struct id_table *table, enum protocol_side side, uint64_t key);
/* A new one, the newest, with this id, else zeroed. The id may not be there yet. NULL: no room. */
struct waiting *id_table_add(struct id_table *table, enum protocol_side side, uint64_t id);
/*
 * Gives it this key in place of the one it had. Another's alias is taken away from it; its id is
 * not. False: so it was, or there is no room.
 */
bool id_table_set_key(struct id_table *table, struct waiting *waiting, enum id_table_key which,
		      uint64_t key);
void id_table_remove(struct id_table *table, struct waiting *waiting);
/* NULL: nothing waits. */
struct waiting *id_table_oldest(const struct id_table *table);
/* The bit of this kind of answer; 0: there are too many kinds. */
uint16_t id_table_until(struct id_table *table, const char *until);

#endif
