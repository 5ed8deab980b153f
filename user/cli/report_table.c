/* SPDX-License-Identifier: Apache-2.0 */
/* The table for people, and in words what its numbers are worth. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/report.h"
#include "cli/report_shares.h"
#include "config/chain.h"

#define NAME_COLUMNS_MIN 16
#define NAME_BYTES	 1024
#define NUMBER_COLUMNS	 9 /* "1,234,567" fits; longer counts push the row, and are right */

/* The percentiles of the table; p99.99 is in the JSON. */
static const int shown_quantiles[] = {STATS_P50, STATS_P90, STATS_P95, STATS_P99, STATS_P999};
enum { SHOWN_CNT = sizeof(shown_quantiles) / sizeof(shown_quantiles[0]) };

static const struct mark {
	char letter;
	const char *meaning;
} marks[] = {
	{'~', "less than three times the probe's own share: mostly noise"},
	{'!', "samples were lost"},
	{'u',
	 "calls left by an exception, longjmp or the end of their thread; not in the latencies"},
	{'o', "chains that did not complete: overtaken by the next one, or timed out"},
	{'i', "calls still running, chains under way"},
	{'c', "inlined or outlined copies exist that no probe can see"},
	{'n', "other traced functions run inside: their probes are in the time"},
};
enum { MARK_CNT = sizeof(marks) / sizeof(marks[0]) };

/* From stage to stage. */
static bool is_followed(const struct report_operation *op)
{
	return strcmp(op->kind, "chain") == 0 || strcmp(op->kind, "span") == 0;
}

static bool mark_applies(const struct report_operation *op, char letter)
{
	const struct stats_quality *q = &op->stats.quality;

	switch (letter) {
	case '~':
		return q->below_noise;
	case '!':
		return q->lost || q->dropped;
	case 'u':
		return q->unwound && !is_followed(op);
	case 'o':
		return q->unwound && is_followed(op);
	case 'i':
		return q->in_flight > 0;
	case 'c':
		return op->uncovered_copies;
	case 'n':
		return q->nested_hits;
	default:
		return false;
	}
}

static void marks_of(const struct report_operation *op, char text[MARK_CNT + 1])
{
	size_t cnt = 0;

	for (size_t i = 0; i < MARK_CNT; i++) {
		if (mark_applies(op, marks[i].letter))
			text[cnt++] = marks[i].letter;
	}
	text[cnt] = '\0';
}

static size_t write_legend(const struct report *report, FILE *out)
{
	size_t lines = 0;

	for (size_t i = 0; i < MARK_CNT; i++) {
		bool applies = false;

		for (size_t o = 0; o < report->operation_cnt; o++)
			applies |= mark_applies(&report->operations[o], marks[i].letter);
		if (!applies)
			continue;
		fprintf(out, "%c  %s\n", marks[i].letter, marks[i].meaning);
		lines++;
	}
	return lines;
}

static const char *value_or_dash(uint64_t ns, char text[static UNITS_TEXT_BYTES])
{
	return ns == STATS_NULL ? "-" : units_duration(ns, text);
}

#define ROW_NAME_BYTES 512

/* Of a segment its ends, below the operation it is part of; of others the name and the labels. They
 * may come out of a database that others write to. */
static void row_name(const struct report_operation *op, char name[static ROW_NAME_BYTES])
{
	size_t length;

	if (op->is_segment) {
		snprintf(name, ROW_NAME_BYTES, "  %s -> %s", op->labels[0].value,
			 op->labels[1].value);
		text_clean(name);
		return;
	}
	length = (size_t)snprintf(name, ROW_NAME_BYTES, "%s%s", op->name,
				  strcmp(op->kind, "feed") == 0 ? " feed" : "");
	for (size_t i = 0; i < op->label_cnt && length < ROW_NAME_BYTES; i++)
		length += (size_t)snprintf(name + length, ROW_NAME_BYTES - length, " %s",
					   op->labels[i].value);
	text_clean(name);
}

/* Segments of each kind of request would be most of the table: JSON has them. Shares are in a line
 * of their operation. */
