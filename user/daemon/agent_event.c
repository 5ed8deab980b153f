/* SPDX-License-Identifier: Apache-2.0 */
/* Events are rare, and each has the time at which it is told of. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"

#define TEXT_BYTES 1024 /* a line of the log that says more is cut */

void agent_event(struct agent *a, const char *kind, const char *target, const char *format, ...)
{
	struct store_event event = {.kind = kind, .target = target};
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!a->store)
		return;
	text_clean(text);
	event.text = text;
	event.wall_ns = clock_wall_ns();
	store_event(a->store, &event);
}
