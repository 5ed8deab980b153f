/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one connection, counted against a limit: malloc and free that know how much there is.
 */
#ifndef TICKSCOPE_PROTOCOL_BUDGET_H
#define TICKSCOPE_PROTOCOL_BUDGET_H

#include <stddef.h>

struct budget {
	size_t used_bytes;
	size_t limit_bytes;
};

/* Zeroed; NULL: beyond the limit, or out of memory. */
void *budget_alloc(struct budget *budget, size_t bytes);
/*
 * Like realloc, with the new part zeroed. Both must fit for the moment of copying. NULL: as above,
 * and the old memory stays as it was.
 */
void *budget_grow(struct budget *budget, void *memory, size_t old_bytes, size_t new_bytes);
void budget_free(struct budget *budget, void *memory, size_t bytes);

#endif
