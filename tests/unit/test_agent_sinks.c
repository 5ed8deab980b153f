/* SPDX-License-Identifier: Apache-2.0 */
/* The life of sinks, with sinks that do as they are told: what starts, what is said, what a reload
 * changes, who is given batches. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/agent_internal.h"

/* What a sink is told to do, and what it was asked. */
struct sham {
	int start_err;
	struct sink_status status;
	unsigned int start_cnt, stop_cnt, second_cnt, batch_cnt, direct_cnt;
	uint64_t stop_max_ns;
	const struct config_sinks *config;
};

static struct sham rows, moments;
static unsigned int freed_cnt;

void __wrap_config_free(struct config *config);
void __wrap_config_free(struct config *config)
{
	freed_cnt += config != NULL;
	free(config);
}

static int start_sham(struct sham *s, const struct config_sinks *config, void **ret_state,
		      struct fault *why)
{
	s->start_cnt++;
	if (s->start_err)
		return fault_set(why, s->start_err, "the file is not there");
	s->config = config;
	*ret_state = s;
	return 0;
}

static int start_rows(struct agent *a, const struct config_sinks *config, void **ret_state,
		      struct fault *why)
{
	(void)a;
	return start_sham(&rows, config, ret_state, why);
}

static int start_moments(struct agent *a, const struct config_sinks *config, void **ret_state,
			 struct fault *why)
{
	(void)a;
	return start_sham(&moments, config, ret_state, why);
}

static void stop(struct agent *a, void *state, uint64_t max_ns)
{
	struct sham *s = state;

	(void)a;
	s->stop_cnt++;
	s->stop_max_ns = max_ns;
	s->config = NULL;
}

static void second(struct agent *a, void *state)
{
	(void)a;
	((struct sham *)state)->second_cnt++;
}

static void batch(struct agent *a, void *state, bool is_direct)
{
	struct sham *s = state;

	(void)a;
	s->batch_cnt++;
	s->direct_cnt += is_direct;
}

static void status(void *state, struct sink_status *ret_status)
{
	*ret_status = ((struct sham *)state)->status;
}

static bool wants_rows(const struct config_sinks *config)
{
	return config->prometheus.listen;
}

static bool wants_moments(const struct config_sinks *config)
{
	return config->redis.url;
}

static bool wants_none(const struct config_sinks *config)
{
	(void)config;
	return false;
}

static bool is_same_rows(const struct config_sinks *before, const struct config_sinks *after)
{
	return strcmp(before->prometheus.listen, after->prometheus.listen) == 0;
}

static bool is_same_moments(const struct config_sinks *before, const struct config_sinks *after)
{
	return strcmp(before->redis.url, after->redis.url) == 0;
}

/* In the place of the program's: one that lives on batches, one that shows the present. */
const struct agent_sink agent_sink_prometheus = {"rows", wants_rows, is_same_rows, start_rows,
						 stop,	 second,     batch,	   status};
const struct agent_sink agent_sink_redis = {
	"moments", wants_moments, is_same_moments, start_moments, stop, second, NULL, status};
const struct agent_sink agent_sink_questdb = {.name = "none", .is_wanted = wants_none};

/* --- an agent of nothing but sinks ------------------------------------------------------------ */

static struct config *config_with(const char *rows_at, const char *moments_at)
{
	struct config *config = calloc(1, sizeof(*config));

	assert_non_null(config);
	config->sinks.prometheus.listen = (char *)rows_at;
	config->sinks.redis.url = (char *)moments_at;
	return config;
}

static struct agent *agent_with(const char *rows_at, const char *moments_at)
{
	struct agent *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	rows = moments = (struct sham){.status = {.state = SINK_STARTING}};
	freed_cnt = 0;
	a->config = config_with(rows_at, moments_at);
	return a;
}

static void agent_end(struct agent *a)
{
	agent_sinks_stop(a, 0);
	__wrap_config_free(a->config);
	free(a);
}

/* As agent_reload.c does. */
static void reload(struct agent *a, struct config *config)
{
	struct config *before = a->config;

	a->config = config;
	agent_sinks_reload(a, before);
	if (!agent_sinks_hold(a, before))
		__wrap_config_free(before);
}

