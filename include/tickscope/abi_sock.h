/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* What the socket programs count: endpoints, their series and figures, and connections. */
#ifndef TICKSCOPE_ABI_SOCK_H
#define TICKSCOPE_ABI_SOCK_H

#include <tickscope/abi.h>
#include <tickscope/abi_stream.h>

enum ts_role {
	TS_ROLE_NONE = 0,
	TS_ROLE_CLIENT, /* the target opened the connection */
	TS_ROLE_SERVER, /* the target accepted it */
	TS_ROLE_FEED,	/* the target listens to datagrams */
};

enum ts_transport {
	TS_TRANSPORT_TCP = 0,
	TS_TRANSPORT_UDP,
	TS_TRANSPORT_UNIX, /* stream; the address is a hash of the name, which is in local_names */
};

/* A remote service, a port that the target serves, or where datagrams come to. */
struct ts_endpoint_key {
	__u8 address[16]; /* network order; an IPv4 one in the first four bytes; of a server zero;
			     of a feed its multicast group, or the own address */
	__u16 port;	  /* host order */
	__u8 family;	  /* AF_INET or AF_INET6 */
	__u8 role;	  /* enum ts_role */
	__u8 filter;	  /* number of the filter that chose it, from 1; 0: there are none */
	__u8 target;	  /* number, from 1 */
	__u8 transport;	  /* enum ts_transport */
	__u8 reserved;
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

/* All but srtt_us, queue_bytes and queue_limit_bytes only grow. */
struct ts_endpoint_figures {
	__u64 bytes_sent;
	__u64 bytes_received;
	__u64 retransmits;
	__u64 connections;	 /* seen */
	__u64 unsolicited_bytes; /* received while no request waited */
	__u64 arrivals_missed;	 /* what was read without its arrival having been seen */
	__u64 srtt_us;		 /* smoothed round trip of the connection that was last read from */
	__u64 resets;		 /* connections that the other side reset */
	__u64 unread_requests; /* of a server: came, and the connection ended before it read them */
	__u64 datagrams_dropped; /* by the kernel: no room in the receive queue, or damaged */
	__u64 queue_bytes;	 /* that the last one looked at holds unread, with their overhead */
	__u64 queue_max_bytes;	 /* the most that was seen */
	__u64 queue_limit_bytes; /* its SO_RCVBUF */
	__u64 reserved[3];
};
_Static_assert(sizeof(struct ts_endpoint_figures) == 128, "figures are two cache lines");

/* Connections at once, over all processes; an engine with 10 000 fits six times. */
#define TS_CONN_MAX 65536

/* Unix sockets at once. */
#define TS_LOCAL_MAX 16384

/* sockaddr_un.sun_path; abstract ones begin with a zero. */
#define TS_LOCAL_NAME_MAX 108

struct ts_local_name {
	__u32 length;
	__u8 bytes[TS_LOCAL_NAME_MAX];
};

/* UDP sockets at once, and of each how many unread datagrams have their times: 32 KiB each. */
#define TS_FEED_MAX   512
#define TS_FEED_DEPTH 4096 /* a power of two; with the usual SO_RCVBUF there is room for 277 */

/* A process that is measured. */
struct ts_target {
	__u8 number; /* of the target, from 1 */
	__u8 chains; /* number of those whose chains it is followed by; of one target all its places
			have the same */
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
