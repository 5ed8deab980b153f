/* SPDX-License-Identifier: Apache-2.0 */
/* Packed windows out of a history file. The checksum is made right, else nothing behind it is
 * reached. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "measure/packed.h"

static size_t seal(uint8_t *bytes, size_t cnt)
{
	uint32_t sum = 2166136261U;

	for (size_t i = 0; i < cnt; i++)
		sum = (sum ^ bytes[i]) * 16777619U;
	for (int i = 0; i < 4; i++)
		bytes[cnt++] = (uint8_t)(sum >> 8 * i);
	return cnt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct window *first = calloc(1, sizeof(*first)), *second = calloc(1, sizeof(*second));
	uint8_t *bytes = malloc(size_bytes + 4), *again = malloc(PACKED_MAX_BYTES);
	int cnt;

	window_init(first);
	window_init(second);
	memcpy(bytes, data, size_bytes);
	packed_merge(first, bytes, size_bytes);
	window_clear(first);
	if (packed_merge(first, bytes, seal(bytes, size_bytes)) == 0) {
		/* Whatever it says, written and read it says the same. */
		cnt = packed_write(first, again, PACKED_MAX_BYTES);
		if (cnt < 0 || packed_merge(second, again, (size_t)cnt) ||
		    memcmp(first, second, sizeof(*first)) != 0)
			abort();
	}
	free(again);
	free(bytes);
	free(second);
	free(first);
	return 0;
}
