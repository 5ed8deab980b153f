/* SPDX-License-Identifier: Apache-2.0 */
/* Whether all is well by an agent's status, and what is not. */
#ifndef TICKSCOPE_CLI_STATUS_PROBLEMS_H
#define TICKSCOPE_CLI_STATUS_PROBLEMS_H

#include "cli/status_page.h"

/* Ready, no target failed, no probe was detached, components, sinks and channels work, the health
 * score above 80. */
bool status_problems_are_none(const json_t *status);
/* The section, with its title. */
void status_problems_write(const json_t *status, const struct status_style *style, FILE *out);

#endif
