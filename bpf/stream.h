/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hands what a connection sends and receives to user space, for a parser: times, lengths, and the
 * beginning of the payload, read from the caller's own buffers by the registers of its system call.
 * Calls that are made in another way (io_uring, sendfile) give their length only.
 */
#ifndef TICKSCOPE_BPF_STREAM_H
#define TICKSCOPE_BPF_STREAM_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sock.h>
#include "conn_state.h"
#include "image.h"
#include "series.h"
#include "tls.h"

/* Records that did not fit the ring. */
__u64 stream_dropped = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TS_STREAM_RING_BYTES);
} stream SEC(".maps");

/* A record in the making: a task's own, since programs in system calls can be preempted. */
struct draft {
	struct ts_stream_record record;
	__u8 payload[2 * (TS_PAYLOAD_MAX + 1)]; /* a masked offset and a masked length fit */
};

/* The bound as the verifier can see it, behind everything that the compiler may do. */
#define PAYLOAD_BOUND(bytes) asm volatile("%0 &= 1023" : "+r"(bytes))

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct draft);
} drafts SEC(".maps");

struct user_iovec {
	__u64 base;
	__u64 length;
};

/* x86-64 system calls that send from or receive into buffers of the caller. */
enum {
	CALL_READ = 0,
	CALL_WRITE = 1,
	CALL_READV = 19,
	CALL_WRITEV = 20,
	CALL_SENDTO = 44,
	CALL_RECVFROM = 45,
	CALL_SENDMSG = 46,
	CALL_RECVMSG = 47,
};

#define MSGHDR_IOV_OFFSET   16 /* struct user_msghdr */
#define MSGHDR_COUNT_OFFSET 24
#define IOVEC_MAX	    8 /* pieces that are gathered */

/* Copies a buffer of the caller behind what is there; the number of bytes there then. */
static __always_inline __u32 payload_add(struct draft *d, __u64 at, __u64 base, __u64 bytes)
{
	if (at >= TS_PAYLOAD_MAX)
		return at;
	if (bytes > TS_PAYLOAD_MAX - at)
		bytes = TS_PAYLOAD_MAX - at;
	PAYLOAD_BOUND(at);
	PAYLOAD_BOUND(bytes);
	return bpf_probe_read_user(d->payload + at, bytes, (void *)base) ? at : at + bytes;
}

/* Where a system call has its bytes: in `cnt` buffers, or for 0 in one. */
struct source {
	__u64 base;
	__u32 cnt;
	bool is_known;
};

struct gather {
	struct draft *draft;
	__u64 vector;
	__u32 cnt;
	__u32 at;
	__u32 skip; /* bytes before those that are wanted */
	__u32 left;
};

static long gather_one(__u32 i, struct gather *g)
{
	struct user_iovec piece;
	__u32 at;

	if (i >= g->cnt || !g->left ||
	    bpf_probe_read_user(&piece, sizeof(piece), (void *)(g->vector + i * sizeof(piece))))
		return 1;
	if (piece.length <= g->skip) {
		g->skip -= piece.length;
		return 0;
	}
	piece.base += g->skip;
	piece.length -= g->skip;
	g->skip = 0;
	if (piece.length > g->left)
		piece.length = g->left;
	g->left -= piece.length;
	at = payload_add(g->draft, g->at, piece.base, piece.length);
	if (at - g->at != piece.length) /* full, or not readable: what follows would not fit on */
		g->left = 0;
	g->at = at;
	return 0;
}

/* Of pt_regs, those that are behind one another and of use here; the whole is too large for the
 * stack. */
struct call_registers {
	__u64 dx;
	__u64 si;
	__u64 di;
	__u64 orig_ax;
};
_Static_assert(__builtin_offsetof(struct pt_regs, orig_ax) -
			       __builtin_offsetof(struct pt_regs, dx) ==
		       __builtin_offsetof(struct call_registers, orig_ax),
	       "the registers are those of pt_regs");

/* What the caller of this system call sent or received. */
static __always_inline void source_find(struct source *source)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *caller = (struct pt_regs *)bpf_task_pt_regs(task);
	struct call_registers regs;
	__u64 cnt = 0;

	source->is_known = false;
	source->cnt = 0;
	if (bpf_probe_read_kernel(&regs, sizeof(regs), &caller->dx))
		return;
	switch (regs.orig_ax) {
	case CALL_READ:
	case CALL_WRITE:
	case CALL_SENDTO:
	case CALL_RECVFROM:
		source->base = regs.si;
		source->is_known = true;
		return;
	case CALL_READV:
	case CALL_WRITEV:
		source->base = regs.si;
		source->cnt = regs.dx;
		source->is_known = true;
		return;
	case CALL_SENDMSG:
	case CALL_RECVMSG:
		source->is_known = !bpf_probe_read_user(&source->base, sizeof(source->base),
							(void *)(regs.si + MSGHDR_IOV_OFFSET)) &&
				   !bpf_probe_read_user(&cnt, sizeof(cnt),
							(void *)(regs.si + MSGHDR_COUNT_OFFSET));
		source->cnt = cnt;
		return;
	}
}

/* Reads `bytes` of them from an offset on; how many could be. */
static __always_inline __u32 payload_read(struct draft *d, const struct source *source,
					  __u32 offset, __u32 bytes)
{
	struct gather g = {.draft = d,
			   .vector = source->base,
			   .cnt = source->cnt,
			   .skip = offset,
			   .left = bytes};

	if (!source->is_known)
		return 0;
	if (!source->cnt)
		return payload_add(d, 0, source->base + offset, bytes);
	bpf_loop(IOVEC_MAX, gather_one, &g, 0);
	return g.at;
}

