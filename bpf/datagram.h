/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs around the UDP functions, where sends and receives are not seen by tracepoints, and at
 * the arrival of a datagram. Those for IPv6 call those for IPv4 where addresses are mapped: the
 * outer call then finds that it is over.
 */
#ifndef TICKSCOPE_BPF_DATAGRAM_H
#define TICKSCOPE_BPF_DATAGRAM_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "call.h"
#include "feed.h"
#include "local.h"

static __always_inline void datagram_sent(int ret)
{
	struct call *call = call_end();

	if (call) {
		feed_sent((struct sock *)call->sk, ret, call->start_ns);
		call->sk = 0;
	}
}

static __always_inline void datagram_received(int ret)
{
	struct call *call = call_end();

	if (call) {
		feed_received((struct sock *)call->sk, ret, call->flags);
		call->sk = 0;
	}
}

SEC("fentry/udp_sendmsg")
int BPF_PROG(sock_udp_send_enter, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("fexit/udp_sendmsg")
int BPF_PROG(sock_udp_send_exit, struct sock *sk, void *msg, unsigned long size_bytes, int ret)
{
	datagram_sent(ret);
	return 0;
}

SEC("fexit/udp_recvmsg")
int BPF_PROG(sock_udp_receive_exit, struct sock *sk, void *msg, unsigned long size_bytes, int flags,
	     int *addr_len, int ret)
{
	feed_received(sk, ret, flags);
	return 0;
}

SEC("kprobe/udp_sendmsg")
int BPF_KPROBE(sock_udp_send_probe, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("kretprobe/udp_sendmsg")
int BPF_KRETPROBE(sock_udp_send_return, int ret)
{
	datagram_sent(ret);
	return 0;
}

SEC("kprobe/udp_recvmsg")
int BPF_KPROBE(sock_udp_receive_probe, struct sock *sk, void *msg, unsigned long size_bytes,
	       int flags)
{
	call_begin(sk, flags);
	return 0;
}

SEC("kretprobe/udp_recvmsg")
int BPF_KRETPROBE(sock_udp_receive_return, int ret)
{
	datagram_received(ret);
	return 0;
}

SEC("fentry/udpv6_sendmsg")
int BPF_PROG(sock_udp6_send_enter, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("fexit/udpv6_sendmsg")
int BPF_PROG(sock_udp6_send_exit, struct sock *sk, void *msg, unsigned long size_bytes, int ret)
{
	datagram_sent(ret);
	return 0;
}

SEC("fexit/udpv6_recvmsg")
int BPF_PROG(sock_udp6_receive_exit, struct sock *sk, void *msg, unsigned long size_bytes,
	     int flags, int *addr_len, int ret)
{
	feed_received(sk, ret, flags);
	return 0;
}

SEC("kprobe/udpv6_sendmsg")
int BPF_KPROBE(sock_udp6_send_probe, struct sock *sk)
{
	call_begin(sk, 0);
	return 0;
}

SEC("kretprobe/udpv6_sendmsg")
int BPF_KRETPROBE(sock_udp6_send_return, int ret)
{
	datagram_sent(ret);
	return 0;
}

SEC("kprobe/udpv6_recvmsg")
int BPF_KPROBE(sock_udp6_receive_probe, struct sock *sk, void *msg, unsigned long size_bytes,
	       int flags)
{
	call_begin(sk, flags);
	return 0;
}

SEC("kretprobe/udpv6_recvmsg")
int BPF_KRETPROBE(sock_udp6_receive_return, int ret)
{
	datagram_received(ret);
	return 0;
}

static __always_inline void socket_ready(struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	if (protocol == IPPROTO_UDP)
		feed_arrives(sk);
	else if (protocol != IPPROTO_TCP)
		local_arrives(sk);
}

/* sk_data_ready(sk), since 6.3 */
SEC("raw_tp/sk_data_ready")
int sock_ready(struct bpf_raw_tracepoint_args *ctx)
{
	socket_ready((struct sock *)ctx->args[0]);
	return 0;
}

/* The function that has the tracepoint since. */
SEC("fentry/sock_def_readable")
int BPF_PROG(sock_readable_enter, struct sock *sk)
{
	socket_ready(sk);
	return 0;
}

SEC("kprobe/sock_def_readable")
int BPF_KPROBE(sock_readable_probe, struct sock *sk)
{
	socket_ready(sk);
	return 0;
}

#endif
