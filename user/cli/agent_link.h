/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to the agent's socket that never blocks, for a screen that has keys to look after;
 * agent_client waits. One request, one answer, as often as wanted. */
#ifndef TICKSCOPE_CLI_AGENT_LINK_H
#define TICKSCOPE_CLI_AGENT_LINK_H

#include <stddef.h>

struct agent_link;

/* -ENOENT, -ECONNREFUSED: no agent; -EACCES; -ENAMETOOLONG; -ENOMEM … */
int agent_link_open(const char *path, struct agent_link **ret_link);
void agent_link_close(struct agent_link *link);
/* To wait for input on. */
int agent_link_fd(const struct agent_link *link);

/* Sends a request (without its line feed), after the answer to the last one has come. -errno: the
 * link is of no use any more. */
int agent_link_send(struct agent_link *link, const char *request);
/*
 * Reads what there is. 1: the answer is complete; it stays until the next call for this link. 0:
 * not yet. -EPIPE: the agent has ended; -EMSGSIZE: more than WIRE_ANSWER_BYTES; other -errno.
 */
int agent_link_receive(struct agent_link *link, const char **ret_line, size_t *ret_bytes);

#endif