static struct agent_sink_slot *slot_of(struct agent *a, const struct agent_sink *sink)
{
	for (size_t i = 0; i < AGENT_SINK_MAX; i++) {
		if (a->sinks.slots[i].sink == sink)
			return &a->sinks.slots[i];
	}
	return NULL;
}

/* What a call writes to the log, without times. */
static const char *said(struct agent *a, void (*call)(struct agent *a))
{
	static char text[4096];
	int before = dup(STDERR_FILENO), file = memfd_create("log", MFD_CLOEXEC);
	size_t to = 0;
	ssize_t bytes;

	assert_true(before >= 0 && file >= 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	call(a);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	close(before);
	bytes = pread(file, text, sizeof(text) - 1, 0);
	close(file);
	assert_true(bytes >= 0);
	text[bytes] = '\0';
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		const char *from = strchr(line, ' ') + 1;
		size_t length = (size_t)(strchr(from, '\n') + 1 - from);

		memmove(text + to, from, length);
		to += length;
		line = from + length - 1;
	}
	text[to] = '\0';
	return text;
}

static void test_wanted(void **state)
{
	struct agent *a = agent_with(NULL, "r");

	(void)state;
	agent_sinks_start(a);
	agent_sinks_second(a);
	agent_sinks_batch(a, false);
	assert_int_equal(rows.start_cnt, 0);
	assert_int_equal(moments.start_cnt, 1);
	assert_int_equal(moments.second_cnt, 1);
	assert_int_equal(moments.batch_cnt, 0);
	assert_ptr_equal(moments.config, &a->config->sinks);
	assert_false(agent_sinks_take_batches(a));
	agent_end(a);
	assert_int_equal(moments.stop_cnt, 1);
	assert_int_equal(freed_cnt, 1);
}

/* Each change once. */
static void test_states(void **state)
{
	struct agent *a = agent_with("q", NULL);

	(void)state;
	assert_string_equal(said(a, agent_sinks_start), "");
	assert_string_equal(said(a, agent_sinks_second), "");
	rows.status.state = SINK_OK;
	assert_string_equal(said(a, agent_sinks_second), "info sink: \"rows\" is ok\n");
	assert_string_equal(said(a, agent_sinks_second), "");
	assert_int_equal(agent_sinks_failing_cnt(a), 0);
	rows.status.state = SINK_FAILING;
	snprintf(rows.status.last_error, SINK_ERROR_BYTES, "no\033 route");
	assert_string_equal(said(a, agent_sinks_second),
			    "warning sink: \"rows\" is failing: no? route\n");
	snprintf(rows.status.last_error, SINK_ERROR_BYTES, "another reason");
	assert_string_equal(said(a, agent_sinks_second), "");
	assert_int_equal(agent_sinks_failing_cnt(a), 1);
	rows.status.state = SINK_OK;
	assert_string_equal(said(a, agent_sinks_second), "info sink: \"rows\" is ok again\n");
	agent_end(a);
}

/* Said once, shown, tried again, but not at once. */
static void test_start_fails(void **state)
{
	struct agent *a = agent_with("q", NULL);

	(void)state;
	rows.start_err = -ENOENT;
	assert_string_equal(said(a, agent_sinks_start),
			    "warning sink: \"rows\" is failing: the file is not there\n");
	assert_string_equal(slot_of(a, &agent_sink_prometheus)->status.last_error,
			    "the file is not there");
	assert_int_equal(agent_sinks_failing_cnt(a), 1);
	assert_false(agent_sinks_take_batches(a));
	assert_string_equal(said(a, agent_sinks_second), "");
	assert_int_equal(rows.start_cnt, 1);
	slot_of(a, &agent_sink_prometheus)->start_mono_ns = 1;
	assert_string_equal(said(a, agent_sinks_second), "");
	assert_int_equal(rows.start_cnt, 2);
	rows.start_err = 0;
	rows.status.state = SINK_OK;
	slot_of(a, &agent_sink_prometheus)->start_mono_ns = 1;
	assert_string_equal(said(a, agent_sinks_second), "info sink: \"rows\" is ok again\n");
	assert_true(agent_sinks_take_batches(a));
	agent_end(a);
	assert_int_equal(rows.stop_cnt, 1);
}

static void close_directly(struct agent *a)
{
	agent_sinks_batch(a, true);
}

static void close_batch(struct agent *a)
{
	agent_sinks_batch(a, false);
}

