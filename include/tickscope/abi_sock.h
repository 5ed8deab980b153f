/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* What the socket programs count: endpoints, their series and figures, and connections. */
#ifndef TICKSCOPE_ABI_SOCK_H
#define TICKSCOPE_ABI_SOCK_H

#include <tickscope/abi.h>

enum ts_role {
	TS_ROLE_NONE = 0,
	TS_ROLE_CLIENT, /* the target opened the connection */
	TS_ROLE_SERVER, /* the target accepted it */
};

/* A remote service, or a port that the target serves. */
struct ts_endpoint_key {
	__u8 address[16]; /* network order; an IPv4 one in the first four bytes; of a server zero */
	__u16 port;	  /* host order */
	__u8 family;	  /* AF_INET or AF_INET6 */
	__u8 role;	  /* enum ts_role */
	__u8 filter;	  /* number of the filter that chose it, from 1; 0: there are none */
	__u8 target;	  /* number, from 1 */
	__u8 reserved[2];
};

#define TS_FILTER_MAX 16 /* each new connection is compared with all of them */

/* Endpoints to measure. */
struct ts_endpoint_filter {
	__u8 address[16];  /* as in ts_endpoint_key; of a remote service, where family says so */
	__u16 port;	   /* of a remote service, or served; 0: any */
	__u8 family;	   /* AF_INET, AF_INET6; 0: any address */
	__u8 prefix_bits;  /* so many first bits of the address count: 32 (128) for all of it */
	__u8 role;	   /* enum ts_role; TS_ROLE_NONE: either */
	__u8 wants_stream; /* what these connections carry goes to user space, for a parser */
	__u8 is_one;	   /* all that it chooses are one endpoint, with the filter's address */
	__u8 reserved;
};
_Static_assert(sizeof(struct ts_endpoint_filter) == 24, "filter has no hidden padding");

/* More than these share the last one. */
#define TS_ENDPOINT_MAX 64

/*
 * Series of an endpoint. A client's segments: request sent -> first byte arrived in the kernel ->
 * first byte read -> last byte read; a server's: arrived -> read -> last byte of the answer sent.
 */
enum ts_rpc_series {
	TS_RPC_TOTAL = 0,
	TS_RPC_SEGMENT_1,
	TS_RPC_SEGMENT_2,
	TS_RPC_SEGMENT_3, /* of a client */
	TS_RPC_CONNECT,	  /* of a client: first SYN -> established */
	TS_RPC_FEED,	  /* what nobody asked for: arrived -> read, each read */
	TS_RPC_SERIES_CNT,
};

/* All but srtt_us only grow. */
struct ts_endpoint_figures {
	__u64 bytes_sent;
	__u64 bytes_received;
	__u64 retransmits;
	__u64 connections;	 /* seen */
	__u64 unsolicited_bytes; /* received while no request waited */
	__u64 arrivals_missed;	 /* answers whose arrival was not seen: it is taken as the read */
	__u64 srtt_us;		 /* smoothed round trip of the connection that was last read from */
	__u64 reserved;
};
_Static_assert(sizeof(struct ts_endpoint_figures) == 64, "figures are one cache line");

/* Connections at once, over all processes; an engine with 10 000 fits six times. */
#define TS_CONN_MAX 65536

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
	__u32 padding;
	__u16 captured; /* of these, the first, follow */
	__u8 kind;	/* enum ts_stream_kind */
	__u8 role;	/* enum ts_role */
	__u8 is_whole;
	__u8 has_gap;  /* records of this connection before this one are missing */
	__u8 is_plain; /* of an encrypted connection: what OpenSSL was given, or has given */
	__u8 reserved;
};
_Static_assert(sizeof(struct ts_stream_record) == 56, "record has no hidden padding");

/* A process that is measured. */
struct ts_target {
	__u8 number;	 /* of the target, from 1 */
	__u8 is_by_file; /* since it runs an executable that is measured: until it runs another */
};

/* As the kernel has them: of a device major << 20 | minor. */
struct ts_file_key {
	__u64 inode;
	__u32 device;
	__u32 reserved;
};

/* Executables whose processes are measured from their first instruction on. */
#define TS_EXECUTABLE_MAX 256

/* Ports that targets listen on. */
struct ts_listen_key {
	__u32 netns; /* inode number of the network namespace */
	__u16 port;
	__u16 reserved;
};

/* What a run of the program sock_settle is to do. */
struct ts_settle {
	__u64 idle_ns; /* completes what had no byte for this long */
};

#endif
