/* SPDX-License-Identifier: Apache-2.0 */
/* Before a query: what the agent has counted since its last window. */
#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#include "cli/agent_client.h"
#include "cli/query.h"

#define COMMIT_TRIES   100
#define COMMIT_STEP_NS 10000000L

void query_commit(const char *state_dir)
{
	const struct timespec step = {.tv_nsec = COMMIT_STEP_NS};
	json_t *request = json_pack("{s:s}", "do", "commit"), *answer = NULL;
	struct agent_client *client;
	bool is_waiting = true;
	struct fault ignored;

	if (agent_client_open(state_dir, &client, &ignored)) {
		json_decref(request);
		return;
	}
	for (int i = 0; is_waiting && i < COMMIT_TRIES; i++) {
		if (i)
			nanosleep(&step, NULL);
		if (agent_client_ask(client, request, &answer, &ignored))
			break;
		is_waiting = json_integer_value(json_object_get(answer, "waiting_bytes")) > 0;
		json_decref(answer);
	}
	agent_client_close(client);
	json_decref(request);
}
