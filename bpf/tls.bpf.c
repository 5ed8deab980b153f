// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What OpenSSL is given to send, and gives when it has received, becomes records of the connection
 * below it. Maps are those of sock.bpf.c, whose programs see the ciphertext pass, and when.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <tickscope/abi_sock.h>
#include <tickscope/abi_tls.h>
#include "conn.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Calls whose beginning could not be kept. */
__u64 calls_missed = 0;
/* Bytes of plain text whose connection is not known: OpenSSL does not send by itself there. */
__u64 bytes_unplaced = 0;

/* Both registers are read first: the verifier takes no computed offset into them. */
static __always_inline __u64 length_at(struct pt_regs *ctx, __u32 function)
{
	__u64 fourth = ctx->cx, fifth = ctx->r8;

	asm volatile("" : "+r"(fourth), "+r"(fifth));
	switch (function) {
	case TS_TLS_READ_EX:
	case TS_TLS_WRITE_EX:
	case TS_TLS_READ_EARLY:
	case TS_TLS_WRITE_EARLY:
		return fourth;
	case TS_TLS_WRITE_EX2:
		return fifth;
	}
	return 0;
}

/*
 * One call inside another: of the same object, a part of it; of a second one, TLS in TLS, whose
 * plain text is that of the outer one. The end of a handshake is not seen: none is inside it.
 */
static __always_inline bool is_inner(struct tls_call *call, __u64 sp)
{
	return call->sp > sp && call->function != TS_TLS_HANDSHAKE &&
	       call->inner_cnt++ < TS_TLS_INNER_MAX;
}

/* In the process's own order: when its address is used again, this has been done. */
static __always_inline void forget(__u64 ssl, __u32 tgid)
{
	struct ts_tls_key key = {.ssl = ssl, .tgid = tgid};
	struct ts_tls_session *s = bpf_map_lookup_elem(&tls_sessions, &key);
	struct ts_conn *c = s ? bpf_map_lookup_elem(&conns, &s->sk) : NULL;

	if (!s)
		return;
	if (c && c->id == s->conn)
		c->ssl = 0;
	bpf_map_delete_elem(&tls_sessions, &key);
}

SEC("uprobe")
int tls_enter(struct pt_regs *ctx)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 function = bpf_get_attach_cookie(ctx);
	struct tls_call *call;

	if (!bpf_map_lookup_elem(&tls_targets, &tgid))
		return 0;
	if (function == TS_TLS_FREE) {
		forget(ctx->di, tgid);
		return 0;
	}
	call = bpf_task_storage_get(&tls_calls, bpf_get_current_task_btf(), 0,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call) {
		COUNTER_ADD(calls_missed, 1);
		return 0;
	}
	if (function == TS_TLS_GET_ERROR) {
		if (call->function == TS_TLS_HANDSHAKE)
			call->sp = 0;
		return 0;
	}
	if (is_inner(call, ctx->sp))
		return 0;
	if (function == TS_TLS_HANDSHAKE &&
	    bpf_probe_read_user(&call->return_to, sizeof(call->return_to), (void *)ctx->sp))
		call->return_to = 0;
	call->sp = ctx->sp;
	call->ssl = ctx->di;
	call->buffer = ctx->si;
	call->function = function;
	call->length_at = length_at(ctx, function);
	call->inner_cnt = 0;
	return 0;
}

/* How many bytes a call has taken or given, from what it returns. */
static __always_inline __u32 bytes_of(const struct tls_call *call, __u64 result)
{
	__u64 bytes = 0;

	switch (call->function) {
	case TS_TLS_READ:
	case TS_TLS_WRITE:
		return (__s32)result > 0 ? (__u32)result : 0;
	case TS_TLS_READ_EX:
	case TS_TLS_WRITE_EX:
	case TS_TLS_WRITE_EX2:
	case TS_TLS_READ_EARLY:
	case TS_TLS_WRITE_EARLY:
		if ((__s32)result <= 0 ||
		    bpf_probe_read_user(&bytes, sizeof(bytes), (void *)call->length_at))
			return 0;
		return bytes;
	}
	return 0;
}

static __always_inline void hand_out(const struct tls_call *call, struct ts_tls_session *s,
				     struct ts_conn *c, __u32 bytes)
{
	bool is_sent = tls_is_write(call->function);
	struct chunks k = {.conn = c,
			   .bytes = bytes,
			   .sequence = s->read_sequence,
			   .draft = draft_get(c),
			   .source = {.base = call->buffer, .is_known = true}};
	struct ts_stream_record *r;

	if (!k.draft)
		return;
	r = &k.draft->record;
	record_fill(r, c, is_sent ? TS_STREAM_SENT : TS_STREAM_RECEIVED);
	r->is_plain = 1;
	r->is_whole = s->is_whole;
	if (is_sent) {
		r->start_ns = s->sent_ns;
		s->sent_ns = 0;
	} else if (s->read_ns) {
		r->mono_ns = s->read_ns;
	}
	bpf_loop(TS_CHUNK_MAX, chunk_one, &k, 0);
}

/* sp: as it was at the first instruction of the function that is being left. */
static __always_inline void leave(struct pt_regs *ctx, __u64 sp)
{
	struct tls_call *call = bpf_task_storage_get(&tls_calls, bpf_get_current_task_btf(), 0, 0);
	struct ts_tls_session *s;
	struct ts_conn *c = NULL;
	bool is_rejected;
	__u32 bytes, tgid = bpf_get_current_pid_tgid() >> 32;

	if (!call || call->sp != sp)
		return;
	call->sp = 0;
	is_rejected = call->function == TS_TLS_EARLY_STATUS && ctx->ax == TS_TLS_EARLY_REJECTED;
	bytes = bytes_of(call, ctx->ax);
	if (!bytes && !is_rejected)
		return;
	s = tls_session_of(call->ssl, tgid);
	if (s)
		c = bpf_map_lookup_elem(&conns, &s->sk);
	if (!c || c->id != s->conn)
		COUNTER_ADD(bytes_unplaced, bytes);
	else if (is_rejected)
		c->has_gap = 1; /* nobody has read what was handed out */
	else
		hand_out(call, s, c, bytes);
}

/* At an instruction that leaves the function: the stack pointer is where it was at entry. */
SEC("uprobe")
int tls_exit(struct pt_regs *ctx)
{
	leave(ctx, ctx->sp);
	return 0;
}

/* After a replaced return address: it has been popped. */
SEC("uretprobe")
int tls_return(struct pt_regs *ctx)
{
	leave(ctx, ctx->sp - sizeof(__u64));
	return 0;
}
