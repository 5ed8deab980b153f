/* SPDX-License-Identifier: Apache-2.0 */
/* Four lines: the agent, health and alerts, the host, and the worst that there is to say. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/top_header.h"

#define LINE_BYTES    512
#define ROWS_FOR_FOUR 14 /* lower terminals have fewer lines of it */
#define ROWS_FOR_TWO  8

static __attribute__((format(printf, 2, 3))) void append(char line[static LINE_BYTES],
							 const char *format, ...)
{
	size_t length = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + length, LINE_BYTES - length, format, args);
	va_end(args);
}

static const char *bytes_text(double bytes, char text[static UNITS_TEXT_BYTES])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, UNITS_TEXT_BYTES, bytes < 9.95 && unit ? "%.1f %s" : "%.0f %s", bytes,
		 units[unit]);
	return text;
}

static void agent_line(const struct top_view *v, const struct top_model *m, char *line)
{
	const struct top_agent *a = &m->agent;
	char text[UNITS_TEXT_BYTES];

	append(line, "tickscope  %s", *a->host ? a->host : "(no agent yet)");
	append(line, "   span %s%s", units_duration(v->span_ns, text),
	       v->is_paused ? " PAUSED" : "");
	if (a->uptime_s >= 0 && a->uptime_s < 1e9)
		append(line, "   up %s", units_duration((uint64_t)(a->uptime_s * 1e9), text));
	if (a->cpu_percent >= 0)
		append(line, "   agent %.2f%% CPU", a->cpu_percent);
	if (a->rss_bytes >= 0)
		append(line, " %s", bytes_text(a->rss_bytes, text));
	if (*v->filter)
		append(line, "   filter \"%s\"", v->filter);
}

/* Firing ones by severity; [0]: pending. */
static void count_alerts(const struct top_model *m, size_t cnt[ALERT_CRITICAL + 1])
{
	for (size_t i = 0; i < m->alert_cnt; i++) {
		const struct top_alert *a = &m->alerts[i];

		if (a->state == ALERT_PENDING)
			cnt[0]++;
		else if (a->state == ALERT_FIRING)
			cnt[a->severity]++;
	}
}

static enum top_ink health_line(const struct top_model *m, char *line)
{
	size_t cnt[ALERT_CRITICAL + 1] = {0}, operations = 0;
	const struct top_agent *a = &m->agent;

	count_alerts(m, cnt);
	if (a->health >= 0)
		append(line, "Health %.0f   ", a->health);
	if (a->target_cnt)
		append(line, "Targets %zu/%zu   ", a->traced_cnt, a->target_cnt);
	for (size_t i = 0; i < m->series_cnt; i++)
		operations += !m->series[i]->is_part;
	append(line, "Operations %zu   ", operations);
	append(line, "Alerts %zu critical %zu warning %zu info %zu pending", cnt[ALERT_CRITICAL],
	       cnt[ALERT_WARNING], cnt[ALERT_INFO], cnt[0]);
	if (m->left_out_cnt)
		append(line, "   more series than %d: some are not shown", TOP_SERIES_MAX);
	return cnt[ALERT_CRITICAL]  ? TOP_INK_BAD
	       : cnt[ALERT_WARNING] ? TOP_INK_WARNING
				    : TOP_INK_GOOD;
}

static void add_value(const struct top_model *m, const char *name, const char *title, double scale,
		      char *line)
{
	double value;

	if (!top_model_value(m, SERIES_HOST, name, &value))
		return;
	append(line, "%s%s %.*f%s", *line ? "   " : "", title, scale == 1 ? 2 : 0, value * scale,
	       scale == 1 ? "" : "%");
}

static void add_bytes(const struct top_model *m, const char *name, const char *title, char *line)
{
	char text[UNITS_TEXT_BYTES];
	double value;

	if (top_model_value(m, SERIES_HOST, name, &value))
		append(line, "   %s %s/s", title, bytes_text(value, text));
}

static void host_line(const struct top_model *m, char *line)
{
	double value;

	if (top_model_value(m, SERIES_HOST, "cpu_percent", &value))
		append(line, "CPU %.0f%%", value);
	add_value(m, "memory_used_ratio", "Memory", 100, line);
	add_value(m, "load_1m", "Load", 1, line);
	add_value(m, "disk_busy_ratio", "Disk busy", 100, line);
	add_value(m, "disk_free_ratio", "free", 100, line);
	add_bytes(m, "network_received_bytes_per_s", "Net in", line);
	add_bytes(m, "network_sent_bytes_per_s", "out", line);
}

/* The worst firing alert, else what is wrong with the agent. */
static enum top_ink trouble_line(const struct top_model *m, char *line)
{
	const struct top_alert *worst = NULL;

	for (size_t i = 0; i < m->alert_cnt; i++) {
		const struct top_alert *a = &m->alerts[i];

		if (a->state == ALERT_FIRING && (!worst || a->severity > worst->severity))
			worst = a;
	}
	if (worst)
		append(line, "%s: %s", alert_severity_name(worst->severity),
		       *worst->title ? worst->title : worst->rule);
	else
		append(line, "%s", m->agent.trouble);
	return worst && worst->severity == ALERT_CRITICAL ? TOP_INK_BAD : TOP_INK_WARNING;
}

static void draw_line(const struct top_paper *paper, int row, enum top_ink ink, const char *line)
{
	top_draw_ink(paper, ink);
	top_draw_text(paper, (struct top_place){row, 0, paper->columns}, line);
	top_draw_ink(paper, TOP_INK_PLAIN);
}

int top_header_draw(const struct top_paper *paper, const struct top_view *view,
		    const struct top_model *model)
{
	char lines[4][LINE_BYTES] = {{0}};
	enum top_ink inks[4] = {TOP_INK_BOLD};
	int cnt = paper->rows >= ROWS_FOR_FOUR ? 4 : paper->rows >= ROWS_FOR_TWO ? 2 : 0;

	agent_line(view, model, lines[0]);
	inks[1] = health_line(model, lines[1]);
	host_line(model, lines[2]);
	inks[3] = trouble_line(model, lines[3]);
	for (int i = 0; i < cnt; i++)
		draw_line(paper, i, inks[i], lines[i]);
	return cnt;
}
