/* SPDX-License-Identifier: Apache-2.0 */
/* The store as its two sides see it, and the side that writes. */
#ifndef TICKSCOPE_STORE_WORKER_H
#define TICKSCOPE_STORE_WORKER_H

#include <pthread.h>

#include "measure/packed.h"
#include "store/handover.h"
#include "store/store.h"
#include "store/writer.h"

struct store {
	struct store_options options; /* with strings of its own */
	struct handover *handover;
	int lock_fd;
	pthread_t thread;
	struct writer *writer; /* the thread's, once it runs */
	pthread_mutex_t lock;  /* of the state */
	struct store_state state;
	uint8_t packed[PACKED_MAX_BYTES];
};

/* Opens the file, before the thread runs; one that is damaged is set aside. */
int worker_open(struct store *s, struct fault *why);
/* The thread: ends when it is told to stop and nothing waits, or nothing can be written. */
void *worker_run(void *store);

/* Both sides: an item that is given up. */
void worker_count_dropped(struct store *s, const struct handover_item *item);

#endif
