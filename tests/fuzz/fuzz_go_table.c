/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of Go functions. The seeds are of Go 1.17 to 1.27, cut down to a dozen functions: whole
 * ones have 300 KB. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target/go_table.h"

#define FUNCTION_CNT 4096 /* a table can claim that 4 million fit into 32 MB */

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Whatever is found lies where it was said to be. */
static void read_function(const struct go_table *table, size_t idx)
{
	struct go_function f, found;
	size_t length;

	if (!go_table_function(table, idx, &f))
		return;
	length = strlen(f.name) + strlen(f.file);
	check(length && f.size_bytes && f.address == go_table_address(table, idx));
	go_table_covers(table, f.address);
	if (go_table_find(table, f.address, &found))
		check(found.address == f.address);
	check(!go_table_find(table, f.address + 1, &found) || found.address == f.address + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct go_table *table = NULL;
	struct go_function f;
	struct fault why = {""};

	if (go_table_parse(data, size_bytes, &table, &why)) {
		check(!table && why.text[0]);
		return 0;
	}
	go_table_move(table, go_table_has_addresses(table) ? 0 : go_table_header_start(table));
	for (size_t i = 0; i < go_table_cnt(table) && i < FUNCTION_CNT; i++)
		read_function(table, i);
	check(!go_table_function(table, go_table_cnt(table), &f));
	go_table_address(table, go_table_cnt(table));
	go_table_find(table, 0, &f);
	go_table_find(table, UINT64_MAX, &f);
	go_table_has_name(table, "main.price");
	go_table_has_name(table, "");
	go_table_free(table);
	return 0;
}
