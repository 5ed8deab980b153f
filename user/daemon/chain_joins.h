/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages of chains that are recognised by an id in what is sent (ClOrdID, the id of JSON-RPC): the
 * kernel does not read messages, so what is under way is taken out of it when the parser sees the
 * message, and passes these stages, which are a chain's last ones, here.
 */
#ifndef TICKSCOPE_DAEMON_CHAIN_JOINS_H
#define TICKSCOPE_DAEMON_CHAIN_JOINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/chain.h"
#include "protocol/protocol.h"

/* Wait for their next stage, over all chains: as many as the kernel has under way; beyond that the
 * one that waits longest has timed out. */
#define CHAIN_JOINS_MAX TS_CHAIN_STATE_MAX

/* Where a stage from kernel_cnt on happens. */
struct chain_joins_stage {
	uint8_t filter; /* number of the endpoint's filter, from 1 */
	bool is_sent;	/* by the target; else it reads */
};

struct chain_joins_chain {
	struct ts_chain chain; /* kernel_cnt > 0; a stage in front of kernel_cnt keys by a number or
				  a text */
	struct chain_joins_stage stages[TS_CHAIN_STAGE_MAX];
};

/* A message with an id has passed an endpoint. */
struct chain_joins_message {
	uint8_t filter; /* of the endpoint */
	bool is_sent;	/* by the target */
	bool is_answer;
	uint32_t tgid;
	uint32_t image;		/* what the process ran: the lower bits of a ts_chain_state's */
	uint64_t conn;		/* number of the connection */
	uint64_t request_begin; /* position of the request, of whichever this is */
	struct protocol_id id;	/* an answer may have none */
	uint64_t ns;		/* its last byte was sent, or read */
};

struct chain_joins;

/* chains are copied: cnt of them, numbered as in the probe, which has to outlive this. -ENOMEM,
 * -EINVAL. */
int chain_joins_new(struct chain_probe *probe, const struct chain_joins_chain *chains, size_t cnt,
		    struct chain_joins **ret_joins);
void chain_joins_free(struct chain_joins *joins);

/* A stage happens at this endpoint. */
bool chain_joins_has(const struct chain_joins *joins, uint8_t filter);

void chain_joins_pass(struct chain_joins *joins, const struct chain_joins_message *message);

/* Ends what has taken longer than its chain allows; up to now_ns (CLOCK_MONOTONIC) all messages
 * were told. */
void chain_joins_settle(struct chain_joins *joins, uint64_t now_ns);

size_t chain_joins_waiting_cnt(const struct chain_joins *joins);
/* Timed out since too many waited. Only grows. */
uint64_t chain_joins_displaced(const struct chain_joins *joins);

#endif
