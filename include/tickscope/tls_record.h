/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) OR Apache-2.0 */
/* How TLS shows on a connection: the header of its records (RFC 8446, section 5.1). */
#ifndef TICKSCOPE_TLS_RECORD_H
#define TICKSCOPE_TLS_RECORD_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Content type, version (major 3, minor 0 to 4), length of what follows. */
#define TS_TLS_HEADER_BYTES 5

#define TS_TLS_TYPE_CHANGE_CIPHER_SPEC 20
#define TS_TLS_TYPE_HANDSHAKE	       22
#define TS_TLS_TYPE_APPLICATION_DATA   23

#define TS_TLS_MINOR_MAX 4
/* 2^14 and what ciphers may add; compression may once have added 1024 more (RFC 5246, 6.2.3). */
#define TS_TLS_RECORD_MAX (16384 + 2048)

static inline __u32 ts_tls_length(const __u8 *header)
{
	return (__u32)header[3] << 8 | header[4];
}

/* Whether these TS_TLS_HEADER_BYTES can begin a record: text of no protocol here does. */
static inline int ts_tls_is_header(const __u8 *header)
{
	return header[0] >= TS_TLS_TYPE_CHANGE_CIPHER_SPEC &&
	       header[0] <= TS_TLS_TYPE_APPLICATION_DATA && header[1] == 3 &&
	       header[2] <= TS_TLS_MINOR_MAX && ts_tls_length(header) > 0 &&
	       ts_tls_length(header) <= TS_TLS_RECORD_MAX;
}

/* What both sides of a connection begin with. */
static inline int ts_tls_is_beginning(const __u8 *header)
{
	return ts_tls_is_header(header) && header[0] == TS_TLS_TYPE_HANDSHAKE;
}

#endif
