/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of an agent, one line after the other: those that start with 's' to "status". */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top_read.h"

/* What is shown must not steer a terminal. */
static void check_text(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct top_model *m = top_model_new();
	char *copy = malloc(size_bytes + 1);
	struct fault why = {{0}};
	size_t at = 0;

	memcpy(copy, data, size_bytes);
	copy[size_bytes] = '\n';
	while (at < size_bytes) {
		size_t bytes = (size_t)((char *)memchr(copy + at, '\n', size_bytes + 1 - at) -
					(copy + at));

		if (copy[at] == 's')
			top_read_status(m, copy + at + 1, bytes - 1, &why);
		else
			top_read_windows(m, copy + at, bytes, &why);
		check_text(why.text);
		top_model_update(m, 10000000000);
		at += bytes + 1;
	}
	check_text(m->agent.host);
	check_text(m->agent.trouble);
	for (size_t i = 0; i < m->series_cnt; i++)
		check_text(m->series[i]->name);
	top_model_free(m);
	free(copy);
	return 0;
}
