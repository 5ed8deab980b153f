/* SPDX-License-Identifier: Apache-2.0 */
/* The commands' end of the agent's socket: one request, one answer, and a time limit. */
#ifndef TICKSCOPE_CLI_AGENT_CLIENT_H
#define TICKSCOPE_CLI_AGENT_CLIENT_H

#include <jansson.h>
#include <stdint.h>

#include "base/fault.h"

#define AGENT_CLIENT_TIMEOUT_NS                                          \
	5000000000ULL /* an agent answers from memory, between two ticks \
		       */

struct agent_client;

/*
 * Connects to the agent whose state directory this is; NULL: the default. All with the reason:
 * -ENOTCONN: no agent is there; -EACCES; -ETIMEDOUT; other -errno.
 */
int agent_client_open(const char *state_dir, struct agent_client **ret_client, struct fault *why);
void agent_client_close(struct agent_client *client);

/* Waits for the answer. -EREMOTEIO: the agent refused, with its words; -ETIMEDOUT; -ECONNRESET: it
 * has ended; -EPROTO: what came is no answer. After any but -EREMOTEIO, close it. */
int agent_client_ask(struct agent_client *client, const json_t *request, json_t **ret_answer,
		     struct fault *why);

#endif
