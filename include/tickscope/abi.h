/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/*
 * Every record, key and limit that BPF programs and user space share. Fixed-width types, explicit
 * padding, sizes asserted; nothing here has behaviour.
 */
#ifndef TICKSCOPE_ABI_H
#define TICKSCOPE_ABI_H

#include <tickscope/abi_span.h>
#include <tickscope/bucket.h>

/*
 * One stripe of one series. A series has `stripes` of these, picked by CPU number, so that cores
 * rarely share a cache line. All fields only grow; user space subtracts snapshots. Times are
 * CLOCK_MONOTONIC ns.
 */
struct ts_series {
	__u64 entries; /* calls that began at the entry site */
	__u64 returns; /* of those, seen to return */
	__u64 unwound; /* of those, left without a return: exception, longjmp, end of the thread */
	__u64 unpaired_returns; /* returns of calls older than the probe */
	__u64 lost;		/* of the entries, those whose start could not be kept */
	__u64 missed_exits;	/* returns seen whose span could not be looked up; that span later
				   counts as unwound */
	__u64 clock_clamped; /* returns whose clock read earlier than their entry; recorded as 0 */
	__u64 dropped;	     /* returns that are in no bucket */
	__u64 errors;	     /* returns for which the error expression held */
	__u64 nested_hits;   /* probe hits of any function inside completed spans of this one */
	__u64 sum_ns;
	__u64 max_ns;
	__u64 inverse_min_ns; /* ~minimum, so that 0 means none and every update is a maximum */
	__u64 octaves; /* bit i: buckets [128 i, 128 (i + 1)) have counted; the rest need no reading
			*/
	__u64 migrations;	    /* of threads, inside completed spans that are split */
	__u64 involuntary_switches; /* likewise; with these, buckets start on a cache line */
	__u32 buckets[TS_BUCKET_CNT];
};
_Static_assert(sizeof(struct ts_series) == 128 + 4 * TS_BUCKET_CNT, "series has no padding");
_Static_assert(sizeof(struct ts_series) % 64 == 0, "stripes do not share cache lines");

/* enum ts_site_flag: what the program at a site has to do beyond counting. */
#define TS_SITE_KEEP_SPAN \
	0x1U /* of a session: a start time in its cookie is not enough, keep a span */
#define TS_SITE_LIMIT_DEPTH \
	0x2U /* a hijacked return: beyond TS_URETPROBE_DEPTH the kernel drops it silently */
#define TS_SITE_CONDITIONAL \
	0x4U /* the exit is a conditional jump: it leaves only where `condition` holds */
#define TS_SITE_NO_VALUE 0x8U /* a tail jump: rax is not the return value yet */
#define TS_SITE_COUNT_HIT \
	0x10U /* of a session without a span: spans of other functions can be around it */

#define TS_SITE_GO 0x20U /* Go code: the span belongs to the goroutine, not to the thread */

/* The kernel's MAX_URETPROBE_DEPTH: pending hijacked returns of one thread. */
#define TS_URETPROBE_DEPTH 64

#define TS_SITE_MAX                                                                             \
	65535 /* 1000 functions with 60 exits each; a session's cookie has 16 bits, and 0 means \
		 none */

/* What the BPF cookie (an index into the map `sites`) stands for. */
struct ts_site {
	__u32 tgid;	      /* the only process that counts; 0: any that maps the file */
	__u32 series;	      /* index into the series, before striping */
	__u16 error;	      /* index into the map `errors`; 0: no error expression */
	__u16 slow_operation; /* number plus one of its ts_slow_slots; 0: none are kept */
	__s32 sp_adjust;      /* entry stack pointer = stack pointer at the site + this, bytes */
	__u16 flags;	      /* TS_SITE_* */
	__u8 condition; /* x86 condition code (the low nibble of Jcc) for TS_SITE_CONDITIONAL */
	__u8 reserved;
	__u32 shares; /* the first of TS_STATE_CNT series; 0: the span is not split */
};
_Static_assert(sizeof(struct ts_site) == 24, "site has no hidden padding");

enum ts_compare {
	TS_COMPARE_NONE = 0,
	TS_COMPARE_EQ,
	TS_COMPARE_NE,
	TS_COMPARE_LT,
	TS_COMPARE_LE,
	TS_COMPARE_GT,
	TS_COMPARE_GE,
};

#define TS_ERROR_TERMS \
	4 /* comparisons in one error expression: more reads as a program, not a limit */

/* Where a result is when its function returns. Registers in the order in which Go uses them. */
enum ts_source {
	TS_SOURCE_AX = 0,
	TS_SOURCE_BX,
	TS_SOURCE_CX,
	TS_SOURCE_DI,
	TS_SOURCE_SI,
	TS_SOURCE_R8,
	TS_SOURCE_R9,
	TS_SOURCE_R10,
	TS_SOURCE_R11,
	TS_SOURCE_DX,
	TS_SOURCE_MEMORY, /* that the caller's first argument points to */
};

/* `ret <op> constant`, with ret cut to width_bytes and sign- or zero-extended first. */
struct ts_error_term {
	__u64 value;
	__u8 compare; /* enum ts_compare */
	__u8 width_bytes;
	__u8 is_signed;
	__u8 source;	    /* enum ts_source */
	__u32 offset_bytes; /* into the memory */
};

/* An error expression: its terms joined by && (all) or || (any). */
struct ts_error {
	struct ts_error_term terms[TS_ERROR_TERMS];
	__u32 term_cnt;
	__u32 match_any;
};
_Static_assert(sizeof(struct ts_error) == 72, "error has no hidden padding");

/* Life-cycle events, in the ring buffer `events`. */
enum ts_event_kind {
	TS_EVENT_NONE = 0,
	TS_EVENT_EXEC, /* a process of interest, or any while new processes are watched, replaced
			  its image */
};

struct ts_event {
	__u64 mono_ns;
	__u32 kind; /* enum ts_event_kind */
	__u32 tgid; /* in the initial pid namespace */
};

#endif
