/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UDP sockets of the targets. Datagrams are read in the order of their arrival, so the n-th that is
 * read is the n-th that came; a socket that is connected is also a client, whose requests are told
 * from answers by direction. Nothing tells when such a socket is closed: user space has them looked
 * at, and the number of its inode tells a socket from the next one at the same address.
 */
#ifndef TICKSCOPE_BPF_FEED_H
#define TICKSCOPE_BPF_FEED_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sock.h>
#include "conn.h"
#include "conn_state.h"
#include "endpoint.h"
#include "series.h"

struct feed {
	struct ts_conn conn; /* its role is the last that is set */
	__u64 inode;
	__u64 arrived_cnt;
	__u64 read_cnt;
	__u64 unknown_cnt;		 /* unread ones that came before it was first seen */
	__u32 drops;			 /* of the kernel's count, what has been added */
	__u32 untold_cnt;		 /* arrivals in a row that found one before them not told */
	__u64 arrived_ns[TS_FEED_DEPTH]; /* of arrival n at n modulo TS_FEED_DEPTH */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_FEED_MAX);
	__type(key, __u64); /* address of the socket */
	__type(value, struct feed);
} feeds SEC(".maps");

/* What a new one begins as: too large for a stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct feed);
} feed_blank SEC(".maps");

static __always_inline bool is_udp(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) &&
	       BPF_CORE_READ(sk, sk_protocol) == IPPROTO_UDP;
}

static __always_inline __u64 inode_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
}

/* Datagrams that wait to be read. */
static __always_inline __u32 queue_length(struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_receive_queue.qlen) +
	       BPF_CORE_READ((struct udp_sock *)sk, reader_queue.qlen);
}

/* Those that found no room, or were damaged. */
static __always_inline __u32 drops_of(struct sock *sk)
{
	/* Since 6.18 UDP counts in two places, by the NUMA node of whoever drops. */
	if (bpf_core_field_exists(sk->sk_drop_counters)) {
		struct numa_drop_counters *counters = BPF_CORE_READ(sk, sk_drop_counters);

		if (counters)
			return BPF_CORE_READ(counters, drops0.counter) +
			       BPF_CORE_READ(counters, drops1.counter);
	}
	return BPF_CORE_READ(sk, sk_drops.counter);
}

static __always_inline void feed_look(struct feed *f, struct sock *sk,
				      struct ts_endpoint_figures *counts)
{
	__u32 drops = drops_of(sk), before = f->drops;
	__u64 queue_bytes = BPF_CORE_READ(sk, sk_backlog.rmem_alloc.counter);

	if (drops != before && __sync_val_compare_and_swap(&f->drops, before, drops) == before)
		COUNTER_ADD(counts->datagrams_dropped, (__u32)(drops - before));
	counts->queue_bytes = queue_bytes;
	counts->queue_limit_bytes = BPF_CORE_READ(sk, sk_rcvbuf);
	counter_raise(&counts->queue_max_bytes, queue_bytes);
}

/* Where datagrams go that this socket is for: a group that it has joined, or its own address. */
static __always_inline void key_set_group(struct ts_endpoint_key *key, struct sock *sk)
{
	struct inet_sock *inet = (struct inet_sock *)sk;
	__u32 *words = (__u32 *)key->address;
	struct ipv6_mc_socklist *group6;
	struct ip_mc_socklist *group;

	key->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	group = BPF_CORE_READ(inet, mc_list);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		group6 = BPF_CORE_READ(inet, pinet6, ipv6_mc_list);
		key->family = AF_INET6;
		if (group6)
			BPF_CORE_READ_INTO(&key->address, group6, addr);
		else
			BPF_CORE_READ_INTO(&key->address, sk, __sk_common.skc_v6_rcv_saddr);
		if (group6 || !group)
			return;
		words[1] = words[2] = words[3] = 0;
	}
	key->family = AF_INET;
	words[0] = group ? BPF_CORE_READ(group, multi.imr_multiaddr.s_addr)
			 : BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
}

static __always_inline struct feed *feed_get(struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&feeds, &key);
}

