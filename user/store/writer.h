/* SPDX-License-Identifier: Apache-2.0 */
/* Items that were handed over -> rows, one transaction each. Used by one thread at a time. */
#ifndef TICKSCOPE_STORE_WRITER_H
#define TICKSCOPE_STORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/handover.h"
#include "store/store.h"

/* Kinds of items, and of the records in a batch. */
enum { WRITER_BATCH = 1, WRITER_ALERT, WRITER_EVENT, WRITER_POSITION };
/* Flags of a batch. */
#define WRITER_IS_DIRECT 1
enum { WRITER_WINDOW = 1, WRITER_VALUE };

/* Each record begins so; texts follow, each with its end, then packed_bytes. */
struct writer_record {
	uint32_t kind;
	uint32_t packed_bytes;
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
	struct store_value value;
};
#define WRITER_WINDOW_TEXTS 5 /* target, operation, kind, labels, probe */
#define WRITER_VALUE_TEXTS  5 /* target, operation, kind, labels, name */
#define WRITER_EVENT_TEXTS  3 /* kind, target, text */
/* A position is an int64_t, and the sink's name. */
_Static_assert(WRITER_WINDOW_TEXTS == WRITER_VALUE_TEXTS, "records are read without asking which");

struct writer;

/* The options' strings are used later, too. Errors as of database_open_writer. */
int writer_open(const struct store_options *options, struct writer **ret_writer, struct fault *why);
void writer_close(struct writer *writer);

/* -EBADMSG: the file is damaged. It reads all of it. */
int writer_check(struct writer *writer, struct fault *why);

/*
 * All of the item or nothing is written. -EBADMSG: the file is damaged; -EINVAL: the item cannot be
 * written, ever; else it can be tried again.
 */
int writer_apply(struct writer *writer, const struct handover_item *item, struct fault *why);
/* After a batch: a piece of what is too old is removed. */
int writer_trim(struct writer *writer, uint64_t now_wall_ns, struct fault *why);

/* True where the path no longer leads to the file that is written. */
bool writer_is_moved(struct writer *writer);
/* Windows found damaged since it was opened; bytes of the file. */
uint64_t writer_damaged_cnt(const struct writer *writer);
uint64_t writer_file_bytes(struct writer *writer);

#endif
