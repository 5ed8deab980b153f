/* SPDX-License-Identifier: Apache-2.0 */
/* One line about what the agent may still do. */
#ifndef TICKSCOPE_CLI_STATUS_SANDBOX_H
#define TICKSCOPE_CLI_STATUS_SANDBOX_H

#include <jansson.h>
#include <stdio.h>

/* `sandbox` of tickscope.status/1; nothing where the agent does not tell. */
void status_sandbox_write(const json_t *sandbox, FILE *out);

#endif
