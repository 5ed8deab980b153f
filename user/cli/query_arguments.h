/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of `tickscope query`. */
#ifndef TICKSCOPE_CLI_QUERY_ARGUMENTS_H
#define TICKSCOPE_CLI_QUERY_ARGUMENTS_H

#include "cli/query.h"

/* Into *ret_query, which points into argv. An exit code, after a message; -1: help was printed. */
int query_arguments_take(int argc, char **argv, uint64_t now_wall_ns, struct query *ret_query);
void query_arguments_fini(struct query *query);

#endif
