/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unix stream sockets of the targets, by the path or abstract name that was connected to; pairs
 * without a name are not measured. As with UDP nothing tells of their end: their inode does. There
 * are no acknowledgements either: an answer that another thread reads before its request's send is
 * over can be taken together with the next.
 */
#ifndef TICKSCOPE_BPF_LOCAL_H
#define TICKSCOPE_BPF_LOCAL_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <tickscope/abi_sock.h>
#include "call.h"
#include "conn.h"
#include "feed.h"

#define AF_UNIX	    1
#define SOCK_STREAM 1

struct local {
	struct ts_conn conn; /* its role is the last that is set */
	__u64 inode;
	__u64 came;	/* when the first of what waits to be read came, as stamp_of has it; 0: not
			   known */
	__u64 read_cnt; /* times that it was read from */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_LOCAL_MAX);
	__type(key, __u64); /* address of the socket */
	__type(value, struct local);
} locals SEC(".maps");

/* What endpoints of Unix sockets are called. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TS_ENDPOINT_MAX + 1);
	__type(key, __u32);
	__type(value, struct ts_local_name);
} local_names SEC(".maps");

static __always_inline bool is_local(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_family) == AF_UNIX &&
	       BPF_CORE_READ(sk, sk_type) == SOCK_STREAM;
}

static __always_inline struct local *local_get(struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&locals, &key);
}

/* FNV-1a, twice: a name is as good as its number. */
static __noinline int local_key(struct ts_endpoint_key *key, const struct ts_local_name *name)
{
	__u64 first = 0xcbf29ce484222325ULL, second = 0x84222325cbf29ce4ULL;
	__u64 *words;

	if (!key || !name)
		return 0;
	for (int i = 0; i < TS_LOCAL_NAME_MAX; i++) {
		first = (first ^ (__u8)name->bytes[i]) * 0x100000001b3ULL;
		second = (second ^ (__u8)name->bytes[i]) * 0x100000001b3ULL;
	}
	words = (__u64 *)key->address;
	words[0] = first;
	words[1] = second;
	return 0;
}

/* The name of an address; false: there is none. */
static __always_inline bool name_read(struct ts_local_name *name, struct unix_address *address)
{
	__u64 bytes;

	if (!address)
		return false;
	bytes = BPF_CORE_READ(address, len) - sizeof(__u16); /* behind the family */
	if (!bytes || bytes > TS_LOCAL_NAME_MAX)
		return false;
	name->length = bytes;
	return !bpf_probe_read_kernel(name->bytes, bytes, (void *)(&address->name[0].sun_path));
}

/* What an accepted socket has for a name it shares with its listener. */
static __always_inline __u8 local_role(struct sock *sk, struct ts_local_name *name)
{
	struct unix_address *own = BPF_CORE_READ((struct unix_sock *)sk, addr);
	struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);

	if (own && BPF_CORE_READ(own, refcnt.refs.counter) > 1)
		return name_read(name, own) ? TS_ROLE_SERVER : TS_ROLE_NONE;
	if (peer && name_read(name, BPF_CORE_READ((struct unix_sock *)peer, addr)))
		return TS_ROLE_CLIENT;
	return TS_ROLE_NONE;
}

static __noinline struct local *local_add(struct sock *sk, __u32 tgid, __u64 inode)
{
	struct ts_endpoint_key endpoint = {
		.transport = TS_TRANSPORT_UNIX, .target = target_of(tgid), .family = AF_UNIX};
	struct local fresh = {.inode = inode, .conn = {.tgid = tgid}};
	struct ts_endpoint_figures *counts;
	struct ts_local_name name = {};
	__u64 key = (__u64)sk;
	__u8 ignored;

	endpoint.role = local_role(sk, &name);
	if (!endpoint.role)
		return NULL;
	local_key(&endpoint, &name);
	if (!endpoint_choose(&endpoint, &ignored))
		return NULL;
	fresh.conn.role = endpoint.role;
	fresh.conn.id = __sync_fetch_and_add(&conn_cnt, 1);
	fresh.conn.endpoint = endpoint_get(&endpoint);
	conn_set_points(&fresh.conn, endpoint.filter);
	bpf_map_update_elem(&local_names, &fresh.conn.endpoint, &name, BPF_ANY);
	if (bpf_map_update_elem(&locals, &key, &fresh, BPF_NOEXIST)) {
		COUNTER_ADD(conns_dropped, 1);
		return NULL;
	}
	counts = figures_get(fresh.conn.endpoint);
	if (counts)
		COUNTER_ADD(counts->connections, 1);
	return local_get(sk);
}

