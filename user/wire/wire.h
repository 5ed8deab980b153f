/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent and its peers say to each other, as JSON: limits of the local socket, and an alert
 * as one object, the same on the socket, in a notification, and in `alerts --json`.
 */
#ifndef TICKSCOPE_WIRE_WIRE_H
#define TICKSCOPE_WIRE_WIRE_H

#include <jansson.h>

#include "judge/alert.h"

/* The agent's socket: one JSON object per line in each direction. */
#define WIRE_SOCKET_NAME	 "agent.sock"
#define WIRE_STATE_DIR_DEFAULT	 "/run/tickscope"     /* where the socket is without --state */
#define WIRE_HISTORY_DIR_DEFAULT "/var/lib/tickscope" /* and the history */
#define WIRE_REQUEST_BYTES	 65536	  /* the longest request: the largest has some matchers */
#define WIRE_ANSWER_BYTES	 33554432 /* the longest answer: 1000 alerts, thousands of windows */
#define WIRE_REQUEST_DEPTH	 16	  /* of nesting in a request */

/* An alert of tickscope.alerts/1 (DESIGN.md §4); text that is not UTF-8 is cleaned. NULL: no
 * memory.
 */
json_t *wire_alert(const struct alert *alert);

/* Text as a JSON string, cleaned where it is not UTF-8. */
json_t *wire_text(const char *text);

/* A set of base/capability.h as a list of names. */
json_t *wire_capabilities(uint32_t set);

/* RFC 3339, or null for 0. */
json_t *wire_time(uint64_t wall_ns);

#endif
