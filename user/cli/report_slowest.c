/* SPDX-License-Identifier: Apache-2.0 */
/* When, how long, on which thread and CPU, where the time went, and who had called. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "base/wall_time.h"
#include "cli/report_slowest.h"
#include "daemon/daemon.h"
#include "probe/sched.h"

#define ADDRESS_BYTES 24 /* "0x", 16 digits */

static const char *frame_text(const struct slow_call *call, size_t idx, char text[ADDRESS_BYTES])
{
	if (call->names[idx])
		return call->names[idx];
	snprintf(text, ADDRESS_BYTES, "0x%" PRIx64, (uint64_t)call->event.frames[idx]);
	return text;
}

static uint64_t wall_ns_of(const struct report *report, const struct slow_call *call)
{
	return report->slowest_wall_ns + (call->event.end_ns - report->slowest_mono_ns);
}

static json_t *stack_json(const struct slow_call *call)
{
	char text[ADDRESS_BYTES];
	json_t *a = json_array();

	for (size_t i = 0; i < call->event.frame_cnt; i++)
		json_array_append_new(a, json_string(frame_text(call, i, text)));
	return a;
}

static json_t *segments_json(const struct report_operation *op, const struct slow_call *call)
{
	json_t *a = json_array();

	for (size_t i = 1; op->chain && i < call->event.stage_cnt && i < op->chain->stage_cnt;
	     i++) {
		json_t *o = json_object();
		uint64_t ns = call->event.times_ns[i] - call->event.times_ns[i - 1];

		json_object_set_new(o, "from", json_string(op->chain->stages[i - 1].text));
		json_object_set_new(o, "to", json_string(op->chain->stages[i].text));
		json_object_set_new(o, "duration_ns", json_integer((json_int_t)ns));
		json_array_append_new(a, o);
	}
	return a;
}

/* Empty without a breakdown. */
static json_t *shares_json(const struct slow_call *call)
{
	json_t *o = json_object();

	for (int i = 0; call->event.has_sums && i < TS_STATE_CNT; i++)
		json_object_set_new(o, sched_state_name(i),
				    json_integer((json_int_t)call->event.sums.ns[i]));
	return o;
}

static json_t *call_json(const struct report *report, const struct report_operation *op,
			 const struct slow_call *call)
{
	char at[WALL_TIME_TEXT_BYTES];
	json_t *o = json_object(), *labels = json_object();

	for (size_t i = 0; i < op->label_cnt; i++)
		json_object_set_new(labels, op->labels[i].name, json_string(op->labels[i].value));
	json_object_set_new(o, "operation", json_string(op->name));
	json_object_set_new(o, "labels", labels);
	json_object_set_new(o, "at", json_string(wall_time_text(wall_ns_of(report, call), at)));
	json_object_set_new(o, "duration_ns", json_integer((json_int_t)call->event.duration_ns));
	json_object_set_new(o, "pid", json_integer(call->event.tgid));
	json_object_set_new(o, "tid",
			    call->event.tid ? json_integer(call->event.tid) : json_null());
	json_object_set_new(o, "cpu",
			    call->event.cpu == TS_SLOW_CPU_UNKNOWN ? json_null()
								   : json_integer(call->event.cpu));
	json_object_set_new(o, "segments", segments_json(op, call));
	json_object_set_new(o, "shares", shares_json(call));
	json_object_set_new(o, "stack", stack_json(call));
	return o;
}

/* The i-th slowest. */
static const struct slow_call *slowest_at(const struct slow_list *list, size_t i)
{
	return &list->calls[list->order.places[i]];
}

json_t *report_slowest_json(const struct report *report)
{
	json_t *a = json_array();
	bool is_whole = a;

	for (size_t i = 0; i < report->operation_cnt; i++) {
		const struct report_operation *op = &report->operations[i];

		for (size_t j = 0; op->slowest && j < op->slowest->order.cnt; j++)
			is_whole &= !json_array_append_new(
				a, call_json(report, op, slowest_at(op->slowest, j)));
	}
	if (is_whole)
		return a;
	json_decref(a);
	return NULL;
}

#define INDENT_COLUMNS 12 /* below the duration */
#define STACK_LINE_MAX 4  /* of one stack; JSON has all of it */
#define PART_BYTES     512

/* Parts of a list, on lines that fit. */
struct wrapped {
	FILE *out;
	size_t columns;
	size_t used;
	size_t line_cnt;
};

/* False: there is no room for it, nor for what comes behind it. */
static bool wrapped_add(struct wrapped *w, const char *separator, const char *text)
{
	char part[PART_BYTES];
	size_t separator_columns = strlen(separator), room = w->columns - INDENT_COLUMNS;

	text_cut(text, room > separator_columns ? room - separator_columns : room, part,
		 sizeof(part));
	if (w->used && w->used + separator_columns + text_columns(part) > w->columns) {
		if (w->line_cnt == STACK_LINE_MAX) {
			fputs(" …", w->out);
			return false;
		}
		fputc('\n', w->out);
		w->used = 0;
	}
	if (!w->used) {
		fprintf(w->out, "%*s", INDENT_COLUMNS, "");
		w->used = INDENT_COLUMNS;
		w->line_cnt++;
		if (w->line_cnt == 1)
			separator = "";
	}
	fprintf(w->out, "%s%s", separator, part);
	w->used += strlen(separator) + text_columns(part);
	return true;
}

static struct wrapped wrapped_init(const struct report_style *style, FILE *out)
{
	size_t least = INDENT_COLUMNS * 3, columns = style->columns > 2 ? style->columns - 2 : 0;

