/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections whose protocol is known: records of the kernel -> parsers (streams.c) -> exchanges ->
 * their times -> operations, one for each set of labels (exchanges.c).
 */
#ifndef TICKSCOPE_DAEMON_STREAMS_H
#define TICKSCOPE_DAEMON_STREAMS_H

#include "daemon/rpc.h"
#include "measure/stream_times.h"

#define CONNECTION_MAX \
	16384 /* with parsers; each has at most PROTOCOL_CONNECTION_BYTES and its times */
/* Skipped without one message: more than any that a trace begins in the midst of. */
#define FOREIGN_BYTES 65536
#define TABLE_SLOTS   (2 * CONNECTION_MAX)

#define HELD_MAX 16 /* of a connection; then they are taken as they come */

struct connection {
	uint64_t id;
	struct streams *streams;
	enum protocol_kind kind; /* that was asked for */
	struct protocol *protocol;
	enum protocol_side own; /* the side that the target is */
	uint32_t endpoint;
	uint32_t tgid;	/* that sent or read last */
	uint32_t image; /* and what it ran: lower bits of a ts_chain_state's */
	uint64_t position[PROTOCOL_SIDE_CNT];
	/* What TCP's sequence numbers, 32 bits wide, mean: at position 0 of what is received … */
	uint32_t sequence_base;
	bool has_base;
	/* … and at the last packet that arrived, whose own position counts from the first one. */
	uint32_t arrived_sequence;
	uint64_t arrived_position;
	/* Receives that came before the end of a send whose bytes were on their way already. */
	uint32_t sent_sequence;
	bool has_sent;
	struct ts_stream_record *held[HELD_MAX]; /* each with its payload behind it */
	size_t held_cnt;
	struct stream_times sent;
	/* Chains have stages here: when sends were over. */
	bool has_chains;
	struct stream_times sent_ends;
	struct stream_times read;
	struct stream_times arrived;
	/* Encrypted: until plain text comes, what it carries is not known. Positions are those of
	 * the plain text then, and its arrival is that of the ciphertext that held it. */
	bool is_encrypted;
	bool is_plain;
	struct stream_times plain_arrived;
	struct protocol_counts told; /* already added to the endpoint's */
};

struct streams {
	struct daemon *daemon;
	struct connection *table[TABLE_SLOTS]; /* open addressing by id */
	size_t connection_cnt;
	struct parsed parsed[PARSED_MAX];
	size_t parsed_cnt;
	bool has_said_full;
	bool has_said_foreign;
	bool has_said_encrypted;
};

/* Chains have stages at this endpoint that are recognised by ids. */
bool streams_have_chains(struct daemon *d, uint32_t endpoint);
/* exchanges.c: context is the connection. */
void streams_on_exchange(const struct protocol_exchange *exchange, void *context);
/* Plain text that was read has this position behind it. */
void streams_read_plain(struct connection *connection, const struct ts_stream_record *record,
			uint64_t position);
/* Bytes have arrived in the kernel. */
void streams_arrive(struct connection *connection, const struct ts_stream_record *record);

#endif