static __always_inline struct feed *feed_add(struct sock *sk, __u32 tgid, __u64 inode,
					     __u32 read_cnt)
{
	struct ts_endpoint_key endpoint = {.transport = TS_TRANSPORT_UDP,
					   .target = target_of(tgid)};
	__u32 role = BPF_CORE_READ(sk, __sk_common.skc_dport) ? TS_ROLE_CLIENT : TS_ROLE_FEED;
	__u64 key = (__u64)sk;
	__u32 zero = 0;
	struct ts_endpoint_figures *counts;
	struct feed *f;
	__u8 ignored;

	endpoint.role = role;
	if (role == TS_ROLE_CLIENT)
		key_set_remote(&endpoint, sk);
	else
		key_set_group(&endpoint, sk);
	if (!endpoint_choose(&endpoint, &ignored))
		return NULL;
	f = bpf_map_lookup_elem(&feed_blank, &zero);
	if (!f)
		return NULL;
	if (bpf_map_update_elem(&feeds, &key, f, BPF_NOEXIST)) {
		COUNTER_ADD(conns_dropped, 1);
		return NULL;
	}
	f = feed_get(sk);
	if (!f)
		return NULL;
	f->inode = inode;
	f->unknown_cnt = queue_length(sk) + read_cnt;
	f->drops = drops_of(sk);
	f->conn.tgid = tgid;
	f->conn.id = __sync_fetch_and_add(&conn_cnt, 1);
	f->conn.endpoint = endpoint_get(&endpoint);
	conn_set_points(&f->conn, endpoint.filter);
	counts = figures_get(f->conn.endpoint);
	if (counts)
		COUNTER_ADD(counts->connections, 1);
	*(volatile __u8 *)&f->conn.role = role;
	return f;
}

/* It is gone, or another socket is where it was. */
static __always_inline void feed_end(struct feed *f, __u64 key)
{
	struct ts_conn *c = &f->conn;

	if (!rpc_close(c, TS_PHASE_IDLE) &&
	    (c->phase == TS_PHASE_REQUEST || c->phase == TS_PHASE_READ))
		rpc_abandon(c);
	bpf_map_delete_elem(&feeds, &key);
}

/* The socket of a target, made known where it is not yet, when it has just read so many datagrams.
 */
static __always_inline struct feed *feed_of_target(struct sock *sk, __u32 read_cnt)
{
	__u32 tgid = current_target();
	struct feed *f;
	__u64 inode;

	if (!tgid)
		return NULL;
	inode = inode_of(sk);
	f = feed_get(sk);
	if (f && f->inode != inode) {
		feed_end(f, (__u64)sk);
		f = NULL;
	}
	return f ? f : feed_add(sk, tgid, inode, read_cnt);
}

/* In-flight readers take far less. */
#define FEED_STALE_NS 10000000ULL

/* Several senders on CPUs of their own can look like this, but not so many times in a row. */
#define FEED_UNTOLD_MAX 8

/*
 * A reader does not wait for who tells of an arrival, so reads can be ahead of arrivals. Where they
 * are by more than the one that is being told, one never will be: a program is left out where it
 * would interrupt itself. From then on each read would be taken for the one before.
 */
static __always_inline void feed_look_behind(struct feed *f, struct sock *sk)
{
	__s64 ahead_cnt = *(volatile __u64 *)&f->read_cnt - *(volatile __u64 *)&f->arrived_cnt;

	if (ahead_cnt <= 0 || ahead_cnt + queue_length(sk) < 2) {
		f->untold_cnt = 0;
	} else if (++f->untold_cnt == FEED_UNTOLD_MAX) {
		f->untold_cnt = 0;
		COUNTER_ADD(f->arrived_cnt, 1);
	}
}

/* A datagram is in the queue. */
static __always_inline void feed_arrives(struct sock *sk)
{
	struct feed *f = feed_get(sk);
	__u64 n, read_cnt, now_ns;

	if (!f || !*(volatile __u8 *)&f->conn.role)
		return;
	now_ns = bpf_ktime_get_ns();
	n = *(volatile __u64 *)&f->arrived_cnt;
	read_cnt = *(volatile __u64 *)&f->read_cnt;
	/* What is counted as waiting for long is not in the queue: it was found damaged when it was
	 * to be read. */
	if (n > read_cnt && queue_length(sk) <= 1 &&
	    now_ns - f->arrived_ns[read_cnt & (TS_FEED_DEPTH - 1)] > FEED_STALE_NS)
		__sync_val_compare_and_swap(&f->read_cnt, read_cnt, n);
	feed_look_behind(f, sk);
	n = __sync_fetch_and_add(&f->arrived_cnt, 1);
	*(volatile __u64 *)&f->arrived_ns[n & (TS_FEED_DEPTH - 1)] = now_ns;
}

