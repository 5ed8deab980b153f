/* SPDX-License-Identifier: Apache-2.0 */
/* Instants of the wall clock as text. */
#include <stdio.h>
#include <time.h>

#include "base/time_units.h"
#include "base/wall_time.h"

const char *wall_time_text(uint64_t wall_ns, char text[static WALL_TIME_TEXT_BYTES])
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm utc;
	size_t length;

	gmtime_r(&seconds, &utc);
	length = strftime(text, WALL_TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, WALL_TIME_TEXT_BYTES - length, ".%09lluZ",
		 (unsigned long long)(wall_ns % NS_PER_S));
	return text;
}
