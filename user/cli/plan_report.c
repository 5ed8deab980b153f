/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and objects of functions, for all commands that list them. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/plan_report.h"

#define NAME_COLUMNS 60
#define CUT_BYTES    1024

static const char *cost_name(enum site_cost cost)
{
	switch (cost) {
	case SITE_COST_NOP5:
		return "nop5";
	case SITE_COST_EMULATED:
		return "cheap";
	case SITE_COST_STEPPED:
		return "stepped";
	default:
		return "unknown";
	}
}

static const char *exit_name(enum exit_mode mode)
{
	switch (mode) {
	case EXIT_SITES:
		return "exit sites";
	case EXIT_HIJACK:
		return "hijack";
	default:
		return "refused";
	}
}

#define SOURCE_BYTES 64

/* "book.cc:42", or "-". */
static const char *source_text(const struct operation_plan *o, char text[static SOURCE_BYTES])
{
	const char *slash = o->source_file ? strrchr(o->source_file, '/') : NULL;

	if (!o->source_file)
		return "-";
	snprintf(text, SOURCE_BYTES, "%.48s:%u", slash ? slash + 1 : o->source_file,
		 o->source_line);
	return text;
}

void plan_report_row(const struct operation_plan *o)
{
	const struct function_plan *f = &o->copies[0];
	size_t covered_cnt = f->exit_mode == EXIT_REFUSED ? 0 : o->copy_cnt;
	char cut[CUT_BYTES], copies[48], entry[64] = "-", source[SOURCE_BYTES];

	text_cut(o->full_name, NAME_COLUMNS, cut, sizeof(cut));
	if (o->uncovered_copies)
		snprintf(copies, sizeof(copies), "%zu+%zu", covered_cnt, o->uncovered_copies);
	else
		snprintf(copies, sizeof(copies), "%zu", covered_cnt);
	if (f->exit_mode != EXIT_REFUSED)
		snprintf(entry, sizeof(entry), "+%u %s, %s", f->entry_delta, f->entry_insn,
			 cost_name(f->entry_cost));
	printf("%s%*s %-18s %7s  %-18s %-20s %s", cut, (int)(NAME_COLUMNS - text_columns(cut)), "",
	       o->file, copies, entry, source_text(o, source), exit_name(f->exit_mode));
	if (f->exit_mode == EXIT_SITES)
		printf(" (%zu)", f->exit_cnt);
	printf(": %s\n", f->reason);
	if (o->also)
		printf("  also %s: one code for all of them\n", o->also);
}

void plan_report_header(void)
{
	printf("%-*s %-18s %7s  %-18s %-20s %s\n", NAME_COLUMNS, "FUNCTION", "FILE", "COPIES",
	       "ENTRY", "SOURCE", "RETURN");
}

static json_t *exits_json(const struct function_plan *f)
{
	json_t *exits = json_array();

	for (size_t i = 0; i < f->exit_cnt; i++)
		json_array_append_new(exits, json_pack("{s:I, s:s, s:b}", "address",
						       (json_int_t)f->exits[i].address,
						       "instruction", f->exits[i].insn, "tail_jump",
						       f->exits[i].is_tail));
	return exits;
}

static json_t *copy_json(const struct function_plan *f)
{
	if (f->exit_mode == EXIT_REFUSED)
		return json_pack("{s:s, s:I, s:I, s:s, s:s}", "symbol", f->raw_name, "address",
				 (json_int_t)f->address, "size_bytes", (json_int_t)f->size_bytes,
				 "exit", exit_name(f->exit_mode), "reason", f->reason);
	return json_pack("{s:s, s:I, s:I, s:i, s:s, s:s, s:s, s:o, s:b, s:s}", "symbol",
			 f->raw_name, "address", (json_int_t)f->address, "size_bytes",
			 (json_int_t)f->size_bytes, "entry_offset", (int)f->entry_delta,
			 "entry_instruction", f->entry_insn, "entry_cost", cost_name(f->entry_cost),
			 "exit", exit_name(f->exit_mode), "exit_sites", exits_json(f), "forced",
			 f->is_forced, "reason", f->reason);
}

json_t *plan_report_json(const struct operation_plan *o)
{
	json_t *copies = json_array();

	for (size_t i = 0; i < o->copy_cnt; i++)
		json_array_append_new(copies, copy_json(&o->copies[i]));
	return json_pack("{s:s, s:s, s:s, s:s?, s:I, s:s?, s:I, s:o}", "name", o->name, "full_name",
			 o->full_name, "file", o->file, "also", o->also, "uncovered_copies",
			 (json_int_t)o->uncovered_copies, "source_file", o->source_file,
			 "source_line", (json_int_t)o->source_line, "copies", copies);
}
