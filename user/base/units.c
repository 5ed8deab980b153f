/* SPDX-License-Identifier: Apache-2.0 */
/* Formats numbers for people; programs get JSON. */
#include <stdio.h>
#include <string.h>

#include "base/time_units.h"
#include "base/units.h"

#define MINUTES_PER_DAY 1440

/* value/scale with three significant digits. */
static void three_digits(double value, const char *unit, char text[static UNITS_TEXT_BYTES])
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(text, UNITS_TEXT_BYTES, "%.*f%s", decimals, value, unit);
}

const char *units_duration(uint64_t ns, char text[static UNITS_TEXT_BYTES])
{
	uint64_t minutes = ns / NS_PER_MINUTE;

	if (ns < 1000)
		snprintf(text, UNITS_TEXT_BYTES, "%lluns", (unsigned long long)ns);
	else if (ns < 999500)
		three_digits((double)ns / 1e3, "us", text);
	else if (ns < 999500000)
		three_digits((double)ns / 1e6, "ms", text);
	else if (ns < NS_PER_MINUTE)
		three_digits((double)ns / 1e9, "s", text);
	else if (minutes < 60)
		snprintf(text, UNITS_TEXT_BYTES, "%llum%02llus", (unsigned long long)minutes,
			 (unsigned long long)(ns % NS_PER_MINUTE / NS_PER_S));
	else if (minutes >= 2 * MINUTES_PER_DAY)
		snprintf(text, UNITS_TEXT_BYTES, "%llud%02lluh",
			 (unsigned long long)(minutes / MINUTES_PER_DAY),
			 (unsigned long long)(minutes % MINUTES_PER_DAY / 60));
	else
		snprintf(text, UNITS_TEXT_BYTES, "%lluh%02llum", (unsigned long long)(minutes / 60),
			 (unsigned long long)(minutes % 60));
	return text;
}

const char *units_rate(double per_s, char text[static UNITS_TEXT_BYTES])
{
	if (per_s == 0)
		snprintf(text, UNITS_TEXT_BYTES, "0");
	else if (per_s < 0.005)
		snprintf(text, UNITS_TEXT_BYTES, "<0.01");
	else if (per_s < 99.95)
		three_digits(per_s, "", text);
	else if (per_s < 9999.5)
		snprintf(text, UNITS_TEXT_BYTES, "%.0f", per_s);
	else if (per_s < 999500)
		three_digits(per_s / 1e3, "k", text);
	else
		three_digits(per_s / 1e6, "M", text);
	return text;
}

const char *units_count(uint64_t count, char text[static UNITS_TEXT_BYTES])
{
	char digits[24];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[out++] = ',';
		text[out++] = digits[i];
	}
	text[out] = '\0';
	return text;
}