static bool is_shown(const struct report_operation *op)
{
	return !(op->is_segment && op->protocol) && !op->is_share;
}

static size_t name_columns(const struct report *report, const struct report_style *style)
{
	size_t numbers =
		(3 + SHOWN_CNT + report->quantile_cnt + 1) * (NUMBER_COLUMNS + 1) + MARK_CNT + 1;
	size_t room = style->columns > numbers + NAME_COLUMNS_MIN ? style->columns - numbers
								  : NAME_COLUMNS_MIN;
	size_t longest = NAME_COLUMNS_MIN;

	for (size_t i = 0; i < report->operation_cnt; i++) {
		char name[ROW_NAME_BYTES];
		size_t columns;

		if (!is_shown(&report->operations[i]))
			continue;
		row_name(&report->operations[i], name);
		columns = text_columns(name);
		longest = columns > longest ? columns : longest;
	}
	return longest < room ? longest : room;
}

static void write_header(const struct report *report, const struct report_style *style,
			 size_t columns, FILE *out)
{
	fprintf(out, "%s%-*s", style->has_colour ? "\033[1m" : "", (int)columns,
		style->is_net ? "OPERATION (net)" : "OPERATION");
	fprintf(out, " %*s %*s %*s", NUMBER_COLUMNS, "COUNT", NUMBER_COLUMNS, "RATE/s",
		NUMBER_COLUMNS, "ERRORS");
	for (int i = 0; i < SHOWN_CNT; i++)
		fprintf(out, " %*s", NUMBER_COLUMNS, stats_quantiles[shown_quantiles[i]].title);
	for (size_t i = 0; i < report->quantile_cnt; i++)
		fprintf(out, " %*s", NUMBER_COLUMNS, report->quantiles[i].title);
	fprintf(out, " %*s%s\n", NUMBER_COLUMNS, "MAX", style->has_colour ? "\033[0m" : "");
}

/* Writes text in `columns`, filled with blanks: printf's width counts bytes. */
static void write_name(const char *name, size_t columns, FILE *out)
{
	char cut[NAME_BYTES];

	text_cut(name, columns, cut, sizeof(cut));
	fprintf(out, "%s%*s", cut, (int)(columns - text_columns(cut)), "");
}

static void write_row(const struct report *report, const struct report_operation *op,
		      const struct report_style *style, size_t columns, FILE *out)
{
	const uint64_t *quantiles =
		style->is_net ? op->stats.quantile_net_ns : op->stats.quantile_ns;
	char text[UNITS_TEXT_BYTES], letters[MARK_CNT + 1], name[ROW_NAME_BYTES];

	row_name(op, name);
	write_name(name, columns, out);
	fprintf(out, " %*s", NUMBER_COLUMNS, units_count(op->stats.count, text));
	fprintf(out, " %*s", NUMBER_COLUMNS, units_rate(op->stats.rate_per_s, text));
	fprintf(out, "%s %*s%s", op->stats.errors && style->has_colour ? "\033[31m" : "",
		NUMBER_COLUMNS, units_count(op->stats.errors, text),
		op->stats.errors && style->has_colour ? "\033[0m" : "");
	for (int i = 0; i < SHOWN_CNT; i++)
		fprintf(out, " %*s", NUMBER_COLUMNS,
			value_or_dash(quantiles[shown_quantiles[i]], text));
	for (size_t i = 0; i < report->quantile_cnt; i++)
		fprintf(out, " %*s", NUMBER_COLUMNS,
			value_or_dash(report_quantile(op, &report->quantiles[i]), text));
	fprintf(out, " %*s", NUMBER_COLUMNS, value_or_dash(op->stats.max_ns, text));
	marks_of(op, letters);
	fprintf(out, "%s%s\n", letters[0] ? " " : "", letters);
}

