/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections and where a request on them stands. Requests are told from answers by direction: what
 * the client sends until the server answers is one request. The sender, the reader and the network
 * may come at the same time on different CPUs; whoever moves the phase on does the counting.
 */
#ifndef TICKSCOPE_BPF_CONN_H
#define TICKSCOPE_BPF_CONN_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <tickscope/abi_sock.h>
#include "chain_socket.h"
#include "conn_state.h"
#include "endpoint.h"
#include "series.h"
#include "stream.h"

#define MSG_PEEK     0x2
#define MSG_ERRQUEUE 0x2000

/* Connections so far. */
__u64 conn_cnt = 0;
/* Connections that found no room. */
__u64 conns_dropped = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TS_CONN_MAX);
	__type(key, __u64); /* address of the socket; removed with it */
	__type(value, struct ts_conn);
} conns SEC(".maps");

static __always_inline struct ts_conn *conn_get(struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&conns, &key);
}

/* Where chains have stages on it, by the filter that chose it. */
static __always_inline void conn_set_points(struct ts_conn *c, __u8 filter)
{
	__u64 idx = filter - 1;

	if (!has_chains || !filter)
		return;
	asm volatile("%0 &= 15" : "+r"(idx));
	c->receive_point = endpoint_points[idx].receive;
	c->send_point = endpoint_points[idx].send;
}
_Static_assert(TS_FILTER_MAX == 16, "a mask bounds filters");

/* That a stage of chains was passed on it. The caller says so when nothing else is on the stack. */
struct socket_passage {
	__u64 now_ns;
	__u64 arrived_ns; /* of a receive, when it had come; 0: not known */
	__u32 point;	  /* plus one; 0: there is no stage */
	__u32 reserved;
};

static __always_inline void conn_tells_passage(const struct socket_passage *p)
{
	if (has_chains && p->point)
		chain_at_socket(p->point, p->now_ns, p->arrived_ns);
}

/* For `arrive`: payload has come. */
static __always_inline void conn_notes_arrival(struct ts_conn *c, __u64 now_ns)
{
	if (!has_chains || !c->receive_point)
		return;
	c->newest_ns = now_ns;
	__sync_val_compare_and_swap(&c->oldest_ns, 0, now_ns);
}

/* When what was just read had come. What is left there came with the newest, as far as it is known.
 */
static __always_inline __u64 conn_takes_arrival(struct ts_conn *c, __u32 unread_bytes)
{
	__u64 arrived_ns = c->oldest_ns;

	c->oldest_ns = unread_bytes ? c->newest_ns : 0;
	return arrived_ns;
}

/* A function of its own: what it begins with would be in its callers' stack, which chains need. */
static __noinline __attribute__((unused)) struct ts_conn *conn_add(struct sock *sk, __u8 role,
								   __u32 tgid, bool is_whole)
{
	struct ts_conn fresh = {.role = role,
				.tgid = tgid,
				.is_whole = is_whole,
				.id = __sync_fetch_and_add(&conn_cnt, 1)};
	struct ts_endpoint_key endpoint = {};
	struct ts_endpoint_figures *f;
	__u64 key = (__u64)sk;

	key_set(&endpoint, sk, role);
	endpoint.target = role == TS_ROLE_SERVER ? listening_target(sk) : target_of(tgid);
	if (!endpoint_choose(&endpoint, &fresh.is_streamed))
		return NULL;
	fresh.endpoint = endpoint_get(&endpoint);
	conn_set_points(&fresh, endpoint.filter);
	if (bpf_map_update_elem(&conns, &key, &fresh, BPF_ANY)) {
		COUNTER_ADD(conns_dropped, 1);
		return NULL;
	}
	f = figures_get(fresh.endpoint);
	if (f)
		COUNTER_ADD(f->connections, 1);
	return bpf_map_lookup_elem(&conns, &key);
}

static __always_inline struct ts_series *rpc_series(const struct ts_conn *c, __u32 which)
{
	return series_get(c->endpoint * TS_RPC_SERIES_CNT + which);
}

static __always_inline void rpc_record(const struct ts_conn *c, __u32 which, __u64 from_ns,
				       __u64 to_ns)
{
	struct ts_series *s = rpc_series(c, which);

	if (!s)
		return;
	if (which != TS_RPC_TOTAL)
		COUNTER_ADD(s->entries, 1);
	series_record(s, to_ns - from_ns);
}

static __always_inline bool phase_move(struct ts_conn *c, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap(&c->phase, from, to) == from;
}

static __always_inline void phase_set(struct ts_conn *c, __u32 to)
{
	*(volatile __u32 *)&c->phase = to;
}

