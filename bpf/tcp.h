/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a send or receive on a TCP connection of a target means, and the programs around the TCP
 * functions, where sends and receives are not seen by tracepoints.
 */
#ifndef TICKSCOPE_BPF_TCP_H
#define TICKSCOPE_BPF_TCP_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <tickscope/abi_sock.h>
#include "call.h"
#include "conn.h"

/* The connection of a target's socket; one that is older than the trace becomes known here. */
static __always_inline struct ts_conn *conn_of_target(struct sock *sk)
{
	__u32 tgid = current_target();
	struct ts_conn *c;

	if (!tgid)
		return NULL;
	c = conn_get(sk);
	if (!c) {
		if (!is_tcp(sk))
			return NULL;
		c = conn_add(sk, listening_target(sk) ? TS_ROLE_SERVER : TS_ROLE_CLIENT, tgid,
			     false);
		if (!c)
			return NULL;
	}
	/* It may be another one's since: inherited, or passed on. */
	if (!c->tgid)
		c->tgid = tgid;
	return c;
}

/* A function of its own, as those of other sockets are: the stack of a program that has all of them
 * would be too large for kernels before 6.13. start_ns: when the send began, where that is known,
 * else when it ended. */
static __noinline void tcp_counts_sent(struct sock *sk, int sent_bytes, __u64 start_ns,
				       struct socket_passage *passage)
{
	struct transfer transfer = {
		.sk = (__u64)sk, .kind = TS_STREAM_SENT, .bytes = sent_bytes, .start_ns = start_ns};
	__u64 now_ns = passage->now_ns;
	struct ts_endpoint_figures *f;
	struct ts_conn *c;

	if (sent_bytes <= 0)
		return;
	c = conn_of_target(sk);
	if (!c)
		return;
	f = figures_get(c->endpoint);
	if (!f)
		return;
	COUNTER_ADD(f->bytes_sent, sent_bytes);
	transfer.sequence = BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
	conn_has_sent(c, f, transfer.sequence, start_ns ? start_ns : now_ns, now_ns);
	passage->point = c->send_point;
	stream_data(c, &transfer);
}

static __noinline void tcp_counts_received(struct sock *sk, int received_bytes, int flags,
					   struct socket_passage *passage)
{
	struct transfer transfer = {
		.sk = (__u64)sk, .kind = TS_STREAM_RECEIVED, .bytes = received_bytes};
	__u64 now_ns = passage->now_ns;
	struct ts_endpoint_figures *f;
	struct ts_conn *c;

	if (received_bytes <= 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return;
	c = conn_of_target(sk);
	if (!c)
		return;
	f = figures_get(c->endpoint);
	if (!f)
		return;
	COUNTER_ADD(f->bytes_received, received_bytes);
	f->queue_bytes = BPF_CORE_READ((struct tcp_sock *)sk, rcv_nxt) -
			 BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
	counter_raise(&f->queue_max_bytes, f->queue_bytes + received_bytes);
	f->queue_limit_bytes = BPF_CORE_READ(sk, sk_rcvbuf);
	/* tcp_sock.srtt_us is eight times the smoothed round trip. */
	f->srtt_us = BPF_CORE_READ((struct tcp_sock *)sk, srtt_us) >> 3;
	transfer.sequence = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
	transfer.sent_sequence = BPF_CORE_READ((struct tcp_sock *)sk, write_seq);
	conn_has_received(c, f, BPF_CORE_READ((struct tcp_sock *)sk, snd_una), now_ns,
			  received_bytes);
	passage->point = c->receive_point;
	if (has_chains && c->receive_point)
		passage->arrived_ns = conn_takes_arrival(c, f->queue_bytes);
	stream_data(c, &transfer);
}

static __always_inline void tcp_sent(struct sock *sk, int sent_bytes, __u64 start_ns)
{
	struct socket_passage passage = {.now_ns = bpf_ktime_get_ns()};

	tcp_counts_sent(sk, sent_bytes, start_ns, &passage);
	conn_tells_passage(&passage);
}

static __always_inline void tcp_received(struct sock *sk, int received_bytes, int flags)
{
	struct socket_passage passage = {.now_ns = bpf_ktime_get_ns()};

	tcp_counts_received(sk, received_bytes, flags, &passage);
	conn_tells_passage(&passage);
}

/* --- fentry and fexit, kprobe and kretprobe ------------------------------------------------------
 */

SEC("fentry/tcp_sendmsg")
int BPF_PROG(sock_send_enter, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(sock_send_exit, struct sock *sk, void *msg, unsigned long size_bytes, int ret)
{
	struct call *call = call_end();

	tcp_sent(sk, ret, call && call->sk == (__u64)sk ? call->start_ns : 0);
	return 0;
}

/* Until 6.4 sendfile and splice did not go through tcp_sendmsg. */
SEC("fexit/tcp_sendpage")
int BPF_PROG(sock_page_exit, struct sock *sk, void *page, int offset, unsigned long size_bytes,
	     int flags, int ret)
{
	tcp_sent(sk, ret, 0);
	return 0;
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(sock_receive_exit, struct sock *sk, void *msg, unsigned long size_bytes, int flags,
	     int *addr_len, int ret)
{
	tcp_received(sk, ret, flags);
	return 0;
}

SEC("kprobe/tcp_sendmsg")
int BPF_KPROBE(sock_send_probe, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("kretprobe/tcp_sendmsg")
int BPF_KRETPROBE(sock_send_return, int ret)
{
	struct call *call = call_end();

	if (call) {
		tcp_sent((struct sock *)call->sk, ret, call->start_ns);
		call->sk = 0;
	}
	return 0;
}

SEC("kprobe/tcp_sendpage")
int BPF_KPROBE(sock_page_probe, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("kretprobe/tcp_sendpage")
int BPF_KRETPROBE(sock_page_return, int ret)
{
	struct call *call = call_end();

	if (call) {
		tcp_sent((struct sock *)call->sk, ret, call->start_ns);
		call->sk = 0;
	}
	return 0;
}

SEC("kprobe/tcp_recvmsg")
int BPF_KPROBE(sock_receive_probe, struct sock *sk, void *msg, unsigned long size_bytes, int flags)
{
	call_begin(sk, flags);
	return 0;
}

SEC("kretprobe/tcp_recvmsg")
int BPF_KRETPROBE(sock_receive_return, int ret)
{
	struct call *call = call_end();

	if (call) {
		tcp_received((struct sock *)call->sk, ret, call->flags);
		call->sk = 0;
	}
	return 0;
}

/* What goes from a socket into a pipe is no receive for the kernel: without a tracepoint, too. */
SEC("fexit/tcp_splice_read")
int BPF_PROG(sock_splice_exit, struct socket *socket, long long *offset, void *pipe,
	     unsigned long size_bytes, unsigned int flags, int ret)
{
	tcp_received(BPF_CORE_READ(socket, sk), ret, 0);
	return 0;
}

SEC("kprobe/tcp_splice_read")
int BPF_KPROBE(sock_splice_probe, struct socket *socket)
{
	call_begin(BPF_CORE_READ(socket, sk), 0);
	return 0;
}

SEC("kretprobe/tcp_splice_read")
int BPF_KRETPROBE(sock_splice_return, int ret)
{
	struct call *call = call_end();

	if (call) {
		tcp_received((struct sock *)call->sk, ret, call->flags);
		call->sk = 0;
	}
	return 0;
}

#endif
