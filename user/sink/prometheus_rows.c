/* SPDX-License-Identifier: Apache-2.0 */
/* Rows never move and never go before the end, so that whoever copies may keep their labels. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "sink/prometheus_rows.h"

/* Rows that are copied at once. Of 33 numbers each that is 8 KB: about a microsecond. */
#define COPY_CNT 32

void prometheus_rows_init(struct prometheus_rows *r, pthread_mutex_t *lock, size_t number_cnt)
{
	*r = (struct prometheus_rows){.lock = lock, .number_cnt = number_cnt};
}

static void leave(void *row)
{
	(void)row; /* it is among the items, too */
}

void prometheus_rows_fini(struct prometheus_rows *r)
{
	tdestroy(r->tree, leave);
	for (size_t i = 0; i < r->cnt; i++) {
		free(r->items[i]->labels);
		free(r->items[i]);
	}
	free(r->items);
	*r = (struct prometheus_rows){0};
}

static int by_labels(const void *a, const void *b)
{
	const struct prometheus_row *x = a, *y = b;

	return strcmp(x->labels, y->labels);
}

struct prometheus_row *prometheus_rows_find(const struct prometheus_rows *r, const char *labels)
{
	/* tsearch(3) takes no const; it changes nothing here. */
	const struct prometheus_row key = {.labels = (char *)labels};
	struct prometheus_row **found = tfind(&key, &r->tree, by_labels);

	return found ? *found : NULL;
}

/* The copying thread sees either list, whole. */
static bool make_room(struct prometheus_rows *r)
{
	size_t room = r->room ? 2 * r->room : 16;
	struct prometheus_row **grown, **old = r->items;

	if (r->cnt < r->room)
		return true;
	grown = calloc(room, sizeof(struct prometheus_row *));
	if (!grown)
		return false;
	if (r->cnt)
		memcpy(grown, old, r->cnt * sizeof(struct prometheus_row *));
	pthread_mutex_lock(r->lock);
	r->items = grown;
	pthread_mutex_unlock(r->lock);
	r->room = room;
	free(old);
	return true;
}

struct prometheus_row *prometheus_rows_add(struct prometheus_rows *r, const char *labels)
{
	struct prometheus_row *row;

	if (!make_room(r))
		return NULL;
	row = calloc(1, sizeof(*row) + r->number_cnt * sizeof(row->numbers[0]));
	if (!row)
		return NULL;
	row->labels = strdup(labels);
	if (!row->labels || !tsearch(row, &r->tree, by_labels)) {
		free(row->labels);
		free(row);
		return NULL;
	}
	pthread_mutex_lock(r->lock);
	r->items[r->cnt++] = row;
	pthread_mutex_unlock(r->lock);
	return row;
}

void prometheus_rows_count(const struct prometheus_rows *r, struct prometheus_row *row,
			   const uint64_t *numbers)
{
	pthread_mutex_lock(r->lock);
	for (size_t i = 0; i < r->number_cnt; i++)
		row->numbers[i] += numbers[i];
	pthread_mutex_unlock(r->lock);
}

void prometheus_rows_publish(const struct prometheus_rows *r, uint64_t second)
{
	for (size_t at = 0; at < r->cnt;) {
		size_t end = at + COPY_CNT < r->cnt ? at + COPY_CNT : r->cnt;

		pthread_mutex_lock(r->lock);
		for (; at < end; at++) {
			r->items[at]->is_there = r->items[at]->next_second == second;
			r->items[at]->value = r->items[at]->next;
		}
		pthread_mutex_unlock(r->lock);
	}
}

static void copy_row(const struct prometheus_rows *r, const struct prometheus_row *row,
		     struct prometheus_copy *copy)
{
	if (!r->number_cnt && !row->is_there)
		return;
	copy->labels[copy->cnt] = row->labels;
	if (r->number_cnt)
		memcpy(copy->numbers + copy->cnt * r->number_cnt, row->numbers,
		       r->number_cnt * sizeof(row->numbers[0]));
	else
		copy->values[copy->cnt] = row->value;
	copy->cnt++;
}

int prometheus_rows_copy(const struct prometheus_rows *r, struct prometheus_copy *ret_copy)
{
	struct prometheus_copy copy = {0};
	size_t cnt;

	pthread_mutex_lock(r->lock);
	cnt = r->cnt;
	pthread_mutex_unlock(r->lock);
	if (cnt) {
		copy.labels = calloc(cnt, sizeof(const char *));
		copy.numbers = calloc(cnt * r->number_cnt + 1, sizeof(copy.numbers[0]));
		copy.values = calloc(cnt, sizeof(copy.values[0]));
		if (!copy.labels || !copy.numbers || !copy.values) {
			prometheus_rows_copy_fini(&copy);
			return -ENOMEM;
		}
	}
	for (size_t at = 0; at < cnt;) {
		size_t end = at + COPY_CNT < cnt ? at + COPY_CNT : cnt;

		pthread_mutex_lock(r->lock);
		for (; at < end; at++)
			copy_row(r, r->items[at], &copy);
		pthread_mutex_unlock(r->lock);
	}
	*ret_copy = copy;
	return 0;
}

void prometheus_rows_copy_fini(struct prometheus_copy *copy)
{
	free(copy->labels);
	free(copy->numbers);
	free(copy->values);
	*copy = (struct prometheus_copy){0};
}
