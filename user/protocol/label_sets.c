/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Label sets, packed. A record is the index of its set (two bytes) and the texts; records lie one
 * behind the other, and those without users go when there is no room.
 */
#include <errno.h>
#include <string.h>

#include "protocol/label_sets.h"

#define LABEL_CNT   (sizeof(struct protocol_labels) / PROTOCOL_LABEL_BYTES)
#define INDEX_BYTES sizeof(uint16_t)

/* A connection that makes one kind of request needs less than this; most make a few. */
#define TEXT_FIRST_BYTES 256
#define SETS_FIRST_CNT	 8
/* Where growing ends (by halves, since old and new have to fit together): offsets and indices have
 * 16 bits. What a connection may have of memory ends it before. */
#define TEXT_MAX_BYTES (32U << 10)
#define SETS_MAX_CNT   (8U << 10)

void label_sets_init(struct label_sets *sets, struct budget *budget)
{
	memset(sets, 0, sizeof(*sets));
	sets->budget = budget;
}

void label_sets_fini(struct label_sets *sets)
{
	budget_free(sets->budget, sets->texts, sets->text_room_bytes);
	budget_free(sets->budget, sets->sets, sets->set_room_cnt * sizeof(sets->sets[0]));
	label_sets_init(sets, sets->budget);
}

/* Returns the number of bytes. */
static uint16_t pack(const struct protocol_labels *labels, char *packed)
{
	const char *text = (const char *)labels;
	uint16_t bytes = 0;

	for (size_t i = 0; i < LABEL_CNT; i++, text += PROTOCOL_LABEL_BYTES) {
		size_t length = strnlen(text, PROTOCOL_LABEL_BYTES - 1);

		memcpy(packed + bytes, text, length);
		packed[bytes + length] = '\0';
		bytes += (uint16_t)(length + 1);
	}
	return bytes;
}

/* FNV-1a. */
static uint32_t hash_of(const char *packed, uint16_t bytes)
{
	uint32_t hash = 2166136261U;

	for (uint16_t i = 0; i < bytes; i++)
		hash = (hash ^ (uint8_t)packed[i]) * 16777619U;
	return hash;
}

static bool is_same(const struct label_sets *sets, uint16_t idx, uint32_t hash, const char *packed,
		    uint16_t bytes)
{
	const struct label_set *set = &sets->sets[idx];

	return set->hash == hash && set->text_bytes == bytes &&
	       memcmp(sets->texts + set->offset, packed, bytes) == 0;
}

/* Returns its index, or -1. */
static int find(struct label_sets *sets, uint32_t hash, const char *packed, uint16_t bytes)
{
	uint16_t *hint = &sets->hints[hash % LABEL_SETS_HINT_CNT];

	if (*hint && is_same(sets, *hint - 1, hash, packed, bytes))
		return *hint - 1;
	for (uint16_t i = 0; i < sets->set_cnt; i++) {
		if (!is_same(sets, i, hash, packed, bytes))
			continue;
		*hint = i + 1;
		return i;
	}
	return -1;
}

/* Drops the sets that nobody uses. */
static void compact(struct label_sets *sets)
{
	uint16_t kept_bytes = 0;

	for (uint16_t at = 0, record_bytes; at < sets->text_bytes; at += record_bytes) {
		struct label_set *set;
		uint16_t idx;

		memcpy(&idx, sets->texts + at, INDEX_BYTES);
		set = &sets->sets[idx];
		record_bytes = (uint16_t)(INDEX_BYTES + set->text_bytes);
		if (!set->user_cnt) {
			set->text_bytes = 0;
			continue;
		}
		memmove(sets->texts + kept_bytes, sets->texts + at, record_bytes);
		set->offset = (uint16_t)(kept_bytes + INDEX_BYTES);
		kept_bytes += record_bytes;
	}
	sets->text_bytes = kept_bytes;
}

