/* SPDX-License-Identifier: Apache-2.0 */
/* Results of a trace, made ready to be shown: as JSON for programs, as a table or a histogram for
 * people. */
#ifndef TICKSCOPE_CLI_REPORT_H
#define TICKSCOPE_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <tickscope/abi_chain.h>

#include "base/labels.h"
#include "measure/stats.h"
#include "protocol/protocol.h"

#define REPORT_LABEL_MAX    LABELS_MAX
#define REPORT_QUANTILE_MAX 8 /* further ones that are asked for: columns of a table */

struct slow_list;
struct chain;

struct report_label {
	const char *name;
	const char *value;
};

/* What only endpoints have. */
struct report_rpc {
	struct stats connect;
	const char *sent_at; /* "start" or "end" of the send, which the time begins with */
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t retransmits;
	uint64_t unsolicited_bytes;
	uint64_t arrivals_missed;
	uint64_t resets;
	uint64_t unread_requests;
	uint64_t datagrams_dropped;
	uint64_t queue_bytes;
	uint64_t queue_max_bytes;
	uint64_t queue_limit_bytes; /* 0: nothing was read yet */
	uint64_t srtt_ns;	    /* 0: not known */
	uint64_t untimed;	    /* exchanges of parsers whose times were not known */
	const struct protocol_counts *parsed;
};

/* What only chains and spans have. */
struct report_chain {
	uint64_t overtaken;
	uint64_t timed_out;
	uint64_t unread_keys;
	uint64_t unsplit;
	uint64_t arrivals_missed;
	uint64_t unmatched;
	uint64_t stopped_at[TS_CHAIN_STAGE_MAX];
};

struct report_operation {
	const char *name;
	const char *kind; /* "function", "rpc_client" … */
	const char *target;
	const pid_t *pids;
	size_t pid_cnt;
	struct report_label labels[REPORT_LABEL_MAX];
	size_t label_cnt;
	bool is_segment; /* of the operation before it */
	bool is_share;	 /* likewise, of its time */
	bool is_split;	 /* shares follow */
	bool is_stored;	 /* out of the history, which does not keep pids and copies not covered */
	bool is_fleet;	 /* out of QuestDB, which keeps of the quality only what was lost */
	bool has_rpc;
	const char *protocol; /* that was parsed; NULL: none, by direction */
	struct report_rpc rpc;
	struct report_chain followed; /* of those that have a chain */
	struct stats stats;
	const struct window *window; /* behind the stats */
	uint64_t uncovered_copies;
	const char *also;  /* other functions that are the same code; NULL: none */
	const char *probe; /* how and where it is attached */
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
	const struct slow_list *slowest; /* NULL: none are kept, or were told */
	const struct chain *chain;	 /* that it is, with the words of its stages; NULL: none */
};

/* Strings, pids and windows belong to whoever filled it. */
struct report {
	const char *host;   /* NULL: several */
	const char *kernel; /* likewise */
	uint64_t start_wall_ns;
	uint64_t end_wall_ns;
	bool is_interval;
	struct report_operation *operations;
	size_t operation_cnt;
	const struct stats_quantile *quantiles; /* beyond stats_quantiles */
	size_t quantile_cnt;
	bool has_slowest; /* they were asked for */
	uint64_t slowest_dropped;
	uint64_t slowest_mono_ns; /* an instant of their clock … */
	uint64_t slowest_wall_ns; /* … and of the wall's */
};

/* One that is asked for; STATS_NULL where it is not known. */
uint64_t report_quantile(const struct report_operation *op, const struct stats_quantile *quantile);

/* One object of tickscope.summary/1 (DESIGN.md §4) and a line feed, flushed. 0 or -errno. */
int report_write_json(const struct report *report, FILE *out);

struct report_style {
	size_t columns; /* to fit into */
	size_t row_max; /* operations to show; 0: all */
	bool is_net;	/* show net percentiles */
	bool has_colour;
	bool is_ascii; /* the terminal has no UTF-8 */
};

/* The table, with a legend of the marks that occur. Returns the lines written. */
size_t report_write_table(const struct report *report, const struct report_style *style, FILE *out);
/* What the numbers are worth, in words, for each operation that has something to say. */
void report_write_quality(const struct report *report, FILE *out);
/* The distribution of each operation that has values. */
void report_write_histograms(const struct report *report, const struct report_style *style,
			     FILE *out);

#endif