static __always_inline __u32 phase_of(const struct ts_conn *c)
{
	return *(volatile const __u32 *)&c->phase;
}

/* A whole exchange: its segments add up to its time, also while someone adds a last byte to it. The
 * phase is TS_PHASE_BUSY. */
static __always_inline void rpc_complete(const struct ts_conn *c)
{
	__u64 start_ns = c->start_ns, arrived_ns = c->arrived_ns, read_ns = c->read_ns;
	__u64 last_ns = *(const volatile __u64 *)&c->last_ns;

	/* What one thread reads another can have answered before the read is over. */
	if (last_ns < start_ns)
		last_ns = start_ns;
	if (read_ns > last_ns)
		read_ns = last_ns;
	if (read_ns < start_ns)
		read_ns = start_ns;
	if (c->role == TS_ROLE_CLIENT) {
		/* The arrival was not seen, or another CPU saw it after the reader did. */
		if (!arrived_ns || arrived_ns > read_ns)
			arrived_ns = read_ns;
		if (arrived_ns < start_ns)
			arrived_ns = start_ns;
		rpc_record(c, TS_RPC_SEGMENT_1, start_ns, arrived_ns);
		rpc_record(c, TS_RPC_SEGMENT_2, arrived_ns, read_ns);
		rpc_record(c, TS_RPC_SEGMENT_3, read_ns, last_ns);
	} else {
		rpc_record(c, TS_RPC_SEGMENT_1, start_ns, read_ns);
		rpc_record(c, TS_RPC_SEGMENT_2, read_ns, last_ns);
	}
	rpc_record(c, TS_RPC_TOTAL, start_ns, last_ns);
}

static __always_inline void rpc_begin(struct ts_conn *c, __u64 start_ns)
{
	struct ts_series *s = rpc_series(c, TS_RPC_TOTAL);

	c->start_ns = start_ns;
	c->arrived_ns = 0;
	c->unread_ns = 0;
	if (s)
		COUNTER_ADD(s->entries, 1);
}

/* The connection ends while a request waits. */
static __always_inline void rpc_abandon(const struct ts_conn *c)
{
	struct ts_series *s = rpc_series(c, TS_RPC_TOTAL);

	if (!s)
		return;
	COUNTER_ADD(s->unwound, 1);
	COUNTER_ADD(s->errors, 1);
}

#define SETTLE_TRIES                                                                 \
	256 /* looks, each of a nanosecond or two; what is awaited takes some 300 ns \
	     */

/* The phase, once whoever is changing it is done. */
static __always_inline __u32 phase_settled(const struct ts_conn *c)
{
	__u32 phase = phase_of(c);

	for (int i = 0; i < SETTLE_TRIES && phase == TS_PHASE_BUSY; i++)
		phase = phase_of(c);
	return phase;
}

static __always_inline bool is_answered(const struct ts_conn *c, __u32 phase)
{
	return phase == (c->role == TS_ROLE_CLIENT ? TS_PHASE_READ : TS_PHASE_ANSWERED);
}

/* Completes an exchange whose answer is over; false where there is none, or someone else does. */
static __always_inline bool rpc_close(struct ts_conn *c, __u32 next_phase)
{
	__u32 phase = phase_of(c);

	if (!is_answered(c, phase) || !phase_move(c, phase, TS_PHASE_BUSY))
		return false;
	rpc_complete(c);
	phase_set(c, next_phase);
	return true;
}

static __always_inline bool is_behind(__u64 known, __u32 sequence)
{
	return !known || (__s32)(sequence - (__u32)known) > 0;
}

/* Others raise it, too, each to where its own bytes end. */
#define RAISE_TRIES 8

/* False: others were there, or beyond. */
static __always_inline bool sequence_raise(__u64 *known, __u32 sequence)
{
	for (int i = 0; i < RAISE_TRIES; i++) {
		__u64 before = *(volatile __u64 *)known;

		if (!is_behind(before, sequence))
			return false;
		if (__sync_val_compare_and_swap(known, before, TS_SEQUENCE_KNOWN | sequence) ==
		    before)
			return true;
	}
	return false;
}

/*
 * A send is over only after its bytes are: what answers them can be seen first, by another thread.
 * Whoever claims bytes enters what their send means, and then says so with conn_has_begun.
 */
static __always_inline bool conn_claims(struct ts_conn *c, __u32 sequence)
{
	return sequence_raise(&c->sent, sequence);
}

static __always_inline void conn_has_begun(struct ts_conn *c, __u32 sequence)
{
	sequence_raise(&c->begun, sequence);
}

