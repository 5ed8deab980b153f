/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of functions that every Go program carries, also when it is stripped (.gopclntab): its
 * runtime needs it for stack traces. Read as the runtime does (runtime/symtab.go, cmd/link
 * pcln.go), for Go 1.17 and later.
 */
#ifndef TICKSCOPE_TARGET_GO_TABLE_H
#define TICKSCOPE_TARGET_GO_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

#include "base/fault.h"

struct go_table;
struct image;

struct go_function {
	uint64_t address;
	uint64_t size_bytes; /* padding included */
	const char *name;
	const char *file; /* source; "" where it is not known */
	unsigned int line;
	bool is_assembler; /* keeps none of the promises that Go code keeps about its registers */
	bool is_wrapper;   /* made by the compiler, calls the function that it is named after */
};

/* Whether a file has code of the Go compiler. */
bool go_table_is_present(Elf *elf);

/*
 * The table in elf, which must outlive it, of the code in an opened image: *ret_table is NULL where
 * the program is not Go. -ENOTSUP: Go, but older than 1.17 or not understood, with the reason;
 * -EBADMSG: damaged; -ENOMEM. runtime_text is the address of the symbol runtime.text where there is
 * one, else 0.
 */
int go_table_open(const struct image *image, Elf *elf, uint64_t runtime_text,
		  struct go_table **ret_table, struct fault *why);
void go_table_free(struct go_table *table);

size_t go_table_cnt(const struct go_table *table);
/* The function with this number, in the order of addresses; false where its entry is damaged. */
bool go_table_function(const struct go_table *table, size_t idx, struct go_function *ret_function);
/* Whether the address is in code of the Go compiler or assembler. */
bool go_table_covers(const struct go_table *table, uint64_t address);
/* The function that begins at this address; false where none does. */
bool go_table_find(const struct go_table *table, uint64_t address,
		   struct go_function *ret_function);

/* Whether the table knows this name at all: functions that exist only inlined have one too. */
bool go_table_has_name(const struct go_table *table, const char *name);

/*
 * The same from bytes alone, which must outlive the table. Addresses are relative to the code's
 * start until it is set by go_table_move, unless the table has absolute ones (1.17).
 */
int go_table_parse(const uint8_t *bytes, size_t size_bytes, struct go_table **ret_table,
		   struct fault *why);
bool go_table_has_addresses(const struct go_table *table);
/* What the header says about the code's start; 0 where it does not. */
uint64_t go_table_header_start(const struct go_table *table);
void go_table_move(struct go_table *table, uint64_t text_start);
/* Address of the function with this number, unchecked; with go_table_cnt: the end of the last. */
uint64_t go_table_address(const struct go_table *table, size_t idx);

#endif
