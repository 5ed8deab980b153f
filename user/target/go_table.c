/* SPDX-License-Identifier: Apache-2.0 */
/* Parses .gopclntab; where its code lies in a file is found out in go_place.c. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/go_table.h"

/* Magic numbers of Go 1.16, 1.18 and 1.20; each is used until the next. */
#define MAGIC_1_2  0xfffffffbU
#define MAGIC_1_16 0xfffffffaU
#define MAGIC_1_18 0xfffffff0U
#define MAGIC_1_20 0xfffffff1U

#define HEADER_WORDS_AT 8 /* behind magic, padding, instruction and pointer size */
#define FUNCTION_MAX	(4U << 20)

/* Where the fields of a function's record are: they moved with the size of its first one. */
struct layout {
	size_t pointer_bytes; /* of the entries of the table, and of a record's first field */
	size_t name_at;
	size_t pcfile_at;
	size_t pcln_at;
	size_t cu_at;
	size_t start_line_at; /* 0: there is none */
	size_t record_bytes;
};

static const struct layout layout_1_16 = {8, 8, 24, 28, 36, 0, 44};
static const struct layout layout_1_18 = {4, 4, 20, 24, 32, 0, 40};
static const struct layout layout_1_20 = {4, 4, 20, 24, 32, 36, 44};

/* A part of the section. */
struct part {
	const uint8_t *bytes;
	size_t cnt;
};

struct go_table {
	const struct layout *layout;
	size_t function_cnt;
	uint64_t text_start; /* 0 in tables with absolute addresses */
	uint64_t header_text_start;
	struct part names;
	struct part units;
	struct part files;
	struct part values; /* runs of (value, pc) differences */
	struct part records;
};

