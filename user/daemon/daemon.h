/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one loop that joins the rooms: finds processes, has them probed, reads the counters on time,
 * and hands windows to whoever shows them. `trace` is this loop with its configuration from
 * arguments.
 */
#ifndef TICKSCOPE_DAEMON_DAEMON_H
#define TICKSCOPE_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/labels.h"
#include "base/sandbox.h"
#include "config/chain.h"
#include "config/config.h"
#include "judge/budget.h"
#include "measure/longest.h"
#include "measure/window.h"
#include "probe/probe.h"
#include "probe/slowest.h"
#include "probe/sock.h"
#include "protocol/protocol.h"
#include "target/target.h"

/* Functions to trace in the processes of a target. */
struct daemon_function {
	const char *pattern;
	const char *name;		      /* of the operation; NULL: the function's own */
	const struct error_expression *error; /* NULL: none */
	const char *error_text;
	bool is_optional; /* a process without it is no news */
	bool wants_breakdown;
};

/* Processes that are measured alike. */
struct daemon_target {
	const char *name; /* NULL: each process's own */
	const struct config_match *match;
	const struct daemon_function *functions;
	size_t function_cnt;
	enum exit_policy exit_policy;
	const char *debug_dir;	   /* of separate debug files; NULL: only the usual places */
	bool wants_rpc;		   /* measure their connections, too */
	double max_overhead_ratio; /* of one CPU, by probes on functions; 0: whatever it is */
};

#define DAEMON_TARGET_MAX 64

/* Connections that are measured alike. */
struct daemon_endpoint {
	const char *given_name; /* in the configuration, for stages of chains; NULL: none */
	const char *name;	/* of the operation; NULL: protocol and address */
	const char *order_name; /* of orders on it; NULL: likewise */
	struct ts_endpoint_filter filter;
	enum protocol_kind protocol; /* to parse; PROTOCOL_NONE: none */
	const char *const *labels;   /* that tell requests apart; none: all that the protocol has */
	size_t label_cnt;
};

struct daemon_config {
	const struct daemon_target *targets;
	size_t target_cnt;
	const struct daemon_endpoint *endpoints; /* to measure; none: all of the processes */
	size_t endpoint_cnt;			 /* at most TS_FILTER_MAX, with those of chains */
	enum sock_hooks hooks;
	enum protocol_kind protocol; /* to parse where there are no endpoints */
	uint64_t duration_ns;	     /* 0: until a signal, or the last process ends */
	uint64_t interval_ns;	     /* between two calls of on_interval; 0: none */
	enum probe_level level;
	const struct config_kubernetes *kubernetes; /* NULL: no target asks for containers */
	size_t function_max; /* of one pattern: more matches than this are refused */
	size_t spare_cnt;    /* functions that processes may bring which start later */
	const struct chain *chains;
	size_t chain_cnt;   /* at most TS_CHAIN_MAX */
	size_t slowest_cnt; /* of each function and chain to keep; at most TS_SLOWEST_MAX, 0: none
			     */
	bool is_tolerant;   /* a process or function that cannot be traced is said, not a failure */
	struct sandbox *sandbox; /* entered; NULL: none */
};

#define OPERATION_PID_MAX 256 /* shown in every line of JSON */

/* One series in the kernel and what was read of it. */
struct counted {
	const struct ts_series *stripes; /* live */
	size_t stripe_cnt;
	struct snapshot *last;	 /* at the previous reading */
	struct window *interval; /* since the previous on_interval */
	struct window *total;	 /* since the start */
};

/* What an endpoint has beside its latencies. */
struct rpc_figures {
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t retransmits;
	uint64_t unsolicited_bytes; /* received while no request waited */
	uint64_t arrivals_missed;   /* what was read without its arrival having been seen */
	uint64_t resets;	    /* of connections, by the other side */
	uint64_t unread_requests;   /* came to a server, and the connection ended before a read */
	uint64_t datagrams_dropped; /* by the kernel: no room in the receive queue, or damaged */
	uint64_t queue_bytes;	    /* unread, of the last that was looked at */
	uint64_t queue_max_bytes;   /* the most that was seen since the start */
	uint64_t queue_limit_bytes; /* SO_RCVBUF */
	uint64_t srtt_ns;	    /* the latest; 0: not known */
	uint64_t untimed;	    /* exchanges of the parsers whose times were not known */
};

struct rpc {
	const char *given_name; /* in the configuration; NULL: none */
	struct counted connect;
	const struct ts_endpoint_figures *live;
	struct rpc_figures interval_start;
	struct rpc_figures interval;
	struct rpc_figures total;
	uint32_t endpoint;
	bool has_feed; /* an operation of what nobody asked for */
	bool is_encrypted;
	uint64_t untimed;
	struct protocol_counts parsed; /* since the start */
};

/* What a chain has beside its latencies. */
struct chain_figures {
	const struct chain *config;
	const struct ts_chain_counts *live;
	struct ts_chain_counts interval_start;
	struct ts_chain_counts interval;
	struct ts_chain_counts total;
};

enum operation_kind {
	OPERATION_FUNCTION = 0,
	OPERATION_RPC_CLIENT,
	OPERATION_RPC_SERVER,
	OPERATION_SEGMENT,
	OPERATION_ORDER,
	OPERATION_FEED,
	OPERATION_CHAIN,
	OPERATION_SPAN,	 /* of two points */
	OPERATION_SHARE, /* of the operation or segment before it: what it spent in one state */
};

/* "function", "rpc_client" …: the words of tickscope.summary/1. */
const char *operations_kind_name(enum operation_kind kind);
struct operation;
/* It is a segment or a share of the one that stands before it. */
bool operations_is_part(const struct operation *operation);

#define OPERATION_LABEL_MAX 13 /* a request: 8; a segment: 2; a container: 3 */

