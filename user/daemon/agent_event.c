/* SPDX-License-Identifier: Apache-2.0 */
/* Events are rare, and each has the time at which it is told of. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"

#define TEXT_BYTES 1024 /* a line of the log that says more is cut */

void agent_event(struct agent *a, const char *kind, const char *target, const char *format, ...)
{
	struct store_event event = {.kind = kind, .target = target};
	char text[TEXT_BYTES];
	struct timespec now;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!a->store)
		return;
	text_clean(text);
	event.text = text;
	clock_gettime(CLOCK_REALTIME, &now);
	event.wall_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
	store_event(a->store, &event);
}
