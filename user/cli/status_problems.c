/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong, out of tickscope.status/1. */
#include <string.h>

#include "cli/status_problems.h"

#define HEALTHY_ABOVE 80 /* REQUIREMENTS S2.7 */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* -1: it is not known. */
static double score_of(const json_t *status)
{
	const json_t *score = json_object_get(json_object_get(status, "health"), "score");

	return json_is_number(score) ? json_number_value(score) : -1;
}

static bool is_state(const json_t *item, const char *state)
{
	return strcmp(text_of(item, "state"), state) == 0;
}

/* "off" is what somebody wanted, "unused" a channel that nothing was sent to, "starting" a sink
 * likewise. */
static bool works(const json_t *item)
{
	return is_state(item, "ok") || is_state(item, "off") || is_state(item, "unused") ||
	       is_state(item, "starting");
}

/* Not "waiting": what it is to trace need not run yet. */
static bool target_is_well(const json_t *item)
{
	return !is_state(item, "failed");
}

/* What its parts lack is said of the whole. */
static bool operation_is_well(const json_t *item)
{
	return !json_is_true(json_object_get(item, "detached")) ||
	       strcmp(text_of(item, "kind"), "segment") == 0 ||
	       strcmp(text_of(item, "kind"), "share") == 0;
}

/* One check that failed is no problem yet. */
static bool check_is_well(const json_t *item)
{
	return !is_state(item, "unhealthy") && !is_state(item, "recovering");
}

static bool all(const json_t *list, bool (*is_well)(const json_t *item))
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!is_well(item))
			return false;
	}
	return true;
}

bool status_problems_are_none(const json_t *status)
{
	double score = score_of(status);

	return json_is_true(json_object_get(status, "ready")) &&
	       all(json_object_get(status, "targets"), target_is_well) &&
	       all(json_object_get(status, "operations"), operation_is_well) &&
	       all(json_object_get(status, "checks"), check_is_well) &&
	       all(json_object_get(status, "sinks"), works) &&
	       all(json_object_get(status, "channels"), works) &&
	       (score < 0 || score > HEALTHY_ABOVE);
}

static void write_problem(const char *what, const json_t *item, const char *why,
			  const struct status_style *style, FILE *out)
{
	fputs(style->has_colour ? "\033[31m" : "", out);
	fprintf(out, "  %s ", what);
	status_page_write_clean(text_of(item, "name"), out);
	if (*text_of(item, "state"))
		fputs(": ", out);
	status_page_write_clean(text_of(item, "state"), out);
	if (*text_of(item, why)) {
		fputs(": ", out);
		status_page_write_clean(text_of(item, why), out);
	}
	fputs(style->has_colour ? "\033[0m\n" : "\n", out);
}

void status_problems_write(const json_t *s, const struct status_style *style, FILE *out)
{
	static const struct {
		const char *list, *what, *why;
		bool (*is_well)(const json_t *item);
	} kinds[] = {
		{"targets", "target", "reason", target_is_well},
		{"operations", "operation", "probe", operation_is_well},
		{"checks", "component", "reason", check_is_well},
		{"sinks", "sink", "last_error", works},
		{"channels", "channel", "last_error", works},
	};
	double score = score_of(s);
	const json_t *item;
	size_t n;

	status_page_write_title("PROBLEMS", style, out);
	if (!json_is_true(json_object_get(s, "ready"))) {
		const char *why = text_of(s, "not_ready");

		fputs("  ", out);
		status_page_write_clean(*why ? why : "not everything that exists is attached yet",
					out);
		fputc('\n', out);
	}
	if (score >= 0 && score <= HEALTHY_ABOVE)
		fprintf(out, "  health %.0f: contracts are broken, see HEALTH\n", score);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		json_array_foreach(json_object_get(s, kinds[k].list), n, item)
		{
			if (!kinds[k].is_well(item))
				write_problem(kinds[k].what, item, kinds[k].why, style, out);
		}
	}
}
