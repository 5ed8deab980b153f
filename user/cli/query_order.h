/* SPDX-License-Identifier: Apache-2.0 */
/* Segments out of a database, in the order in which they follow each other. */
#ifndef TICKSCOPE_CLI_QUERY_ORDER_H
#define TICKSCOPE_CLI_QUERY_ORDER_H

#include "cli/report.h"

/* Puts those that stand one behind the other, of one operation, so that each begins where the one
 * before ends; others keep their places. */
void query_order_segments(struct report_operation *operations, size_t cnt);

#endif
