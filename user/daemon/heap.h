/* SPDX-License-Identifier: Apache-2.0 */
/* What the C library holds of memory for the loop, beside what is in use. */
#ifndef TICKSCOPE_DAEMON_HEAP_H
#define TICKSCOPE_DAEMON_HEAP_H

#include <stdint.h>

struct heap {
	uint64_t trim_mono_ns; /* when memory was given back last; 0: not yet */
};

/* Before anything large is allocated. */
void heap_prepare(void);
/* Every few seconds; else nothing. */
void heap_give_back(struct heap *heap, uint64_t now_mono_ns);

#endif