/*
 * Of a Unix socket the sender tells that bytes have come only when they can be read already, and
 * whatever they cause can be seen before: so that instant is written down for whoever reads them,
 * and means nothing by itself. A stamp is good until the next read; ns that are lost by the shift
 * come back with the difference to another time.
 */
#define STAMP_READ_MASK 0xffULL
#define STAMP_NS_SHIFT	8

static __always_inline __u64 stamp_of(__u64 ns, __u64 read_cnt)
{
	return ns << STAMP_NS_SHIFT | (read_cnt & STAMP_READ_MASK);
}

static __always_inline bool stamp_is_good(__u64 stamp, __u64 read_cnt)
{
	return stamp && !((stamp ^ read_cnt) & STAMP_READ_MASK);
}

static __always_inline __u64 stamp_ns(__u64 stamp, __u64 now_ns)
{
	__u64 shifted = (now_ns << STAMP_NS_SHIFT) - (stamp & ~STAMP_READ_MASK);

	return now_ns - (shifted >> STAMP_NS_SHIFT);
}

/* What has come has been read. When it came; 0: not known. */
static __always_inline __u64 local_take_arrival(struct local *l, __u64 now_ns)
{
	__u64 read_cnt = __sync_fetch_and_add(&l->read_cnt, 1);
	__u64 stamp = __sync_lock_test_and_set(&l->came, 0);

	if (!stamp_is_good(stamp, read_cnt))
		return 0;
	conn_enter_arrival(&l->conn, stamp_ns(stamp, now_ns));
	return stamp_ns(stamp, now_ns);
}

static __always_inline void local_end(struct local *l, __u64 key)
{
	struct ts_endpoint_figures *counts = figures_get(l->conn.endpoint);

	if (counts) {
		/* Behind a request that was read and not answered there is none to read. */
		if (l->conn.role == TS_ROLE_SERVER && phase_of(&l->conn) != TS_PHASE_READ &&
		    stamp_is_good(l->came, l->read_cnt))
			COUNTER_ADD(counts->unread_requests, 1);
		conn_close(&l->conn, counts);
	}
	bpf_map_delete_elem(&locals, &key);
}

static __always_inline struct local *local_of_target(struct sock *sk)
{
	__u32 tgid = current_target();
	struct local *l;
	__u64 inode;

	if (!tgid || !is_local(sk))
		return NULL;
	inode = inode_of(sk);
	l = local_get(sk);
	if (l && l->inode != inode) {
		local_end(l, (__u64)sk);
		l = NULL;
	}
	return l ? l : local_add(sk, tgid, inode);
}

static __noinline void local_counts_sent(struct sock *sk, int sent_bytes, __u64 start_ns,
					 struct socket_passage *passage)
{
	struct local *l = sent_bytes > 0 ? local_of_target(sk) : NULL;
	struct ts_endpoint_figures *counts = l ? figures_get(l->conn.endpoint) : NULL;

	if (!counts)
		return;
	COUNTER_ADD(counts->bytes_sent, sent_bytes);
	passage->point = l->conn.send_point;
	if (l->conn.role == TS_ROLE_SERVER)
		server_sends(&l->conn, bpf_ktime_get_ns());
	else
		client_sends(&l->conn, start_ns);
}

static __noinline void local_counts_received(struct sock *sk, int received_bytes, int flags,
					     struct socket_passage *passage)
{
	struct local *l = received_bytes > 0 && !(flags & MSG_PEEK) ? local_of_target(sk) : NULL;
	struct ts_endpoint_figures *counts = l ? figures_get(l->conn.endpoint) : NULL;
	__u64 now_ns = passage->now_ns;

	if (!counts)
		return;
	COUNTER_ADD(counts->bytes_received, received_bytes);
	passage->point = l->conn.receive_point;
	passage->arrived_ns = local_take_arrival(l, now_ns);
	conn_reads(&l->conn, counts, now_ns, received_bytes);
}

static __always_inline void local_sent(struct sock *sk, int sent_bytes, __u64 start_ns)
{
	struct socket_passage passage = {.now_ns = has_chains ? bpf_ktime_get_ns() : 0};

	local_counts_sent(sk, sent_bytes, start_ns, &passage);
	conn_tells_passage(&passage);
}

static __always_inline void local_received(struct sock *sk, int received_bytes, int flags)
{
	struct socket_passage passage = {.now_ns = bpf_ktime_get_ns()};

	local_counts_received(sk, received_bytes, flags, &passage);
	conn_tells_passage(&passage);
}

