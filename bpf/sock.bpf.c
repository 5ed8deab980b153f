// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Measures requests and answers on connections of the targets, as client and as server, and feeds
 * of datagrams. Sends and receives are seen by one of three kinds of hook, whichever the kernel
 * has; arrival in the kernel, connects, retransmits and ends by tracepoints, which all kernels
 * have.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <tickscope/abi_sock.h>
#include "call.h"
#include "conn.h"
#include "datagram.h"
#include "feed.h"
#include "local.h"
#include "processes.h"
#include "tcp.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT	2
#define TCP_SYN_RECV	3
#define TCP_CLOSE	7
#define TCP_LISTEN	10

/* --- raw tracepoints (6.3+): in the caller's system call, when it is done ------------------------
 */
SEC("raw_tp/sock_send_length")
int sock_sent(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	if (protocol == IPPROTO_TCP)
		tcp_sent(sk, (int)ctx->args[1], 0);
	else if (protocol == IPPROTO_UDP)
		feed_sent(sk, (int)ctx->args[1], bpf_ktime_get_ns());
	else
		local_sent(sk, (int)ctx->args[1], bpf_ktime_get_ns());
	return 0;
}

SEC("raw_tp/sock_recv_length")
int sock_received(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	if (protocol == IPPROTO_TCP)
		tcp_received(sk, (int)ctx->args[1], (int)ctx->args[2]);
	else if (protocol == IPPROTO_UDP)
		feed_received(sk, (int)ctx->args[1], (int)ctx->args[2]);
	else
		local_received(sk, (int)ctx->args[1], (int)ctx->args[2]);
	return 0;
}

/* --- on every level ------------------------------------------------------------------------------
 */

/* The beginning of RFC 9293's header. */
struct tcp_header {
	__u16 ports[2];
	__u32 sequence;
	__u32 acked_sequence;
	__u8 data_offset; /* in words, in its upper half */
};

/* tcp_probe(sk, skb), at the top of tcp_rcv_established: skb begins with the TCP header. */
SEC("raw_tp/tcp_probe")
int sock_arrived(struct bpf_raw_tracepoint_args *ctx)
{
	struct ts_conn *c = conn_get((struct sock *)ctx->args[0]);
	struct sk_buff *skb = (struct sk_buff *)ctx->args[1];
	struct tcp_header header;
	__u64 now_ns;
	__u32 bytes;

	if (!c)
		return 0;
	if (bpf_probe_read_kernel(&header, sizeof(header), BPF_CORE_READ(skb, data)))
		return 0;
	bytes = BPF_CORE_READ(skb, len) - (header.data_offset >> 4) * 4U;
	if (!bytes) /* a mere acknowledgement */
		return 0;
	now_ns = bpf_ktime_get_ns();
	conn_notes_arrival(c, now_ns);
	conn_arrives(c, bpf_ntohl(header.acked_sequence), now_ns);
	if (c->is_streamed)
		stream_event(c, TS_STREAM_ARRIVED, bytes, bpf_ntohl(header.sequence) + bytes);
	return 0;
}

static __always_inline void connect_begins(struct sock *sk)
{
	__u32 tgid = current_target();
	struct ts_conn *c = tgid && is_tcp(sk) ? conn_add(sk, TS_ROLE_CLIENT, tgid, true) : NULL;
	struct ts_series *s;

	if (!c)
		return;
	c->connect_ns = bpf_ktime_get_ns();
	s = rpc_series(c, TS_RPC_CONNECT);
	if (s)
		COUNTER_ADD(s->entries, 1);
}

static __always_inline void connect_ends(struct ts_conn *c, bool is_established)
{
	struct ts_series *s = rpc_series(c, TS_RPC_CONNECT);

	if (!c->connect_ns || !s)
		return;
	if (is_established) {
		series_record(s, bpf_ktime_get_ns() - c->connect_ns);
	} else {
		COUNTER_ADD(s->unwound, 1);
		COUNTER_ADD(s->errors, 1);
	}
	c->connect_ns = 0;
}

static __always_inline void listen_begins(struct sock *sk)
{
	struct ts_listen_key key = listen_key_of(sk);
	__u8 target = target_of(current_target());

	if (target)
		bpf_map_update_elem(&listeners, &key, &target, BPF_ANY);
	else
		bpf_map_delete_elem(&listeners, &key); /* a stranger has it now */
}

/* Others may be listening on a port that is shared: it stays theirs until a stranger takes it. */
static __always_inline void listen_ends(struct sock *sk)
{
	struct ts_listen_key key = listen_key_of(sk);

	if (!BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport))
		bpf_map_delete_elem(&listeners, &key);
}

/* inet_sock_set_state(sk, oldstate, newstate) */
SEC("raw_tp/inet_sock_set_state")
int sock_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	int before = (int)ctx->args[1], after = (int)ctx->args[2];
	struct ts_conn *c;

	if (after == TCP_LISTEN) {
		listen_begins(sk);
	} else if (before == TCP_LISTEN &&
		   after == TCP_CLOSE) { /* a new connection leaves it, too */
		listen_ends(sk);
	} else if (after == TCP_SYN_SENT) {
		connect_begins(sk);
	} else if (before == TCP_SYN_SENT) {
		c = conn_get(sk);
		if (c) {
			conn_knows_sent(c, BPF_CORE_READ((struct tcp_sock *)sk, write_seq));
			connect_ends(c, after == TCP_ESTABLISHED);
		}
	} else if (before == TCP_SYN_RECV && after == TCP_ESTABLISHED && listening_target(sk)) {
		/* Its first bytes can arrive before a process has accepted it. */
		c = conn_add(sk, TS_ROLE_SERVER, 0, true);
		if (c)
			conn_knows_sent(c, BPF_CORE_READ((struct tcp_sock *)sk, write_seq));
	}
	return 0;
}

SEC("raw_tp/tcp_retransmit_skb")
int sock_retransmit(struct bpf_raw_tracepoint_args *ctx)
{
	struct ts_conn *c = conn_get((struct sock *)ctx->args[0]);
	struct ts_endpoint_figures *f = c ? figures_get(c->endpoint) : NULL;

	if (f)
		COUNTER_ADD(f->retransmits, 1);
	return 0;
}

SEC("raw_tp/tcp_receive_reset")
int sock_reset(struct bpf_raw_tracepoint_args *ctx)
{
	struct ts_conn *c = conn_get((struct sock *)ctx->args[0]);
	struct ts_endpoint_figures *f = c ? figures_get(c->endpoint) : NULL;

	if (f)
		COUNTER_ADD(f->resets, 1);
	return 0;
}

SEC("raw_tp/tcp_destroy_sock")
int sock_destroyed(struct bpf_raw_tracepoint_args *ctx)
{
	conn_end((struct sock *)ctx->args[0]);
	return 0;
}

static long settle_one(void *map, __u64 *key, struct ts_conn *c, struct ts_settle *settle)
{
	__u64 last_ns = *(volatile __u64 *)&c->last_ns;

	if (bpf_ktime_get_ns() - last_ns >= settle->idle_ns)
		rpc_close(c, TS_PHASE_IDLE);
	return 0;
}

/* Run by user space: an answer that nothing follows is complete, too. */
SEC("syscall")
int sock_settle(struct ts_settle *ctx)
{
	struct ts_settle settle = *ctx;

	bpf_for_each_map_elem(&conns, settle_one, &settle, 0);
	bpf_for_each_map_elem(&feeds, settle_feed, &settle, 0);
	bpf_for_each_map_elem(&locals, settle_local, &settle, 0);
	return 0;
}