static void grow_texts(struct label_sets *sets)
{
	uint16_t old = sets->text_room_bytes, room = old ? old + old / 2 : TEXT_FIRST_BYTES;
	char *texts;

	if (old >= TEXT_MAX_BYTES)
		return;
	texts = budget_grow(sets->budget, sets->texts, old, room);
	if (!texts)
		return;
	sets->texts = texts;
	sets->text_room_bytes = room;
}

static void grow_sets(struct label_sets *sets)
{
	uint16_t old = sets->set_room_cnt, room = old ? old + old / 2 : SETS_FIRST_CNT;
	struct label_set *grown;

	if (old >= SETS_MAX_CNT)
		return;
	grown = budget_grow(sets->budget, sets->sets, old * sizeof(sets->sets[0]),
			    room * sizeof(sets->sets[0]));
	if (!grown)
		return;
	sets->sets = grown;
	sets->set_room_cnt = room;
}

static bool has_text_room(const struct label_sets *sets, size_t record_bytes)
{
	return sets->text_bytes + record_bytes <= sets->text_room_bytes;
}

/* Room for a record; that a quarter stays free keeps compacting rare. */
static bool make_text_room(struct label_sets *sets, size_t record_bytes)
{
	if (has_text_room(sets, record_bytes))
		return true;
	compact(sets);
	while (!has_text_room(sets, record_bytes + sets->text_room_bytes / 4)) {
		uint16_t before = sets->text_room_bytes;

		grow_texts(sets);
		if (sets->text_room_bytes == before)
			break;
	}
	return has_text_room(sets, record_bytes);
}

static int find_free(const struct label_sets *sets)
{
	for (uint16_t i = 0; i < sets->set_cnt; i++) {
		if (!sets->sets[i].text_bytes)
			return i;
	}
	return -1;
}

/* Returns the index of a set to be filled, or -1. */
static int free_set(struct label_sets *sets)
{
	int idx;

	if (sets->set_cnt < sets->set_room_cnt)
		return sets->set_cnt++;
	idx = find_free(sets);
	if (idx >= 0)
		return idx;
	compact(sets);
	idx = find_free(sets);
	if (idx >= 0)
		return idx;
	grow_sets(sets);
	return sets->set_cnt < sets->set_room_cnt ? sets->set_cnt++ : -1;
}

int label_sets_take(struct label_sets *sets, const struct protocol_labels *labels,
		    uint16_t *ret_idx)
{
	char packed[sizeof(*labels)];
	uint16_t bytes = pack(labels, packed), new_idx;
	uint32_t hash = hash_of(packed, bytes);
	int idx = find(sets, hash, packed, bytes);

	if (idx < 0) {
		if (!make_text_room(sets, INDEX_BYTES + bytes))
			return -ENOMEM;
		idx = free_set(sets);
		if (idx < 0)
			return -ENOMEM;
		new_idx = (uint16_t)idx;
		memcpy(sets->texts + sets->text_bytes, &new_idx, INDEX_BYTES);
		memcpy(sets->texts + sets->text_bytes + INDEX_BYTES, packed, bytes);
		sets->sets[idx] = (struct label_set){
			.hash = hash,
			.offset = (uint16_t)(sets->text_bytes + INDEX_BYTES),
			.text_bytes = bytes,
		};
		sets->text_bytes += (uint16_t)(INDEX_BYTES + bytes);
		sets->hints[hash % LABEL_SETS_HINT_CNT] = new_idx + 1;
	}
	sets->sets[idx].user_cnt++;
	*ret_idx = (uint16_t)idx;
	return 0;
}

void label_sets_read(const struct label_sets *sets, uint16_t idx,
		     struct protocol_labels *ret_labels)
{
	const char *packed = sets->texts + sets->sets[idx].offset;
	char *text = (char *)ret_labels;

	for (size_t i = 0; i < LABEL_CNT; i++, text += PROTOCOL_LABEL_BYTES) {
		size_t bytes = strlen(packed) + 1;

		memcpy(text, packed, bytes);
		packed += bytes;
	}
}

void label_sets_release(struct label_sets *sets, uint16_t idx)
{
	sets->sets[idx].user_cnt--;
}
