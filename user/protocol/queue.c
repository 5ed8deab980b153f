/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in order: a list of blocks of small entries, which grows and shrinks. */
#include <string.h>

#include "protocol/queue.h"

/* One block is what a connection without pipelines keeps. */
#define BLOCK_ENTRY_CNT 64
#define LABELS_GAP	UINT16_MAX

struct entry {
	uint32_t offset_bytes; /* of its first byte behind the base of the block */
	uint32_t length_bytes; /* of a gap: the number of answers */
	uint16_t labels;
} __attribute__((packed));

struct queue_block {
	struct queue_block *next; /* newer */
	uint64_t base;
	uint32_t entry_cnt;
	struct entry entries[BLOCK_ENTRY_CNT];
};

void queue_init(struct queue *queue, struct budget *budget)
{
	memset(queue, 0, sizeof(*queue));
	queue->budget = budget;
}

void queue_fini(struct queue *queue)
{
	while (queue->oldest) {
		struct queue_block *block = queue->oldest;

		queue->oldest = block->next;
		budget_free(queue->budget, block, sizeof(*block));
	}
	queue_init(queue, queue->budget);
}

static struct entry *newest_entry(const struct queue *queue)
{
	return queue->entry_cnt ? &queue->newest->entries[queue->newest->entry_cnt - 1] : NULL;
}

/* A place for what begins there, or NULL. */
static struct entry *add_entry(struct queue *queue, uint64_t begin)
{
	struct queue_block *block = queue->newest;

	if (queue->entry_cnt == QUEUE_CNT_MAX)
		return NULL;
	if (block && !queue->entry_cnt) {
		block->entry_cnt = 0;
		queue->oldest_idx = 0;
	}
	if (!block || block->entry_cnt == BLOCK_ENTRY_CNT ||
	    (block->entry_cnt && (begin < block->base || begin - block->base > UINT32_MAX))) {
		block = budget_alloc(queue->budget, sizeof(*block));
		if (!block)
			return NULL;
		if (queue->newest)
			queue->newest->next = block;
		else
			queue->oldest = block;
		queue->newest = block;
	}
	if (!block->entry_cnt)
		block->base = begin;
	queue->entry_cnt++;
	return &block->entries[block->entry_cnt++];
}

bool queue_add(struct queue *queue, const struct queue_item *item)
{
	struct entry *entry;

	if (item->end - item->begin > UINT32_MAX)
		return false;
	entry = add_entry(queue, item->begin);
	if (!entry)
		return false;
	entry->offset_bytes = (uint32_t)(item->begin - queue->newest->base);
	entry->length_bytes = (uint32_t)(item->end - item->begin);
	entry->labels = item->labels;
	return true;
}

static void read_entry(const struct queue_block *block, const struct entry *entry,
		       struct queue_item *ret_item)
{
	ret_item->begin = block->base + entry->offset_bytes;
	ret_item->end = ret_item->begin + entry->length_bytes;
	ret_item->labels = entry->labels;
	ret_item->is_gap = entry->labels == LABELS_GAP;
}

bool queue_add_gap(struct queue *queue, uint32_t answer_cnt, struct queue_item *ret_lost)
{
	struct entry *entry = newest_entry(queue);

	ret_lost->is_gap = true;
	if (!entry || entry->labels != LABELS_GAP) {
		struct entry *added = add_entry(queue, entry ? queue->newest->base : 0);

		if (!added && !entry)
			return false;
		if (!added) {
			read_entry(queue->newest, entry, ret_lost);
			answer_cnt++;
			added = entry;
		}
		entry = added;
		entry->length_bytes = 0;
		entry->labels = LABELS_GAP;
	}
	if (entry->length_bytes > UINT32_MAX - answer_cnt)
		entry->length_bytes = UINT32_MAX;
	else
		entry->length_bytes += answer_cnt;
	return true;
}

bool queue_oldest(const struct queue *queue, struct queue_item *ret_item)
{
	if (!queue->entry_cnt)
		return false;
	read_entry(queue->oldest, &queue->oldest->entries[queue->oldest_idx], ret_item);
	return true;
}

void queue_drop_entry(struct queue *queue)
{
	struct queue_block *block = queue->oldest;

	queue->entry_cnt--;
	if (++queue->oldest_idx < block->entry_cnt || !block->next)
		return;
	/* The last block stays, for the next request. */
	queue->oldest = block->next;
	queue->oldest_idx = 0;
	budget_free(queue->budget, block, sizeof(*block));
}

void queue_drop_oldest(struct queue *queue)
{
	struct entry *entry = &queue->oldest->entries[queue->oldest_idx];

	if (entry->labels == LABELS_GAP && entry->length_bytes > 1)
		entry->length_bytes--;
	else
		queue_drop_entry(queue);
}
