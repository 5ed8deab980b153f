/* SPDX-License-Identifier: Apache-2.0 */
/* Which format a scraper gets: by the weights of its Accept header (RFC 9110, 12.5.1). */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "sink/prometheus.h"

#define WEIGHT_MAX 1000 /* q=1; weights have at most three decimals */

/* A piece of the header, spaces around it left out. */
struct piece {
	const char *at;
	size_t bytes;
};

/* The piece up to `stop` or the end; *at moves behind it, and is NULL after the last one. */
static struct piece next_piece(const char **at, const char *end, char stop)
{
	const char *from = *at;
	const char *to = memchr(from, stop, (size_t)(end - from));

	*at = to ? to + 1 : NULL;
	to = to ? to : end;
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return (struct piece){from, (size_t)(to - from)};
}

static bool is_text(const struct piece *piece, const char *text)
{
	return piece->bytes == strlen(text) && strncasecmp(piece->at, text, piece->bytes) == 0;
}

static bool begins_with(const struct piece *piece, const char *text)
{
	return piece->bytes >= strlen(text) && strncasecmp(piece->at, text, strlen(text)) == 0;
}

/* "q=0.75" -> 750. What is no weight is none: 0. */
static unsigned int weight_of(const struct piece *piece)
{
	unsigned int weight = 0, unit = WEIGHT_MAX;

	for (size_t i = strlen("q="); i < piece->bytes; i++) {
		char c = piece->at[i];

		if (c == '.' && i == strlen("q=") + 1)
			continue;
		if (c < '0' || c > '9' || !unit)
			return 0;
		weight += (unsigned int)(c - '0') * unit;
		unit /= 10;
	}
	return weight <= WEIGHT_MAX ? weight : 0;
}

struct range {
	struct piece type;
	struct piece version; /* no bytes: not said */
	unsigned int weight;
};

static struct range read_range(struct piece text)
{
	const char *at = text.at, *end = text.at + text.bytes;
	struct range range = {.type = next_piece(&at, end, ';'), .weight = WEIGHT_MAX};

	while (at) {
		struct piece parameter = next_piece(&at, end, ';');

		if (begins_with(&parameter, "q="))
			range.weight = weight_of(&parameter);
		else if (begins_with(&parameter, "version="))
			range.version = (struct piece){parameter.at + strlen("version="),
						       parameter.bytes - strlen("version=")};
	}
	return range;
}

static unsigned int larger(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

enum prometheus_format prometheus_format_of(const char *accept)
{
	unsigned int openmetrics = 0, text = 0;
	const char *at = accept, *end = accept ? accept + strlen(accept) : NULL;

	while (at) {
		struct range r = read_range(next_piece(&at, end, ','));

		if (is_text(&r.type, "application/openmetrics-text") &&
		    (!r.version.bytes || is_text(&r.version, "1.0.0")))
			openmetrics = larger(openmetrics, r.weight);
		else if (is_text(&r.type, "text/plain") &&
			 (!r.version.bytes || is_text(&r.version, "0.0.4")))
			text = larger(text, r.weight);
	}
	return openmetrics && openmetrics >= text ? PROMETHEUS_OPENMETRICS : PROMETHEUS_TEXT;
}

const char *prometheus_content_type(enum prometheus_format format)
{
	return format == PROMETHEUS_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}
