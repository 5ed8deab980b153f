/* SPDX-License-Identifier: Apache-2.0 */
/* A text that grows, and how numbers are written in it. What fails for want of memory is told at
 * the end. */
#ifndef TICKSCOPE_SINK_PROMETHEUS_TEXT_H
#define TICKSCOPE_SINK_PROMETHEUS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prometheus_text {
	char *bytes; /* heap; not terminated */
	size_t cnt;
	size_t room;
	bool is_failed; /* -ENOMEM; what it has is not all */
};

/* Starts zeroed. */
void prometheus_text_fini(struct prometheus_text *text);
void prometheus_text_add(struct prometheus_text *text, const char *bytes, size_t cnt);
void prometheus_text_add_string(struct prometheus_text *text, const char *string);
void prometheus_text_add_number(struct prometheus_text *text, uint64_t number);
/* In seconds, with all its nine decimals. */
void prometheus_text_add_seconds(struct prometheus_text *text, uint64_t ns);
/* With as many digits as tell it from all others. */
void prometheus_text_add_double(struct prometheus_text *text, double number);

#endif
