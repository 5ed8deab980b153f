/* SPDX-License-Identifier: Apache-2.0 */
/* Ids in messages. */
#include <tickscope/abi_chain.h>

#include "protocol/message_id.h"

uint64_t message_id_hash(const char *text, size_t bytes)
{
	uint64_t hash = TS_HASH_SEED;

	for (size_t i = 0; i < bytes && i < TS_KEY_TEXT_BYTES; i++)
		hash = (hash ^ (uint8_t)text[i]) * TS_HASH_PRIME;
	return hash;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool message_id_number(const char *text, size_t bytes, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t first = bytes;

	while (first > 0 && is_digit(text[first - 1]))
		first--;
	if (first == bytes)
		return false;
	for (size_t i = first; i < bytes; i++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return false;
	}
	*ret_number = number;
	return true;
}

void message_id_set(struct protocol_id *id, const char *text, size_t bytes)
{
	*id = (struct protocol_id){.is_there = true, .hash = message_id_hash(text, bytes)};
	id->has_number = message_id_number(text, bytes, &id->number);
}
