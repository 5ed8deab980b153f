/* SPDX-License-Identifier: Apache-2.0 */
/* Where `tickscope query` reads: the history of this host, or QuestDB, which has that of many. */
#ifndef TICKSCOPE_CLI_QUERY_SOURCE_H
#define TICKSCOPE_CLI_QUERY_SOURCE_H

#include <stdbool.h>

#include "cli/query.h"

struct query_source {
	const char *name; /* of --source */
	bool is_fleet;	  /* of several hosts */
	/* CLI_OK, or another exit code, after a message. What is asked for may be cut to what there
	 * is: query->span. */
	int (*open)(struct query *query, void **ret_state);
	/* The series that pass; of the source. -errno with the reason. */
	int (*list)(void *state, const struct history_list **ret_list, struct fault *why);
	/* As history_windows and history_values: of all series of the list. */
	int (*windows)(void *state, history_window_fn fn, void *context, struct fault *why);
	int (*values)(void *state, history_value_fn fn, void *context, struct fault *why);
	/* Messages: in what the answer is not as it was asked for; why there is none. */
	void (*say_limits)(void *state);
	void (*say_nothing)(void *state);
	void (*close)(void *state);
};

extern const struct query_source query_source_history, query_source_fleet;

#endif
