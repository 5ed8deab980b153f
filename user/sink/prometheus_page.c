/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page: text 0.0.4 (prometheus.io, "Exposition formats") and OpenMetrics 1.0. Families come in
 * the order of their tables, series in the order in which they were first seen; both stay.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sink/prometheus_labels.h"
#include "sink/prometheus_registry.h"
#include "sink/prometheus_text.h"

#define LE_BYTES 32 /* ,le="0.000131071" and the like */

struct page {
	struct prometheus_text text;
	enum prometheus_format format;
};

static void add(struct page *page, const char *string)
{
	prometheus_text_add_string(&page->text, string);
}

/* "# HELP name text" */
static void add_about(struct page *page, const char *word, const struct prometheus_family *family,
		      size_t name_bytes, const char *text)
{
	add(page, "# ");
	add(page, word);
	add(page, " ");
	prometheus_text_add(&page->text, family->name, name_bytes);
	add(page, " ");
	add(page, text);
	add(page, "\n");
}

/* OpenMetrics names a family without what its type puts at the end of its samples. */
static size_t family_bytes(const struct prometheus_family *f, enum prometheus_format format)
{
	const char *end = f->type == PROMETHEUS_COUNTER ? "_total"
			  : f->type == PROMETHEUS_INFO	? "_info"
							: "";

	return strlen(f->name) - (format == PROMETHEUS_OPENMETRICS ? strlen(end) : 0);
}

static void begin_family(struct page *page, const struct prometheus_family *f)
{
	static const char *const types[] = {
		[PROMETHEUS_GAUGE] = "gauge",
		[PROMETHEUS_COUNTER] = "counter",
		[PROMETHEUS_HISTOGRAM] = "histogram",
		[PROMETHEUS_INFO] = "info",
	};
	bool is_open = page->format == PROMETHEUS_OPENMETRICS;
	/* Text 0.0.4 has no infos. */
	const char *type =
		types[is_open || f->type != PROMETHEUS_INFO ? f->type : PROMETHEUS_GAUGE];
	size_t bytes = family_bytes(f, page->format);

	if (!is_open)
		add_about(page, "HELP", f, bytes, f->help);
	add_about(page, "TYPE", f, bytes, type);
	if (is_open && f->unit)
		add_about(page, "UNIT", f, bytes, f->unit);
	if (is_open)
		add_about(page, "HELP", f, bytes, f->help);
}

static void add_labels(struct page *page, const char *labels)
{
	if (labels[0]) {
		add(page, "{");
		add(page, labels);
		add(page, "}");
	}
	add(page, " ");
}

static void add_counter(struct page *page, const struct prometheus_family *f, const char *labels,
			uint64_t number)
{
	add(page, f->name);
	add_labels(page, labels);
	prometheus_text_add_number(&page->text, number);
	add(page, "\n");
}

/* --- histograms ------------------------------------------------------------------------------- */

/* Bounds have at most 15 digits. OpenMetrics writes whole ones as floats, too. */
static void write_le(uint64_t bound_ns, enum prometheus_format format, char text[static LE_BYTES])
{
	double seconds = (double)bound_ns / 1e9;
	bool is_whole = format == PROMETHEUS_OPENMETRICS && bound_ns % NS_PER_S == 0;

	snprintf(text, LE_BYTES, ",le=\"%.15g%s\"} ", seconds, is_whole ? ".0" : "");
}

/* Begins a sample of the series: "NAMEsuffix{labels". */
static void begin_sample(struct page *page, const struct prometheus_family *f, const char *suffix,
			 const char *labels)
{
	add(page, f->name);
	add(page, suffix);
	add(page, "{");
	add(page, labels);
}

static void add_histogram(struct page *page, const struct prometheus_family *f,
			  const struct prometheus_bounds *bounds,
			  const struct prometheus_copy *copy, size_t number_cnt)
{
	char le[PROMETHEUS_BOUND_MAX + 1][LE_BYTES];

	for (size_t i = 0; i < bounds->cnt; i++)
		write_le(bounds->ns[i], page->format, le[i]);
	snprintf(le[bounds->cnt], LE_BYTES, ",le=\"+Inf\"} ");
	for (size_t i = 0; i < copy->cnt; i++) {
		const uint64_t *numbers = copy->numbers + i * number_cnt;
		uint64_t total = 0;

		for (size_t at = 0; at <= bounds->cnt; at++) {
			begin_sample(page, f, "_bucket", copy->labels[i]);
			add(page, le[at]);
			total += numbers[at];
			prometheus_text_add_number(&page->text, total);
			add(page, "\n");
		}
		begin_sample(page, f, "_sum", copy->labels[i]);
		add(page, "} ");
		prometheus_text_add_seconds(&page->text, numbers[bounds->cnt + 1]);
		add(page, "\n");
		begin_sample(page, f, "_count", copy->labels[i]);
		add(page, "} ");
		prometheus_text_add_number(&page->text, total);
		add(page, "\n");
	}
}

/* --- parts of the page ------------------------------------------------------------------------ */

