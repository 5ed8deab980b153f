/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/*
 * Chains: stages that what is followed passes one after the other, recognised from one to the next
 * by a key. Where a stage can happen (an instruction, a receive from an endpoint) is a point; a
 * point names the steps of the chains that it is.
 */
#ifndef TICKSCOPE_ABI_CHAIN_H
#define TICKSCOPE_ABI_CHAIN_H

#include <tickscope/abi.h>
#include <tickscope/abi_sched.h>

#define TS_CHAIN_MAX	   16
#define TS_CHAIN_STAGE_MAX 8 /* arrive, recv, signal, risk, execute, send, reply, and one more */

/* Under way at once, over all chains; 14 MiB when they all are. */
#define TS_CHAIN_STATE_MAX 16384

enum ts_key_kind {
	TS_KEY_THREAD = 0,
	TS_KEY_GOROUTINE, /* the address of its descriptor, r14 */
	TS_KEY_VALUE,	  /* a number, at a function */
	TS_KEY_TEXT,	  /* likewise the hash of a text that ends in a zero byte */
	TS_KEY_STDSTRING, /* of libstdc++'s std::string: {char *data; size_t length; …} */
	TS_KEY_GOSTRING,  /* of Go's string, whose length is in the next register */
	TS_KEY_PROTOCOL,  /* of an id in what is sent: joined in user space */
};

#define TS_KEY_LOAD_MAX 3 /* pointers that lead from an argument to the key */
#define TS_KEY_TEXT_BYTES \
	64 /* of a text, so many first bytes count; a ClOrdID has at most 20 … 36 */

/*
 * How the key is found at a function: from a register on, add offsets[0], load a pointer there, add
 * offsets[1], … the last load has width_bytes (of a TS_KEY_VALUE; of texts it is a pointer, too);
 * after load_cnt loads, offsets[load_cnt] is added.
 */
struct ts_key {
	__u8 kind;	  /* enum ts_key_kind */
	__u8 source;	  /* enum ts_source: the register */
	__u8 width_bytes; /* 1, 2, 4 or 8 */
	__u8 load_cnt;
	__s32 offsets[TS_KEY_LOAD_MAX + 1];
};
_Static_assert(sizeof(struct ts_key) == 20, "key has no hidden padding");

struct ts_chain_stage {
	struct ts_key key;	/* by which what is under way is found */
	struct ts_key then_key; /* where rekeys: by which the following stages find it */
	__u8 rekeys;
	__u8 slot; /* stages before this one that rekey: tells equal keys of different kinds apart
		    */
	__u8 reserved[2];
};

struct ts_chain {
	__u32 stage_cnt;  /* all */
	__u32 kernel_cnt; /* of those, the first ones that the kernel passes; user space the rest */
	__u64 timeout_ns;
	__u32 series; /* the first of its series: the whole, the segment that ends with stage 1, …
		       */
	__u8 wants_breakdown;
	__u8 target;	   /* only in processes whose ts_target.chains it is; 0: in all */
	__u8 is_withdrawn; /* no stage is passed any more, and what is under way is lost */
	__u8 reserved;
	struct ts_chain_stage stages[TS_CHAIN_STAGE_MAX];
};

/* What is under way. */
struct ts_chain_key {
	__u64 value;
	__u32 tgid;
	__u8 chain;
	__u8 slot;
	__u8 reserved[2];
};

#define TS_CHAIN_BUSY 0xff /* someone is changing it */

/* Series of a chain: the whole, segments, and with a breakdown TS_STATE_CNT of each of them. */
#define TS_CHAIN_SHARE(segment, state) (TS_CHAIN_STAGE_MAX + (segment)*TS_STATE_CNT + (state))
#define TS_CHAIN_SERIES_CNT	       TS_CHAIN_SHARE(TS_CHAIN_STAGE_MAX, 0)

struct ts_chain_state {
	__u32 passed_cnt; /* stages; or TS_CHAIN_BUSY */
	__u32 tgid;
	__u64 image; /* tells the program that the process ran then from those before and after */
	__u64 times_ns[TS_CHAIN_STAGE_MAX]; /* of the passed ones, CLOCK_MONOTONIC */
	__u32 tids[TS_CHAIN_STAGE_MAX]; /* threads that passed them; 0: of an arrival, or the sums
					       could not be read */
	struct ts_task_sums sums[TS_CHAIN_STAGE_MAX]; /* of the thread then, with a breakdown */
};

/* All only grow. What has begun, completed, and was lost is in the whole's series. */
struct ts_chain_counts {
	__u64 overtaken;       /* begun again under the same key before the end */
	__u64 timed_out;       /* took longer than timeout_ns */
	__u64 unread_keys;     /* passages whose key could not be read, and that were passed over */
	__u64 unsplit;	       /* segments that end on another thread than they began on */
	__u64 arrivals_missed; /* `arrive` stages that have the time of their read */
	__u64 unmatched;       /* passages of the last stage that completed nothing */
	__u64 reserved[2];
	__u64 stopped_at[TS_CHAIN_STAGE_MAX]; /* of overtaken and timed_out, by the last stage
						 passed */
};
_Static_assert(sizeof(struct ts_chain_counts) == 128, "counts are two cache lines");

#define TS_POINT_MAX	  128 /* TS_CHAIN_MAX chains of TS_CHAIN_STAGE_MAX stages */
#define TS_POINT_STEP_MAX 4   /* stages of chains that happen at one point */

/* What a stage costs is measured on a chain and points of their own, behind all others: one where
 * nothing happens, and one that is stages of the chain. */
#define TS_CHAIN_SCRATCH TS_CHAIN_MAX
#define TS_CHAIN_CNT	 (TS_CHAIN_MAX + 1)
#define TS_POINT_IDLE	 TS_POINT_MAX
#define TS_POINT_SCRATCH (TS_POINT_MAX + 1)
#define TS_POINT_CNT	 (TS_POINT_MAX + 2)

struct ts_step {
	__u8 chain;
	__u8 stage;
	__u8 is_arrival; /* its time is that at which what is read had arrived */
	__u8 reserved;
};

struct ts_point {
	__u32 step_cnt;
	struct ts_step steps[TS_POINT_STEP_MAX]; /* in the order of the stages */
};

/* Of an endpoint: numbers of points plus one, 0: none. */
struct ts_endpoint_points {
	__u16 receive;
	__u16 send;
};

/* FNV-1a (Fowler, Noll, Vo; 64 bits): small, and the same in a BPF program and in user space. */
#define TS_HASH_SEED  0xcbf29ce484222325ULL
#define TS_HASH_PRIME 0x100000001b3ULL

#endif
