/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a connection, between two of its events. */
#ifndef TICKSCOPE_BPF_CONN_STATE_H
#define TICKSCOPE_BPF_CONN_STATE_H

#include "vmlinux.h"

enum ts_phase {
	TS_PHASE_IDLE = 0, /* nothing is known to be under way */
	TS_PHASE_REQUEST,  /* client: sent; server: arrived */
	TS_PHASE_ARRIVED,  /* client: the answer's first byte is in the kernel */
	TS_PHASE_READ,	   /* client: being read; server: read, no answer yet */
	TS_PHASE_ANSWERED, /* server: being sent */
	TS_PHASE_BUSY,	   /* between two of them: someone is changing it */
};

#define TS_SEQUENCE_KNOWN (1ULL << 32)

/* Times are CLOCK_MONOTONIC ns, 0: not yet. */
struct ts_conn {
	__u64 connect_ns; /* first SYN, until established */
	__u64 start_ns;
	__u64 arrived_ns;
	__u64 read_ns;
	__u64 last_ns;	 /* last byte so far */
	__u64 unread_ns; /* arrival of the first byte that nobody asked for and nobody has read */
	__u32 phase;	 /* enum ts_phase */
	__u32 endpoint;
	__u32 tgid;	  /* 0: accepted, but not yet seen in a process */
	__u8 role;	  /* enum ts_role */
	__u8 is_streamed; /* what it sends and receives goes to user space, for a parser */
	__u8 is_whole;	  /* seen from its first byte on */
	__u8 has_gap;	  /* a record of it did not fit the ring */
	__u64 sent;  /* TCP's sequence behind the last byte whose send someone has taken up, with
			TS_SEQUENCE_KNOWN; 0: none yet */
	__u64 begun; /* likewise, and what that send means has been entered above */
	__u64 handed_ns;   /* a read that whoever is at `sent` but not yet at `begun` is to enter */
	__u64 id;	   /* unlike that of any other connection */
	__u64 ssl;	   /* OpenSSL's object for it, in the target; 0: not known */
	__u8 is_looked_at; /* its first bytes have been */
	__u8 is_encrypted; /* what it carries is no text for a parser */
	__u16 receive_point; /* of chains, plus one; 0: none */
	__u16 send_point;
	__u8 reserved[2];
	__u64 oldest_ns; /* with a receive_point: when the first unread byte had come, as far as it
			    is known */
	__u64 newest_ns; /* and the last */
};
_Static_assert(sizeof(struct ts_conn) == 128, "conn has no hidden padding");

#endif