static int add_operations(struct page *page, const struct prometheus *p)
{
	const struct prometheus_rows *rows = &p->operations;
	struct prometheus_copy copy;
	int err = prometheus_rows_copy(rows, &copy);

	if (err)
		return err;
	for (size_t f = 0; copy.cnt && f < PROMETHEUS_OPERATION_FAMILY_CNT; f++) {
		const struct prometheus_family *family = &prometheus_operation_families[f];

		begin_family(page, family);
		if (f == PROMETHEUS_DURATION)
			add_histogram(page, family, &p->exact, &copy, rows->number_cnt);
		for (size_t i = 0; f != PROMETHEUS_DURATION && i < copy.cnt; i++)
			add_counter(page, family, copy.labels[i],
				    copy.numbers[i * rows->number_cnt + p->exact.cnt + 1 + f]);
	}
	prometheus_rows_copy_fini(&copy);
	return 0;
}

static int add_values(struct page *page, const struct prometheus_family *family,
		      const struct prometheus_rows *rows)
{
	struct prometheus_copy copy;
	int err = prometheus_rows_copy(rows, &copy);

	if (err)
		return err;
	if (copy.cnt)
		begin_family(page, family);
	for (size_t i = 0; i < copy.cnt; i++) {
		add(page, family->name);
		add_labels(page, copy.labels[i]);
		prometheus_text_add_double(&page->text, copy.values[i]);
		add(page, "\n");
	}
	prometheus_rows_copy_fini(&copy);
	return 0;
}

static int add_mapped(struct page *page, const struct prometheus *p, size_t idx)
{
	const struct prometheus_family *family = &prometheus_mapped_families[idx].family;
	const struct prometheus_rows *rows = &p->mapped[idx];
	struct prometheus_copy copy;
	int err;

	if (family->type == PROMETHEUS_GAUGE)
		return add_values(page, family, rows);
	err = prometheus_rows_copy(rows, &copy);
	if (err)
		return err;
	if (copy.cnt)
		begin_family(page, family);
	if (family->type == PROMETHEUS_HISTOGRAM)
		add_histogram(page, family, &p->mapped_bounds[idx], &copy, rows->number_cnt);
	for (size_t i = 0; family->type == PROMETHEUS_COUNTER && i < copy.cnt; i++)
		add_counter(page, family, copy.labels[i], copy.numbers[i]);
	prometheus_rows_copy_fini(&copy);
	return 0;
}

static void add_own(struct page *page, struct prometheus *p)
{
	struct prometheus_text labels = {0};
	uint64_t series_cnt, refused_cnt;

	pthread_mutex_lock(&p->lock);
	series_cnt = p->series_cnt;
	refused_cnt = p->refused_cnt;
	pthread_mutex_unlock(&p->lock);
	prometheus_labels_add(&labels, "host", p->host);
	prometheus_labels_add(&labels, "version", TICKSCOPE_VERSION);
	prometheus_text_add(&labels, "", 1);
	page->text.is_failed |= labels.is_failed;
	begin_family(page, &prometheus_build_info);
	add_counter(page, &prometheus_build_info, labels.is_failed ? "" : labels.bytes, 1);
	prometheus_text_fini(&labels);
	begin_family(page, &prometheus_series);
	add_counter(page, &prometheus_series, "", series_cnt);
	begin_family(page, &prometheus_refused_series);
	add_counter(page, &prometheus_refused_series, "", refused_cnt);
}

static int write_page(struct page *page, struct prometheus *p)
{
	int err;

	add_own(page, p);
	err = add_operations(page, p);
	for (size_t i = 0; !err && i < CONFIG_FAMILY_CNT; i++)
		err = add_mapped(page, p, i);
	for (size_t i = 0; !err && i < prometheus_gauge_cnt; i++)
		err = add_values(page, &prometheus_gauges[i].family, &p->gauges[i]);
	if (!err)
		err = add_values(page, &prometheus_other_values, &p->gauges[prometheus_gauge_cnt]);
	if (page->format == PROMETHEUS_OPENMETRICS)
		add(page, "# EOF\n");
	return err ? err : page->text.is_failed ? -ENOMEM : 0;
}

static void tell_state(struct prometheus *p, bool is_failed)
{
	uint64_t now_ns = clock_wall_ns();

	pthread_mutex_lock(&p->lock);
	p->is_failing = is_failed;
	p->failed_cnt += is_failed;
	p->scrape_cnt += !is_failed;
	if (!is_failed)
		p->last_scrape_wall_ns = now_ns;
	pthread_mutex_unlock(&p->lock);
}

int prometheus_page(struct prometheus *p, enum prometheus_format format, char **ret_text,
		    size_t *ret_bytes)
{
	struct page page = {.format = format};
	int err = write_page(&page, p);

	tell_state(p, err != 0);
	if (err) {
		prometheus_text_fini(&page.text);
		return err;
	}
	*ret_text = page.text.bytes;
	*ret_bytes = page.text.cnt;
	return 0;
}
