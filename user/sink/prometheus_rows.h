/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The series of one family: labels, and what they counted. One thread adds and counts, another
 * copies; the lock is held only to add one row's numbers, or to copy a few rows.
 */
#ifndef TICKSCOPE_SINK_PROMETHEUS_ROWS_H
#define TICKSCOPE_SINK_PROMETHEUS_ROWS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prometheus_row {
	char *labels; /* what stands between the braces; "": nothing does */
	double next;  /* of a value: as of this second, and which that is */
	uint64_t next_second;
	double value; /* as the page has it */
	bool is_there;
	uint64_t numbers[];
};

struct prometheus_rows {
	pthread_mutex_t *lock;
	size_t number_cnt; /* of a row; 0: values */
	struct prometheus_row **items;
	size_t cnt;
	size_t room;
	void *tree; /* tsearch(3): by labels */
};

void prometheus_rows_init(struct prometheus_rows *rows, pthread_mutex_t *lock, size_t number_cnt);
void prometheus_rows_fini(struct prometheus_rows *rows);

/* NULL: there is none. */
struct prometheus_row *prometheus_rows_find(const struct prometheus_rows *rows, const char *labels);
/* One that is not there yet. NULL: no memory. */
struct prometheus_row *prometheus_rows_add(struct prometheus_rows *rows, const char *labels);

/* Adds number_cnt numbers. */
void prometheus_rows_count(const struct prometheus_rows *rows, struct prometheus_row *row,
			   const uint64_t *numbers);
/* The page has the values that were set in this second from now on, and no others. */
void prometheus_rows_publish(const struct prometheus_rows *rows, uint64_t second);

struct prometheus_copy {
	size_t cnt;
	const char **labels; /* the rows' own */
	uint64_t *numbers;   /* number_cnt of each */
	double *values;	     /* of rows of values, those that are there */
};
/* -ENOMEM. Each row is as it was at one instant. */
int prometheus_rows_copy(const struct prometheus_rows *rows, struct prometheus_copy *ret_copy);
void prometheus_rows_copy_fini(struct prometheus_copy *copy);

#endif
