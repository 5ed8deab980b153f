/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for FIX. */
#ifndef TICKSCOPE_TESTS_FIX_ROWS_H
#define TICKSCOPE_TESTS_FIX_ROWS_H

#include "conversation.h"
#include "fix_lines.h"

/* A row is a conversation whose lines are written as fix_lines.h says. */
struct row {
	const char *name;
	const char *lines[LINE_CNT];
	const char *told;
	const char *counted;
	const char *version; /* NULL: FIX.4.4 */
	bool is_joined;
};

static void check_rows(const struct row *rows, size_t cnt)
{
	static char messages[LINE_CNT][LINE_BYTES];

	for (size_t i = 0; i < cnt; i++) {
		struct conversation c = {
			.name = rows[i].name,
			.kind = PROTOCOL_FIX,
			.told = rows[i].told,
			.counted = rows[i].counted,
			.is_joined = rows[i].is_joined,
		};

		for (int k = 0; k < LINE_CNT && rows[i].lines[k]; k++)
			c.lines[k] =
				line_of(rows[i].lines[k],
					rows[i].version ? rows[i].version : "FIX.4.4", messages[k]);
		check_conversations(&c, 1);
	}
}

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

#define ORDER(id)    "35=D|34=2|11=" id "|55=EUR/USD|54=1|40=2|38=10|44=1.1|"
#define REPORT(id)   "35=8|34=2|37=X1|11=" id "|17=1|55=EUR/USD|54=1|"
#define NEW(id)	     REPORT(id) "150=0|39=0|151=10|"
#define PARTIAL(id)  REPORT(id) "150=F|39=1|32=4|151=6|"
#define FILLED(id)   REPORT(id) "150=F|39=2|32=6|151=0|"
#define CANCELED(id) REPORT(id) "150=4|39=4|151=0|"

#endif