static __always_inline void record_fill(struct ts_stream_record *r, struct ts_conn *c, __u8 kind)
{
	r->conn = c->id;
	r->mono_ns = bpf_ktime_get_ns();
	r->start_ns = 0;
	r->endpoint = c->endpoint;
	r->tgid = c->tgid;
	r->bytes = 0;
	r->sequence = 0;
	r->sent_sequence = 0;
	r->image = (__u32)image_current();
	r->captured = 0;
	r->kind = kind;
	r->role = c->role;
	r->is_whole = c->is_whole;
	r->has_gap = c->has_gap;
	r->is_plain = 0;
	r->reserved = 0;
}

/* Wakes user space only where much waits: it comes by itself several times a second. */
static __always_inline void record_send(struct ts_conn *c, struct ts_stream_record *r, __u64 bytes)
{
	__u64 flags =
		bpf_ringbuf_query(&stream, 0 /* BPF_RB_AVAIL_DATA */) > TS_STREAM_RING_BYTES / 4
			? 2 /* BPF_RB_FORCE_WAKEUP */
			: 1 /* BPF_RB_NO_WAKEUP */;

	if (bpf_ringbuf_output(&stream, r, bytes, flags)) {
		c->has_gap = 1;
		COUNTER_ADD(stream_dropped, 1);
	} else {
		c->has_gap = 0;
	}
}

/* What a send or receive was. */
struct transfer {
	__u64 sk;
	__u8 kind;
	__u32 bytes;
	__u64 start_ns;
	__u32 sequence;
	__u32 sent_sequence;
};

struct chunks {
	struct ts_conn *conn;
	struct draft *draft;
	struct source source;
	__u32 bytes;
	__u32 offset;
	__u32 sequence;
};

/* One record of a send or receive; the last one stands for all that is left. */
static long chunk_one(__u32 i, struct chunks *k)
{
	__u32 left = k->bytes - k->offset, bytes = left;
	struct ts_stream_record *r = &k->draft->record;
	__u64 captured;

	if (!left)
		return 1;
	if (bytes > TS_PAYLOAD_MAX)
		bytes = TS_PAYLOAD_MAX;
	captured = payload_read(k->draft, &k->source, k->offset, bytes);
	PAYLOAD_BOUND(captured);
	if (i + 1 == TS_CHUNK_MAX || captured < bytes)
		bytes = left;
	r->bytes = bytes;
	r->captured = captured;
	r->sequence = k->sequence - (left - bytes);
	r->has_gap = k->conn->has_gap;
	record_send(k->conn, r, sizeof(*r) + captured);
	k->offset += bytes;
	return 0;
}

static __always_inline struct draft *draft_get(struct ts_conn *c)
{
	struct draft *d = bpf_task_storage_get(&drafts, bpf_get_current_task_btf(), 0,
					       BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!d) {
		c->has_gap = 1;
		COUNTER_ADD(stream_dropped, 1);
	}
	return d;
}

/* Whether what is sent or received begins with the header of a TLS record. */
static __always_inline bool is_tls_record(struct draft *d, const struct source *source,
					  bool is_first)
{
	if (payload_read(d, source, 0, TS_TLS_HEADER_BYTES) < TS_TLS_HEADER_BYTES)
		return false;
	return is_first ? ts_tls_is_beginning(d->payload) : ts_tls_is_header(d->payload);
}

/* The first bytes of a connection tell whether it is encrypted, from its beginning on. */
static __always_inline bool looks_encrypted(struct ts_conn *c, struct draft *d,
					    const struct source *source)
{
	if (!c->is_whole || c->is_looked_at)
		return false;
	c->is_looked_at = 1;
	return is_tls_record(d, source, true);
}

/* A send or receive of the current task is over. */
static __noinline __attribute__((unused)) void stream_data(struct ts_conn *c,
							   const struct transfer *transfer)
{
	struct chunks k = {.conn = c, .bytes = transfer->bytes, .sequence = transfer->sequence};
	struct tls_call *call;
	bool begins_encrypted;

	if (!c->is_streamed)
		return;
	call = tls_call_get();
	if (c->is_encrypted && !(call && tls_may_learn(c, call)))
		goto encrypted;
	k.draft = draft_get(c);
	if (!k.draft)
		return;
	source_find(&k.source);
	if (call && tls_may_learn(c, call) && is_tls_record(k.draft, &k.source, false))
		tls_learn(c, transfer->sk, call);
	if (c->is_encrypted)
		goto encrypted;
	begins_encrypted = looks_encrypted(c, k.draft, &k.source);
	record_fill(&k.draft->record, c, transfer->kind);
	k.draft->record.start_ns = transfer->start_ns;
	k.draft->record.sent_sequence = transfer->sent_sequence;
	bpf_loop(TS_CHUNK_MAX, chunk_one, &k, 0);
	c->is_encrypted = begins_encrypted;
	return;
encrypted:
	if (c->ssl)
		tls_note(c, call, transfer->kind == TS_STREAM_SENT,
			 transfer->start_ns ? transfer->start_ns : bpf_ktime_get_ns(),
			 transfer->sequence);
}

/* What needs no payload, also outside of system calls. */
static __always_inline void stream_event(struct ts_conn *c, __u8 kind, __u32 bytes, __u32 sequence)
{
	struct ts_stream_record r;

	if (!c->is_streamed)
		return;
	record_fill(&r, c, kind);
	r.bytes = bytes;
	r.sequence = sequence;
	record_send(c, &r, sizeof(r));
}

#endif
