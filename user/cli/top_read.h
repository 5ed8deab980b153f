/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's answers -> the model of `top`. They come from another program and are checked. */
#ifndef TICKSCOPE_CLI_TOP_READ_H
#define TICKSCOPE_CLI_TOP_READ_H

#include "base/fault.h"
#include "cli/top_model.h"

/* An answer to {"do":"windows"}: windows are added, values and alerts replaced. -EPROTO with the
 * reason where it is none, or where the agent refuses; -ENOMEM. */
int top_read_windows(struct top_model *model, const char *text, size_t bytes, struct fault *why);
/* An answer to {"do":"status"}; likewise. */
int top_read_status(struct top_model *model, const char *text, size_t bytes, struct fault *why);

#endif
