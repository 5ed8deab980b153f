/* SPDX-License-Identifier: Apache-2.0 */
/* One table of units; decimal digits with at most one point, no sign, no exponent, no locale. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/duration.h"
#include "config/quantity.h"

#define DIGITS_BYTES 32 /* more digits than a double has */
#define DAY_NS	     86400000000000ULL
#define CPU_MAX	     1024 /* each has 100 % */

/* Divided where that is exact: 5 / 100 is the double nearest to 0.05, 5 * 0.01 is not. */
static const struct suffix {
	enum quantity_unit unit;
	const char *text;
	double times;
	double per;
} suffixes[] = {
	{QUANTITY_BYTES, "", 1, 1},
	{QUANTITY_BYTES, "B", 1, 1},
	{QUANTITY_BYTES, "KB", 1e3, 1},
	{QUANTITY_BYTES, "kB", 1e3, 1},
	{QUANTITY_BYTES, "MB", 1e6, 1},
	{QUANTITY_BYTES, "GB", 1e9, 1},
	{QUANTITY_BYTES, "TB", 1e12, 1},
	{QUANTITY_BYTES, "KiB", 1024.0, 1},
	{QUANTITY_BYTES, "MiB", 1048576.0, 1},
	{QUANTITY_BYTES, "GiB", 1073741824.0, 1},
	{QUANTITY_BYTES, "TiB", 1099511627776.0, 1},
	{QUANTITY_RATIO, "", 1, 1},
	{QUANTITY_RATIO, "%", 1, 100},
	{QUANTITY_PERCENT, "%", 1, 1},
	{QUANTITY_RATE, "/s", 1, 1},
	{QUANTITY_RATE, "/m", 1, 60},
	{QUANTITY_RATE, "/min", 1, 60},
	{QUANTITY_RATE, "/h", 1, 3600},
	{QUANTITY_NUMBER, "", 1, 1},
};

/* What a unit is, how it is written, and how large it gets. */
static const struct {
	const char *how;
	double max;
	const char *max_text;
} kinds[] = {
	[QUANTITY_BYTES] = {"a size: write it like 100MB, 2GiB or 4096", 1125899906842624.0,
			    "1024TiB"},
	[QUANTITY_RATIO] = {"a share: write it like 5% or 0.05", 1, "100%, which is 1"},
	[QUANTITY_PERCENT] = {"a percentage: write it like 80%", 100.0 * CPU_MAX, "102400%"},
	[QUANTITY_RATE] = {"a rate: write it like 10/s, 1000/min or 50/h", 1e12, "1000000000000/s"},
	[QUANTITY_NUMBER] = {"a number: write it like 5 or 0.5", 1e15, "1000000000000000"},
};

/* The digits at the beginning, and what is behind them; false where there are none. */
static bool split(const char *text, double *ret_number, const char **ret_suffix)
{
	size_t length = strspn(text, "0123456789."), points = 0;
	char digits[DIGITS_BYTES];

	for (size_t i = 0; i < length; i++)
		points += text[i] == '.';
	if (!length || length >= sizeof(digits) || points > 1 || text[0] == '.' ||
	    text[length - 1] == '.')
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	*ret_number = strtod(digits, NULL);
	*ret_suffix = text + length;
	return true;
}

static const struct suffix *find_suffix(enum quantity_unit unit, const char *text)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (suffixes[i].unit == unit && strcmp(suffixes[i].text, text) == 0)
			return &suffixes[i];
	}
	return NULL;
}

static int parse_duration(const char *text, double *ret_value, struct fault *why)
{
	uint64_t ns;
	int err = duration_parse(text, 0, DAY_NS, &ns, why);

	if (!err)
		*ret_value = (double)ns;
	return err;
}

int quantity_parse(enum quantity_unit unit, const char *text, double *ret_value, struct fault *why)
{
	const struct suffix *suffix;
	const char *behind = "";
	double number = 0;

	if (unit == QUANTITY_DURATION)
		return parse_duration(text, ret_value, why);
	suffix = split(text, &number, &behind) ? find_suffix(unit, behind) : NULL;
	if (!suffix)
		return fault_set(why, -EINVAL, "\"%s\" is not %s", text, kinds[unit].how);
	number = number * suffix->times / suffix->per;
	if (number > kinds[unit].max)
		return fault_set(why, -EINVAL, "\"%s\" is out of range: at most %s", text,
				 kinds[unit].max_text);
	*ret_value = number;
	return 0;
}

int quantity_parse_bytes(const char *text, uint64_t min_bytes, uint64_t max_bytes,
			 uint64_t *ret_bytes, struct fault *why)
{
	char low[QUANTITY_TEXT_BYTES], high[QUANTITY_TEXT_BYTES];
	double value = 0;
	int err = quantity_parse(QUANTITY_BYTES, text, &value, why);

	if (err)
		return err;
	if (value != floor(value))
		return fault_set(why, -EINVAL, "\"%s\" is no whole number of bytes", text);
	if (value < (double)min_bytes || value > (double)max_bytes)
		return fault_set(why, -EINVAL, "\"%s\" is out of range: from %s to %s", text,
				 quantity_bytes(min_bytes, low), quantity_bytes(max_bytes, high));
	*ret_bytes = (uint64_t)value;
	return 0;
}

int quantity_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_cnt,
			 struct fault *why)
{
	uint64_t value = 0;
	bool is_too_large = false;

	if (!text[0] || text[strspn(text, "0123456789")])
		return fault_set(why, -EINVAL, "\"%s\" is not a whole number", text);
	for (const char *at = text; *at; at++)
		is_too_large |= __builtin_mul_overflow(value, (uint64_t)10, &value) ||
				__builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
	if (is_too_large || value < min || value > max)
		return fault_set(why, -EINVAL,
				 "\"%s\" is out of range: from %" PRIu64 " to %" PRIu64, text, min,
				 max);
	*ret_cnt = value;
	return 0;
}

const char *quantity_bytes(uint64_t bytes, char text[static QUANTITY_TEXT_BYTES])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(text, QUANTITY_TEXT_BYTES, "%.3g%s", value, units[unit]);
	return text;
}