static __always_inline void conn_knows_sent(struct ts_conn *c, __u32 sequence)
{
	conn_claims(c, sequence);
	conn_has_begun(c, sequence);
}

static __always_inline bool is_begun(struct ts_conn *c, __u32 sequence)
{
	return !is_behind(*(volatile __u64 *)&c->begun, sequence);
}

/* True: the read is to be entered now; false: by whoever claimed what was sent before it. */
static __always_inline bool conn_may_read(struct ts_conn *c, __u32 sequence, __u64 now_ns)
{
	for (int i = 0; i < SETTLE_TRIES; i++) {
		if (is_begun(c, sequence))
			return true;
	}
	/* They were interrupted. Just now they may have gone on, and not have seen it. */
	__sync_lock_test_and_set(&c->handed_ns, now_ns);
	return is_begun(c, sequence) && __sync_lock_test_and_set(&c->handed_ns, 0);
}

static __always_inline void client_sends(struct ts_conn *c, __u64 start_ns)
{
	rpc_close(c, TS_PHASE_IDLE);
	if (phase_move(c, TS_PHASE_IDLE, TS_PHASE_BUSY)) {
		rpc_begin(c, start_ns);
		phase_set(c, TS_PHASE_REQUEST);
	}
}

/*
 * The other side has acknowledged what it answers. A request that nobody has taken up yet begins,
 * as far as it can be told, when its answer arrived.
 */
static __always_inline void client_catches_up(struct ts_conn *c, __u32 acked_sequence, __u64 now_ns)
{
	__u64 arrived_ns = c->unread_ns ? c->unread_ns : now_ns;
	__u32 phase;

	if (!c->sent || !conn_claims(c, acked_sequence))
		return;
	phase = phase_settled(c);
	if (phase == TS_PHASE_IDLE || phase == TS_PHASE_READ) {
		client_sends(c, arrived_ns);
		c->arrived_ns = arrived_ns;
	}
	conn_has_begun(c, acked_sequence);
}

static __always_inline void client_reads(struct ts_conn *c, struct ts_endpoint_figures *f,
					 __u64 now_ns, __u64 bytes)
{
	__u32 phase = phase_settled(c);

	if (phase == TS_PHASE_REQUEST || phase == TS_PHASE_ARRIVED) {
		if (!phase_move(c, phase, TS_PHASE_BUSY) &&
		    !phase_move(c, TS_PHASE_ARRIVED, TS_PHASE_BUSY))
			return;
		if (!c->arrived_ns)
			COUNTER_ADD(f->arrivals_missed, 1);
		/* Its send may have ended since this read did. */
		if (c->start_ns > now_ns)
			c->start_ns = now_ns;
		c->read_ns = now_ns;
		c->last_ns = now_ns;
		phase_set(c, TS_PHASE_READ);
	} else if (phase == TS_PHASE_READ) {
		c->last_ns = now_ns;
	} else {
		COUNTER_ADD(f->unsolicited_bytes, bytes);
		if (c->unread_ns)
			rpc_record(c, TS_RPC_FEED, c->unread_ns, now_ns);
		c->unread_ns = 0;
	}
}

static __always_inline void server_reads(struct ts_conn *c, struct ts_endpoint_figures *f,
					 __u64 now_ns)
{
	/* Who is closing it just now has to be done before this can be entered. */
	if (phase_settled(c) == TS_PHASE_ANSWERED && !rpc_close(c, TS_PHASE_IDLE))
		phase_settled(c);
	if (phase_move(c, TS_PHASE_IDLE, TS_PHASE_BUSY)) {
		COUNTER_ADD(f->arrivals_missed, 1);
		rpc_begin(c, now_ns);
		c->read_ns = now_ns;
		phase_set(c, TS_PHASE_READ);
	} else if (phase_move(c, TS_PHASE_REQUEST, TS_PHASE_BUSY)) {
		rpc_begin(c, c->arrived_ns);
		c->read_ns = now_ns;
		phase_set(c, TS_PHASE_READ);
	}
}

static __always_inline void server_sends(struct ts_conn *c, __u64 now_ns)
{
	__u32 phase = phase_settled(c);

	if (phase != TS_PHASE_READ && phase != TS_PHASE_ANSWERED)
		return;
	c->last_ns = now_ns;
	if (phase == TS_PHASE_READ)
		phase_move(c, TS_PHASE_READ, TS_PHASE_ANSWERED);
}

