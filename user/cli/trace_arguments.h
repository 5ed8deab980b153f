/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of `tickscope trace` -> the daemon's configuration. */
#ifndef TICKSCOPE_CLI_TRACE_ARGUMENTS_H
#define TICKSCOPE_CLI_TRACE_ARGUMENTS_H

#include "daemon/daemon.h"

#define TRACE_PID_MAX	   256	/* -p options */
#define TRACE_FUNCTION_MAX 1024 /* -f options */

struct trace_arguments {
	struct daemon_config config;
	struct daemon_target target;
	struct config_match match;
	pid_t pids[TRACE_PID_MAX];
	struct daemon_function functions[TRACE_FUNCTION_MAX];
	struct daemon_endpoint endpoints[TS_FILTER_MAX];
	struct error_expression error;
	const char *error_text; /* NULL: none */
	/* As they were given, until all that concerns them is read. */
	const char *chain_texts[TS_CHAIN_MAX];
	size_t chain_text_cnt;
	const char *from, *to; /* of a span; NULL: none */
	const char *key;       /* of chains and the span; NULL: the thread */
	uint64_t timeout_ns;   /* likewise; 0: CHAIN_TIMEOUT_DEFAULT_NS */
	struct chain chains[TS_CHAIN_MAX];
	bool wants_breakdown;
	bool wants_help;
	bool has_no_sandbox;
	bool wants_json;
	bool wants_histogram;
	bool is_net;
};

/* Fills a zeroed struct, which holds pointers to itself and to argv. A CLI_* code; what is wrong
 * has been said. trace_arguments_fini is needed in any case. */
int trace_arguments_parse(struct trace_arguments *arguments, int argc, char **argv);
void trace_arguments_fini(struct trace_arguments *arguments);

/* trace_chains.c: chains out of their texts. */
int trace_chains_read(struct trace_arguments *arguments);

#endif
