/* SPDX-License-Identifier: Apache-2.0 */
/* One table: whoever needs the words asks for them here. */
#include <string.h>

#include "config/protocol_names.h"

static const char *const names[] = {
	[PROTOCOL_NONE] = "none",	    [PROTOCOL_FIX] = "fix",
	[PROTOCOL_HTTP] = "http",	    [PROTOCOL_JSONRPC] = "jsonrpc",
	[PROTOCOL_WEBSOCKET] = "websocket", [PROTOCOL_REDIS] = "redis",
	[PROTOCOL_AUTO] = "auto",	    [PROTOCOL_ENCRYPTED] = "encrypted",
};

const char *protocol_name(enum protocol_kind kind)
{
	return names[kind];
}

enum protocol_kind protocol_parse(const char *text)
{
	for (int kind = 0; kind < PROTOCOL_END; kind++) {
		if (strcmp(names[kind], text) == 0)
			return (enum protocol_kind)kind;
	}
	return PROTOCOL_END;
}
