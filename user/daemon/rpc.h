/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the traced processes. */
#ifndef TICKSCOPE_DAEMON_RPC_H
#define TICKSCOPE_DAEMON_RPC_H

#include "daemon/internal.h"

/* Requests of one kind on one endpoint: what a parser tells apart. */
struct parsed {
	uint32_t endpoint;
	enum operation_kind kind;
	enum protocol_kind protocol;
	bool is_asker; /* the target asks */
	bool is_encrypted;
	char until[16];
	struct protocol_labels labels;
	struct ts_series *series; /* TS_RPC_SERIES_CNT of them */
};

#define PARSED_MAX                                                                     \
	192 /* kinds of requests; each has three windows for its time and its segments \
	     */

/* streams.c: connections with a parser. */
int streams_start(struct daemon *d);
void streams_stop(struct daemon *d);
/* Takes the records that have come since, of many only some unless all are wanted. */
void streams_read(struct daemon *d, bool wants_all);
/* Brings the endpoints' counts of the parsers up to date. */
void streams_tell(struct daemon *d, bool is_end);

/* openssl.c: what encrypted connections carry. Loads the programs, where streams are read, before
 * any process needs them. */
int openssl_load(struct daemon *d, struct fault *why);
/* A process that is taken: says what cannot be done. */
void openssl_add_process(struct daemon *d, struct traced *t);
/* Libraries that were not there yet: of processes that just started, or of all. */
void openssl_look_again(struct daemon *d, bool wants_all);

/* losses.c: at the end. */
void losses_say(struct daemon *d);

/* rpc.c: connections. */
bool rpc_is_wanted(const struct daemon_config *config);
/* Likewise, or chains have stages there. */
bool rpc_is_used(const struct daemon *d);
/* False: its target's connections are only looked at for chains. */
bool rpc_is_shown(const struct daemon *d, const struct ts_endpoint_key *key);
/* rpc_operation_max: operations that they may become. */
size_t rpc_operation_max(const struct daemon *d);
int rpc_start(struct daemon *d, struct fault *why);
/* What a process listens on, and from now on sends and receives. */
int rpc_add_process(struct daemon *d, const struct traced *t, struct fault *why);
/* Makes operations of new endpoints, and brings the figures of all up to date; at the end also of
 * what may still go on. */
void rpc_read(struct daemon *d, bool is_end);
/* Only the former: before a process whose name they have is forgotten. */
void rpc_find_endpoints(struct daemon *d);
void rpc_begin_interval(struct daemon *d);
/* Hands what has come since to the parsers. */
void rpc_read_stream(struct daemon *d);
/* A new kind of request becomes operations. False: out of memory. */
bool rpc_add_parsed(struct daemon *d, const struct parsed *parsed);
/* What the parsers of an endpoint have counted; NULL: the endpoint is not known yet. */
struct protocol_counts *rpc_counts(struct daemon *d, uint32_t endpoint);
/* rpc_figures.c: of the total and the interval, from what the kernel has counted. */
void rpc_figures_read(struct rpc *rpc);

/* rpc_target.c: the connections of a process that is taken, where somebody wants them. */
int rpc_watch_process(struct daemon *d, struct traced *t, struct fault *why);
/* The name of an operation's target, and its processes. 0 or -ENOMEM. */
int rpc_set_target(const struct daemon *d, struct operation *o);

struct rpc_kind {
	enum operation_kind operation;
	const char *protocol;
	bool is_by_direction;
};

/* rpc_config.c: as the configuration names the endpoint, else by its protocol and address. */
void rpc_operation_name(const struct daemon *d, const struct ts_endpoint_key *key,
			const struct rpc_kind *kind, char *name, size_t name_bytes);
/* NULL: none. */
const char *rpc_given_name(const struct daemon *d, const struct ts_endpoint_key *key);
enum protocol_kind rpc_protocol(const struct daemon *d, uint32_t endpoint);
/* Empties those that the configuration does not tell requests apart by. */
void rpc_choose_labels(const struct daemon *d, uint32_t endpoint, struct protocol_labels *labels);
/* "tcp exchange:9878"; "" where it is not known yet. */
const char *rpc_name(struct daemon *d, uint32_t endpoint);
/* Connections of this endpoint are encrypted. */
void rpc_set_encrypted(struct daemon *d, uint32_t endpoint);
/* An exchange whose times are not known. */
void rpc_count_untimed(struct daemon *d, uint32_t endpoint);

#endif