/* Rows that are lost count for those who should have all. */
static void test_batches(void **state)
{
	struct agent *a = agent_with("q", "r");

	(void)state;
	agent_sinks_start(a);
	assert_true(agent_sinks_take_batches(a));
	a->store = (struct store *)a; /* there is one, and nobody looks */
	assert_string_equal(said(a, close_batch), "");
	assert_string_equal(
		said(a, close_directly),
		"warning sink: the history takes no windows: sinks get them directly\n");
	assert_string_equal(said(a, close_directly), "");
	assert_string_equal(said(a, close_batch), "info sink: sinks read the history again\n");
	a->store = NULL;
	assert_string_equal(said(a, close_directly), "");
	assert_int_equal(rows.batch_cnt, 5);
	assert_int_equal(rows.direct_cnt, 3);
	rows.status.dropped_cnt = 5;
	moments.status.dropped_cnt = 7;
	agent_sinks_second(a);
	assert_int_equal(a->sinks.dropped_cnt, 5);
	rows.status.dropped_cnt = 6;
	agent_sinks_second(a);
	assert_int_equal(a->sinks.dropped_cnt, 6);
	agent_end(a);
}

/* What is the same goes on, and with it the configuration that it reads. */
static void test_reload(void **state)
{
	struct agent *a = agent_with("q", "r");
	struct config *first = a->config;

	(void)state;
	agent_sinks_start(a);
	reload(a, config_with("q", "other"));
	assert_int_equal(rows.start_cnt, 1);
	assert_int_equal(rows.stop_cnt, 0);
	assert_ptr_equal(rows.config, &first->sinks);
	assert_int_equal(moments.start_cnt, 2);
	assert_int_equal(moments.stop_cnt, 1);
	assert_ptr_equal(moments.config, &a->config->sinks);
	assert_true(moments.stop_max_ns <= 500000000);
	assert_int_equal(freed_cnt, 0);
	/* Both are the same as they were started with, each with another. */
	reload(a, config_with("q", "other"));
	assert_int_equal(rows.start_cnt, 1);
	assert_int_equal(moments.start_cnt, 2);
	assert_int_equal(freed_cnt, 0);
	/* The first configuration goes with its last reader. */
	reload(a, config_with(NULL, "other"));
	assert_int_equal(rows.stop_cnt, 1);
	assert_int_equal(moments.stop_cnt, 1);
	assert_int_equal(freed_cnt, 2);
	assert_null(slot_of(a, &agent_sink_prometheus));
	reload(a, config_with("q", NULL));
	assert_int_equal(rows.start_cnt, 2);
	assert_int_equal(moments.stop_cnt, 2);
	assert_int_equal(freed_cnt, 4);
	/* The one that every sink read is nobody's: its owner frees it. */
	reload(a, config_with("p", "r"));
	assert_int_equal(freed_cnt, 5);
	reload(a, config_with(NULL, NULL));
	assert_int_equal(freed_cnt, 6);
	agent_end(a);
	assert_int_equal(freed_cnt, 7);
}

/* One that could not start is tried again at once: somebody may have put it right. */
static void test_reload_after_failure(void **state)
{
	struct agent *a = agent_with("q", NULL);

	(void)state;
	rows.start_err = -ENOENT;
	agent_sinks_start(a);
	rows.start_err = 0;
	reload(a, config_with("q", NULL));
	assert_int_equal(rows.start_cnt, 2);
	assert_int_equal(freed_cnt, 1);
	assert_int_equal(agent_sinks_failing_cnt(a), 0);
	agent_end(a);
}

/* All together have the time that one has. */
static void test_stop(void **state)
{
	struct agent *a = agent_with("q", "r");

	(void)state;
	agent_sinks_start(a);
	agent_sinks_stop(a, AGENT_SINKS_END_NS);
	assert_true(moments.stop_max_ns <= AGENT_SINKS_END_NS && rows.stop_max_ns > 0);
	assert_true(rows.stop_max_ns <= moments.stop_max_ns);
	agent_end(a);
	assert_int_equal(rows.stop_cnt, 1);
	assert_int_equal(moments.stop_cnt, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),	    cmocka_unit_test(test_states),
		cmocka_unit_test(test_start_fails), cmocka_unit_test(test_batches),
		cmocka_unit_test(test_reload),	    cmocka_unit_test(test_reload_after_failure),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
