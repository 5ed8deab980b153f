/* SPDX-License-Identifier: Apache-2.0 */
/* tickscope.status/1 of the agent, for people. It comes from another program: what is missing is
 * shown as "-", text is cleaned. */
#ifndef TICKSCOPE_CLI_STATUS_PAGE_H
#define TICKSCOPE_CLI_STATUS_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct status_style {
	size_t columns;
	bool has_colour;
};

/* Sections, what is wrong first. */
void status_page_write(const json_t *status, const struct status_style *style, FILE *out);

/* For its sections. */
void status_page_write_title(const char *title, const struct status_style *style, FILE *out);
void status_page_write_clean(const char *text, FILE *out);

#endif
