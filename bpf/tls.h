/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Encrypted connections: which they are, and which SSL object of OpenSSL is above one. OpenSSL
 * sends and receives inside the calls in which it is given or gives plain text, on the same thread:
 * the socket programs see both.
 */
#ifndef TICKSCOPE_BPF_TLS_H
#define TICKSCOPE_BPF_TLS_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sock.h>
#include <tickscope/abi_tls.h>
#include <tickscope/tls_record.h>
#include "conn_state.h"
#include "series.h"

/* OpenSSL is probed in some target. */
__u32 has_tls = 0;
/* Connections whose SSL object could not be kept. */
__u64 tls_dropped = 0;

/* A call of OpenSSL that a thread is in. */
struct tls_call {
	__u64 sp; /* at its first instruction; 0: none */
	__u64 ssl;
	__u64 buffer;
	__u64 length_at; /* where it puts the number of bytes; 0: it returns them */
	__u64 return_to; /* of a handshake, whose end is not seen: what is at sp while it goes on */
	__u32 function;	 /* enum ts_tls_function */
	__u32 inner_cnt;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tls_call);
} tls_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_CONN_MAX);
	__type(key, struct ts_tls_key);
	__type(value, struct ts_tls_session);
} tls_sessions SEC(".maps");

/* Processes with probes in OpenSSL: connections with this id and later ones were seen from their
 * first byte on. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} tls_targets SEC(".maps");

static __always_inline bool tls_is_write(__u32 function)
{
	return function == TS_TLS_WRITE || function == TS_TLS_WRITE_EX ||
	       function == TS_TLS_WRITE_EX2 || function == TS_TLS_WRITE_EARLY;
}

/* The call of OpenSSL that the current thread is in. */
static __always_inline struct tls_call *tls_call_get(void)
{
	struct tls_call *call;

	if (!*(volatile __u32 *)&has_tls)
		return NULL;
	call = bpf_task_storage_get(&tls_calls, bpf_get_current_task_btf(), 0, 0);
	return call && call->sp ? call : NULL;
}

static __always_inline struct ts_tls_session *tls_session_of(__u64 ssl, __u32 tgid)
{
	struct ts_tls_key key = {.ssl = ssl, .tgid = tgid};

	return bpf_map_lookup_elem(&tls_sessions, &key);
}

/* Whether a connection can be the one below this call; of one that is known already only a call
 * that is sure to go on says otherwise. */
static __always_inline bool tls_may_learn(const struct ts_conn *c, const struct tls_call *call)
{
	__u64 return_to;

	if (call->function != TS_TLS_HANDSHAKE)
		return c->ssl != call->ssl;
	return !c->ssl && !bpf_probe_read_user(&return_to, sizeof(return_to), (void *)call->sp) &&
	       return_to == call->return_to;
}

/* The connection is the one below the SSL object of this call. */
static __always_inline void tls_learn(struct ts_conn *c, __u64 sk, const struct tls_call *call)
{
	struct ts_tls_key key = {.ssl = call->ssl, .tgid = c->tgid};
	struct ts_tls_session fresh = {.sk = sk, .conn = c->id};
	__u64 *since;

	since = bpf_map_lookup_elem(&tls_targets, &key.tgid);
	fresh.is_whole = c->is_whole && since && c->id >= *since;
	if (bpf_map_update_elem(&tls_sessions, &key, &fresh, BPF_ANY)) {
		COUNTER_ADD(tls_dropped, 1);
		return;
	}
	c->ssl = call->ssl;
	c->is_encrypted = 1;
}

/* When ciphertext passed. What a handshake inside the call sent before its answer came is not what
 * is being written. */
static __always_inline void tls_note(const struct ts_conn *c, const struct tls_call *call,
				     bool is_sent, __u64 ns, __u32 sequence)
{
	bool is_written = call && call->ssl == c->ssl && tls_is_write(call->function);
	struct ts_tls_session *s = tls_session_of(c->ssl, c->tgid);

	if (!s || s->conn != c->id)
		return;
	if (!is_sent) {
		s->read_ns = ns;
		s->read_sequence = sequence;
	}
	if (is_written)
		s->sent_ns = !is_sent ? 0 : s->sent_ns ? s->sent_ns : ns;
}

#endif