size_t report_write_table(const struct report *report, const struct report_style *style, FILE *out)
{
	size_t columns = name_columns(report, style), written = 0, share_lines = 0, left_out = 0;

	write_header(report, style, columns, out);
	for (size_t i = 0; i < report->operation_cnt; i++) {
		if (!is_shown(&report->operations[i]))
			continue;
		if (style->row_max && written + share_lines >= style->row_max) {
			left_out++;
			continue;
		}
		write_row(report, &report->operations[i], style, columns, out);
		written++;
		share_lines += report_shares_write(report, i, out);
	}
	if (left_out)
		fprintf(out, "… and %zu more, in the summary at the end\n", left_out);
	return 1 + written + share_lines + (left_out > 0) + write_legend(report, out);
}

static void write_count(FILE *out, uint64_t count, const char *what)
{
	char text[UNITS_TEXT_BYTES];

	if (count)
		fprintf(out, "; %s %s", units_count(count, text), what);
}

static void write_operation_quality(const struct report_operation *op, FILE *out)
{
	char entries[UNITS_TEXT_BYTES], returns[UNITS_TEXT_BYTES], cost[UNITS_TEXT_BYTES],
		inner[UNITS_TEXT_BYTES];
	const struct stats_quality *q = &op->stats.quality;

	fprintf(out, "%s\n", op->name);
	fprintf(out, "  %s entries, %s returns", units_count(q->entries, entries),
		units_count(q->returns, returns));
	write_count(out, q->unwound, "left without a return");
	write_count(out, q->lost, "lost");
	write_count(out, q->in_flight > 0 ? (uint64_t)q->in_flight : 0, "still running");
	write_count(out, q->unpaired_returns, "returns of calls that began before the probe");
	write_count(out, q->dropped, "dropped");
	write_count(out, q->clock_clamped, "with a clock that stepped back");
	write_count(out, op->uncovered_copies, "inlined or outlined copies not covered");
	write_count(out, q->migrations, "changes of the CPU inside");
	write_count(out, q->involuntary_switches, "times taken off the CPU inside");
	if (op->also)
		fprintf(out, "\n  also %s: one code for all of them", op->also);
	fprintf(out, "\n  %s; a call pays %s for it, %s of that inside the time\n", op->probe,
		units_duration(op->probe_cost_ns, cost), units_duration(op->probe_inner_ns, inner));
}

/* How full the receive queue is, and what that has cost. */
static void write_queue(const struct report_rpc *r, FILE *out)
{
	char now[UNITS_TEXT_BYTES], max[UNITS_TEXT_BYTES], limit[UNITS_TEXT_BYTES];

	if (!r->queue_max_bytes)
		return;
	fprintf(out, "\n  receive queue: %s of %s bytes, at most %s",
		units_count(r->queue_bytes, now), units_count(r->queue_limit_bytes, limit),
		units_count(r->queue_max_bytes, max));
	write_count(out, r->datagrams_dropped, "datagrams dropped");
}

static void write_feed_quality(const struct report_operation *op, FILE *out)
{
	char sent[UNITS_TEXT_BYTES], received[UNITS_TEXT_BYTES];
	const struct report_rpc *r = &op->rpc;

	fprintf(out, "%s (feed: from the arrival of a datagram to its being read)\n", op->name);
	fprintf(out, "  %s bytes sent, %s received", units_count(r->bytes_sent, sent),
		units_count(r->bytes_received, received));
	write_count(out, r->arrivals_missed,
		    "datagrams whose arrival was not seen, not in the times");
	write_queue(r, out);
	fprintf(out, "\n  seen by %s\n", op->probe);
}

