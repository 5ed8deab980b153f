/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scrape endpoint without an agent: a line of JSON on stdin is a command, each is answered by
 * one.
 *   {"listen":…, "series_max":…, "families":[…]}   starts; {"port":…} or {"error":…}
 *   {"windows":[…], "values":[…]}                  a second
 *   {"fill":SERIES, "seconds":CNT}                 so many seconds of so many busy series, without
 * a pause; how long each series took
 *   {"status":true}
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tickscope/bucket.h>

#include "serve/web.h"
#include "sink/prometheus.h"

struct driver {
	struct prometheus *prometheus;
	struct web *web;
	struct window window;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static int on_metrics(void *context, const struct web_request *request, struct web_answer *answer)
{
	enum prometheus_format format = prometheus_format_of(request->accept);

	answer->content_type = prometheus_content_type(format);
	return prometheus_page(context, format, &answer->body, &answer->body_bytes);
}

static json_t *start(struct driver *d, const json_t *command)
{
	struct config_prometheus config = {
		.series_max = (uint32_t)json_integer_value(json_object_get(command, "series_max"))};
	const json_t *families = json_object_get(command, "families");
	struct fault why;
	int err;

	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++)
		config.families[i] = (char *)json_string_value(json_array_get(families, i));
	err = prometheus_new(&config, "desk", &d->prometheus, &why);
	if (!err) {
		const struct web_route route = {"/metrics", on_metrics, d->prometheus};

		err = web_start(text_of(command, "listen"), &route, 1, &d->web, &why);
	}
	return err ? json_pack("{s:s}", "error", why.text)
		   : json_pack("{s:i}", "port", (int)web_port(d->web));
}

static void add_time(struct window *w, uint64_t ns)
{
	uint32_t idx = ts_bucket_of(ns);

	w->buckets[idx]++;
	w->octaves |= 1ULL << (idx / TS_BUCKET_SUB_CNT);
	w->count++;
	w->sum_ns += ns;
}

static struct series_id id_of(const json_t *o)
{
	return (struct series_id){text_of(o, "target"), text_of(o, "operation"), text_of(o, "kind"),
				  text_of(o, "labels")};
}

static json_t *count_second(struct driver *d, const json_t *command)
{
	json_t *item, *ns;
	size_t i, at;

	prometheus_begin(d->prometheus);
	json_array_foreach(json_object_get(command, "windows"), i, item)
	{
		const struct series_id id = id_of(item);

		memset(&d->window, 0, sizeof(d->window));
		json_array_foreach(json_object_get(item, "ns"), at, ns)
			add_time(&d->window, (uint64_t)json_integer_value(ns));
		d->window.errors = (uint64_t)json_integer_value(json_object_get(item, "errors"));
		prometheus_window(d->prometheus, &id, &d->window);
	}
	json_array_foreach(json_object_get(command, "values"), i, item)
	{
		const struct value_id id = {id_of(item), text_of(item, "name")};

		prometheus_value(d->prometheus, &id,
				 json_number_value(json_object_get(item, "value")));
	}
	prometheus_end(d->prometheus);
	return json_pack("{s:b}", "counted", true);
}

/* Each series in a second, and how long each took. */
static void fill_once(struct driver *d, size_t cnt, uint64_t *ret_took_ns)
{
	prometheus_begin(d->prometheus);
	for (size_t i = 0; i < cnt; i++) {
		char name[64], labels[64];
		const struct series_id id = {"engine", name, "rpc_client", labels};
		uint64_t before_ns;

		snprintf(name, sizeof(name), "operation_%zu", i / 8);
		snprintf(labels, sizeof(labels), "method=\"method_%zu\"", i % 8);
		before_ns = clock_ns(CLOCK_MONOTONIC);
		prometheus_window(d->prometheus, &id, &d->window);
		ret_took_ns[i] = clock_ns(CLOCK_MONOTONIC) - before_ns;
	}
	prometheus_end(d->prometheus);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static json_t *fill(struct driver *d, const json_t *command)
{
	size_t series_cnt = (size_t)json_integer_value(json_object_get(command, "fill"));
	size_t second_cnt = (size_t)json_integer_value(json_object_get(command, "seconds"));
	size_t cnt = series_cnt * second_cnt;
	uint64_t *took_ns = calloc(cnt, sizeof(*took_ns));
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	json_t *answer;

	if (!took_ns)
		return json_pack("{s:s}", "error", "out of memory");
	memset(&d->window, 0, sizeof(d->window));
	for (uint64_t ns = 1000; ns < 1000000; ns += ns / 50)
		add_time(&d->window, ns);
	for (size_t i = 0; i < second_cnt; i++)
		fill_once(d, series_cnt, took_ns + i * series_cnt);
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	qsort(took_ns, cnt, sizeof(*took_ns), by_size);
	answer = json_pack("{s:I, s:I, s:I, s:I}", "cpu_ns", (json_int_t)(cpu_ns / second_cnt),
			   "median_ns", (json_int_t)took_ns[cnt / 2], "p9999_ns",
			   (json_int_t)took_ns[cnt - 1 - cnt / 10000], "longest_ns",
			   (json_int_t)took_ns[cnt - 1]);
	free(took_ns);
	return answer;
}

static json_t *tell_status(const struct driver *d)
{
	struct sink_status s;

	prometheus_status(d->prometheus, &s);
	return json_pack("{s:i, s:I, s:I, s:s}", "state", (int)s.state, "sent",
			 (json_int_t)s.sent_cnt, "refused", (json_int_t)s.refused_cnt, "last_error",
			 s.last_error);
}

static json_t *obey(struct driver *d, const json_t *command)
{
	if (json_object_get(command, "listen"))
		return start(d, command);
	if (json_object_get(command, "fill"))
		return fill(d, command);
	if (json_object_get(command, "status"))
		return tell_status(d);
	return count_second(d, command);
}

int main(void)
{
	struct driver *d = calloc(1, sizeof(*d));
	char *line = NULL;
	size_t room = 0;

	while (d && getline(&line, &room, stdin) > 0) {
		json_t *command = json_loads(line, 0, NULL);
		json_t *answer = obey(d, command);

		json_dumpf(answer, stdout, JSON_COMPACT);
		printf("\n");
		fflush(stdout);
		json_decref(answer);
		json_decref(command);
	}
	free(line);
	if (d) {
		web_stop(d->web);
		prometheus_free(d->prometheus);
	}
	free(d);
	return 0;
}
