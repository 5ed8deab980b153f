/* SPDX-License-Identifier: Apache-2.0 */
/* Parses durations: decimal digits, at most one point, a unit. No locale, no exponent, no sign. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/time_units.h"
#include "base/units.h"
#include "config/duration.h"

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"", NS_PER_S},
	{"ns", 1},
	{"us", 1000},
	{"\302\265s", 1000},
	{"ms", 1000000},
	{"s", NS_PER_S},
	{"m", 60000000000ULL},
	{"min", 60000000000ULL},
	{"h", 3600000000000ULL},
	{"d", 86400000000000ULL},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint64_t unit_ns(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].name, name) == 0)
			return units[i].ns;
	}
	return 0;
}

/*
 * Digits with an optional fraction, times unit, in ns: 0, -ERANGE where that overflows, -EDOM where
 * it is no whole number of ns.
 */
static int scale(const char *digits, size_t length, uint64_t unit, uint64_t *ret_ns)
{
	uint64_t whole = 0, fraction_ns = 0, place = unit;
	bool is_fraction = false;

	for (size_t i = 0; i < length; i++) {
		uint64_t digit = (uint64_t)(digits[i] - '0');

		if (digits[i] == '.') {
			is_fraction = true;
		} else if (is_fraction) {
			if (digit && (!place || place % 10))
				return -EDOM;
			place = place % 10 ? 0 : place / 10;
			fraction_ns += digit * place;
		} else if (__builtin_mul_overflow(whole, 10, &whole) ||
			   __builtin_add_overflow(whole, digit, &whole)) {
			return -ERANGE;
		}
	}
	if (__builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, fraction_ns, ret_ns))
		return -ERANGE;
	return 0;
}

int duration_parse(const char *text, uint64_t min_ns, uint64_t max_ns, uint64_t *ret_ns,
		   struct fault *why)
{
	size_t length = 0, points = 0;
	char low[UNITS_TEXT_BYTES], high[UNITS_TEXT_BYTES];
	uint64_t unit, ns = 0;
	int err;

	while (is_digit(text[length]) || text[length] == '.') {
		points += text[length] == '.';
		length++;
	}
	if (!length || points > 1 || !is_digit(text[0]) || !is_digit(text[length - 1]))
		return fault_set(why, -EINVAL,
				 "\"%s\" is not a duration: write it like 10s, 250us or 1.5ms",
				 text);
	unit = unit_ns(text + length);
	if (!unit)
		return fault_set(why, -EINVAL,
				 "\"%s\" has no unit of time: use ns, us, ms, s, m, h or d", text);
	err = scale(text, length, unit, &ns);
	if (err == -EDOM)
		return fault_set(why, -EINVAL,
				 "\"%s\" has too many digits after the point: 1ns is the finest",
				 text);
	if (err || ns < min_ns || ns > max_ns)
		return fault_set(why, -EINVAL, "\"%s\" is out of range: from %s to %s", text,
				 units_duration(min_ns, low), units_duration(max_ns, high));
	*ret_ns = ns;
	return 0;
}
