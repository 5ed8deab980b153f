/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that clients of the agent's socket send. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	/* A copy of its exact size: reading beyond it is seen. */
	char *line = malloc(size_bytes ? size_bytes : 1);
	const char *name = NULL;
	struct fault why = {""};
	json_t *o = NULL;

	memcpy(line, data, size_bytes);
	if (request_parse(line, size_bytes, &o, &name, &why) == 0) {
		if (!name || strcmp(json_string_value(json_object_get(o, "do")), name) != 0)
			abort();
	} else if (o || name || !*why.text || memchr(why.text, '\x1b', strlen(why.text))) {
		abort();
	}
	json_decref(o);
	free(line);
	return 0;
}