/* When the datagram that was just read had arrived; 0: not known. */
static __always_inline __u64 feed_next_arrival(struct feed *f)
{
	__u64 n, arrived_cnt;

	if (f->unknown_cnt) {
		COUNTER_ADD(f->unknown_cnt, -1);
		return 0;
	}
	n = __sync_fetch_and_add(&f->read_cnt, 1);
	arrived_cnt = *(volatile __u64 *)&f->arrived_cnt;
	/* The reader can be faster than who tells of the arrival, on another CPU; where that one is
	 * held up, it did not wait: the time comes out negative, and is counted so. */
	for (int i = 0; i < SETTLE_TRIES && arrived_cnt <= n; i++)
		arrived_cnt = *(volatile __u64 *)&f->arrived_cnt;
	if (arrived_cnt <= n)
		return bpf_ktime_get_ns();
	if (arrived_cnt - n > TS_FEED_DEPTH)
		return 0;
	return *(volatile __u64 *)&f->arrived_ns[n & (TS_FEED_DEPTH - 1)];
}

static __noinline void feed_counts_received(struct sock *sk, int received_bytes, int flags,
					    struct socket_passage *passage)
{
	bool has_read = received_bytes >= 0 && !(flags & MSG_PEEK);
	struct feed *f = flags & MSG_ERRQUEUE ? NULL : feed_of_target(sk, has_read);
	struct ts_endpoint_figures *counts = f ? figures_get(f->conn.endpoint) : NULL;
	__u64 arrived_ns, now_ns = passage->now_ns;
	struct ts_conn *c;

	if (!counts || !has_read) /* nothing there: from now on arrivals are seen */
		return;
	c = &f->conn;
	COUNTER_ADD(counts->bytes_received, received_bytes);
	feed_look(f, sk, counts);
	arrived_ns = feed_next_arrival(f);
	passage->point = c->receive_point;
	passage->arrived_ns = arrived_ns;
	if (c->role == TS_ROLE_CLIENT) {
		__u32 phase = phase_settled(c);

		if (phase == TS_PHASE_REQUEST)
			c->arrived_ns = arrived_ns;
		else
			c->unread_ns = arrived_ns;
		if (phase == TS_PHASE_IDLE && !arrived_ns)
			COUNTER_ADD(counts->arrivals_missed, 1);
		client_reads(c, counts, now_ns, received_bytes);
		return;
	}
	COUNTER_ADD(counts->unsolicited_bytes, received_bytes);
	if (arrived_ns)
		rpc_record(c, TS_RPC_FEED, arrived_ns, now_ns);
	else
		COUNTER_ADD(counts->arrivals_missed, 1);
}

static __noinline void feed_counts_sent(struct sock *sk, int sent_bytes, __u64 start_ns,
					struct socket_passage *passage)
{
	struct feed *f = feed_of_target(sk, 0);
	struct ts_endpoint_figures *counts = f ? figures_get(f->conn.endpoint) : NULL;

	if (!counts || sent_bytes < 0)
		return;
	COUNTER_ADD(counts->bytes_sent, sent_bytes);
	passage->point = f->conn.send_point;
	if (f->conn.role == TS_ROLE_CLIENT)
		client_sends(&f->conn, start_ns);
}

static __always_inline void feed_received(struct sock *sk, int received_bytes, int flags)
{
	struct socket_passage passage = {.now_ns = bpf_ktime_get_ns()};

	feed_counts_received(sk, received_bytes, flags, &passage);
	conn_tells_passage(&passage);
}

static __always_inline void feed_sent(struct sock *sk, int sent_bytes, __u64 start_ns)
{
	struct socket_passage passage = {.now_ns = has_chains ? bpf_ktime_get_ns() : 0};

	feed_counts_sent(sk, sent_bytes, start_ns, &passage);
	conn_tells_passage(&passage);
}

/* Run for all of them, by user space: also what a reader that hangs does not read is told. */
static long settle_feed(void *map, __u64 *key, struct feed *f, struct ts_settle *settle)
{
	struct ts_endpoint_figures *counts = figures_get(f->conn.endpoint);
	struct sock *sk = (struct sock *)*key;

	if (!f->conn.role)
		return 0;
	if (inode_of(sk) != f->inode) {
		feed_end(f, *key);
		return 0;
	}
	if (counts)
		feed_look(f, sk, counts);
	if (bpf_ktime_get_ns() - *(volatile __u64 *)&f->conn.last_ns >= settle->idle_ns)
		rpc_close(&f->conn, TS_PHASE_IDLE);
	return 0;
}

#endif
