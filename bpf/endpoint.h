/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which processes and endpoints are measured, and the number of each endpoint. */
#ifndef TICKSCOPE_BPF_ENDPOINT_H
#define TICKSCOPE_BPF_ENDPOINT_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_chain.h>
#include <tickscope/abi_sock.h>

#define AF_INET	    2
#define AF_INET6    10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

/* Endpoints that have a place of their own; set before load. */
const volatile __u32 endpoint_max = 0;
/* Connections go to user space, for a parser, where there are no filters; set before load. */
const volatile __u8 wants_stream = 0;
/* Which endpoints to measure; none: all. Set before load. */
const volatile struct ts_endpoint_filter filters[TS_FILTER_MAX] = {};
const volatile __u32 filter_cnt = 0;
/* Points of chains, of each filter. */
const volatile struct ts_endpoint_points endpoint_points[TS_FILTER_MAX] = {};
/* Places given out. */
__u32 endpoint_next = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TS_ENDPOINT_MAX);
	__type(key, struct ts_endpoint_key);
	__type(value, __u32);
} endpoints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TS_ENDPOINT_MAX + 1);
	__type(key, __u32);
	__type(value, struct ts_endpoint_figures);
} figures SEC(".maps");

/* Process ids to measure. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct ts_target);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct ts_listen_key);
	__type(value, __u8);
} listeners SEC(".maps");

static __always_inline __u32 current_target(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&targets, &tgid) ? tgid : 0;
}

/* Of a process that is measured; 0: it is not. */
static __always_inline __u8 target_of(__u32 tgid)
{
	struct ts_target *target = bpf_map_lookup_elem(&targets, &tgid);

	return target ? target->number : 0;
}

static __always_inline bool is_tcp(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) &&
	       BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline struct ts_listen_key listen_key_of(struct sock *sk)
{
	return (struct ts_listen_key){
		.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum),
		.port = BPF_CORE_READ(sk, __sk_common.skc_num),
	};
}

/* The number of the target that listens on a connection's port; 0: none does. */
static __always_inline __u8 listening_target(struct sock *sk)
{
	struct ts_listen_key key = listen_key_of(sk);
	__u8 *target;

	target = bpf_map_lookup_elem(&listeners, &key);
	return target ? *target : 0;
}

/* ::ffff:a.b.c.d is a.b.c.d. */
static __always_inline void key_set_remote(struct ts_endpoint_key *key, struct sock *sk)
{
	__u32 *words = (__u32 *)key->address;

	key->port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	key->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (key->family == AF_INET6) {
		BPF_CORE_READ_INTO(&key->address, sk, __sk_common.skc_v6_daddr);
		if (words[0] || words[1] || words[2] != bpf_htonl(0xffff))
			return;
		words[2] = 0;
		words[3] = 0;
		key->family = AF_INET;
	}
	words[0] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
}

static __always_inline void key_set(struct ts_endpoint_key *key, struct sock *sk, __u8 role)
{
	key->role = role;
	if (role == TS_ROLE_CLIENT) {
		key_set_remote(key, sk);
	} else {
		key->family = AF_INET;
		key->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	}
}

/* Of four bytes of an address, those that a prefix of so many bits covers. */
static __always_inline __u32 prefix_mask(int bits)
{
	return bits <= 0 ? 0 : bits >= 32 ? ~0U : bpf_htonl(~0U << (32 - bits));
}

static __always_inline bool is_chosen(const struct ts_endpoint_key *key,
				      const volatile struct ts_endpoint_filter *f)
{
	const volatile __u32 *wanted = (const volatile __u32 *)f->address;
	const __u32 *words = (const __u32 *)key->address;

	if ((f->port && f->port != key->port) || (f->role && f->role != key->role))
		return false;
	if (!f->family)
		return true;
	if (key->role == TS_ROLE_SERVER || f->family != key->family)
		return false;
	for (int i = 0; i < 4; i++) {
		if ((words[i] ^ wanted[i]) & prefix_mask(f->prefix_bits - 32 * i))
			return false;
	}
	return true;
}

/* False: nobody asked for it. A function of its own, since the verifier would walk the filters
 * again for every caller. */
static __noinline bool endpoint_choose(struct ts_endpoint_key *key, __u8 *is_streamed)
{
	if (!key || !is_streamed)
		return false;
	*is_streamed = wants_stream;
	if (!filter_cnt)
		return true;
	for (__u32 i = 0; i < TS_FILTER_MAX && i < filter_cnt; i++) {
		const volatile struct ts_endpoint_filter *f = &filters[i];

		if (!is_chosen(key, f))
			continue;
		key->filter = i + 1;
		*is_streamed = f->wants_stream;
		if (f->is_one) {
			__builtin_memcpy(key->address, (const void *)f->address,
					 sizeof(key->address));
			key->family = f->family;
			key->port = f->port;
		}
		return true;
	}
	return false;
}

static __always_inline __u32 endpoint_get(const struct ts_endpoint_key *key)
{
	__u32 *known, idx;

	known = bpf_map_lookup_elem(&endpoints, key);
	if (known)
		return *known;
	if (*(volatile __u32 *)&endpoint_next >= endpoint_max)
		return endpoint_max;
	idx = __sync_fetch_and_add(&endpoint_next, 1);
	if (idx >= endpoint_max)
		return endpoint_max;
	if (!bpf_map_update_elem(&endpoints, key, &idx, BPF_NOEXIST))
		return idx;
	known = bpf_map_lookup_elem(&endpoints, key);
	return known ? *known : endpoint_max;
}

static __always_inline struct ts_endpoint_figures *figures_get(__u32 endpoint)
{
	return bpf_map_lookup_elem(&figures, &endpoint);
}

#endif