static __always_inline void local_arrives(struct sock *sk)
{
	struct local *l = local_get(sk);
	__u64 read_cnt, before;

	if (!l)
		return;
	read_cnt = *(volatile __u64 *)&l->read_cnt;
	before = *(volatile __u64 *)&l->came;
	/* Others wait before these; or these have been read. */
	if (stamp_is_good(before, read_cnt) || !BPF_CORE_READ(sk, sk_receive_queue.qlen))
		return;
	__sync_val_compare_and_swap(&l->came, before, stamp_of(bpf_ktime_get_ns(), read_cnt));
}

static long settle_local(void *map, __u64 *key, struct local *l, struct ts_settle *settle)
{
	if (inode_of((struct sock *)*key) != l->inode)
		local_end(l, *key);
	else if (bpf_ktime_get_ns() - *(volatile __u64 *)&l->conn.last_ns >= settle->idle_ns)
		rpc_close(&l->conn, TS_PHASE_IDLE);
	return 0;
}

/* --- fentry and fexit, kprobe and kretprobe ------------------------------------------------------
 */

static __always_inline void local_send_ends(int ret)
{
	struct call *call = call_end();

	if (call) {
		local_sent((struct sock *)call->sk, ret, call->start_ns);
		call->sk = 0;
	}
}

static __always_inline void local_receive_ends(int ret)
{
	struct call *call = call_end();

	if (call) {
		local_received((struct sock *)call->sk, ret, call->flags);
		call->sk = 0;
	}
}

SEC("fentry/unix_stream_sendmsg")
int BPF_PROG(sock_unix_send_enter, struct socket *socket)
{
	call_begin(BPF_CORE_READ(socket, sk), 0);
	return 0;
}

SEC("fexit/unix_stream_sendmsg")
int BPF_PROG(sock_unix_send_exit, struct socket *socket, void *msg, unsigned long size_bytes,
	     int ret)
{
	local_send_ends(ret);
	return 0;
}

SEC("fexit/unix_stream_recvmsg")
int BPF_PROG(sock_unix_receive_exit, struct socket *socket, void *msg, unsigned long size_bytes,
	     int flags, int ret)
{
	local_received(BPF_CORE_READ(socket, sk), ret, flags);
	return 0;
}

SEC("kprobe/unix_stream_sendmsg")
int BPF_KPROBE(sock_unix_send_probe, struct socket *socket)
{
	call_begin(BPF_CORE_READ(socket, sk), 0);
	return 0;
}

SEC("kretprobe/unix_stream_sendmsg")
int BPF_KRETPROBE(sock_unix_send_return, int ret)
{
	local_send_ends(ret);
	return 0;
}

SEC("kprobe/unix_stream_recvmsg")
int BPF_KPROBE(sock_unix_receive_probe, struct socket *socket, void *msg, unsigned long size_bytes,
	       int flags)
{
	call_begin(BPF_CORE_READ(socket, sk), flags);
	return 0;
}

SEC("kretprobe/unix_stream_recvmsg")
int BPF_KRETPROBE(sock_unix_receive_return, int ret)
{
	local_receive_ends(ret);
	return 0;
}

/* Until 6.4 sendfile and splice did not go through unix_stream_sendmsg. */
SEC("fexit/unix_stream_sendpage")
int BPF_PROG(sock_unix_page_exit, struct socket *socket, void *page, int offset,
	     unsigned long size_bytes, int flags, int ret)
{
	local_sent(BPF_CORE_READ(socket, sk), ret, bpf_ktime_get_ns());
	return 0;
}

SEC("kprobe/unix_stream_sendpage")
int BPF_KPROBE(sock_unix_page_probe, struct socket *socket)
{
	call_begin(BPF_CORE_READ(socket, sk), 0);
	return 0;
}

SEC("kretprobe/unix_stream_sendpage")
int BPF_KRETPROBE(sock_unix_page_return, int ret)
{
	local_send_ends(ret);
	return 0;
}

SEC("fexit/unix_stream_splice_read")
int BPF_PROG(sock_unix_splice_exit, struct socket *socket, long long *offset, void *pipe,
	     unsigned long size_bytes, unsigned int flags, int ret)
{
	local_received(BPF_CORE_READ(socket, sk), ret, 0);
	return 0;
}

SEC("kprobe/unix_stream_splice_read")
int BPF_KPROBE(sock_unix_splice_probe, struct socket *socket)
{
	call_begin(BPF_CORE_READ(socket, sk), 0);
	return 0;
}

SEC("kretprobe/unix_stream_splice_read")
int BPF_KRETPROBE(sock_unix_splice_return, int ret)
{
	local_receive_ends(ret);
	return 0;
}

#endif
