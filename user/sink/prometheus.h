/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was counted since the start, as Prometheus reads it: text 0.0.4 and OpenMetrics 1.0. Another
 * thread may ask for the page at any time; it holds up the one that counts for no longer than
 * copying numbers takes.
 */
#ifndef TICKSCOPE_SINK_PROMETHEUS_H
#define TICKSCOPE_SINK_PROMETHEUS_H

#include "base/fault.h"
#include "config/config_sinks.h"
#include "measure/series_id.h"
#include "measure/window.h"
#include "sink/sink.h"

struct prometheus;

/* What it needs of the configuration is copied. -ENOMEM. */
int prometheus_new(const struct config_prometheus *config, const char *host,
		   struct prometheus **ret_prometheus, struct fault *why);
void prometheus_free(struct prometheus *prometheus);

/* Each second: begin, then every series with what it counted in this second, and every value that
 * is there; end. Values that do not come are gone, counters stay. */
void prometheus_begin(struct prometheus *prometheus);
void prometheus_window(struct prometheus *prometheus, const struct series_id *id,
		       const struct window *window);
void prometheus_value(struct prometheus *prometheus, const struct value_id *id, double value);
void prometheus_end(struct prometheus *prometheus);

enum prometheus_format { PROMETHEUS_TEXT = 1, PROMETHEUS_OPENMETRICS };
/* What a header Accept asks for; NULL or anything else: text. */
enum prometheus_format prometheus_format_of(const char *accept);
const char *prometheus_content_type(enum prometheus_format format);
/* The page, from any thread; heap, of the caller. -ENOMEM. */
int prometheus_page(struct prometheus *prometheus, enum prometheus_format format, char **ret_text,
		    size_t *ret_bytes);

void prometheus_status(struct prometheus *prometheus, struct sink_status *ret_status);

#endif