/* The other side has acknowledged an answer, and asks again, while its send is not over yet. */
static __always_inline void server_catches_up(struct ts_conn *c, __u32 acked_sequence, __u64 now_ns)
{
	if (!c->sent || !conn_claims(c, acked_sequence))
		return;
	server_sends(c, now_ns);
	conn_has_begun(c, acked_sequence);
}

static __always_inline void conn_reads(struct ts_conn *c, struct ts_endpoint_figures *f,
				       __u64 now_ns, __u64 bytes)
{
	if (c->role == TS_ROLE_CLIENT)
		client_reads(c, f, now_ns, bytes);
	else
		server_reads(c, f, now_ns);
}

/* A send of the target is over. start_ns: when it began, as far as that is known. */
static __always_inline void conn_has_sent(struct ts_conn *c, struct ts_endpoint_figures *f,
					  __u32 sequence, __u64 start_ns, __u64 now_ns)
{
	__u64 read_ns;

	if (!conn_claims(c, sequence))
		return;
	if (c->role == TS_ROLE_SERVER)
		server_sends(c, now_ns);
	else
		client_sends(c, start_ns);
	conn_has_begun(c, sequence);
	read_ns = __sync_lock_test_and_set(&c->handed_ns, 0);
	if (read_ns)
		conn_reads(c, f, read_ns, 0);
}

/* A receive is over; what the other side has acknowledged was sent before it. */
static __always_inline void conn_has_received(struct ts_conn *c, struct ts_endpoint_figures *f,
					      __u32 acked_sequence, __u64 now_ns, __u64 bytes)
{
	if (c->role == TS_ROLE_CLIENT)
		client_catches_up(c, acked_sequence, now_ns);
	else
		server_catches_up(c, acked_sequence, now_ns);
	if (!c->sent || conn_may_read(c, acked_sequence, now_ns))
		conn_reads(c, f, now_ns, bytes);
}

/* Payload has arrived. The reader of a Unix socket enters that itself. */
static __always_inline void conn_enter_arrival(struct ts_conn *c, __u64 now_ns)
{
	if (c->role == TS_ROLE_CLIENT) {
		if (phase_of(c) == TS_PHASE_IDLE && !c->unread_ns)
			c->unread_ns = now_ns;
		if (phase_of(c) != TS_PHASE_REQUEST || c->arrived_ns)
			return;
		c->arrived_ns = now_ns;
		phase_move(c, TS_PHASE_REQUEST, TS_PHASE_ARRIVED);
		return;
	}
	rpc_close(c, TS_PHASE_IDLE);
	if (phase_of(c) == TS_PHASE_IDLE) {
		c->arrived_ns = now_ns;
		phase_move(c, TS_PHASE_IDLE, TS_PHASE_REQUEST);
	}
}

/* Payload has arrived for the process, which may read it whenever it likes. */
static __always_inline void conn_arrives(struct ts_conn *c, __u32 acked_sequence, __u64 now_ns)
{
	if (c->role != TS_ROLE_CLIENT)
		server_catches_up(c, acked_sequence, now_ns);
	conn_enter_arrival(c, now_ns);
}

/* It ends: what is open on it never will be answered. */
static __always_inline void conn_close(struct ts_conn *c, struct ts_endpoint_figures *f)
{
	__u32 phase;

	if (rpc_close(c, TS_PHASE_IDLE))
		return;
	phase = phase_of(c);
	/* What a server has not read was no request yet. */
	if (phase == TS_PHASE_READ || phase == TS_PHASE_ARRIVED ||
	    (phase == TS_PHASE_REQUEST && c->role == TS_ROLE_CLIENT))
		rpc_abandon(c);
	else if (phase == TS_PHASE_REQUEST)
		COUNTER_ADD(f->unread_requests, 1);
}

/* The socket is gone. */
static __always_inline void conn_end(struct sock *sk)
{
	struct ts_conn *c = conn_get(sk);
	struct ts_endpoint_figures *f;
	__u64 key = (__u64)sk;
	__u32 unread_bytes;

	if (!c)
		return;
	f = figures_get(c->endpoint);
	if (f) {
		/* With the handshake's last segment, arrival is not seen. A FIN counts as a byte.
		 */
		unread_bytes = BPF_CORE_READ((struct tcp_sock *)sk, rcv_nxt) -
			       BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
		if (c->role == TS_ROLE_SERVER && phase_of(c) == TS_PHASE_IDLE && unread_bytes > 1)
			COUNTER_ADD(f->unread_requests, 1);
		conn_close(c, f);
	}
	stream_event(c, TS_STREAM_CLOSED, 0, 0);
	bpf_map_delete_elem(&conns, &key);
}

#endif
