/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* What connections with a parser send and receive, on its way to user space. */
#ifndef TICKSCOPE_ABI_STREAM_H
#define TICKSCOPE_ABI_STREAM_H

#include <tickscope/abi.h>

/* Payload of one record. A mask, for the verifier. */
#define TS_PAYLOAD_MAX 1023
/* Records of one send or receive: 16 KiB, the largest piece that TLS carries, is whole. */
#define TS_CHUNK_MAX 17
/* In 64 MiB/s of records, an eighth of a second. */
#define TS_STREAM_RING_BYTES (8U << 20)

enum ts_stream_kind {
	TS_STREAM_NONE = 0,
	TS_STREAM_SENT,
	TS_STREAM_RECEIVED,
	TS_STREAM_ARRIVED, /* in the kernel, not yet read */
	TS_STREAM_CLOSED,
};

/* One record of the ring `stream`; times are CLOCK_MONOTONIC ns. */
struct ts_stream_record {
	__u64 conn; /* a number that no other connection has */
	__u64 mono_ns;
	__u64 start_ns; /* of a send, where it is seen; else 0 */
	__u32 endpoint;
	__u32 tgid;
	__u32 bytes;	     /* of the stream */
	__u32 sequence;	     /* TCP's, behind the last byte that was sent, received, or arrived */
	__u32 sent_sequence; /* of a receive: behind the last byte that was sent before it */
	__u32 image;	     /* ts_chain_state's of who sent or received, its lower bits */
	__u16 captured;	     /* of these, the first, follow */
	__u8 kind;	     /* enum ts_stream_kind */
	__u8 role;	     /* enum ts_role */
	__u8 is_whole;
	__u8 has_gap;  /* records of this connection before this one are missing */
	__u8 is_plain; /* of an encrypted connection: what OpenSSL was given, or has given */
	__u8 reserved;
};
_Static_assert(sizeof(struct ts_stream_record) == 56, "record has no hidden padding");

#endif