	return (struct wrapped){.out = out, .columns = columns > least ? columns : least};
}

static void write_segments(const struct report_operation *op, const struct slow_call *call,
			   const struct report_style *style, FILE *out)
{
	struct wrapped w = wrapped_init(style, out);
	bool fits = true;

	for (size_t i = 1;
	     op->chain && fits && i < call->event.stage_cnt && i < op->chain->stage_cnt; i++) {
		char part[PART_BYTES], took[UNITS_TEXT_BYTES];

		snprintf(
			part, sizeof(part), "%s to %s",
			units_duration(call->event.times_ns[i] - call->event.times_ns[i - 1], took),
			op->chain->stages[i].text);
		text_clean(part);
		fits = wrapped_add(&w, ", ", part);
	}
	if (w.line_cnt)
		fputc('\n', out);
}

static void write_shares(const struct slow_call *call, const struct report_style *style, FILE *out)
{
	struct wrapped w = wrapped_init(style, out);
	bool fits = true;

	for (int i = 0; call->event.has_sums && fits && i < TS_STATE_CNT; i++) {
		char part[PART_BYTES], took[UNITS_TEXT_BYTES];

		if (!call->event.sums.ns[i])
			continue;
		snprintf(part, sizeof(part), "%s %s", sched_state_name(i),
			 units_duration(call->event.sums.ns[i], took));
		fits = wrapped_add(&w, ", ", part);
	}
	if (w.line_cnt)
		fputc('\n', out);
}

static void write_stack(const struct slow_call *call, const struct report_style *style, FILE *out)
{
	struct wrapped w = wrapped_init(style, out);
	char text[ADDRESS_BYTES];
	bool fits = true;

	for (size_t i = 0; fits && i < call->event.frame_cnt; i++)
		fits = wrapped_add(&w, " < ", frame_text(call, i, text));
	if (w.line_cnt)
		fputc('\n', out);
}

static bool is_same_stack(const struct slow_call *a, const struct slow_call *b)
{
	return a->event.tgid == b->event.tgid && a->event.frame_cnt == b->event.frame_cnt &&
	       memcmp(a->event.frames, b->event.frames,
		      a->event.frame_cnt * sizeof(a->event.frames[0])) == 0;
}

#define TIME_OF_DAY_AT	  11 /* in "2026-01-01T00:00:00.000000000Z" */
#define TIME_OF_DAY_BYTES 15 /* microseconds */

static void write_call(const struct report *report, const struct report_operation *op,
		       const struct slow_call *call, const struct report_style *style, FILE *out)
{
	struct wrapped w = wrapped_init(style, out);
	char took[UNITS_TEXT_BYTES], at[WALL_TIME_TEXT_BYTES], part[PART_BYTES];

	fprintf(out, "  %8s  ", units_duration(call->event.duration_ns, took));
	w.used = INDENT_COLUMNS;
	w.line_cnt = 1;
	wall_time_text(wall_ns_of(report, call), at);
	snprintf(part, sizeof(part), "until %.*s UTC", TIME_OF_DAY_BYTES, at + TIME_OF_DAY_AT);
	wrapped_add(&w, "", part);
	snprintf(part, sizeof(part), "thread %" PRIu32 " of ", call->event.tid);
	snprintf(part + (call->event.tid ? strlen(part) : 0), sizeof(part) / 2, "process %" PRIu32,
		 call->event.tgid);
	wrapped_add(&w, ", ", part);
	snprintf(part, sizeof(part), "CPU %" PRIu32, call->event.cpu);
	if (call->event.cpu != TS_SLOW_CPU_UNKNOWN)
		wrapped_add(&w, ", ", part);
	fputc('\n', out);
	write_segments(op, call, style, out);
	write_shares(call, style, out);
}

static void write_cut(const char *text, const struct report_style *style, FILE *out)
{
	char cut[PART_BYTES];

	text_cut(text, wrapped_init(style, out).columns, cut, sizeof(cut));
	fprintf(out, "%s\n", cut);
}

static void write_operation(const struct report *report, const struct report_operation *op,
			    const struct report_style *style, FILE *out)
{
	const struct slow_list *list = op->slowest;
	char name[PART_BYTES];

	snprintf(name, sizeof(name), "The slowest of %s", op->name);
	text_clean(name);
	fputc('\n', out);
	write_cut(name, style, out);
	for (size_t i = 0; i < list->order.cnt; i++) {
		const struct slow_call *call = slowest_at(list, i);

		write_call(report, op, call, style, out);
		if (!i || !is_same_stack(call, slowest_at(list, i - 1)))
			write_stack(call, style, out);
		else if (call->event.frame_cnt)
			fprintf(out, "%*sfrom the same place\n", INDENT_COLUMNS, "");
	}
}

void report_slowest_write(const struct report *report, const struct report_style *style, FILE *out)
{
	char dropped[UNITS_TEXT_BYTES], text[PART_BYTES];

	for (size_t i = 0; i < report->operation_cnt; i++) {
		const struct report_operation *op = &report->operations[i];

		if (op->slowest && op->slowest->order.cnt)
			write_operation(report, op, style, out);
	}
	if (!report->slowest_dropped)
		return;
	units_count(report->slowest_dropped, dropped);
	snprintf(text, sizeof(text), "%s slow calls could not be told: some slowest may be missing",
		 dropped);
	fputc('\n', out);
	write_cut(text, style, out);
}
