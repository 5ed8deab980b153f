/* SPDX-License-Identifier: Apache-2.0 */
/* Durations are config/duration.h's; the rest has fixed places for its digits. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/time_units.h"
#include "cli/time_argument.h"
#include "config/duration.h"

#define BACK_MAX_NS (100ULL * 366 * 24 * 3600 * NS_PER_S)
#define YEAR_MAX    2200

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly so many digits, of a number from min to max. */
static bool take_number(const char **at, int digits, int min, int max, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		if (!is_digit(**at))
			return false;
		number = number * 10 + *(*at)++ - '0';
	}
	*ret_number = number;
	return number >= min && number <= max;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool take_date(const char **at, struct tm *date)
{
	if (!take_number(at, 4, 1970, YEAR_MAX, &date->tm_year) || !take_char(at, '-') ||
	    !take_number(at, 2, 1, 12, &date->tm_mon) || !take_char(at, '-') ||
	    !take_number(at, 2, 1, 31, &date->tm_mday))
		return false;
	date->tm_year -= 1900;
	date->tm_mon--;
	return true;
}

static bool take_time(const char **at, struct tm *date, uint64_t *ret_ns)
{
	uint64_t unit_ns = NS_PER_S / 10;

	*ret_ns = 0;
	if (!take_number(at, 2, 0, 23, &date->tm_hour) || !take_char(at, ':') ||
	    !take_number(at, 2, 0, 59, &date->tm_min))
		return false;
	if (!take_char(at, ':'))
		return true;
	if (!take_number(at, 2, 0, 59, &date->tm_sec))
		return false;
	if (!take_char(at, '.'))
		return true;
	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); unit_ns /= 10)
		*ret_ns += (uint64_t)(*(*at)++ - '0') * unit_ns;
	return true;
}

/* Seconds east of Greenwich; *ret_is_local: there is no zone. */
static bool take_zone(const char **at, int *ret_offset_s, bool *ret_is_local)
{
	int hours, minutes, sign = **at == '-' ? -1 : 1;

	*ret_offset_s = 0;
	*ret_is_local = !**at;
	if (*ret_is_local || take_char(at, 'Z'))
		return true;
	if (!take_char(at, '+') && !take_char(at, '-'))
		return false;
	if (!take_number(at, 2, 0, 14, &hours))
		return false;
	take_char(at, ':');
	if (!take_number(at, 2, 0, 59, &minutes))
		return false;
	*ret_offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool parse_instant(const char *at, struct tm date, uint64_t *ret_wall_ns)
{
	bool has_date = strlen(at) > 4 && at[4] == '-', is_local;
	uint64_t ns = 0;
	int offset_s, mday;
	time_t seconds;

	if (has_date && !take_date(&at, &date))
		return false;
	date.tm_hour = date.tm_min = date.tm_sec = 0;
	date.tm_isdst = -1;
	if (has_date && *at && !take_char(&at, 'T') && !take_char(&at, ' '))
		return false;
	if ((*at || !has_date) && !take_time(&at, &date, &ns))
		return false;
	if (!take_zone(&at, &offset_s, &is_local) || *at)
		return false;
	mday = date.tm_mday;
	seconds = is_local ? mktime(&date) : timegm(&date) - offset_s;
	/* The 31st of April would be the 1st of May. */
	if (date.tm_mday != mday || seconds < 0)
		return false;
	*ret_wall_ns = (uint64_t)seconds * NS_PER_S + ns;
	return true;
}

int time_argument_parse(const char *text, uint64_t now_wall_ns, uint64_t *ret_wall_ns,
			struct fault *why)
{
	time_t seconds = (time_t)(now_wall_ns / NS_PER_S);
	struct fault ignored;
	struct tm today;
	uint64_t ns;

	if (strcmp(text, "now") == 0) {
		*ret_wall_ns = now_wall_ns;
		return 0;
	}
	if (duration_parse(text, 0, BACK_MAX_NS, &ns, &ignored) == 0) {
		*ret_wall_ns = ns < now_wall_ns ? now_wall_ns - ns : 0;
		return 0;
	}
	localtime_r(&seconds, &today);
	if (parse_instant(text, today, ret_wall_ns))
		return 0;
	return fault_set(why, -EINVAL,
			 "\"%.64s\" is no time: 10m (ago), now, 14:30, 2026-01-31 or "
			 "2026-01-31T14:30:05Z",
			 text);
}
