/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a model of `top` up to date with the agent: asks, reads, and asks again when the agent was
 * away. Never blocks. */
#ifndef TICKSCOPE_CLI_TOP_AGENT_H
#define TICKSCOPE_CLI_TOP_AGENT_H

#include "base/fault.h"
#include "cli/top_model.h"

struct top_agent_link;

/* The path is copied. NULL: out of memory. */
struct top_agent_link *top_agent_new(const char *path);
void top_agent_free(struct top_agent_link *agent);

/* To wait for input on; -1: there is no connection. */
int top_agent_fd(const struct top_agent_link *agent);
/* When top_agent_step has something to do even without input. CLOCK_MONOTONIC. */
uint64_t top_agent_due_ns(const struct top_agent_link *agent);

/*
 * Reads what came, and asks what is due. True: the model has new windows. is_paused: asks nothing.
 * A lost or missing agent is looked for every second; meanwhile the model stays as it is.
 */
bool top_agent_step(struct top_agent_link *agent, struct top_model *model, uint64_t now_ns,
		    bool is_paused);

/* Why there is no connection; NULL: there is one that answers. */
const char *top_agent_trouble(const struct top_agent_link *agent);
/* Whether windows and status have come over this connection. */
bool top_agent_is_complete(const struct top_agent_link *agent);

#endif
