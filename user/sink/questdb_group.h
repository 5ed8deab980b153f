/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of a few batches, packed, to be merged by series: one minute's rows of buckets. */
#ifndef TICKSCOPE_SINK_QUESTDB_GROUP_H
#define TICKSCOPE_SINK_QUESTDB_GROUP_H

#include "sink/questdb_encode.h"

struct questdb_group_item;

struct questdb_group {
	char *bytes;
	size_t used;
	size_t room;
	size_t max_bytes;
	struct questdb_group_item *items;
	size_t item_cnt;
	size_t item_room;
};

void questdb_group_init(struct questdb_group *group, size_t max_bytes);
void questdb_group_fini(struct questdb_group *group);
void questdb_group_clear(struct questdb_group *group);

/* Copies the window. -ENOSPC, -ENOMEM. */
int questdb_group_add(struct questdb_group *group, const struct series_id *id,
		      const uint8_t *packed, size_t packed_bytes);

/* The rows of all series, each merged, in an order that depends on nothing else; origin is that of
 * the first batch. What is damaged is left out. As ilp_end; -ENOMEM. */
int questdb_group_encode(struct questdb_group *group, struct ilp *ilp,
			 const struct questdb_origin *origin);

#endif