/* Of an endpoint: what its latencies do not show. */
static void write_rpc_quality(const struct report_operation *op, FILE *out)
{
	char sent[UNITS_TEXT_BYTES], received[UNITS_TEXT_BYTES], srtt[UNITS_TEXT_BYTES];
	const struct report_rpc *r = &op->rpc;
	const struct stats *connect = &r->connect;

	fprintf(out, "%s (%s, requests told from answers by direction)\n", op->name, op->kind);
	fprintf(out, "  %s bytes sent, %s received", units_count(r->bytes_sent, sent),
		units_count(r->bytes_received, received));
	if (r->srtt_ns)
		fprintf(out, "; smoothed round trip %s", units_duration(r->srtt_ns, srtt));
	write_count(out, r->retransmits, "retransmits");
	write_count(out, op->stats.quality.unwound, "requests without an answer");
	write_count(out, r->unread_requests, "requests that were never read");
	write_count(out, r->resets, "connections reset by the other side");
	write_count(out, r->unsolicited_bytes, "bytes received while no request waited");
	write_count(out, r->arrivals_missed, "arrivals not seen (taken as read at once)");
	write_count(out, r->parsed->unanswered, "parsed requests without an answer");
	write_count(out, r->parsed->unmatched_responses, "answers to nothing that was seen");
	write_count(out, r->parsed->desynchronised, "times out of step");
	write_count(out, r->parsed->unparsed_messages, "messages not understood");
	write_count(out, r->untimed, "exchanges without their times");
	write_queue(r, out);
	if (connect->count || connect->errors) {
		fprintf(out, "\n  %s connects", units_count(connect->count, sent));
		if (connect->quantile_ns[STATS_P50] != STATS_NULL)
			fprintf(out, ", half of them within %s",
				units_duration(connect->quantile_ns[STATS_P50], srtt));
		write_count(out, connect->errors, "failed");
	}
	fprintf(out, "\n  seen by %s; a request begins ", op->probe);
	if (strcmp(op->kind, "rpc_server") == 0)
		fputs("when its first byte arrives\n", out);
	else
		fprintf(out, "at the %s of its first send\n", r->sent_at);
}

/* What began and did not complete, and how far it came. */
static void write_chain_quality(const struct report_operation *op, FILE *out)
{
	char begun[UNITS_TEXT_BYTES], completed[UNITS_TEXT_BYTES], count[UNITS_TEXT_BYTES];
	const struct stats_quality *q = &op->stats.quality;
	const struct report_chain *c = &op->followed;
	const char *before = "; of these ";

	fprintf(out, "%s (%s)\n  of %s begun %s completed", op->name, op->kind,
		units_count(q->entries, begun), units_count(q->returns, completed));
	write_count(out, c->overtaken, "were overtaken by the next one");
	write_count(out, c->timed_out, "timed out");
	write_count(out, q->lost, "found no room, or were under way when it was detached");
	write_count(out, q->in_flight > 0 ? (uint64_t)q->in_flight : 0, "are under way");
	for (size_t i = 0; i < op->chain->stage_cnt; i++) {
		if (!c->stopped_at[i])
			continue;
		fprintf(out, "%s%s were last seen at \"%s\"", before,
			units_count(c->stopped_at[i], count), op->chain->stages[i].text);
		before = ", ";
	}
	write_count(out, c->unread_keys, "passages whose key could not be read");
	write_count(out, c->arrivals_missed, "arrivals not seen (taken as read at once)");
	write_count(out, c->unmatched, "passed the last stage only");
	fprintf(out, "\n  %s\n", op->probe);
}

static bool is_function(const struct report_operation *op)
{
	return strcmp(op->kind, "function") == 0;
}

static bool was_called(const struct report_operation *op)
{
	return op->stats.quality.entries || op->stats.quality.unpaired_returns;
}

void report_write_quality(const struct report *report, FILE *out)
{
	bool has_title = false;

	for (size_t i = 0; i < report->operation_cnt; i++) {
		const struct report_operation *op = &report->operations[i];

		if (op->has_rpc && strcmp(op->kind, "feed") == 0)
			write_feed_quality(op, out);
		else if (op->has_rpc)
			write_rpc_quality(op, out);
		else if (op->chain)
			write_chain_quality(op, out);
		else if (was_called(op) && is_function(op))
			write_operation_quality(op, out);
	}
	for (size_t i = 0; i < report->operation_cnt; i++) {
		if (was_called(&report->operations[i]) || !is_function(&report->operations[i]))
			continue;
		fprintf(out, "%s%s",
			has_title ? ", " : "never called: ", report->operations[i].name);
		has_title = true;
	}
	if (has_title)
		fputc('\n', out);
}
