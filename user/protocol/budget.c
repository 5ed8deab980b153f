/* SPDX-License-Identifier: Apache-2.0 */
/* Counted memory. */
#include <stdlib.h>
#include <string.h>

#include "protocol/budget.h"

void *budget_alloc(struct budget *budget, size_t bytes)
{
	void *memory;

	if (bytes > budget->limit_bytes - budget->used_bytes)
		return NULL;
	memory = calloc(1, bytes);
	if (memory)
		budget->used_bytes += bytes;
	return memory;
}

void *budget_grow(struct budget *budget, void *memory, size_t old_bytes, size_t new_bytes)
{
	void *grown = budget_alloc(budget, new_bytes);

	if (!grown)
		return NULL;
	if (memory)
		memcpy(grown, memory, old_bytes);
	budget_free(budget, memory, old_bytes);
	return grown;
}

void budget_free(struct budget *budget, void *memory, size_t bytes)
{
	if (!memory)
		return;
	free(memory);
	budget->used_bytes -= bytes;
}
