/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of an agent that does not run: the end of its history. */
#ifndef TICKSCOPE_CLI_STATUS_HISTORY_H
#define TICKSCOPE_CLI_STATUS_HISTORY_H

#include <jansson.h>
#include <stdio.h>

#include "base/fault.h"

/* {oldest, newest, alerts (those that fired when it ended, as in tickscope.alerts/1)}. state_dir
 * NULL: the default. 0, or -errno with the reason: -ENOENT, there is none. */
int status_history_read(const char *state_dir, json_t **ret_history, struct fault *why);

/* For people. */
void status_history_write(const json_t *history, FILE *out);

#endif
