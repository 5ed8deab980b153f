/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket programs: requests and answers on TCP connections, counted in the kernel by endpoint.
 * Nothing is read of what is sent.
 */
#ifndef TICKSCOPE_PROBE_SOCK_H
#define TICKSCOPE_PROBE_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tickscope/abi_chain.h>
#include <tickscope/abi_sock.h>
#include "base/fault.h"

/* How sends and receives are seen, best first. */
enum sock_hooks {
	SOCK_HOOKS_AUTO = 0,
	SOCK_HOOKS_FENTRY, /* around tcp_sendmsg and tcp_recvmsg: a send's start is seen */
	SOCK_HOOKS_KPROBE, /* the same, dearer */
	SOCK_HOOKS_RAW_TP, /* tracepoints at their end (6.3+); all families, any kernel that has
			      them */
	SOCK_HOOKS_END,
};

const char *sock_hooks_name(enum sock_hooks hooks);
/* SOCK_HOOKS_END where the text names none. */
enum sock_hooks sock_hooks_parse(const char *text);

struct sock_probe;
struct chain_probe;

struct sock_options {
	enum sock_hooks hooks;
	/* Which endpoints; none: all. A connection that several choose is the first one's. Read by
	 * sock_open only. */
	const struct ts_endpoint_filter *filters;
	size_t filter_cnt; /* at most TS_FILTER_MAX */
	bool wants_stream; /* without filters: hand times, lengths and payload out, for parsers */
	struct chain_probe *chains; /* that have stages at sockets; NULL: none */
	/* Of each filter, filter_cnt of them; NULL: none has any. Read by sock_open only. */
	const struct ts_endpoint_points *points;
};

/*
 * Loads and attaches at the wanted kind of hook, or the best that works here; nothing is measured
 * before sock_add_target. -EPERM: not allowed to; -ENOTSUP: no (wanted) kind works;
 * -EINVAL: filters that cannot be.
 */
int sock_open(const struct sock_options *options, struct sock_probe **ret_probe, struct fault *why);
void sock_free(struct sock_probe *probe);
enum sock_hooks sock_hooks(const struct sock_probe *probe);
/* Stops measuring; the counters stay. */
void sock_detach(struct sock_probe *probe);

/* The target's number is told with its endpoints. 0 or -errno. */
int sock_add_target(struct sock_probe *probe, pid_t pid, const struct ts_target *target);
/* All processes that execute this file from now on, from their first instruction to their end, and
 * what they fork, until that executes another. 0 or -errno. */
int sock_add_executable(struct sock_probe *probe, const char *path, uint8_t target);
void sock_remove_target(struct sock_probe *probe, pid_t pid);
/* A port that a target listened on before it was added. 0 or -errno. */
int sock_add_listener(struct sock_probe *probe, uint32_t netns, uint16_t port, uint8_t target);

/* Completes exchanges whose answer has had no byte for idle_ns. */
void sock_settle(struct sock_probe *probe, uint64_t idle_ns);

struct sock_endpoint {
	struct ts_endpoint_key key; /* role 0: the one that all beyond TS_ENDPOINT_MAX share */
	uint32_t idx;
};

/* Endpoints that are new since the last call, at most max: their number. */
size_t sock_new_endpoints(struct sock_probe *probe, struct sock_endpoint *endpoints, size_t max);

/* The name of a Unix socket's endpoint: a path, or '@' and the rest of an abstract one. */
void sock_local_name(const struct sock_probe *probe, uint32_t endpoint, char *name,
		     size_t name_bytes);

size_t sock_stripe_cnt(const struct sock_probe *probe);
/* Stripes of one of an endpoint's series, live. */
const struct ts_series *sock_series(const struct sock_probe *probe, uint32_t endpoint,
				    enum ts_rpc_series which);
/* Live. */
const struct ts_endpoint_figures *sock_figures(const struct sock_probe *probe, uint32_t endpoint);
/*
 * Records of connections, in the order in which they were made; payload has record->captured bytes,
 * valid during the call. The descriptor becomes readable only when much waits: read it several
 * times a second.
 */
typedef void (*sock_stream_fn)(const struct ts_stream_record *record, const void *payload,
			       void *context);
int sock_stream_fd(const struct sock_probe *probe);
/* True: there is more. */
bool sock_read_stream(struct sock_probe *probe, sock_stream_fn fn, void *context);
/* Records that did not fit; what follows one of them on its connection says so. */
uint64_t sock_dropped_records(const struct sock_probe *probe);

/* Connections that were not measured since there were too many. */
uint64_t sock_dropped_connections(const struct sock_probe *probe);
/* Likewise processes of sock_add_executable. */
uint64_t sock_dropped_targets(const struct sock_probe *probe);

#endif
