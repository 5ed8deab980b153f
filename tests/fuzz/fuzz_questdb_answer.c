/* SPDX-License-Identifier: Apache-2.0 */
/* What a server that says it is QuestDB answers: statuses, reasons, rows, cells. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sink/questdb_answer.h"

#define CELL_CNT 3

static void check_reason(const struct fault *why)
{
	if (!*why->text || memchr(why->text, '\x1b', strlen(why->text)))
		abort();
}

static void check_row(const json_t *row)
{
	for (size_t i = 0; i <= CELL_CNT; i++) {
		const char *text = NULL;
		uint64_t count = 0;
		double number = 0;
		bool is_null = false;

		if (questdb_answer_text(row, i, &text) && (!text || i == CELL_CNT))
			abort();
		if (questdb_answer_count(row, i, &count, &is_null) &&
		    (is_null ? count : count >> 63))
			abort();
		if (questdb_answer_double(row, i, &number) && !isfinite(number))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static const long statuses[] = {200, 400, 401, 404, 500};
	long status = size_bytes ? statuses[data[0] % 5] : 204;
	size_t body_bytes = size_bytes ? size_bytes - 1 : 0;
	char *body = size_bytes ? malloc(size_bytes) : NULL;
	json_t *answer = NULL, *rows = NULL, *row;
	struct fault why = {""};
	int version = 0;
	size_t i;

	if (body) {
		memcpy(body, data + 1, body_bytes);
		body[body_bytes] = '\0';
	}
	if (questdb_answer_parse(status, body, body_bytes, &answer, &why) == 0) {
		if (questdb_answer_rows(answer, CELL_CNT, &rows, &why) == 0) {
			json_array_foreach(rows, i, row) check_row(row);
		} else {
			check_reason(&why);
		}
	} else {
		check_reason(&why);
	}
	json_decref(answer);
	why.text[0] = '\0';
	if (questdb_answer_ilp_version(status, body, body_bytes, &version, &why) == 0) {
		if (version != 1 && version != 2)
			abort();
	} else {
		check_reason(&why);
	}
	free(body);
	return 0;
}
