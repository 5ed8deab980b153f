/* SPDX-License-Identifier: Apache-2.0 */
/* Packed windows stand in one buffer, each behind the texts of its series. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "measure/packed.h"
#include "sink/questdb_group.h"

#define ROOM_MIN_BYTES 65536
#define ITEMS_MIN      256
#define TEXT_CNT       4 /* target, operation, kind, labels */

struct questdb_group_item {
	size_t at; /* of its texts: TEXT_CNT, each with its 0 */
	size_t texts_bytes;
	size_t packed_bytes; /* behind them */
};

void questdb_group_init(struct questdb_group *g, size_t max_bytes)
{
	*g = (struct questdb_group){.max_bytes = max_bytes};
}

void questdb_group_fini(struct questdb_group *g)
{
	free(g->bytes);
	free(g->items);
	questdb_group_init(g, g->max_bytes);
}

void questdb_group_clear(struct questdb_group *g)
{
	g->used = 0;
	g->item_cnt = 0;
}

static int make_room(struct questdb_group *g, size_t bytes)
{
	size_t room = g->room ? g->room : ROOM_MIN_BYTES;
	char *larger;

	if (bytes > g->max_bytes || g->used > g->max_bytes - bytes)
		return -ENOSPC;
	while (room < g->used + bytes)
		room *= 2;
	if (room == g->room)
		return 0;
	larger = realloc(g->bytes, room);
	if (!larger)
		return -ENOMEM;
	g->bytes = larger;
	g->room = room;
	return 0;
}

static int make_item(struct questdb_group *g)
{
	size_t room = g->item_room ? g->item_room * 2 : ITEMS_MIN;
	struct questdb_group_item *larger;

	if (g->item_cnt < g->item_room)
		return 0;
	larger = reallocarray(g->items, room, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	g->items = larger;
	g->item_room = room;
	return 0;
}

int questdb_group_add(struct questdb_group *g, const struct series_id *id, const uint8_t *packed,
		      size_t packed_bytes)
{
	const char *const texts[TEXT_CNT] = {id->target, id->operation, id->kind, id->labels};
	struct questdb_group_item item = {.at = g->used, .packed_bytes = packed_bytes};
	int err;

	for (size_t i = 0; i < TEXT_CNT; i++)
		item.texts_bytes += strlen(texts[i]) + 1;
	err = make_room(g, item.texts_bytes + packed_bytes);
	if (!err)
		err = make_item(g);
	if (err)
		return err;
	for (size_t i = 0; i < TEXT_CNT; i++) {
		size_t bytes = strlen(texts[i]) + 1;

		memcpy(g->bytes + g->used, texts[i], bytes);
		g->used += bytes;
	}
	memcpy(g->bytes + g->used, packed, packed_bytes);
	g->used += packed_bytes;
	g->items[g->item_cnt++] = item;
	return 0;
}

static int compare(const void *left, const void *right, void *context)
{
	const struct questdb_group_item *a = left, *b = right;
	const struct questdb_group *g = context;
	size_t least = a->texts_bytes < b->texts_bytes ? a->texts_bytes : b->texts_bytes;
	int order = memcmp(g->bytes + a->at, g->bytes + b->at, least);

	if (order)
		return order;
	return (a->texts_bytes > b->texts_bytes) - (a->texts_bytes < b->texts_bytes);
}

static struct series_id identity(const struct questdb_group *g,
				 const struct questdb_group_item *item)
{
	const char *texts[TEXT_CNT];

	texts[0] = g->bytes + item->at;
	for (size_t i = 1; i < TEXT_CNT; i++)
		texts[i] = texts[i - 1] + strlen(texts[i - 1]) + 1;
	return (struct series_id){texts[0], texts[1], texts[2], texts[3]};
}

int questdb_group_encode(struct questdb_group *g, struct ilp *ilp,
			 const struct questdb_origin *origin)
{
	struct window *merged = calloc(1, sizeof(*merged));
	int err = 0;

	if (!merged)
		return -ENOMEM;
	window_init(merged);
	if (g->item_cnt)
		qsort_r(g->items, g->item_cnt, sizeof(*g->items), compare, g);
	for (size_t i = 0; !err && i < g->item_cnt; i++) {
		const struct questdb_group_item *item = &g->items[i];
		const struct series_id id = identity(g, item);
		const char *packed = g->bytes + item->at + item->texts_bytes;

		/* What is damaged adds nothing. */
		packed_merge(merged, (const uint8_t *)packed, item->packed_bytes);
		if (i + 1 < g->item_cnt && !compare(item, item + 1, g))
			continue;
		if (merged->duration_ns)
			err = questdb_encode_buckets(ilp, origin, &id, merged);
		window_clear(merged);
	}
	free(merged);
	return err;
}
