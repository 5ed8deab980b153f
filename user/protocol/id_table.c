/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by id: entries in chunks, an index with open addressing, a list by age. */
#include <string.h>

#include "protocol/id_table.h"

#define SLOTS_FIRST_CNT 64

void id_table_init(struct id_table *table, struct budget *budget)
{
	memset(table, 0, sizeof(*table));
	table->budget = budget;
}

void id_table_fini(struct id_table *table)
{
	for (uint16_t i = 0; i < table->chunk_cnt; i++)
		budget_free(table->budget, table->chunks[i],
			    ID_TABLE_CHUNK_CNT * sizeof(struct waiting));
	budget_free(table->budget, table->slots, table->slot_cnt * sizeof(table->slots[0]));
	id_table_init(table, table->budget);
}

static struct waiting *entry_at(const struct id_table *table, uint16_t idx)
{
	return &table->chunks[idx / ID_TABLE_CHUNK_CNT][idx % ID_TABLE_CHUNK_CNT];
}

static uint16_t idx_of(const struct id_table *table, const struct waiting *waiting)
{
	for (uint16_t i = 0; i < table->chunk_cnt; i++) {
		if (waiting >= table->chunks[i] && waiting < table->chunks[i] + ID_TABLE_CHUNK_CNT)
			return (uint16_t)(i * ID_TABLE_CHUNK_CNT + (waiting - table->chunks[i]));
	}
	return 0;
}

/* Where the search for a key begins: Fibonacci hashing, since ids may be small numbers. */
static uint32_t home_of(const struct id_table *table, uint8_t side, uint64_t key)
{
	uint64_t mixed = (key + side) * 0x9e3779b97f4a7c15ULL;

	return (uint32_t)(mixed >> 32) & (table->slot_cnt - 1);
}

static bool has_key(const struct id_table *table, uint16_t slot, uint8_t side, uint64_t key)
{
	const struct waiting *waiting = entry_at(table, (slot - 1) / ID_TABLE_KEY_CNT);

	return waiting->side == side && waiting->keys[(slot - 1) % ID_TABLE_KEY_CNT] == key;
}

/* Its slot, or the free one where the search ended. There is always a free one. */
static uint32_t find_slot(const struct id_table *table, uint8_t side, uint64_t key)
{
	uint32_t i = home_of(table, side, key);

	while (table->slots[i] && !has_key(table, table->slots[i], side, key))
		i = (i + 1) & (table->slot_cnt - 1);
	return i;
}

struct waiting *id_table_find(const struct id_table *table, enum protocol_side side, uint64_t key)
{
	uint32_t i;

	if (!table->slot_cnt)
		return NULL;
	i = find_slot(table, (uint8_t)side, key);
	return table->slots[i] ? entry_at(table, (table->slots[i] - 1) / ID_TABLE_KEY_CNT) : NULL;
}

static uint32_t home_of_slot(const struct id_table *table, uint16_t slot)
{
	const struct waiting *waiting = entry_at(table, (slot - 1) / ID_TABLE_KEY_CNT);

	return home_of(table, waiting->side, waiting->keys[(slot - 1) % ID_TABLE_KEY_CNT]);
}

/* Later entries of the same run move up, so that every search still finds its own. */
static void free_slot(struct id_table *table, uint32_t hole)
{
	uint32_t mask = table->slot_cnt - 1;

	for (uint32_t i = (hole + 1) & mask; table->slots[i]; i = (i + 1) & mask) {
		uint32_t home = home_of_slot(table, table->slots[i]);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		table->slots[hole] = table->slots[i];
		hole = i;
	}
	table->slots[hole] = 0;
	table->key_cnt--;
}

static bool grow_slots(struct id_table *table)
{
	struct id_table grown = *table;

	grown.slot_cnt = table->slot_cnt ? table->slot_cnt * 2 : SLOTS_FIRST_CNT;
	grown.slots = budget_alloc(table->budget, grown.slot_cnt * sizeof(grown.slots[0]));
	if (!grown.slots)
		return false;
	for (uint32_t i = 0; i < table->slot_cnt; i++) {
		uint32_t at;

		if (!table->slots[i])
			continue;
		at = home_of_slot(&grown, table->slots[i]);
		while (grown.slots[at])
			at = (at + 1) & (grown.slot_cnt - 1);
		grown.slots[at] = table->slots[i];
	}
	budget_free(table->budget, table->slots, table->slot_cnt * sizeof(table->slots[0]));
	table->slots = grown.slots;
	table->slot_cnt = grown.slot_cnt;
	return true;
}

