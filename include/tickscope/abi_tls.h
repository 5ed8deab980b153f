/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* What the programs on OpenSSL's functions share with user space. */
#ifndef TICKSCOPE_ABI_TLS_H
#define TICKSCOPE_ABI_TLS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Which function a probe is on: its BPF cookie. */
enum ts_tls_function {
	TS_TLS_NONE = 0,
	TS_TLS_READ,	  /* int SSL_read(SSL *, void *, int): bytes, or <= 0 */
	TS_TLS_WRITE,	  /* int SSL_write(SSL *, const void *, int) */
	TS_TLS_READ_EX,	  /* int SSL_read_ex(SSL *, void *, size_t, size_t *): 1, or 0 */
	TS_TLS_WRITE_EX,  /* int SSL_write_ex(SSL *, const void *, size_t, size_t *) */
	TS_TLS_WRITE_EX2, /* … with flags before the last (3.3) */
	TS_TLS_PEEK,	  /* reads from the connection, and hands out what SSL_read will again */
	TS_TLS_PEEK_EX,
	TS_TLS_HANDSHAKE,  /* SSL_do_handshake: shows the connection; leaves unseen, by a jump */
	TS_TLS_READ_EARLY, /* int SSL_read_early_data(SSL *, void *, size_t, size_t *): 1, or not */
	TS_TLS_WRITE_EARLY,  /* int SSL_write_early_data(SSL *, const void *, size_t, size_t *) */
	TS_TLS_GET_ERROR,    /* asked after a call, so after a handshake that was being made */
	TS_TLS_FREE,	     /* SSL_free: its address may be that of another one next */
	TS_TLS_EARLY_STATUS, /* int SSL_get_early_data_status(const SSL *) */
	TS_TLS_FUNCTION_CNT,
};

/* An SSL object of a process. */
struct ts_tls_key {
	__u64 ssl;
	__u32 tgid;
	__u32 reserved;
};

/* The connection below an SSL object, as its sends and receives inside OpenSSL showed it. */
struct ts_tls_session {
	__u64 sk;
	__u64 conn;	     /* ts_conn.id */
	__u64 sent_ns;	     /* first send of what is being written, CLOCK_MONOTONIC; 0: none yet */
	__u64 read_ns;	     /* latest receive */
	__u32 read_sequence; /* TCP's, behind it */
	__u32 is_whole;	     /* all that it carried has been seen */
};

/* SSL_EARLY_DATA_REJECTED: what was written early will be written again. */
#define TS_TLS_EARLY_REJECTED 1

/* Calls of OpenSSL inside one (TLS in TLS) that are passed over before it is taken to be gone. */
#define TS_TLS_INNER_MAX 1024

#endif
