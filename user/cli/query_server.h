/* SPDX-License-Identifier: Apache-2.0 */
/* Which QuestDB a query asks. */
#ifndef TICKSCOPE_CLI_QUERY_SERVER_H
#define TICKSCOPE_CLI_QUERY_SERVER_H

#include "cli/query.h"
#include "sink/http.h"

/* By the query's URL, by the configuration that it names, or by the environment. CLI_OK, or another
 * exit code after a message. *ret_url is of the caller. */
int query_server_open(const struct query *query, struct http **ret_http, char **ret_url);

#endif