/* Keeps a third of the slots free: searches stay short. */
static bool has_slot_room(const struct id_table *table)
{
	return (table->key_cnt + 1) * 3 <= table->slot_cnt * 2;
}

static void drop_key(struct id_table *table, struct waiting *waiting, enum id_table_key which)
{
	if (!waiting->has_key[which])
		return;
	free_slot(table, find_slot(table, waiting->side, waiting->keys[which]));
	waiting->has_key[which] = false;
}

bool id_table_set_key(struct id_table *table, struct waiting *waiting, enum id_table_key which,
		      uint64_t key)
{
	struct waiting *holder = id_table_find(table, waiting->side, key);

	if (holder) {
		if (holder->has_key[ID_TABLE_ID] && holder->keys[ID_TABLE_ID] == key)
			return false;
		drop_key(table, holder, ID_TABLE_ALIAS);
	}
	if (!has_slot_room(table) && !grow_slots(table))
		return false;
	drop_key(table, waiting, which);
	waiting->keys[which] = key;
	waiting->has_key[which] = true;
	table->slots[find_slot(table, waiting->side, key)] =
		(uint16_t)(idx_of(table, waiting) * ID_TABLE_KEY_CNT + which + 1);
	table->key_cnt++;
	return true;
}

static bool add_chunk(struct id_table *table)
{
	struct waiting *chunk;

	if (table->chunk_cnt == ID_TABLE_CNT_MAX / ID_TABLE_CHUNK_CNT)
		return false;
	chunk = budget_alloc(table->budget, ID_TABLE_CHUNK_CNT * sizeof(*chunk));
	if (!chunk)
		return false;
	for (uint16_t i = 0; i < ID_TABLE_CHUNK_CNT; i++) {
		chunk[i].newer = table->free;
		table->free = (uint16_t)(table->chunk_cnt * ID_TABLE_CHUNK_CNT + i + 1);
	}
	table->chunks[table->chunk_cnt++] = chunk;
	return true;
}

struct waiting *id_table_add(struct id_table *table, enum protocol_side side, uint64_t id)
{
	struct waiting *waiting;
	uint16_t idx;

	if (!table->free && !add_chunk(table))
		return NULL;
	idx = table->free - 1;
	waiting = entry_at(table, idx);
	table->free = waiting->newer;
	memset(waiting, 0, sizeof(*waiting));
	waiting->side = (uint8_t)side;
	if (!id_table_set_key(table, waiting, ID_TABLE_ID, id)) {
		waiting->newer = table->free;
		table->free = idx + 1;
		return NULL;
	}
	waiting->older = table->newest;
	if (table->newest)
		entry_at(table, table->newest - 1)->newer = idx + 1;
	else
		table->oldest = idx + 1;
	table->newest = idx + 1;
	return waiting;
}

void id_table_remove(struct id_table *table, struct waiting *waiting)
{
	uint16_t idx = idx_of(table, waiting);

	drop_key(table, waiting, ID_TABLE_ID);
	drop_key(table, waiting, ID_TABLE_ALIAS);
	if (waiting->older)
		entry_at(table, waiting->older - 1)->newer = waiting->newer;
	else
		table->oldest = waiting->newer;
	if (waiting->newer)
		entry_at(table, waiting->newer - 1)->older = waiting->older;
	else
		table->newest = waiting->older;
	waiting->newer = table->free;
	table->free = idx + 1;
}

struct waiting *id_table_oldest(const struct id_table *table)
{
	return table->oldest ? entry_at(table, table->oldest - 1) : NULL;
}

uint16_t id_table_until(struct id_table *table, const char *until)
{
	for (int i = 0; i < ID_TABLE_UNTIL_CNT; i++) {
		if (!table->untils[i])
			table->untils[i] = until;
		if (table->untils[i] == until)
			return (uint16_t)(1U << i);
	}
	return 0;
}
