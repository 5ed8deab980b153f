/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of QuestDB's line protocol (ILP), versions 1 (text) and 2 (binary doubles and arrays), into
 * one growing buffer. Pure. Calls of one row: begin, symbols, columns, end, in this order. A symbol
 * or text is foreign bytes: it is escaped, and made UTF-8. Table and column names are ours.
 * Format: QuestDB's documentation, "InfluxDB Line Protocol"; version 2 came with server 9.0.
 */
#ifndef TICKSCOPE_SINK_ILP_H
#define TICKSCOPE_SINK_ILP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ilp {
	char *bytes;
	size_t used;
	size_t room;
	size_t max_bytes;   /* the buffer does not grow beyond */
	size_t row_at;	    /* where the row that is being written begins */
	uint32_t *row_ends; /* of each complete row: bytes of a binary row may be line ends */
	size_t row_cnt;
	size_t row_room;
	int version; /* 1, 2 */
	bool has_column;
	int problem; /* -errno of the row that is being written; 0: none */
};

/* version: 1 or 2. Nothing is allocated before the first row. */
void ilp_init(struct ilp *ilp, int version, size_t max_bytes);
void ilp_fini(struct ilp *ilp);
void ilp_clear(struct ilp *ilp);

void ilp_begin(struct ilp *ilp, const char *table);
/* An empty value is none. */
void ilp_symbol(struct ilp *ilp, const char *column, const char *value);
/* INT64_MIN is the server's NULL: none. */
void ilp_long(struct ilp *ilp, const char *column, int64_t value);
void ilp_bool(struct ilp *ilp, const char *column, bool value);
/* What is not finite is none. */
void ilp_double(struct ilp *ilp, const char *column, double value);
/* An empty value is none. */
void ilp_text(struct ilp *ilp, const char *column, const char *value);
/* Nanoseconds since 1970 into a column of type TIMESTAMP (microseconds); 0 is none. */
void ilp_time(struct ilp *ilp, const char *column, uint64_t wall_ns);
/* One-dimensional DOUBLE[]; version 1 has none: -EPROTO at ilp_end. */
void ilp_array(struct ilp *ilp, const char *column, const double *values, size_t cnt);
/* Nanoseconds since 1970 are the designated timestamp. 0; -ENOSPC: the row does not fit and is
 * taken back; -ENOMEM likewise; -EPROTO likewise; -EINVAL likewise: it has
 * no column, or a time after 2262. */
int ilp_end(struct ilp *ilp, uint64_t wall_ns);

/* Row idx as it will be sent: its bytes, without a 0. */
const char *ilp_row(const struct ilp *ilp, size_t row_idx, size_t *ret_bytes);
/* Keeps the first so many rows. */
void ilp_cut(struct ilp *ilp, size_t row_cnt);
/* Takes row idx out, after the server refused it. */
void ilp_remove(struct ilp *ilp, size_t row_idx);

#endif
