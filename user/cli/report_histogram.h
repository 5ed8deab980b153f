/* SPDX-License-Identifier: Apache-2.0 */
/* A distribution as rows of equal ratio, for whoever draws one. */
#ifndef TICKSCOPE_CLI_REPORT_HISTOGRAM_H
#define TICKSCOPE_CLI_REPORT_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/window.h"

#define REPORT_HISTOGRAM_ROW_MAX   24
#define REPORT_HISTOGRAM_BAR_BYTES 1024 /* of 340 columns */

struct report_histogram_row {
	uint64_t low_ns;
	uint64_t high_ns;
	uint64_t count;
};

/* Merges the buckets of a window that has values into at most row_max rows (a power of two of
 * buckets each); the number of rows. */
size_t report_histogram_rows(const struct window *window, size_t row_max,
			     struct report_histogram_row rows[static REPORT_HISTOGRAM_ROW_MAX]);

/* A bar in eighths of a column, or in whole ones of '#'; what does not fit is cut. */
void report_histogram_bar(uint64_t eighths, bool is_ascii,
			  char bar[static REPORT_HISTOGRAM_BAR_BYTES]);

#endif