static uint64_t load(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

/* Reads a number of a part; false where it does not reach that far. */
static bool read_at(const struct part *part, uint64_t at, size_t bytes, uint64_t *ret_value)
{
	if (at > part->cnt || bytes > part->cnt - at)
		return false;
	*ret_value = load(part->bytes + at, bytes);
	return true;
}

/* The text at an offset; "" where it does not end in its part. */
static const char *text_at(const struct part *part, uint64_t at)
{
	if (at >= part->cnt || !memchr(part->bytes + at, '\0', part->cnt - at))
		return "";
	return (const char *)part->bytes + at;
}

/* The part of the section that a header word gives the offset of. */
static bool set_part(const struct part *section, size_t word, struct part *part)
{
	uint64_t at;

	if (!read_at(section, HEADER_WORDS_AT + 8 * word, 8, &at) || at >= section->cnt)
		return false;
	part->bytes = section->bytes + at;
	part->cnt = section->cnt - at;
	return true;
}

static int damaged(struct fault *why)
{
	return fault_set(why, -EBADMSG, "its table of Go functions (.gopclntab) is damaged");
}

static int choose_layout(uint64_t magic, struct go_table *table, struct fault *why)
{
	switch (magic) {
	case MAGIC_1_20:
		table->layout = &layout_1_20;
		return 0;
	case MAGIC_1_18:
		table->layout = &layout_1_18;
		return 0;
	case MAGIC_1_16:
		table->layout = &layout_1_16;
		return 0;
	case MAGIC_1_2:
		return fault_set(
			why, -ENOTSUP,
			"it was made by a Go older than 1.17, which passes values on the stack");
	default:
		return fault_set(why, -ENOTSUP,
				 "its table of Go functions has a format that is not known "
				 "(0x%08llx)",
				 (unsigned long long)magic);
	}
}

static int parse(const struct part *section, struct go_table *table, struct fault *why)
{
	uint64_t magic, pad, instruction, pointer, function_cnt;
	size_t word;
	int err;

	if (!read_at(section, 0, 4, &magic) || !read_at(section, 4, 2, &pad) ||
	    !read_at(section, 6, 1, &instruction) || !read_at(section, 7, 1, &pointer) ||
	    !read_at(section, HEADER_WORDS_AT, 8, &function_cnt))
		return damaged(why);
	err = choose_layout(magic, table, why);
	if (err)
		return err;
	if (pad || instruction != 1 || pointer != 8 || function_cnt > FUNCTION_MAX)
		return damaged(why);
	assert(table->layout); /* since choose_layout */
	table->function_cnt = function_cnt;
	/* Words: functions, files, from 1.18 the start of the code, then five offsets. */
	word = 2;
	if (table->layout != &layout_1_16 &&
	    !read_at(section, HEADER_WORDS_AT + 8 * word++, 8, &table->header_text_start))
		return damaged(why);
	if (!set_part(section, word, &table->names) ||
	    !set_part(section, word + 1, &table->units) ||
	    !set_part(section, word + 2, &table->files) ||
	    !set_part(section, word + 3, &table->values) ||
	    !set_part(section, word + 4, &table->records))
		return damaged(why);
	if (table->units.bytes > table->names.bytes) /* as linkers put them */
		table->names.cnt = (size_t)(table->units.bytes - table->names.bytes);
	if ((2 * function_cnt + 1) * table->layout->pointer_bytes > table->records.cnt)
		return damaged(why);
	return 0;
}

int go_table_parse(const uint8_t *bytes, size_t size_bytes, struct go_table **ret_table,
		   struct fault *why)
{
	struct part section = {bytes, size_bytes};
	struct go_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return fault_set(why, -ENOMEM, "out of memory");
	err = parse(&section, table, why);
	if (err)
		free(table);
	else
		*ret_table = table;
	return err;
}

void go_table_free(struct go_table *table)
{
	free(table);
}

size_t go_table_cnt(const struct go_table *table)
{
	return table->function_cnt;
}

bool go_table_has_addresses(const struct go_table *table)
{
	return table->layout == &layout_1_16;
}

uint64_t go_table_header_start(const struct go_table *table)
{
	return table->header_text_start;
}

void go_table_move(struct go_table *table, uint64_t text_start)
{
	table->text_start = text_start;
}

uint64_t go_table_address(const struct go_table *table, size_t idx)
{
	size_t bytes = table->layout->pointer_bytes;

	return load(table->records.bytes + 2 * idx * bytes, bytes) + table->text_start;
}

/*
 * The first value of a run: files and lines are stored as differences of value and pc, as zigzag
 * varints, starting from -1. A function's first instruction has its first value.
 */
static bool first_value(const struct go_table *table, uint64_t at, int64_t *ret_value)
{
	uint64_t raw = 0, byte;

	for (unsigned int shift = 0; shift < 35; shift += 7, at++) {
		if (!read_at(&table->values, at, 1, &byte))
			return false;
		raw |= (byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_value = (int64_t)(raw >> 1 ^ -(raw & 1)) - 1;
			return true;
		}
	}
	return false;
}

static void fill_source(const struct go_table *table, uint64_t record, struct go_function *f)
{
	const struct layout *l = table->layout;
	uint64_t pcfile, pcln, unit, start_line = 0, file_at;
	int64_t file_idx, line;

	f->file = "";
	f->line = 0;
	if (!read_at(&table->records, record + l->pcfile_at, 4, &pcfile) ||
	    !read_at(&table->records, record + l->pcln_at, 4, &pcln) ||
	    !read_at(&table->records, record + l->cu_at, 4, &unit) || !pcfile ||
	    !first_value(table, pcfile, &file_idx) || file_idx < 0 ||
	    !read_at(&table->units, 4 * (unit + (uint64_t)file_idx), 4, &file_at))
		return;
	f->file = text_at(&table->files, file_at);
	if (l->start_line_at)
		read_at(&table->records, record + l->start_line_at, 4, &start_line);
	if (start_line && start_line <= INT32_MAX)
		f->line = (unsigned int)start_line;
	else if (first_value(table, pcln, &line) && line > 0 && line <= INT32_MAX)
		f->line = (unsigned int)line;
}

static bool has_end(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool go_table_function(const struct go_table *table, size_t idx, struct go_function *ret_function)
{
	size_t bytes = table->layout->pointer_bytes;
	struct go_function *f = ret_function;
	uint64_t record, name, end;

	if (idx >= table->function_cnt)
		return false;
	f->address = go_table_address(table, idx);
	end = go_table_address(table, idx + 1);
	record = load(table->records.bytes + (2 * idx + 1) * bytes, bytes);
	if (end <= f->address ||
	    !read_at(&table->records, record + table->layout->name_at, 4, &name))
		return false;
	f->size_bytes = end - f->address;
	f->name = text_at(&table->names, name);
	fill_source(table, record, f);
	f->is_assembler = has_end(f->file, ".s");
	f->is_wrapper = strcmp(f->file, "<autogenerated>") == 0;
	return f->name[0];
}

/* Number of the function that contains the address; the table is sorted. */
static size_t idx_of(const struct go_table *table, uint64_t address)
{
	size_t low = 0, high = table->function_cnt;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (go_table_address(table, middle) <= address)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool go_table_covers(const struct go_table *table, uint64_t address)
{
	return table->function_cnt && address >= go_table_address(table, 0) &&
	       address < go_table_address(table, table->function_cnt);
}

bool go_table_find(const struct go_table *table, uint64_t address, struct go_function *ret_function)
{
	return go_table_covers(table, address) &&
	       go_table_function(table, idx_of(table, address), ret_function) &&
	       ret_function->address == address;
}

bool go_table_has_name(const struct go_table *table, const char *name)
{
	size_t bytes = strlen(name) + 1;
	const uint8_t *at = table->names.bytes, *end = at + table->names.cnt;

	/* Names follow each other, each with a zero behind; the first is empty. */
	while ((at = memmem(at, (size_t)(end - at), name, bytes))) {
		if (at > table->names.bytes && at[-1] == '\0')
			return true;
		at++;
	}
	return false;
}
