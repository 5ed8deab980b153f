/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts of tickscope.alerts/1 for a person. */
#ifndef TICKSCOPE_CLI_ALERTS_TABLE_H
#define TICKSCOPE_CLI_ALERTS_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct alerts_style {
	bool has_colour;
	bool has_ended; /* alerts that are over are among them: how long they lasted is shown */
	uint64_t now_wall_ns;
};

/* The answer's alerts and silences, from any source: what is missing or of another type shows as
 * "-". */
void alerts_table_print(const json_t *answer, const struct alerts_style *style);

#endif
