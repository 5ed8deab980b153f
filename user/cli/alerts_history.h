/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts where no agent runs. */
#ifndef TICKSCOPE_CLI_ALERTS_HISTORY_H
#define TICKSCOPE_CLI_ALERTS_HISTORY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/fault.h"

/* What the agent would answer, as its history has it; has_ended: with alerts that are over.
 * state_dir NULL: the default. 0, or -errno with the reason. */
int alerts_history_read(const char *state_dir, bool has_ended, json_t **ret_answer,
			struct fault *why);

#endif