struct operation_label {
	const char *name; /* static */
	char value[LABEL_VALUE_BYTES];
};

/* One of the slowest. */
struct slow_call {
	struct ts_slow_event event;
	/* Of its frames, "desk::submit+0x1f"; NULL: code without a name. */
	const char *names[TS_SLOW_STACK_MAX];
};

/* The slowest since the start: calls[order.places[0]] is the slowest of all. */
struct slow_list {
	struct longest order;
	struct slow_call calls[TS_SLOWEST_MAX];
};

/* An operation and what it counted; strings and arrays belong to the daemon. */
struct operation {
	enum operation_kind kind;
	struct operation_label labels[OPERATION_LABEL_MAX];
	size_t label_cnt;
	const char *protocol;	     /* that was parsed; static, NULL: none */
	struct rpc *rpc;	     /* of an endpoint; NULL else */
	struct chain_figures *chain; /* of a chain or span; NULL else */
	char *name;
	char *full_name; /* with parameters: tells overloads apart */
	char *file;
	char *target;
	size_t target_idx;
	size_t place_idx; /* of the daemon's places */
	pid_t *pids;	  /* that it was traced in, at most OPERATION_PID_MAX: the latest */
	size_t pid_cnt;
	size_t pid_next;   /* where the next one goes, once there are so many */
	bool is_file_wide; /* its probes are on a file, in whatever process maps it */
	uint32_t series;
	uint32_t shares;   /* the first of their series; 0: it has none */
	uint32_t error;	   /* index in the kernel; 0: none */
	bool needs_result; /* the expression judges what is in memory */
	char *also;	   /* other functions that are the same code; NULL: none */
	size_t live_cnt;   /* processes that still run */
	size_t uncovered_copies;
	char probe_text[256];
	char exit_reason[192];
	struct probe_cost cost;
	struct budget_item budget; /* what it costs its target */
	uint64_t overhead_entries; /* that this was taken at */
	bool is_detached;	   /* over the budget; probe_text has the figures */
	struct counted counted;
	uint32_t slow_operation;   /* number plus one of its ts_slow_slots; 0: none */
	struct slow_list *slowest; /* NULL: none were told */
};

struct daemon_process {
	pid_t pid;
	size_t target_idx;
	char name[64];
	uint64_t since_wall_ns; /* that it is traced */
};

struct daemon_target_state {
	size_t live_cnt;
	size_t refused_cnt;    /* processes that are there and could not be traced */
	double overhead_ratio; /* of one CPU, in the last second */
	const char *problem;   /* with the last process, or else a function, of it; "" : none */
};

struct daemon_view {
	const struct operation *operations;
	size_t operation_cnt;
	const struct daemon_process *processes;
	const struct daemon_target_state *targets; /* of each in the configuration */
	uint64_t start_wall_ns;			   /* of the trace */
	uint64_t start_mono_ns;			   /* the same instant, of the slowest's clock */
	bool has_slowest;			   /* the slowest are kept */
	uint64_t slowest_dropped;		   /* of them, those that could not be told */
	uint64_t interval_start_wall_ns;
	uint64_t now_wall_ns;
	enum probe_level level; /* PROBE_LEVEL_AUTO: no function is traced */
	enum sock_hooks hooks;	/* SOCK_HOOKS_AUTO: no connection is */
	size_t site_cnt;
	size_t process_cnt;
	uint64_t attach_ns;	  /* how long finding and attaching took */
	uint64_t kernel_lost_cnt; /* of all kinds, since the start: no map or ring had room */
	bool is_interrupted;	  /* on_end: ended by a signal */
	bool is_last;		  /* on_interval: its operations are gone afterwards */
	bool is_disabled;	  /* on purpose: nothing is attached */
};

/* Something else that the loop waits for. */
struct daemon_extra {
	int fd;
	void (*on_ready)(void *context);
};

#define DAEMON_EXTRA_MAX 4

/*
 * on_attached: once, when everything that exists is attached. on_interval: every interval. on_end:
 * once, after all probes are gone and the last counts are in. on_message: one line for a person
 * about what happened (a process ended …). A negative result of on_interval ends the trace.
 *
 * on_reload, where there is one: SIGHUP came; returns the configuration to go on with (it stays the
 * caller's, as does the old one until on_reloaded), or NULL to leave all as it is. on_interval has
 * the last counts of the old one, then on_reloaded comes, with NULL where the new one could not be
 * attached.
 *
 * is_disabled, where there is one: whether nothing may be attached now; asked at the start, each
 * second, and after SIGUSR2, which on_disable tells of. When it changes, on_interval has the last
 * counts, then on_switched comes.
 */
struct daemon_output {
	void (*on_attached)(const struct daemon_view *view, void *context);
	int (*on_interval)(const struct daemon_view *view, void *context);
	int (*on_end)(const struct daemon_view *view, void *context);
	void (*on_message)(const char *text, void *context);
	const struct daemon_config *(*on_reload)(void *context);
	void (*on_reloaded)(const struct daemon_view *view, void *context);
	bool (*is_disabled)(void *context);
	void (*on_disable)(void *context);
	void (*on_switched)(const struct daemon_view *view, void *context);
	/* What comes may take long: a process with large tables of names. NULL: nobody waits. */
	void (*on_busy)(void *context);
	/* A probe was detached for what it cost; NULL: on_message says it. */
	void (*on_detached)(const struct operation *operation, void *context);
	struct daemon_extra extras[DAEMON_EXTRA_MAX];
	size_t extra_cnt;
	void *context;
};

/* Runs to the end. 0, or -errno of a start that failed (and then nothing is attached), or of
 * on_end. */
int daemon_run(const struct daemon_config *config, const struct daemon_output *output,
	       struct fault *why);

#endif
