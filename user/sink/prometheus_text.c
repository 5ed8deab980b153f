/* SPDX-License-Identifier: Apache-2.0 */
/* Appends. A page of many series is mostly numbers, so these are written without printf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "sink/prometheus_text.h"

#define FIRST_BYTES 4096

void prometheus_text_fini(struct prometheus_text *t)
{
	free(t->bytes);
	*t = (struct prometheus_text){0};
}

static bool make_room(struct prometheus_text *t, size_t cnt)
{
	size_t room = t->room ? t->room : FIRST_BYTES;
	char *grown;

	if (t->is_failed)
		return false;
	while (room - t->cnt < cnt)
		room *= 2;
	grown = room > t->room ? realloc(t->bytes, room) : t->bytes;
	if (!grown) {
		t->is_failed = true;
		return false;
	}
	t->bytes = grown;
	t->room = room;
	return true;
}

void prometheus_text_add(struct prometheus_text *t, const char *bytes, size_t cnt)
{
	if (!make_room(t, cnt))
		return;
	memcpy(t->bytes + t->cnt, bytes, cnt);
	t->cnt += cnt;
}

void prometheus_text_add_string(struct prometheus_text *t, const char *string)
{
	prometheus_text_add(t, string, strlen(string));
}

void prometheus_text_add_number(struct prometheus_text *t, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	prometheus_text_add(t, digits + at, sizeof(digits) - at);
}

void prometheus_text_add_seconds(struct prometheus_text *t, uint64_t ns)
{
	uint64_t rest = ns % NS_PER_S;
	char decimals[10] = ".";

	for (size_t i = sizeof(decimals) - 1; i; i--, rest /= 10)
		decimals[i] = (char)('0' + rest % 10);
	prometheus_text_add_number(t, ns / NS_PER_S);
	prometheus_text_add(t, decimals, sizeof(decimals));
}

void prometheus_text_add_double(struct prometheus_text *t, double number)
{
	char text[32], *end;

	snprintf(text, sizeof(text), "%.15g", number);
	if (strtod(text, &end) != number)
		snprintf(text, sizeof(text), "%.17g", number);
	prometheus_text_add_string(t, text);
}
