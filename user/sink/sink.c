/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the states of sinks. */
#include "sink/sink.h"

const char *sink_state_name(enum sink_state state)
{
	static const char *const names[] = {
		[SINK_STARTING] = "starting", [SINK_OK] = "ok", [SINK_FAILING] = "failing"};

	return names[state];
}
