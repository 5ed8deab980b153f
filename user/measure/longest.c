/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list, into which a duration is put by moving the shorter ones on. */
#include <string.h>

#include "measure/longest.h"

size_t longest_add(struct longest *longest, uint64_t duration_ns)
{
	size_t at = longest->cnt, moved, place = longest->cnt;

	while (at && longest->durations_ns[at - 1] < duration_ns)
		at--;
	if (at == longest->max)
		return LONGEST_NONE;
	if (longest->cnt == longest->max)
		place = longest->places[longest->max - 1];
	else
		longest->cnt++;
	moved = longest->cnt - 1 - at;
	memmove(&longest->durations_ns[at + 1], &longest->durations_ns[at],
		moved * sizeof(longest->durations_ns[0]));
	memmove(&longest->places[at + 1], &longest->places[at], moved * sizeof(longest->places[0]));
	longest->durations_ns[at] = duration_ns;
	longest->places[at] = place;
	return place;
}
